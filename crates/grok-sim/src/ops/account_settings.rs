//! What the holder of an account settles (protocol 2.10, 2.11 and 8.6): the terms of the accounts'
//! site and of the product, the birth date, and adult content.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Call, text};
use crate::{check, refusal::Refusal, reply::Reply, scripts::Operation, state::Shared};

/// The whole bodies, as hexadecimal digits.
const ACCEPT_TERMS: &str = "00000000021001";
const SHOW_ADULT_CONTENT: &str =
    "00000000200a021001121a0a18616c776179735f73686f775f6e7366775f636f6e74656e74";
const GRPC_WEB: &str = "application/grpc-web+proto";
const TRAILERS: u8 = 0x80;

/// The body of a gRPC-web call as it is recorded: `{"grpc_web": "<hexadecimal digits>"}`.
pub(super) fn recorded(headers: &HeaderMap, body: &Bytes) -> Option<Value> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let digits = body.iter().map(|byte| format!("{byte:02x}"));
    let digits = || json!({"grpc_web": digits.collect::<String>()});
    kind.starts_with(GRPC_WEB).then(digits)
}

pub(super) async fn account_terms(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let wanted = (Operation::AccountTerms, ACCEPT_TERMS);
    match respond_grpc(&shared, wanted, request).await {
        Ok(response) | Err(response) => response,
    }
}

pub(super) async fn feature_controls(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Response {
    let wanted = (Operation::FeatureControls, SHOW_ADULT_CONTENT);
    match respond_grpc(&shared, wanted, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond_grpc(
    shared: &Shared,
    (operation, wanted): (Operation, &str),
    request: Request,
) -> Result<Response, Response> {
    let call = Call::receive(shared, operation, request, check::grpc_headers).await?;
    if call.json.get("grpc_web").and_then(Value::as_str) != Some(wanted) {
        return Err(call.refuse(Refusal::bad_request("not the documented message")));
    }
    let reply = shared.next_reply(&call.account, operation);
    let call = call.common(shared, &reply).await?;
    let (code, message) = match &reply {
        Reply::Grpc { code, message } => (*code, message.as_str()),
        _ => (0, ""),
    };
    let body = answer(code, message);
    Ok(call.finish(([(header::CONTENT_TYPE, GRPC_WEB)], body)))
}

/// An empty message where it went well, then the trailers.
fn answer(code: u32, message: &str) -> Vec<u8> {
    let escaped = message.replace('%', "%25").replace(' ', "%20");
    let trailers = format!("grpc-status:{code}\r\ngrpc-message:{escaped}\r\n");
    let length = u32::try_from(trailers.len()).unwrap_or_default();
    let mut body = match code {
        0 => vec![0; 5],
        _ => Vec::new(),
    };
    body.push(TRAILERS);
    body.extend(length.to_be_bytes());
    body.extend(trailers.into_bytes());
    body
}

pub(super) async fn product_terms(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let check = |json: &Value| match json.get("tosVersion") {
        Some(version) if *version == 5 => Ok(()),
        _ => Err(Refusal::bad_request("field tosVersion must be 5")),
    };
    match respond_json(&shared, Operation::ProductTerms, check, request).await {
        Ok(response) | Err(response) => response,
    }
}

pub(super) async fn birth_date(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let check = |json: &Value| match is_instant(text(json, "birthDate")?) {
        true => Ok(()),
        false => Err(Refusal::bad_request(
            "field birthDate must be a date at 16:00 UTC, with milliseconds",
        )),
    };
    match respond_json(&shared, Operation::BirthDate, check, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond_json(
    shared: &Shared,
    operation: Operation,
    check: fn(&Value) -> Result<(), Refusal>,
    request: Request,
) -> Result<Response, Response> {
    let call = Call::receive_json(shared, operation, request).await?;
    if let Err(refusal) = check(&call.json) {
        return Err(call.refuse(refusal));
    }
    let reply = shared.next_reply(&call.account, operation);
    let call = call.common(shared, &reply).await?;
    let answer = match operation {
        Operation::BirthDate => StatusCode::NO_CONTENT.into_response(),
        _ => Json(json!({})).into_response(),
    };
    Ok(call.finish(answer))
}

/// `1990-02-28T16:00:00.000Z`
fn is_instant(text: &str) -> bool {
    let Some(date) = text.strip_suffix("T16:00:00.000Z") else {
        return false;
    };
    let parts: Vec<_> = date.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    let mut letters = parts.iter().flat_map(|part| part.bytes());
    lengths == [4, 2, 2] && letters.all(|letter| letter.is_ascii_digit())
}
