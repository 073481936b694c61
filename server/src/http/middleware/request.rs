//! Outermost layer: request id, record, snapshot, draining, and the error envelope.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use grok2api_app::service::RequestId;
use http::{
    HeaderMap, HeaderValue, StatusCode, Version,
    header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
};
use tracing::Instrument;
use uuid::Uuid;

use super::{
    held_answer::HeldAnswer,
    tracked::{Line, Tracked},
};
use crate::{
    http::{AppState, PeerAddr, error::ApiError, error_page, protocol::Protocol},
    record::RequestRecord,
    snapshot::{Settings, Snapshot},
};

/// Gives the request an id, a record and the snapshot that holds to its end, and renders errors.
///
/// Adds [`RequestRecord`], [`RequestId`] and [`Snapshot`]. The log line comes with the last byte.
pub async fn layer(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id: Arc<str> = Uuid::now_v7().simple().to_string().into();
    let snapshot = Snapshot::clone(&state.current.load());
    let client = client_address(&request, &snapshot.settings);
    let record = RequestRecord::begin(id.clone(), client, state.store.clone());
    request.extensions_mut().insert(record.clone());
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(snapshot);

    let uri = request.uri().clone();
    let is_mcp = state.mcp.as_ref().is_some_and(|mcp| mcp.is_at(uri.path()));
    let (protocol, is_api) = match is_mcp {
        true => (Protocol::Mcp, true),
        false => (Protocol::of(uri.path()), is_api_path(uri.path())),
    };
    let shown = match !is_api && error_page::is_wanted(request.headers()) {
        true => Shown::Page,
        false => Shown::Json(protocol),
    };
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let is_probe = is_probe(&route);
    let is_http2 = request.version() == Version::HTTP_2;

    let is_refused = state.in_flight.is_draining() && !is_probe;
    let guard = (!is_probe).then(|| state.in_flight.enter());
    let span = tracing::info_span!("request", request_id = %id);
    let mut response = if is_refused {
        draining()
    } else {
        next.run(request).instrument(span.clone()).await
    };
    let held = match is_http2 && !is_probe {
        true => Some(HeldAnswer::over_http2(&state, &mut response)),
        false => HeldAnswer::over_http1(&state, (&method, uri.path()), &mut response),
    };
    if let Some(error) = edge_error(&response, is_api) {
        let _entered = span.enter();
        note(&record, &error);
        response = render(shown, &error, response, &id);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        if let Some(name) = protocol.request_id_header() {
            response.headers_mut().insert(name, value.clone());
        }
        response.headers_mut().insert("x-request-id", value);
    }
    // What a browser guesses from the bytes may be a page.
    response.headers_mut().insert(
        http::header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let length = response.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let line = Line {
        is_quiet: is_probe || route.starts_with("/pkg"),
        length,
        status: response.status(),
        method,
        route,
    };
    response.map(|inner| Body::new(Tracked::new(inner, record, line, (guard, held))))
}

fn is_api_path(path: &str) -> bool {
    path.starts_with("/v1/") || path == "/v1"
}

/// Probes would drown the rest, and must be answered while everything else is refused.
fn is_probe(route: &str) -> bool {
    matches!(route, "/healthz" | "/health" | "/readyz")
}

fn draining() -> Response {
    let mut response = ApiError::Draining.into_response();
    response
        .headers_mut()
        .insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The caller's address: the peer's, or what trusted proxies say of it. From the right each
/// address of `X-Forwarded-For` was added by the one before; the first untrusted one is the caller.
fn client_address(request: &Request, settings: &Settings) -> Option<IpAddr> {
    let peer = request.extensions().get::<PeerAddr>()?.0.ip();
    Some(forwarded(request.headers(), peer, settings))
}

fn forwarded(headers: &HeaderMap, peer: IpAddr, settings: &Settings) -> IpAddr {
    let mut address = peer.to_canonical();
    let values = headers.get_all("x-forwarded-for").iter().rev();
    // By bytes: a client's nonsense on the left must not hide what a proxy has added on the right.
    let hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    for hop in hops {
        let hop = str::from_utf8(hop).unwrap_or_default();
        if !settings.trusts(address) {
            break;
        }
        // Some proxies add the port.
        let hop = hop.trim();
        let parsed = hop.parse::<IpAddr>().ok();
        match parsed.or_else(|| Some(hop.parse::<SocketAddr>().ok()?.ip())) {
            Some(hop) => address = hop.to_canonical(),
            None => break,
        }
    }
    address
}

/// The typed error that a handler left, or one for the router's own bare refusals under `/v1`.
fn edge_error(response: &Response, is_api: bool) -> Option<ApiError> {
    if let Some(error) = response.extensions().get::<ApiError>() {
        return Some(error.clone());
    }
    if !is_api || response.headers().contains_key(CONTENT_TYPE) {
        return None;
    }
    (response.status() == StatusCode::METHOD_NOT_ALLOWED).then_some(ApiError::MethodNotAllowed)
}

/// Notes an error in the record and in the log, whose line stands in the request's span.
pub(in crate::http) fn note(record: &RequestRecord, error: &ApiError) {
    record.error(error.status().as_u16(), error.code());
    match error {
        ApiError::Internal(cause) => {
            tracing::error!(cause = format!("{cause:#}"), "request failed");
        }
        ApiError::Gateway(error) => tracing::info!(
            code = error.code(),
            upstream_status = error.upstream_status,
            tried = error.tried_text(),
            "request refused: {error}"
        ),
        error => tracing::info!(code = error.code(), "request refused: {error}"),
    }
}

/// How an error is written.
#[derive(Clone, Copy)]
enum Shown {
    Json(Protocol),
    Page,
}

fn render(shown: Shown, error: &ApiError, response: Response, id: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    let (kind, (status, body)) = match shown {
        Shown::Json(protocol) => ("application/json", protocol.error(error, id)),
        Shown::Page => {
            let policy = HeaderValue::from_static(error_page::POLICY);
            parts.headers.insert(CONTENT_SECURITY_POLICY, policy);
            ("text/html; charset=utf-8", error_page::error(error, id))
        }
    };
    parts.status = status;
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::Config;

    fn address(trusted: &[&str], peer: &str, forwarded_for: &[&str]) -> String {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config::default();
        config.server.trusted_proxies = trusted.iter().map(|net| (*net).to_owned()).collect();
        let settings = Settings::build(config, None).unwrap();
        let mut headers = HeaderMap::new();
        for value in forwarded_for {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        forwarded(&headers, peer.parse().unwrap(), &settings).to_string()
    }

    #[test]
    fn bytes_that_are_no_text_hide_nothing_that_a_proxy_has_added() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config::default();
        config.server.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
        let settings = Settings::build(config, None).unwrap();
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_bytes(b"\xff, 6.6.6.6").unwrap();
        headers.append("x-forwarded-for", value);
        let address = forwarded(&headers, "10.0.0.1".parse().unwrap(), &settings);
        assert_eq!(address.to_string(), "6.6.6.6");
    }

    #[test]
    fn only_trusted_proxies_may_name_the_client() {
        let said = ["198.51.100.7"];
        assert_eq!(address(&[], "10.0.0.2", &said), "10.0.0.2");
        assert_eq!(address(&["10.0.0.0/8"], "10.0.0.2", &said), "198.51.100.7");
        assert_eq!(
            address(&["10.0.0.2"], "::ffff:10.0.0.2", &said),
            "198.51.100.7"
        );
        assert_eq!(address(&["10.0.0.0/8"], "192.0.2.1", &said), "192.0.2.1");
    }

    #[test]
    fn the_last_untrusted_hop_is_the_client_whatever_stands_before_it() {
        let trusted = ["10.0.0.0/8"];
        let chain = ["203.0.113.9, 198.51.100.7, 10.0.0.3"];
        assert_eq!(address(&trusted, "10.0.0.2", &chain), "198.51.100.7");
        let split = ["203.0.113.9", "198.51.100.7"];
        assert_eq!(address(&trusted, "10.0.0.2", &split), "198.51.100.7");
        let ports = ["203.0.113.9, [2001:db8::7]:99, 10.0.0.3:8080"];
        assert_eq!(address(&trusted, "10.0.0.2", &ports), "2001:db8::7");
        let nonsense = ["unknown, 10.0.0.3"];
        assert_eq!(address(&trusted, "10.0.0.2", &nonsense), "10.0.0.3");
    }
}
