//! `POST /v1/chat/completions`.

use std::convert::Infallible;

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use http::{
    HeaderMap,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

use crate::{
    gateway::{Caller, reply::Reply},
    http::{
        error::ApiError,
        middleware::{key::CallerKey, request::RequestId},
    },
    state::AppState,
};

/// One chat completion, as JSON or as a stream of `chat.completion.chunk` events.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
pub async fn create_chat_completion(
    State(state): State<AppState>,
    Extension(request_id): Extension<RequestId>,
    Extension(key): Extension<CallerKey>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let caller = Caller {
        request_id: request_id.0,
        scope: key.0.clone().unwrap_or_else(|| "open".into()),
        key: key.0,
        endpoint: "chat.completions",
    };
    complete(&state, caller, &headers, body).await
}

/// The part that the API and the public pages share.
pub async fn complete(
    state: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiError> {
    let body = read_body(state, body)?;
    let mut request = openai::chat::parse(&body)?;
    if request.conversation_id.is_none() {
        request.conversation_id = conversation_header(headers)?;
    }
    drop(body);
    // Boxed: the future holds a whole attempt, and most requests wait in it for seconds.
    Ok(match Box::pin(state.gateway.chat(caller, request)).await? {
        Reply::Json(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Reply::Stream(frames) => {
            let headers = [
                (CONTENT_TYPE, "text/event-stream; charset=utf-8"),
                (CACHE_CONTROL, "no-cache"),
                // Tells nginx not to hold frames back.
                (http::HeaderName::from_static("x-accel-buffering"), "no"),
            ];
            (headers, Body::from_stream(frames.map(Ok::<_, Infallible>))).into_response()
        }
    })
}

/// The header form of `conversation_id`, for clients that cannot add a field to the body.
fn conversation_header(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    const NAME: &str = "x-conversation-id";
    let Some(value) = headers.get(NAME) else {
        return Ok(None);
    };
    let id = value.to_str().unwrap_or_default();
    openai::chat::check_conversation_id(id, NAME)?;
    Ok(Some(id.to_owned()))
}

fn read_body(state: &AppState, body: Result<Bytes, BytesRejection>) -> Result<Bytes, ApiError> {
    body.map_err(|rejection| match rejection.status() {
        http::StatusCode::PAYLOAD_TOO_LARGE => ApiError::BodyTooLarge {
            limit_mb: state.live.load().config.server.max_body_mb,
        },
        _ => ApiError::Invalid {
            message: "The request body could not be read completely.".to_owned(),
            param: Some("body".to_owned()),
            code: "invalid_body",
        },
    })
}
