//! The frame of the admin pages: rail, top bar, content.

use super::{
    LanguageMenu, SignOut, ThemeMenu,
    banner::{AppUrlBanner, DemoBanner, PasswordBanner},
    public::Brand,
};
use crate::{
    components::{Badge, Icon, IconButton, IconName, PageTitle, Sheet, Tone},
    i18n::{
        Text, t,
        text::{accounts, connect, gallery, media, password, shell},
        use_language,
    },
    session::use_viewer,
};
use leptos::prelude::*;
use leptos_router::{components::Outlet, hooks::use_location};

/// The name of the page at this path, for the top bar and the browser's tab. The path decides
/// because the bar is rendered before the page.
fn title_of(path: &str) -> Text {
    match path.trim_end_matches('/') {
        "/admin/accounts" => accounts::TITLE,
        "/admin/media" => media::TITLE,
        "/admin/connect" => connect::TITLE,
        "/admin/password" => password::TITLE,
        "/admin/dev/components" => gallery::TITLE,
        _ => shell::ADMIN,
    }
}

/// Left rail (a sheet on phones), top bar, notices, and the page in `<main>`.
#[component]
pub(crate) fn AdminLayout() -> impl IntoView {
    let (collapsed, sheet) = (RwSignal::new(false), RwSignal::new(false));
    // A chosen link of the sheet navigates: close it behind the reader.
    let path = use_location().pathname;
    Effect::new(move || {
        path.track();
        sheet.set(false);
    });
    view! {
        <div class="admin" class:is-collapsed=collapsed>
            <a class="skip-link" href="#content">
                {t(shell::SKIP)}
            </a>
            <aside class="rail">
                <a class="brand" href="/admin/accounts">
                    <Brand />
                </a>
                <Navigation />
                <Foot />
            </aside>
            <Sheet open=sheet title=t(shell::NAVIGATION)>
                <Navigation />
                <Foot />
            </Sheet>
            <div class="admin__page">
                <DemoBanner />
                <TopBar collapsed sheet />
                <PasswordBanner />
                <AppUrlBanner />
                <main class="admin__main" id="content" tabindex="-1">
                    <Outlet />
                </main>
            </div>
        </div>
    }
}

#[component]
fn TopBar(collapsed: RwSignal<bool>, sheet: RwSignal<bool>) -> impl IntoView {
    let language = use_language();
    let path = use_location().pathname;
    let title = move || path.with(|path| title_of(path)).get(language.get());
    let viewer = use_viewer();
    view! {
        <header class="topbar">
            <span class="only-phone">
                <IconButton
                    icon=IconName::Menu
                    label=t(shell::OPEN_NAVIGATION)
                    on:click=move |_| sheet.set(true)
                />
            </span>
            <span class="not-phone">
                <IconButton
                    icon=IconName::PanelLeft
                    label=t(shell::TOGGLE_RAIL)
                    pressed=collapsed
                    on:click=move |_| collapsed.update(|collapsed| *collapsed = !*collapsed)
                />
            </span>
            <PageTitle text=title />
            <h1 class="topbar__title">{title}</h1>
            {viewer.demo.is_on().then(|| view! { <Badge tone=Tone::Accent>{t(shell::DEMO)}</Badge> })}
            <span class="topbar__space"></span>
            <ThemeMenu />
            <LanguageMenu />
            <SignOut />
        </header>
    }
}

#[component]
fn Navigation() -> impl IntoView {
    view! {
        <nav class="nav" aria-label=t(shell::NAVIGATION)>
            <NavLink href="/admin/accounts" icon=IconName::Users text=shell::ACCOUNTS />
            <NavLink href="/admin/media" icon=IconName::Image text=shell::MEDIA />
            <NavLink href="/admin/connect" icon=IconName::Link text=connect::TITLE />
            <NavLink href="/" icon=IconName::MessageSquare text=shell::CHAT />
        </nav>
    }
}

#[component]
fn NavLink(href: &'static str, icon: IconName, text: Text) -> impl IntoView {
    let path = use_location().pathname;
    let (label, name) = (t(text), t(text));
    view! {
        <a
            class="nav__link"
            href=href
            title=name
            aria-current=move || (path.get() == href).then_some("page")
        >
            <Icon name=icon size=20 />
            <span class="nav__label">{label}</span>
        </a>
    }
}

/// The operator's own things and the version, at the bottom of the rail.
#[component]
fn Foot() -> impl IntoView {
    let language = use_language();
    let version = use_viewer().version;
    view! {
        <nav class="nav rail__foot" aria-label=t(shell::OWN_SETTINGS)>
            <NavLink href="/admin/password" icon=IconName::KeyRound text=password::TITLE />
        </nav>
        <p class="rail__version">
            {move || shell::Version { version: &version }.fill(language.get())}
        </p>
    }
}
