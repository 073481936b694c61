//! `/docs`: the document for people, as a page of HTML without any code.
//!
//! What the document says does not depend on who reads it, so it is written once for each language of
//! the frame; the visitor's theme and the server's own address are put around it.
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

use axum::{
    Extension, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use grok2api_app::{DocsFrame, DocsText, SiteFiles};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
        VARY,
    },
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::html::{escaped, paragraphs};
use super::{errors, serve::ApiDocument};
use crate::http::{AppState, links::Links};

/// What the page adds to the style sheet of the site.
const STYLE: &str = include_str!("style.css");
/// Its only style of its own is the one that is in it, and it has no code.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'self' 'sha256-{hash}'; font-src 'self'; img-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// What the page is made of.
pub(super) struct Page {
    document: Value,
    /// What stands in `<main>` and beside it, by the language of the frame.
    contents: parking_lot::Mutex<HashMap<&'static str, Arc<str>>>,
    style: OnceLock<String>,
}

impl Page {
    pub(super) fn new(document: Value) -> Self {
        Self {
            document,
            contents: parking_lot::Mutex::default(),
            style: OnceLock::new(),
        }
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
             <a class=\"brand\" href=\"/\">grok2api</a></header>\n<div class=\"docs\">\n",
            frame.language(),
            theme.unwrap_or_default(),
            escaped(style),
            frame.text(DocsText::Skip),
        );
        let contents = self.contents(frame);
        let (before, after) = contents.split_once(SET_UP).unwrap_or((&contents, ""));
        page.push_str(before);
        page.push_str(&format!(
            "<p>{}</p>\n<pre tabindex=\"0\"><code>export BASE_URL={}\nexport API_KEY=…</code></pre>\n",
            frame.text(DocsText::SetUp),
            escaped(base),
        ));
        page.push_str(after);
        page.push_str("</div>\n</body>\n</html>\n");
        page
    }

    fn contents(&self, frame: DocsFrame) -> Arc<str> {
        let mut contents = self.contents.lock();
        let known = contents.entry(frame.language());
        known
            .or_insert_with(|| self.write_contents(frame).into())
            .clone()
    }

    fn write_contents(&self, frame: DocsFrame) -> String {
        let groups = operation::groups(&self.document);
        let mut out = format!(
            "<nav class=\"docs__contents\" aria-label=\"{0}\">\n<p class=\"docs__title\">{0}</p>\n<ul>\n",
            frame.text(DocsText::Contents)
        );
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
        out.push_str("</ul>\n</nav>\n");
        self.write_head(frame, &mut out);
        for group in &groups {
            group.write(frame, &self.document, &mut out);
        }
        write_errors(frame, &mut out);
        schema::write_shapes(frame, &self.document, &mut out);
        out.push_str("</main>\n");
        out
    }

    /// What the document says of itself, and how one signs in.
    fn write_head(&self, frame: DocsFrame, out: &mut String) {
        let info = &self.document["info"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        out.push_str(&format!(
            "<main id=\"content\" tabindex=\"-1\">\n<h1>{}</h1>\n<p>{} \
             <a href=\"/openapi.json\">{}</a>. {} {}.</p>\n",
            frame.text(DocsText::Title),
            frame.text(DocsText::Lead),
            frame.text(DocsText::Document),
            frame.text(DocsText::Version),
            escaped(&text(&info["version"])),
        ));
        out.push_str("<div lang=\"en\">");
        out.push_str(&paragraphs(&text(&info["description"])));
        out.push_str("</div>\n");
        out.push_str(SET_UP);
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

/// Where the server's own address is put.
const SET_UP: &str = "<!-- set-up -->";

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
    links: Links,
    headers: HeaderMap,
) -> Response {
    let frame = DocsFrame::of(&headers);
    let page = &document.page;
    let style = page
        .style
        .get_or_init(|| SiteFiles::read(&state.leptos).style().to_owned());
    let body = page.write(frame, style, links.base());
    let hash = format!("{:x}", Sha256::digest(&body));
    let tag = format!("W/\"{}\"", hash.get(..16).unwrap_or_default());
    let known = headers.get(IF_NONE_MATCH).map(HeaderValue::as_bytes);
    let is_known = known.is_some_and(|known| known == tag.as_bytes());
    let headers = [
        (CACHE_CONTROL, "private, no-cache".to_owned()),
        (VARY, "cookie, accept-language".to_owned()),
        (ETAG, tag),
        (CONTENT_SECURITY_POLICY, POLICY.clone()),
        (REFERRER_POLICY, "same-origin".to_owned()),
    ];
    match is_known {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => {
            let kind = [(CONTENT_TYPE, "text/html; charset=utf-8")];
            (kind, headers, body).into_response()
        }
    }
}

#[cfg(test)]
mod tests;
