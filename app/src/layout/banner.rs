//! Notices above every page.

use crate::{
    components::{Icon, IconName},
    dto::Demo,
    i18n::{t, text::shell},
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
