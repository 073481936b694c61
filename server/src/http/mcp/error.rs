//! How a refusal looks to an MCP client that has not reached a tool: JSON-RPC, with the HTTP status.

use axum::{
    body::to_bytes,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::http::error::ApiError;

/// JSON-RPC leaves this number to servers.
const SERVER_ERROR: i32 = -32_000;
const PARSE_ERROR: i32 = -32_700;
/// Longest text of a refusal by `rmcp`.
const MAX_TEXT_BYTES: usize = 4096;

/// The body. It has no id: what is refused here was not read so far.
#[must_use]
pub fn body(error: &ApiError, request_id: &str) -> Vec<u8> {
    let code = match error.code() {
        "invalid_json" => PARSE_ERROR,
        _ => SERVER_ERROR,
    };
    let data = json!({"code": error.code(), "request_id": request_id});
    document(code, &error.to_string(), &data)
}

fn document(code: i32, message: &str, data: &Value) -> Vec<u8> {
    let error = json!({"code": code, "message": message, "data": data});
    let document = json!({"jsonrpc": "2.0", "id": null, "error": error});
    document.to_string().into_bytes()
}

/// Refusals that `rmcp` writes as bare text.
pub(super) async fn in_our_form(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if is_json || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = to_bytes(response.into_body(), MAX_TEXT_BYTES).await;
    let text = text.unwrap_or_default();
    let message = String::from_utf8_lossy(&text);
    // Its word for JSON that is no message: the media type has been checked before.
    let (status, code) = match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (StatusCode::BAD_REQUEST, PARSE_ERROR),
        status => (status, SERVER_ERROR),
    };
    let body = document(code, &message, &Value::Null);
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
