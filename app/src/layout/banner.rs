//! Notices above every page.

use crate::{
    components::{Icon, IconName},
    dto::Demo,
    i18n::{t, text::shell},
    session::use_viewer,
};
use leptos::prelude::*;

/// Says that the simulator answers. Nothing otherwise.
#[component]
pub(crate) fn DemoBanner() -> impl IntoView {
    let demo = use_viewer().demo;
    demo.is_on().then(|| {
        let hint = match demo {
            Demo::UntilFirstAccount => {
                view! { <a href="/admin/accounts">{t(shell::DEMO_HINT_ADD)}</a> }.into_any()
            }
            Demo::Lasting | Demo::Off => {
                view! { <span>{t(shell::DEMO_HINT_RESTART)}</span> }.into_any()
            }
        };
        view! {
            <aside class="demo-banner" aria-label=t(shell::DEMO)>
                <Icon name=IconName::FlaskConical />
                <span>{t(shell::DEMO_BANNER)}</span>
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
