//! Pages whose code is loaded when they are first opened. What all pages share is in the module that
//! comes first.
//!
//! `data` starts loading what the page shows, at the same time as its code.

use crate::{
    layout::{AdminLayout, PublicLayout},
    pages::{
        accounts::{AccountsPage, FirstAccounts},
        chat::{ChatPage, Models},
        components::ComponentsPage,
        connect::{ConnectPage, FirstConnection},
        imagine::{ImaginePage, Options},
        media::{FirstMedia, MediaPage},
        not_found::NotFoundPage,
        password::PasswordPage,
        video::VideoPage,
        voice::VoicePage,
    },
    session::{Access, Guard, use_viewer},
};
use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

/// The lazy functions that the page at `path` calls while it is built, so that the server can name
/// their files before our code asks for them. By the names that the macro gives them.
#[cfg(feature = "ssr")]
pub(crate) fn functions_of(path: &str) -> &'static [&'static str] {
    match path {
        "/" => &["__chat_view"],
        "/imagine" => &["__imagine_view"],
        "/video" => &["__video_view"],
        "/voice" => &["__voice_view"],
        "/admin/media" => &["admin_views", "__media_view"],
        "/admin/connect" => &["admin_views", "__connect_view"],
        "/admin/accounts" | "/admin/password" => &["admin_views"],
        "/admin/dev/components" => &["admin_views", "__gallery_view"],
        _ => &[],
    }
}

/// `/`
pub(crate) struct Chat(Models);

#[lazy_route]
impl LazyRoute for Chat {
    fn data() -> Self {
        Self(Models::load())
    }

    fn view(this: Self) -> AnyView {
        provide_context(this.0);
        view! {
            <Guard access=Access::Public>
                <PublicLayout>
                    <ChatPage />
                </PublicLayout>
            </Guard>
        }
        .into_any()
    }
}

/// `/imagine`
pub(crate) struct Imagine(Options);

#[lazy_route]
impl LazyRoute for Imagine {
    fn data() -> Self {
        Self(Options::load())
    }

    fn view(this: Self) -> AnyView {
        provide_context(this.0);
        view! {
            <Guard access=Access::Public>
                <PublicLayout>
                    <ImaginePage />
                </PublicLayout>
            </Guard>
        }
        .into_any()
    }
}

/// `/video`
pub(crate) struct Video;

#[lazy_route]
impl LazyRoute for Video {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Guard access=Access::Public>
                <PublicLayout>
                    <VideoPage />
                </PublicLayout>
            </Guard>
        }
        .into_any()
    }
}

/// `/voice`
pub(crate) struct Voice;

#[lazy_route]
impl LazyRoute for Voice {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! {
            <Guard access=Access::Public>
                <PublicLayout>
                    <VoicePage />
                </PublicLayout>
            </Guard>
        }
        .into_any()
    }
}

/// The operator's pages, as plain functions: one part for all of them. Parts share code by parts of
/// their own, one for each set of those that need it, so a part for each small page would cost more
/// requests than it saves bytes.
#[derive(Clone, Copy)]
struct AdminViews {
    layout: fn() -> AnyView,
    accounts: fn() -> AnyView,
    password: fn() -> AnyView,
}

#[lazy]
fn admin_views() -> AdminViews {
    AdminViews {
        layout: || {
            view! {
                <Guard access=Access::Admin>
                    <AdminLayout />
                </Guard>
            }
            .into_any()
        },
        accounts: || view! { <AccountsPage /> }.into_any(),
        password: || view! { <PasswordPage /> }.into_any(),
    }
}

/// `/admin`: what surrounds the operator's pages.
pub(crate) struct Admin;

impl LazyRoute for Admin {
    fn data() -> Self {
        Self
    }

    async fn view(_this: Self) -> AnyView {
        provide_context(LoadedAccounts::default());
        provide_context(LoadedMedia::default());
        provide_context(LoadedConnection::default());
        (admin_views().await.layout)()
    }

    async fn preload() {
        admin_views().await;
    }
}

/// `/admin/accounts`
pub(crate) struct Accounts(FirstAccounts);

/// What [`Accounts`] shows now. The server builds what is inside the guard several times, and asks
/// for `data` again each time.
#[derive(Clone, Copy, Default)]
struct LoadedAccounts(StoredValue<Option<FirstAccounts>>);

impl LazyRoute for Accounts {
    fn data() -> Self {
        // Before the page is built this context is out of reach: a visit to the page loads.
        let loaded = use_context().and_then(|LoadedAccounts(loaded)| loaded.get_value());
        Self(loaded.unwrap_or_else(FirstAccounts::load))
    }

    async fn view(this: Self) -> AnyView {
        if let Some(LoadedAccounts(loaded)) = use_context() {
            loaded.set_value(Some(this.0));
        }
        provide_context(this.0);
        (admin_views().await.accounts)()
    }

    async fn preload() {
        admin_views().await;
    }
}

/// `/admin/media`: a part of its own, since it is larger than the operator's other pages together.
pub(crate) struct Media(FirstMedia);

/// As [`LoadedAccounts`].
#[derive(Clone, Copy, Default)]
struct LoadedMedia(StoredValue<Option<FirstMedia>>);

#[lazy_route]
impl LazyRoute for Media {
    fn data() -> Self {
        let loaded = use_context().and_then(|LoadedMedia(loaded)| loaded.get_value());
        Self(loaded.unwrap_or_else(FirstMedia::load))
    }

    fn view(this: Self) -> AnyView {
        if let Some(LoadedMedia(loaded)) = use_context() {
            loaded.set_value(Some(this.0));
        }
        provide_context(this.0);
        view! { <MediaPage /> }.into_any()
    }
}

/// `/admin/connect`
pub(crate) struct Connect(FirstConnection);

/// As [`LoadedAccounts`].
#[derive(Clone, Copy, Default)]
struct LoadedConnection(StoredValue<Option<FirstConnection>>);

#[lazy_route]
impl LazyRoute for Connect {
    fn data() -> Self {
        let loaded = use_context().and_then(|LoadedConnection(loaded)| loaded.get_value());
        Self(loaded.unwrap_or_else(FirstConnection::load))
    }

    fn view(this: Self) -> AnyView {
        if let Some(LoadedConnection(loaded)) = use_context() {
            loaded.set_value(Some(this.0));
        }
        provide_context(this.0);
        view! { <ConnectPage /> }.into_any()
    }
}

/// `/admin/password`
pub(crate) struct Password;

impl LazyRoute for Password {
    fn data() -> Self {
        Self
    }

    async fn view(_this: Self) -> AnyView {
        (admin_views().await.password)()
    }

    async fn preload() {
        admin_views().await;
    }
}

/// `/admin/dev/components`: the component gallery of a development server.
pub(crate) struct Gallery;

#[lazy_route]
impl LazyRoute for Gallery {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        // The server decides, not this build: the browser's half may be of another profile.
        if use_viewer().is_development {
            view! { <ComponentsPage /> }.into_any()
        } else {
            view! { <NotFoundPage /> }.into_any()
        }
    }
}
