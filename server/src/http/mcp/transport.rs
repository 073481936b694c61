//! One HTTP request of an MCP client: read within bounds, handed to `rmcp`, and watched on its way out.

use std::{borrow::Cow, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};
use http::{HeaderMap, Method, Request, header::CONTENT_TYPE};
use http_body_util::Full;
use serde::Deserialize;
use tower::Service;

use super::{
    MAX_MESSAGE_BYTES, Mcp,
    call::{Call, Ending},
    error,
    key::McpCaller,
    sessions::Session,
};
use crate::{
    gateway::GatewayError,
    http::{
        AppState, answer::EVENT_STREAM, body::WholeBody, error::ApiError, links::Links,
        middleware::host::has_type, unread_stream,
    },
};

const SESSION_HEADER: &str = "mcp-session-id";
const MIB: u64 = 1024 * 1024;

/// What is looked at before `rmcp` reads the message.
#[derive(Deserialize)]
struct Envelope<'a> {
    /// Absent from what answers a request of ours.
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
}

/// Takes one message of a client: a request, which is answered with events, or a notification.
///
/// # Errors
/// The message cannot be read, or no session takes it.
pub(super) async fn receive(
    State(state): State<AppState>,
    client: McpCaller,
    links: Links,
    headers: HeaderMap,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let mcp = mcp(&state)?;
    // A body takes its time, and a key may have been taken out meanwhile.
    let keys = &state.current.load_full().settings.mcp_keys;
    if !keys.has(&client.key.0) {
        return Err(ApiError::InvalidMcpKey);
    }
    if !has_type(&headers, "application/json") {
        return Err(ApiError::UnsupportedMediaType(
            "Send the header `Content-Type: application/json`.",
        ));
    }
    let (bytes, memory) = body.into_parts();
    let begins_session = begins_session(&bytes)?;
    let session = session(&mcp, &client, &headers)?;
    let key = client.key.clone();
    let call = Call::new(&state, client, links, session);
    // From here on: the caller may leave before there is an answer.
    let ending = Ending::of(&call);
    let mut request = message(Method::POST, &headers, bytes);
    request.extensions_mut().insert(call);
    let serving = serve(&mcp, request);
    let response = match begins_session {
        true => mcp.sessions.beginning(&key, serving).await?,
        false => serving.await,
    };
    drop(memory);
    Ok(watched(response, ending, &state))
}

/// Ends a session as its client asks.
///
/// # Errors
/// There is no such session.
pub(super) async fn end_session(
    State(state): State<AppState>,
    client: McpCaller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let mcp = mcp(&state)?;
    session(&mcp, &client, &headers)?;
    let request = message(Method::DELETE, &headers, Bytes::new());
    Ok(serve(&mcp, request).await)
}

fn mcp(state: &AppState) -> Result<Arc<Mcp>, ApiError> {
    let mcp = state.mcp.clone();
    mcp.ok_or_else(|| anyhow::anyhow!("the MCP server is switched off").into())
}

/// Whether the message is the first one of a session.
fn begins_session(bytes: &[u8]) -> Result<bool, ApiError> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        let message = format!(
            "A message may have {} MiB. Send less at once.",
            MAX_MESSAGE_BYTES as u64 / MIB
        );
        return Err(GatewayError::invalid("message_too_large", "body", message).into());
    }
    let envelope = serde_json::from_slice::<Envelope<'_>>(bytes).map_err(|error| {
        let message = format!("The body is no JSON-RPC message: {error}. Send one object.");
        GatewayError::invalid("invalid_json", "body", message)
    })?;
    Ok(envelope.method.as_deref() == Some("initialize"))
}

/// The session that the request names, if it names one.
fn session(
    mcp: &Mcp,
    client: &McpCaller,
    headers: &HeaderMap,
) -> Result<Option<Arc<Session>>, ApiError> {
    let Some(id) = headers.get(SESSION_HEADER) else {
        return Ok(None);
    };
    let id = id.to_str().unwrap_or_default();
    mcp.sessions.find(id, &client.key).map(Some)
}

/// The request as `rmcp` gets it: of what our layers have added it needs nothing.
fn message(method: Method, headers: &HeaderMap, bytes: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(bytes));
    *request.method_mut() = method;
    *request.headers_mut() = headers.clone();
    request
}

async fn serve(mcp: &Mcp, request: Request<Full<Bytes>>) -> Response {
    let mut service = mcp.service.clone();
    let response = match service.call(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    };
    error::in_our_form(response).await
}

/// Events are looked after as those of other answers are; the call ends with them.
fn watched(response: Response, ending: Ending, state: &AppState) -> Response {
    let kind = response.headers().get(CONTENT_TYPE);
    let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if !is_stream {
        return response;
    }
    let record = ending.record().clone();
    let response = (EVENT_STREAM, response).into_response();
    response.map(|body| {
        let pair = (body.into_data_stream(), ending);
        let pieces = stream::unfold(pair, |(mut pieces, ending)| async move {
            let piece = tokio::select! {
                biased;
                piece = pieces.next() => piece,
                () = ending.overdue() => None,
            };
            piece.map(|piece| (piece, (pieces, ending)))
        });
        Body::from_stream(unread_stream::watch(pieces, record, &state.unread))
    })
}
