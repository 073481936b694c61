//! The outer HTML, rendered by the server only. Here is decided which pages run our code in the
//! browser: [`shell`] is of those that do, [`plain_shell`] of those at [`PLAIN_PATHS`].

use crate::{
    App,
    browser::early,
    i18n::text::login,
    pages::login::LoginPage,
    prefs::{Prefs, provide_prefs},
    security,
    site_files::Scripts,
};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::{HashedStylesheet, MetaTags};
use leptos_router::components::Router;

/// The pages that are HTML and nothing else: they answer as soon as they can be seen, and fetch
/// no WebAssembly. Links to them are `rel="external"`, and code goes there by `dom::load_page`.
pub const PLAIN_PATHS: [&str; 2] = ["/login", "/admin/login"];

/// The document around [`App`]: language and theme are right before the first paint.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let scripts = view! {
        <Scripts />
        <MetaTags />
    };
    // Before the style sheet, which scripts behind it wait for.
    let early = view! { <script nonce=use_nonce()>{early::SCRIPT}</script> };
    document(options, early.into_any(), scripts.into_any(), || {
        view! { <App /> }.into_any()
    })
}

/// The document of a plain page.
pub fn plain_shell(options: LeptosOptions) -> impl IntoView {
    let title = login::TITLE.get(Prefs::current().language);
    // As a child it would end with the comment that marks an end, which is text in a title. What is
    // written here is ours, so it needs no escaping.
    let title = view! { <title inner_html=format!("{title} · grok2api")></title> };
    document(options, ().into_any(), title.into_any(), || {
        provide_prefs();
        view! {
            <Router>
                <LoginPage />
            </Router>
        }
        .into_any()
    })
}

fn document(
    options: LeptosOptions,
    early: AnyView,
    head: AnyView,
    body: fn() -> AnyView,
) -> impl IntoView {
    let prefs = Prefs::current();
    security::set_headers(&options);
    view! {
        <!DOCTYPE html>
        <html lang=prefs.language.tag() data-theme=prefs.theme.attribute()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link
                    rel="preload"
                    href="/fonts/inter.woff2"
                    r#as="font"
                    r#type="font/woff2"
                    crossorigin="anonymous"
                />
                {early}
                <HashedStylesheet options=options.clone() id="leptos" />
                <AutoReload options />
                {head}
            </head>
            <body>{body()}</body>
        </html>
    }
}
