//! The frame of the public pages: a slim top bar; the page owns the rest of the screen.

use super::{LanguageMenu, SignOut, ThemeMenu, banner::DemoBanner};
use crate::{
    components::{Icon, IconName},
    i18n::{Text, t, text::shell},
    session::use_viewer,
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

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
                    <NavLink path="/" label=shell::CHAT />
                    <NavLink path="/imagine" label=shell::IMAGINE />
                    <NavLink path="/video" label=shell::VIDEO />
                    // A page load: its policy lets it connect to the server of voice rooms.
                    <NavLink path="/voice" label=shell::VOICE rel="external" />
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

/// A link to a public page; the shown one is marked.
#[component]
fn NavLink(
    path: &'static str,
    label: Text,
    #[prop(optional)] rel: Option<&'static str>,
) -> impl IntoView {
    let shown = use_location().pathname;
    view! {
        <a
            class="topbar__link"
            href=path
            rel=rel
            aria-current=move || (shown.get() == path).then_some("page")
        >
            {t(label)}
        </a>
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
