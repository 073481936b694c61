//! Outermost layer: request id, span, one log line a request, and the error envelope.

use std::time::Instant;

use axum::{
    body::Body,
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use tracing::Instrument;
use uuid::Uuid;

use crate::http::error::ApiError;

/// Id of one HTTP request; also the id of its usage row and in `x-request-id`.
#[derive(Clone, Debug)]
pub struct RequestId(pub std::sync::Arc<str>);

/// Gives the request an id, runs it in a span, renders errors and logs the outcome once.
pub async fn layer(mut request: Request, next: Next) -> Response {
    let id: std::sync::Arc<str> = Uuid::now_v7().simple().to_string().into();
    request.extensions_mut().insert(RequestId(id.clone()));
    let is_api = is_api_path(request.uri().path());
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unmatched".to_owned(), |path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request_id = %id);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;

    if let Some(error) = edge_error(&response, is_api) {
        response = render(error, response, &id);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    let _entered = span.enter();
    log(&method, &route, started, &response);
    response
}

fn is_api_path(path: &str) -> bool {
    path.starts_with("/v1/") || path == "/v1"
}

/// The typed error that a handler left, or one for the router's own bare refusals under `/v1`.
fn edge_error(response: &Response, is_api: bool) -> Option<ApiError> {
    if let Some(error) = response.extensions().get::<ApiError>() {
        return Some(error.clone());
    }
    if !is_api || response.headers().contains_key(CONTENT_TYPE) {
        return None;
    }
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED => Some(ApiError::MethodNotAllowed),
        _ => None,
    }
}

fn render(error: ApiError, response: Response, id: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.status = error.class().0;
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.remove(http::header::CONTENT_LENGTH);
    let body = Body::from(error.body(id).to_json());
    parts.extensions.insert(error);
    Response::from_parts(parts, body)
}

fn log(method: &http::Method, route: &str, started: Instant, response: &Response) {
    let status = response.status().as_u16();
    let duration_ms = started.elapsed().as_millis() as u64;
    match response.extensions().get::<ApiError>() {
        Some(ApiError::Internal(cause)) => {
            tracing::error!(%method, route, status, duration_ms, cause = format!("{cause:#}"), "request failed");
        }
        Some(error) => {
            let code = error.class().2;
            tracing::info!(%method, route, status, duration_ms, code, "request refused: {error}");
        }
        None if is_quiet(route) => tracing::debug!(%method, route, status, duration_ms, "request"),
        None => tracing::info!(%method, route, status, duration_ms, "request"),
    }
}

/// Probes and static files would drown the rest.
fn is_quiet(route: &str) -> bool {
    matches!(route, "/healthz" | "/health" | "/readyz") || route.starts_with("/pkg")
}
