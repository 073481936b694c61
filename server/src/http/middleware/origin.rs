//! Same-origin check for requests that act with a cookie.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, Method};

use crate::http::error::ApiError;

/// Refuses what another site's page sends with our cookie.
///
/// # Errors
/// 403 `forbidden`.
pub async fn layer(request: Request, next: Next) -> Result<Response, ApiError> {
    if is_same_origin(request.method(), request.headers()) {
        Ok(next.run(request).await)
    } else {
        let message = "Requests from other sites are refused here.";
        Err(ApiError::Forbidden(message.to_owned()))
    }
}

/// Whether a cookie-authenticated request may act: reads always, writes only from our own pages.
///
/// A form-encoded POST is sent cross-site without preflight, so the cookie's `SameSite` is not the
/// only guard. Browsers send `Sec-Fetch-Site`; older ones at least `Origin`.
fn is_same_origin(method: &Method, headers: &HeaderMap) -> bool {
    if method.is_safe() {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let origin = headers
        .get(http::header::ORIGIN)
        .and_then(|value| value.to_str().ok());
    let host = headers
        .get(http::header::HOST)
        .and_then(|value| value.to_str().ok());
    match (origin, host) {
        (Some(origin), Some(host)) => origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority == host),
        // Neither header: not a browser, so no ambient cookie to abuse.
        (None, _) => true,
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_write_from_another_site_is_refused() {
        assert!(!is_same_origin(
            &Method::POST,
            &headers(&[("sec-fetch-site", "cross-site")])
        ));
        assert!(!is_same_origin(
            &Method::POST,
            &headers(&[("sec-fetch-site", "same-site")])
        ));
        assert!(!is_same_origin(
            &Method::POST,
            &headers(&[("origin", "https://evil.example"), ("host", "a.example")])
        ));
        assert!(!is_same_origin(
            &Method::POST,
            &headers(&[("origin", "null"), ("host", "a.example")])
        ));
    }

    #[test]
    fn our_own_pages_and_plain_clients_pass() {
        assert!(is_same_origin(
            &Method::POST,
            &headers(&[("sec-fetch-site", "same-origin")])
        ));
        assert!(is_same_origin(
            &Method::POST,
            &headers(&[
                ("origin", "http://a.example:8000"),
                ("host", "a.example:8000")
            ])
        ));
        assert!(is_same_origin(&Method::POST, &headers(&[])));
        assert!(is_same_origin(
            &Method::GET,
            &headers(&[("sec-fetch-site", "cross-site")])
        ));
    }
}
