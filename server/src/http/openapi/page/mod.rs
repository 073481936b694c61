//! `/docs`: the document for people, as a page of HTML without any code.
//!
//! It depends on the language and the theme of its reader and on nothing else that he says, so each of the
//! few forms is written once.
//!
//! - `html`: texts and the few marks that descriptions have
//! - `schema`: types, and the fields of a shape
//! - `operation`: one operation with its example

mod html;
mod operation;
mod schema;

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, OnceLock},
};

use axum::{Extension, Router, extract::State, response::Response, routing::get};
use base64::{Engine, engine::general_purpose::STANDARD};
use grok2api_app::{DocsFrame, DocsText, SiteFiles};
use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, VARY},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::html::{escaped, paragraphs};
use super::{errors, serve::ApiDocument};
use crate::http::{AppState, prepared::Prepared};

/// What the page adds to the style sheet of the site.
const STYLE: &str = include_str!("style.css");
/// Its only style of its own is the one that is in it, and it has no code.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'self' 'sha256-{hash}'; font-src 'self'; img-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// What the page is made of.
pub(super) struct Page {
    document: Value,
    /// By language and theme, with the address that it was written with.
    forms: parking_lot::Mutex<HashMap<Form, (String, Arc<Prepared>)>>,
    style: OnceLock<String>,
}

/// Language and theme.
type Form = (&'static str, Option<&'static str>);

impl Page {
    pub(super) fn new(document: Value) -> Self {
        Self {
            document,
            forms: parking_lot::Mutex::default(),
            style: OnceLock::new(),
        }
    }

    /// The page in the form that this reader wants. `base` is the configuration's, not the reader's.
    fn prepared(&self, frame: DocsFrame, style: &str, base: &str) -> Arc<Prepared> {
        let form = (frame.language(), frame.theme());
        let mut forms = self.forms.lock();
        if let Some((written_with, page)) = forms.get(&form)
            && written_with == base
        {
            return page.clone();
        }
        let page = self.write(frame, style, base);
        let page = Arc::new(Prepared::new("text/html; charset=utf-8", page));
        forms.insert(form, (base.to_owned(), page.clone()));
        page
    }

    /// The whole page.
    fn write(&self, frame: DocsFrame, style: &str, base: &str) -> String {
        let title = frame.text(DocsText::Title);
        let theme = frame
            .theme()
            .map(|theme| format!(" data-theme=\"{theme}\""));
        let mut page = format!(
            "<!DOCTYPE html>\n<html lang=\"{}\"{}>\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · grok2api</title>\n\
             <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n\
             <link rel=\"preload\" href=\"/fonts/inter.woff2\" as=\"font\" type=\"font/woff2\" \
             crossorigin>\n<link rel=\"stylesheet\" href=\"{}\">\n<style>{STYLE}</style>\n</head>\n\
             <body>\n<a class=\"skip-link\" href=\"#content\">{}</a>\n<header class=\"topbar\">\
             <a class=\"brand\" href=\"/\">grok2api</a> <a href=\"/admin/connect\">{}</a></header>\n\
             <div class=\"docs\">\n",
            frame.language(),
            theme.unwrap_or_default(),
            escaped(style),
            frame.text(DocsText::Skip),
            frame.text(DocsText::Connect),
        );
        self.write_contents(frame, base, &mut page);
        page.push_str("</div>\n</body>\n</html>\n");
        page
    }

    fn write_contents(&self, frame: DocsFrame, base: &str, out: &mut String) {
        let groups = operation::groups(&self.document);
        // Folded where the screen is narrow; the style opens it beside the text.
        out.push_str(&format!(
            "<nav class=\"docs__contents\" aria-label=\"{0}\">\n<details>\n\
             <summary class=\"docs__title\">{0}</summary>\n<ul>\n",
            frame.text(DocsText::Contents)
        ));
        for group in &groups {
            out.push_str(&format!(
                "<li><a href=\"#{}\">{}</a><ul>\n",
                group.anchor(),
                escaped(group.name)
            ));
            for operation in &group.operations {
                out.push_str(&operation.link());
            }
            out.push_str("</ul></li>\n");
        }
        for (anchor, text) in [("errors", DocsText::Errors), ("shapes", DocsText::Shapes)] {
            out.push_str(&format!(
                "<li><a href=\"#{anchor}\">{}</a></li>\n",
                frame.text(text)
            ));
        }
        out.push_str("</ul>\n</details>\n</nav>\n");
        self.write_head(frame, base, out);
        for group in &groups {
            group.write(frame, &self.document, out);
        }
        write_errors(frame, out);
        schema::write_shapes(frame, &self.document, out);
        out.push_str("</main>\n");
    }

