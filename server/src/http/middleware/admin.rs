//! Who may call `/v1/admin`: the operator's session in a page of ours, or the operator's password as
//! programs send it, in a header. Nothing is read of a body before.

use axum::{
    Extension,
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::Response,
};
use grok2api_app::{error::UiError, service::AdminProof};
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};

use super::host;
use crate::{
    gateway::GatewayError,
    http::{AppState, error::ApiError},
    snapshot::Snapshot,
};

/// Names under which older clients put the password into the address.
const IN_ADDRESS: [&str; 3] = ["app_key", "api_key", "key"];

/// The operator, who was checked.
pub(in crate::http) struct Admin(pub(in crate::http) AdminProof);

impl FromRequestParts<AppState> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, ApiError> {
        let proof = parts.extensions.get::<AdminProof>().cloned();
        proof.map(Self).ok_or(ApiError::AdminOnly)
    }
}

/// Lets the operator pass.
///
/// # Errors
/// 401 `invalid_admin_key`, 429 `too_many_attempts`, 403 for pages of other sites, 400 for a password
/// in the address.
pub(in crate::http) async fn layer(
    State(state): State<AppState>,
    Extension(snapshot): Extension<Snapshot>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    check_address(&request)?;
    if presented(request.headers()).is_none() {
        host::check_open(&request, &snapshot)?;
    }
    let (mut parts, body) = request.into_parts();
    let proof = proof(&state, &parts).await.map_err(refusal)?;
    parts.extensions.insert(proof);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// The operator, by the password in the header or else by the session.
pub(in crate::http) async fn proof(state: &AppState, parts: &Parts) -> Result<AdminProof, UiError> {
    match presented(&parts.headers) {
        Some(key) => state.auth.require_admin_key(parts, key.to_owned()).await,
        None => state.auth.require_admin(parts).await,
    }
}

fn refusal(error: UiError) -> ApiError {
    match error {
        UiError::SignInRequired | UiError::WrongPassword => ApiError::AdminOnly,
        UiError::TooManyAttempts { retry_secs } => ApiError::TooManyAttempts { retry_secs },
        UiError::Unavailable => GatewayError::store_unavailable().into(),
        other => anyhow::anyhow!("{other}").into(),
    }
}

/// Addresses are in logs, histories and `Referer`s.
fn check_address(request: &Request) -> Result<(), ApiError> {
    let query = request.uri().query().unwrap_or_default();
    let names = query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .find(|name| IN_ADDRESS.contains(name));
    let Some(name) = names else { return Ok(()) };
    let message = "The password does not belong into the address, where logs keep it. Send \
                   `Authorization: Bearer <password>`; a page of this server needs its session only.";
    Err(GatewayError::invalid("key_in_address", name, message).into())
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
}
