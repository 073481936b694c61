//! The strict reading of what a caller must send (protocol 1.2, 1.3 and 1.7).

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use uuid::Uuid;

use crate::refusal::Refusal;

/// Headers without which a call is refused, besides the cookie.
const REQUIRED: [&str; 6] = [
    "origin",
    "referer",
    "user-agent",
    "x-statsig-id",
    "x-xai-request-id",
    "content-type",
];

/// The account that the cookies name.
///
/// # Errors
/// 401 unless `sso` and `sso-rw` are both there, equal and plausible.
pub(crate) fn account(headers: &HeaderMap) -> Result<String, Refusal> {
    let text = headers
        .get(header::COOKIE)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| Refusal::unauthorized("no cookie"))?;
    let cookie = |wanted: &str| {
        text.split("; ").find_map(|pair| {
            pair.split_once('=')
                .filter(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        })
    };
    let (Some(sso), Some(sso_rw)) = (cookie("sso"), cookie("sso-rw")) else {
        return Err(Refusal::unauthorized(
            "cookies sso and sso-rw are both needed",
        ));
    };
    if sso != sso_rw {
        return Err(Refusal::unauthorized("cookies sso and sso-rw differ"));
    }
    if sso.is_empty() || sso.starts_with("sso=") || sso.contains([' ', '"', ',']) {
        return Err(Refusal::unauthorized("cookie sso is malformed"));
    }
    Ok(sso.to_owned())
}

/// Refuses a JSON call that a browser on the web app would not send.
///
/// # Errors
/// 400 with the name of the first header that is missing or wrong.
pub(crate) fn json_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    call_headers(headers, "application/json")
}

/// Refuses a gRPC-web call that a browser on one of the sites would not send (protocol 1.5).
///
/// # Errors
/// As [`json_headers`].
pub(crate) fn grpc_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    let fixed = [
        ("x-grpc-web", "1"),
        ("cache-control", "no-cache"),
        ("pragma", "no-cache"),
    ];
    for (name, value) in fixed {
        if text(headers, name) != Some(value) {
            return Err(Refusal::bad_request(format!(
                "header {name}: must be {value}"
            )));
        }
    }
    // Newer callers do not name their library.
    let client = text(headers, "x-user-agent");
    if client.is_some_and(|client| client != "connect-es/2.1.1") {
        let why = "header x-user-agent: is not the known one";
        return Err(Refusal::bad_request(why));
    }
    call_headers(headers, "application/grpc-web+proto")
}

fn call_headers(headers: &HeaderMap, mime: &str) -> Result<(), Refusal> {
    for name in REQUIRED {
        if text(headers, name).is_none_or(|value| value.trim().is_empty()) {
            return Err(Refusal::bad_request(format!("missing header {name}")));
        }
    }
    let wrong = |name: &str, why: &str| Err(Refusal::bad_request(format!("header {name}: {why}")));
    if text(headers, "content-type").is_none_or(|value| !value.starts_with(mime)) {
        return wrong("content-type", &format!("must be {mime}"));
    }
    let request_id = text(headers, "x-xai-request-id").and_then(|id| Uuid::parse_str(id).ok());
    if request_id.is_none_or(|id| id.get_version_num() != 4) {
        return wrong("x-xai-request-id", "must be a UUID of version 4");
    }
    let statsig = text(headers, "x-statsig-id").and_then(|id| STANDARD.decode(id).ok());
    if !statsig.is_some_and(|bytes| bytes.len() == 70 || bytes.starts_with(b"e:TypeError")) {
        return wrong("x-statsig-id", "is not a known form");
    }
    if text(headers, "referer").and_then(origin_of) != text(headers, "origin") {
        return wrong("referer", "must belong to the origin");
    }
    same_site(headers)
}

/// Refuses an upload by form that a browser on the web app would not send (protocol 8.3).
///
/// # Errors
/// 400 with the name of the first header that is missing or wrong.
pub(crate) fn form_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    for name in ["origin", "referer", "user-agent"] {
        if text(headers, name).is_none_or(|value| value.trim().is_empty()) {
            return Err(Refusal::bad_request(format!("missing header {name}")));
        }
    }
    not_among(headers, "uploads")?;
    same_site(headers)
}

/// Headers of JSON calls only.
fn not_among(headers: &HeaderMap, calls: &str) -> Result<(), Refusal> {
    for name in ["x-statsig-id", "x-xai-request-id"] {
        if headers.contains_key(name) {
            let why = format!("header {name}: not on {calls}");
            return Err(Refusal::bad_request(why));
        }
    }
    Ok(())
}

/// Refuses a WebSocket handshake that a browser on the web app would not send (protocol 1.5).
///
/// # Errors
/// 400 with the name of the first header that is missing or wrong.
pub(crate) fn socket_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    for name in ["origin", "user-agent", "accept-language"] {
        if text(headers, name).is_none_or(|value| value.trim().is_empty()) {
            return Err(Refusal::bad_request(format!("missing header {name}")));
        }
    }
    not_among(headers, "sockets")?;
    same_site(headers)
}

/// `Origin` must be the site that is called: a client with another base would work here and fail
/// against the real upstream.
fn same_site(headers: &HeaderMap) -> Result<(), Refusal> {
    let host = text(headers, "host").unwrap_or_default();
    let authority = text(headers, "origin")
        .and_then(|origin| origin.split_once("://"))
        .map(|(_, authority)| authority);
    if authority == Some(host) {
        return Ok(());
    }
    Err(Refusal::bad_request(format!(
        "header origin: must be the site that is called, {host}"
    )))
}

fn origin_of(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let end = url
        .get(start..)?
        .find('/')
        .map_or(url.len(), |slash| start + slash);
    url.get(..end)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn cookie(value: &'static str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static(value));
        account(&headers).ok()
    }

    #[test]
    fn cookie_pair_names_the_account() {
        assert_eq!(cookie("sso=abc; sso-rw=abc").as_deref(), Some("abc"));
        assert_eq!(
            cookie("sso=abc; sso-rw=abc; cf_clearance=x=y").as_deref(),
            Some("abc")
        );
    }

    #[test]
    fn odd_cookies_are_refused() {
        for odd in [
            "sso=abc",
            "sso=abc; sso-rw=abd",
            "sso=; sso-rw=",
            "sso=sso=abc; sso-rw=sso=abc",
            "sso=a b; sso-rw=a b",
            "other=1",
        ] {
            assert_eq!(cookie(odd), None, "{odd}");
        }
    }

    #[test]
    fn origin_is_the_front_of_a_url() {
        assert_eq!(
            origin_of("http://127.0.0.1:80/files?a"),
            Some("http://127.0.0.1:80")
        );
        assert_eq!(origin_of("https://grok.com"), Some("https://grok.com"));
        assert_eq!(origin_of("grok.com"), None);
    }
}
