//! `POST /rest/rate-limits` (protocol 2.2, and 8.6 for the newer form).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Call, text};
use crate::{models, refusal::Refusal, reply::Reply, scripts::Operation, state::Shared};

/// Names that newer callers ask about instead of a model.
const MODES: [&str; 2] = ["auto", "fast"];

pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond(shared: &Shared, request: Request) -> Result<Response, Response> {
    let call = Call::receive_json(shared, Operation::RateLimits, request).await?;
    if let Err(refusal) = check(&call.json) {
        return Err(call.refuse(refusal));
    }
    let reply = shared.next_reply(&call.account, Operation::RateLimits);
    let call = call.common(shared, &reply).await?;
    let limits = match reply {
        Reply::RateLimits {
            remaining,
            total,
            window_secs,
        } => (window_secs, remaining, total),
        _ => {
            let mode = text(&call.json, "modelName").ok();
            let mode = mode.filter(|name| MODES.contains(name));
            let standing = match mode {
                Some(mode) => shared.ledger.standing_of_mode(&call.account, mode),
                None => shared.ledger.standing(&call.account),
            };
            (
                standing.window.as_secs(),
                standing.remaining,
                standing.total,
            )
        }
    };
    let (window, remaining, total) = limits;
    let body = json!({
        "windowSizeSeconds": window,
        "remainingQueries": remaining,
        "totalQueries": total,
    });
    Ok(call.finish(Json(body).into_response()))
}

fn check(json: &Value) -> Result<(), Refusal> {
    let model = text(json, "modelName")?;
    if !models::is_known_name(model) && !MODES.contains(&model) {
        return Err(Refusal::bad_request(format!("unknown modelName {model}")));
    }
    // The newer form leaves the kind out.
    match json.get("requestKind").and_then(Value::as_str) {
        Some("DEFAULT") => Ok(()),
        None if MODES.contains(&model) => Ok(()),
        _ => Err(Refusal::bad_request("field requestKind must be DEFAULT")),
    }
}
