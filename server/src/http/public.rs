//! `/v1/public`: what the public pages call with their session cookie.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{FromRequest, Request, State, rejection::BytesRejection},
    response::Response,
    routing::post,
};
use grok2api_app::error::UiError;
use tower_sessions::Session;

use crate::{
    gateway::Caller,
    http::{error::ApiError, middleware::request::RequestId, openai::chat},
    state::AppState,
};

/// Routes that check the session themselves.
pub fn routes() -> Router<AppState> {
    Router::new().route("/chat/completions", post(create_chat_completion))
}

async fn create_chat_completion(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    state.auth.require_public(&parts).await.map_err(refusal)?;
    let request_id = parts
        .extensions
        .get::<RequestId>()
        .map_or_else(|| Arc::from("unknown"), |id| id.0.clone());
    let session = parts.extensions.get::<Session>().and_then(Session::id);
    let scope = session.map_or_else(|| "public".to_owned(), |id| format!("session-{id}"));
    let caller = Caller {
        request_id,
        key: None,
        scope: scope.into(),
        endpoint: "public.chat.completions",
    };
    let headers = parts.headers.clone();
    let request = Request::from_parts(parts.clone(), body);
    let body: Result<Bytes, BytesRejection> =
        <Bytes as FromRequest<AppState>>::from_request(request, &state).await;
    // Again: the demo, which is open to all, may have ended while the body came in.
    state.auth.require_public(&parts).await.map_err(refusal)?;
    chat::complete(&state, caller, &headers, body).await
}

fn refusal(error: UiError) -> ApiError {
    match error {
        UiError::CrossSite => {
            ApiError::Forbidden("Requests from other sites are refused here.".to_owned())
        }
        UiError::SignInRequired => ApiError::SignInRequired,
        other => ApiError::Internal(Arc::new(anyhow::anyhow!("{other}"))),
    }
}
