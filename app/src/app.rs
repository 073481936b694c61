//! Routes and what every page shares.

use crate::{
    components::Toaster,
    dom,
    layout::{AdminLayout, PublicLayout},
    pages::{
        accounts::{AccountsPage, provide_first_accounts},
        chat::{ChatPage, provide_models},
        components::ComponentsPage,
        login::LoginPage,
        not_found::NotFoundPage,
        password::PasswordPage,
    },
    prefs::provide_prefs,
    session::{Access, Guard, provide_session, use_viewer},
};
use leptos::{prelude::*, server_fn::redirect::set_redirect_hook};
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{ParentRoute, Redirect, Route, Router, Routes},
    path,
};

/// Everything inside `<body>`, on the server and in the browser.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_prefs();
    provide_session();
    Toaster::provide();
    // Server functions redirect only where the session changes: load the page anew.
    let _ = set_redirect_hook(dom::load_page);
    view! {
        <Title formatter=|page: String| {
            if page.is_empty() { "grok2api".to_owned() } else { format!("{page} · grok2api") }
        } />
        <Router>
            <Pages />
        </Router>
        <crate::components::Toasts />
    }
}

/// The route table. Pages are rendered completely before they are sent (`Async`), so statuses,
/// redirects and the page without our code are right.
#[component]
fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=NotFoundPage>
            <Route path=path!("/") view=GuardedChat ssr=SsrMode::Async />
            <Route path=path!("/login") view=LoginPage ssr=SsrMode::Async />
            <Route path=path!("/admin/login") view=LoginPage ssr=SsrMode::Async />
            <ParentRoute path=path!("/admin") view=GuardedAdmin ssr=SsrMode::Async>
                <Route path=path!("") view=|| view! { <Redirect path="/admin/accounts" /> } />
                <Route path=path!("accounts") view=AccountsPage />
                <Route path=path!("password") view=PasswordPage />
                <Route path=path!("dev/components") view=DevComponents />
            </ParentRoute>
        </Routes>
    }
}

#[component]
fn GuardedChat() -> impl IntoView {
    provide_models();
    view! {
        <Guard access=Access::Public>
            <PublicLayout>
                <ChatPage />
            </PublicLayout>
        </Guard>
    }
}

#[component]
fn GuardedAdmin() -> impl IntoView {
    provide_first_accounts();
    view! {
        <Guard access=Access::Admin>
            <AdminLayout />
        </Guard>
    }
}

/// The component gallery of a development server.
#[component]
fn DevComponents() -> impl IntoView {
    // The server decides, not this build: the browser's half may be of another profile.
    if use_viewer().is_development {
        view! { <ComponentsPage /> }.into_any()
    } else {
        view! { <NotFoundPage /> }.into_any()
    }
}
