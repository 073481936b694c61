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
        not_found::NotFoundPage,
        password::PasswordPage,
    },
    session::{Access, Guard, use_viewer},
};
use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

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

/// `/admin`: what surrounds the operator's pages.
pub(crate) struct Admin;

#[lazy_route]
impl LazyRoute for Admin {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        provide_context(LoadedAccounts::default());
        view! {
            <Guard access=Access::Admin>
                <AdminLayout />
            </Guard>
        }
        .into_any()
    }
}

/// `/admin/accounts`
pub(crate) struct Accounts(FirstAccounts);

/// What [`Accounts`] shows now. The server builds what is inside the guard several times, and asks
/// for `data` again each time.
#[derive(Clone, Copy, Default)]
struct LoadedAccounts(StoredValue<Option<FirstAccounts>>);

#[lazy_route]
impl LazyRoute for Accounts {
    fn data() -> Self {
        // Before the page is built this context is out of reach: a visit to the page loads.
        let loaded = use_context().and_then(|LoadedAccounts(loaded)| loaded.get_value());
        Self(loaded.unwrap_or_else(FirstAccounts::load))
    }

    fn view(this: Self) -> AnyView {
        if let Some(LoadedAccounts(loaded)) = use_context() {
            loaded.set_value(Some(this.0));
        }
        provide_context(this.0);
        view! { <AccountsPage /> }.into_any()
    }
}

/// `/admin/password`
pub(crate) struct Password;

#[lazy_route]
impl LazyRoute for Password {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <PasswordPage /> }.into_any()
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
