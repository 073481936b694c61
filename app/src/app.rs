//! Routes and what every page shares.

use crate::{
    components::Toaster, dom, lazy, pages::not_found::NotFoundPage, prefs::provide_prefs,
    session::provide_session,
};
use leptos::{prelude::*, server_fn::redirect::set_redirect_hook};
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    Lazy, SsrMode,
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
    // Server functions redirect only where the session changes: load the page again.
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
            <Route path=path!("/") view={Lazy::<lazy::Chat>::new()} ssr=SsrMode::Async />
            <Route path=path!("/imagine") view={Lazy::<lazy::Imagine>::new()} ssr=SsrMode::Async />
            <Route path=path!("/video") view={Lazy::<lazy::Video>::new()} ssr=SsrMode::Async />
            <Route path=path!("/voice") view={Lazy::<lazy::Voice>::new()} ssr=SsrMode::Async />
            // As the predecessor called it.
            <Route path=path!("/cache") view=|| view! { <Redirect path="/admin/media" /> } />
            <ParentRoute path=path!("/admin") view={Lazy::<lazy::Admin>::new()} ssr=SsrMode::Async>
                <Route path=path!("") view=|| view! { <Redirect path="/admin/accounts" /> } />
                // The predecessor's name for it.
                <Route path=path!("token") view=|| view! { <Redirect path="/admin/accounts" /> } />
                <Route path=path!("accounts") view={Lazy::<lazy::Accounts>::new()} />
                <Route path=path!("connect") view={Lazy::<lazy::Connect>::new()} />
                <Route path=path!("media") view={Lazy::<lazy::Media>::new()} />
                <Route path=path!("cache") view=|| view! { <Redirect path="/admin/media" /> } />
                <Route path=path!("password") view={Lazy::<lazy::Password>::new()} />
                <Route path=path!("dev/components") view={Lazy::<lazy::Gallery>::new()} />
            </ParentRoute>
        </Routes>
    }
}