    /// What the document says of itself, and how one signs in.
    fn write_head(&self, frame: DocsFrame, base: &str, out: &mut String) {
        let info = &self.document["info"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        out.push_str(&format!(
            "<main id=\"content\" tabindex=\"-1\">\n<h1>{}</h1>\n<p>{} \
             <a href=\"/openapi.json\">{}</a> · {} {}</p>\n",
            frame.text(DocsText::Title),
            frame.text(DocsText::Lead),
            frame.text(DocsText::Document),
            frame.text(DocsText::Version),
            escaped(&text(&info["version"])),
        ));
        out.push_str("<div lang=\"en\">");
        out.push_str(&paragraphs(&text(&info["description"])));
        out.push_str("</div>\n");
        out.push_str(&format!(
            "<p>{}</p>\n<pre tabindex=\"0\"><code>export BASE_URL={}\nexport API_KEY=…\n\
             export PASSWORD=…\nexport SESSION=…</code></pre>\n",
            frame.text(DocsText::SetUp),
            escaped(base),
        ));
        out.push_str(&format!(
            "<h2>{}</h2>\n<dl lang=\"en\">\n",
            frame.text(DocsText::Schemes)
        ));
        let schemes = self.document["components"]["securitySchemes"].as_object();
        for (name, scheme) in schemes.into_iter().flatten() {
            out.push_str(&format!(
                "<dt id=\"sign-in-{name}\">{}</dt><dd>{}</dd>\n",
                operation::scheme_name(scheme),
                paragraphs(&text(&scheme["description"]))
            ));
        }
        out.push_str("</dl>\n");
    }
}

/// What each status means, said once for all operations.
fn write_errors(frame: DocsFrame, out: &mut String) {
    const ALL: [&str; 16] = [
        "400", "401", "403", "404", "408", "409", "412", "413", "415", "416", "429", "500", "502",
        "503", "504", "529",
    ];
    out.push_str(&format!(
        "<section aria-labelledby=\"errors\">\n<h2 id=\"errors\">{}</h2>\n<p>{}</p>\n<dl lang=\"en\">\n",
        frame.text(DocsText::Errors),
        frame.text(DocsText::ErrorsLead)
    ));
    for status in ALL {
        let meaning = html::inline(errors::meaning(status));
        out.push_str(&format!(
            "<dt id=\"error-{status}\">{status}</dt><dd>{meaning}</dd>\n"
        ));
    }
    out.push_str("</dl>\n</section>\n");
}

/// The route of the page. It is no part of the API, so the document does not list it.
pub(in crate::http) fn routes(document: Arc<ApiDocument>) -> Router<AppState> {
    Router::new()
        .route("/docs", get(show))
        .layer(Extension(document))
}

async fn show(
    State(state): State<AppState>,
    Extension(document): Extension<Arc<ApiDocument>>,
    headers: HeaderMap,
) -> Response {
    let frame = DocsFrame::of(&headers);
    let page = &document.page;
    let style = page
        .style
        .get_or_init(|| SiteFiles::read(&state.leptos).style().to_owned());
    let base = own_address(&state);
    let headers_of_page = [
        (CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (VARY, HeaderValue::from_static("cookie, accept-language")),
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    let page = page.prepared(frame, style, &base);
    page.answer(&headers, headers_of_page).await
}

/// The configured address, or the one on this machine: what a stranger says his address is would make a
/// page of its own each time.
fn own_address(state: &AppState) -> String {
    let snapshot = state.current.load();
    let config = &snapshot.settings.config;
    match config.app.app_url.trim_end_matches('/') {
        "" => format!("http://127.0.0.1:{}", config.server.port),
        url => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
