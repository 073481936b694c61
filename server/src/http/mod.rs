//! HTTP: routes extract, call a service and shape the answer; nothing else.

pub mod error;
pub mod middleware;
pub mod openai;
pub mod ops;
pub mod pages;
pub mod public;

use axum::{Router, extract::DefaultBodyLimit, middleware as layers};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
};

use crate::{auth::StoreSessions, http::error::ApiError, state::AppState};

/// The whole application.
///
/// Layers, outermost first:
/// 1. `middleware::request`: request id, span, log line, error envelope; adds `RequestId`.
/// 2. `middleware::in_flight`: 503 while draining; holds the request in the count to its last byte.
/// 3. `middleware::panic`: a panic is a 500.
/// 4. body limit (`server.max_body_mb`): 413.
/// 5. on `/v1`: `middleware::key`: 401 without a valid API key; adds `CallerKey`.
///    On pages and `/v1/public`: the session layer; adds `Session`.
pub fn router(state: &AppState) -> Router {
    let max_body = state.live.load().config.server.max_body_mb as usize * 1024 * 1024;
    let keyed =
        openai::routes()
            .fallback(unknown_endpoint)
            .route_layer(layers::from_fn_with_state(
                state.clone(),
                middleware::key::layer,
            ));
    let sessions = session_layer(state);
    Router::new()
        .nest("/v1/public", public::routes().layer(sessions.clone()))
        .nest("/v1", keyed)
        .merge(ops::routes())
        .merge(pages::routes(state).layer(sessions))
        .layer(DefaultBodyLimit::max(max_body))
        .layer(middleware::panic::layer())
        .layer(layers::from_fn_with_state(
            state.in_flight.clone(),
            middleware::in_flight::layer,
        ))
        .layer(layers::from_fn(middleware::request::layer))
        .with_state(state.clone())
}

/// A session that nobody uses ends after this time, even if it could live longer.
const IDLE_HOURS: i64 = 12;

async fn unknown_endpoint(uri: http::Uri) -> ApiError {
    ApiError::NotFound(format!("There is no endpoint `{}` here.", uri.path()))
}

/// Cookie by decision 5: HttpOnly, SameSite=Strict, and `Secure` with `__Host-` behind https.
fn session_layer(state: &AppState) -> SessionManagerLayer<StoreSessions> {
    let live = state.live.load();
    let app = &live.config.app;
    let is_https = app.app_url.starts_with("https://");
    let name = if is_https {
        "__Host-grok2api_session"
    } else {
        "grok2api_session"
    };
    let longest_hours = i64::from(
        app.admin_session_ttl_hours
            .max(app.public_session_ttl_hours),
    );
    SessionManagerLayer::new(StoreSessions(state.store.clone()))
        .with_name(name)
        .with_secure(is_https)
        .with_http_only(true)
        .with_same_site(SameSite::Strict)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::hours(
            longest_hours.min(IDLE_HOURS),
        )))
}
