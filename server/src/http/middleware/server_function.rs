//! Server functions decode their arguments before they ask who calls; so large ones ask here.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http_body::Body as _;

use crate::http::{AppState, error::ApiError, pages::is_server_function};

/// Whoever may call a server function may send it this much.
const SMALL_BYTES: u64 = 64 * 1024;

/// Lets large arguments of server functions pass for an admin only.
///
/// # Errors
/// 401 `sign_in_required`.
pub async fn layer(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let size = request.body().size_hint().upper();
    let is_small = size.is_some_and(|size| size <= SMALL_BYTES);
    if is_small || !is_server_function(request.uri().path()) {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let admin = state.auth.require_admin(&parts).await;
    if admin.is_err() {
        return Err(ApiError::SignInRequired);
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}
