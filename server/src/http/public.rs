//! `/v1/public`: what the public pages call with their session cookie.

use axum::{
    Router,
    extract::{FromRequest, FromRequestParts, Request, State},
    response::Response,
    routing::post,
};

use tower_sessions::Session;

use super::{
    AppState, body::WholeBody, caller::PublicCaller, error::ApiError, links::Links, openai::chat,
};

/// Routes that check the session themselves.
pub fn routes() -> Router<AppState> {
    Router::new().route("/chat/completions", post(create_chat_completion))
}

async fn create_chat_completion(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let headers = parts.headers.clone();
    let again = Request::from_parts(parts.clone(), body);
    let body = WholeBody::from_request(again, &state).await?;
    // Again: the session, or the demo, which is open to all, may have ended while the body came in.
    if let Some(session) = parts.extensions.get::<Session>()
        && session.id().is_some()
    {
        session.load().await.map_err(anyhow::Error::from)?;
    }
    PublicCaller::from_request_parts(&mut parts, &state).await?;
    let links = Links::from_request_parts(&mut parts, &state).await?;
    chat::complete(&state, caller, links, &headers, body).await
}
