//! Notices above every page.

use crate::{
    components::{Icon, IconName},
    dto::{Demo, WrongAppUrl},
    i18n::{t, text::shell, use_language},
    session::use_viewer,
};
use leptos::prelude::*;

/// The accounts page with its dialog open.
const ADD_ACCOUNTS: &str = "/admin/accounts?add=1";

/// Says that the simulator answers. Nothing otherwise.
#[component]
pub(crate) fn DemoBanner(
    /// On the sign-in page, to which the link would lead again.
    #[prop(optional)]
    is_sign_in: bool,
) -> impl IntoView {
    let demo = use_viewer().demo;
    demo.is_on().then(|| {
        let hint = match demo {
            Demo::UntilFirstAccount if is_sign_in => ().into_any(),
            Demo::UntilFirstAccount => {
                // From the server: it leads strangers to the sign-in page, and a page that comes
                // whole is not built twice with its dialog.
                view! {
                    <a href=ADD_ACCOUNTS rel="external">
                        {t(shell::DEMO_HINT_ADD)}
                    </a>
                }
                .into_any()
            }
            Demo::Lasting | Demo::Ended | Demo::Off => {
                view! { <span>{t(shell::DEMO_HINT_RESTART)}</span> }.into_any()
            }
        };
        view! {
            <aside class="demo-banner" aria-label=t(shell::DEMO)>
                <Icon name=IconName::FlaskConical />
                <span>
                    {t(shell::DEMO_BANNER)}
                    <span class="demo-banner__more">" " {t(shell::DEMO_BANNER_MORE)}</span>
                </span>
                <span class="demo-banner__hint">{hint}</span>
            </aside>
        }
    })
}

/// Says that `app.app_url` does not lead to this server. Nothing otherwise.
#[component]
pub(crate) fn AppUrlBanner() -> impl IntoView {
    let language = use_language();
    use_viewer().wrong_app_url.map(|wrong| {
        let said = move || {
            let WrongAppUrl {
                app_url,
                opened,
                is_answered,
            } = &wrong;
            match is_answered {
                true => shell::AppUrlAnswered { app_url, opened }.fill(language.get()),
                false => shell::AppUrlSilent { app_url, opened }.fill(language.get()),
            }
        };
        view! {
            <aside class="password-banner" aria-label="app.app_url">
                <Icon name=IconName::TriangleAlert />
                <span>{said} " " {t(shell::APP_URL_TODO)}</span>
            </aside>
        }
    })
}

/// Asks the operator to replace the generated password. Nothing otherwise.
#[component]
pub(crate) fn PasswordBanner() -> impl IntoView {
    use_viewer().must_change_password.then(|| {
        view! {
            <aside class="password-banner">
                <Icon name=IconName::KeyRound />
                <span>{t(shell::PASSWORD_NOTICE)}</span>
                <a href="/admin/password">{t(shell::PASSWORD_LINK)}</a>
            </aside>
        }
    })
}
