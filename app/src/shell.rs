//! The outer HTML, rendered by the server only.

use crate::{App, prefs::Prefs, security};
use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags};

/// The document around [`App`]: language and theme are right before the first paint.
pub fn shell(options: LeptosOptions) -> impl IntoView {
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
                <HashedStylesheet options=options.clone() id="leptos" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}
