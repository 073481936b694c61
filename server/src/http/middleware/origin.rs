//! Same-origin check for requests that act with a cookie.

use axum::{Extension, extract::Request, middleware::Next, response::Response};
use http::{
    HeaderMap, Method, Uri,
    header::{HOST, ORIGIN},
};
use url::Url;

use crate::{http::error::ApiError, snapshot::Snapshot};

/// Refuses what another site's page sends with our cookie.
///
/// # Errors
/// 403 `forbidden`.
pub async fn layer(
    Extension(snapshot): Extension<Snapshot>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let app_url = &snapshot.settings.config.app.app_url;
    if is_same_origin(request.method(), request.uri(), request.headers(), app_url) {
        Ok(next.run(request).await)
    } else {
        Err(refusal())
    }
}

/// As [`layer`], for a read that costs something: another site's page may not set it off either.
///
/// # Errors
/// 403 `forbidden`.
pub async fn layer_for_costly_reads(
    Extension(snapshot): Extension<Snapshot>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let app_url = &snapshot.settings.config.app.app_url;
    if is_from_us(request.uri(), request.headers(), app_url) {
        Ok(next.run(request).await)
    } else {
        Err(refusal())
    }
}

fn refusal() -> ApiError {
    let message = "Requests from other sites are refused here. Behind a reverse proxy that changes \
                   the host, set app.app_url to the address that browsers open.";
    ApiError::Forbidden(message.to_owned())
}

/// Whether a cookie-authenticated request may act: reads always, writes only from our own pages.
///
/// A form-encoded POST is sent cross-site without preflight, so the cookie's `SameSite` is not the
/// only guard.
fn is_same_origin(method: &Method, uri: &Uri, headers: &HeaderMap, app_url: &str) -> bool {
    method.is_safe() || is_from_us(uri, headers, app_url)
}

/// Whether the request comes from a page of ours, or from no page at all. Browsers send
/// `Sec-Fetch-Site` to https and to this machine; elsewhere at least `Origin`.
pub(super) fn is_from_us(uri: &Uri, headers: &HeaderMap, app_url: &str) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(ORIGIN) else {
        // Neither header: not a browser, so no ambient cookie to abuse.
        return true;
    };
    let Some((origin, text)) = origin
        .to_str()
        .ok()
        .and_then(|text| Some((Url::parse(text).ok()?, text)))
    else {
        return false;
    };
    let host = authority(uri, headers);
    let is_asked_host = text
        .split_once("://")
        .zip(host)
        .is_some_and(|((_, origin), host)| origin.eq_ignore_ascii_case(host));
    // A proxy may ask us under another name than the browser asked it.
    is_asked_host || Url::parse(app_url).is_ok_and(|ours| ours.origin() == origin.origin())
}

/// The name that the caller used. HTTP/2 has it in the address, and mostly no header for it.
pub(in crate::http) fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let host = headers.get(HOST);
    let host = host.map(|host| host.to_str().unwrap_or_default());
    host.or_else(|| Some(uri.authority()?.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_post(uri: &str, app_url: &str, pairs: &[(&'static str, &'static str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        is_same_origin(&Method::POST, &uri.parse().unwrap(), &headers, app_url)
    }

    #[test]
    fn a_write_from_another_site_is_refused() {
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example"), ("host", "a.example")],
            &[("origin", "null"), ("host", "a.example")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://grok.example.evil"), ("host", "inner")],
            &[("origin", "http://grok.example"), ("host", "inner")],
        ] {
            let app_url = "https://grok.example";
            assert!(!may_post("/api/sign_in", app_url, headers), "{headers:?}");
        }
        let evil = [("origin", "https://evil.example")];
        assert!(!may_post("http://a.example/api/sign_in", "", &evil));
    }

    #[test]
    fn our_own_pages_and_plain_clients_pass() {
        for headers in [
            &[("sec-fetch-site", "same-origin")][..],
            &[
                ("origin", "http://a.example:8000"),
                ("host", "a.example:8000"),
            ],
            &[],
        ] {
            assert!(may_post("/api/sign_in", "", headers), "{headers:?}");
        }
        let cross_site = [(
            "sec-fetch-site".parse().unwrap(),
            "cross-site".parse().unwrap(),
        )];
        let headers = cross_site.into_iter().collect();
        assert!(is_same_origin(
            &Method::GET,
            &Uri::from_static("/"),
            &headers,
            ""
        ));
    }

    #[test]
    fn the_host_is_that_of_the_address_in_http2_and_of_app_url_behind_a_proxy() {
        let origin = [("origin", "http://a.example:8000")];
        assert!(may_post("http://a.example:8000/api/sign_in", "", &origin));
        let proxied = [("origin", "https://grok.example"), ("host", "127.0.0.1")];
        assert!(may_post("/api/sign_in", "https://grok.example/", &proxied));
        assert!(may_post(
            "/api/sign_in",
            "https://grok.example:443",
            &proxied
        ));
        assert!(!may_post(
            "/api/sign_in",
            "https://grok.example:444",
            &proxied
        ));
    }
}
