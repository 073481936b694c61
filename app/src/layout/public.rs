//! The frame of the public pages: a slim top bar; the page owns the rest of the screen.

use super::{LanguageMenu, SignOut, ThemeMenu, banner::DemoBanner};
use crate::{
    components::{Icon, IconName},
    i18n::{t, text::shell},
    session::use_viewer,
};
use leptos::prelude::*;

/// Top bar, demo banner and the page in `<main>`.
#[component]
pub(crate) fn PublicLayout(children: Children) -> impl IntoView {
    let viewer = use_viewer();
    view! {
        <div class="public">
            <a class="skip-link" href="#content">
                {t(shell::SKIP)}
            </a>
            <DemoBanner />
            <header class="topbar">
                <a class="brand" href="/">
                    <Brand />
                </a>
                <nav class="topbar__nav" aria-label=t(shell::NAVIGATION)>
                    <a class="topbar__link" href="/" aria-current="page">
                        {t(shell::CHAT)}
                    </a>
                </nav>
                <span class="topbar__space"></span>
                {if viewer.is_admin {
                    view! {
                        <a class="topbar__link" href="/admin/accounts">
                            {t(shell::ADMIN)}
                        </a>
                    }
                        .into_any()
                } else {
                    view! {
                        <a class="topbar__link" href="/admin/login" rel="external">
                            {t(shell::SIGN_IN)}
                        </a>
                    }
                        .into_any()
                }}
                <ThemeMenu />
                <LanguageMenu />
                {viewer.is_admin.then(|| view! { <SignOut /> })}
            </header>
            <main class="public__main" id="content" tabindex="-1">
                {children()}
            </main>
        </div>
    }
}

/// The product's mark and name.
#[component]
pub(crate) fn Brand() -> impl IntoView {
    view! {
        <span class="brand__mark">
            <Icon name=IconName::Sparkles size=20 />
        </span>
        <span class="brand__name">"grok2api"</span>
    }
}
