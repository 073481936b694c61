//! `POST /rest/media/imagine/quota_info` (protocol 8.6).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::Call;
use crate::{names, scripts::Operation, state::Shared};

pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

/// Pictures and videos take no quota here: everybody has what a fresh day gives, and the larger
/// video is for those who pay.
async fn respond(shared: &Shared, request: Request) -> Result<Response, Response> {
    let call = Call::receive_json(shared, Operation::ImagineQuota, request).await?;
    let reply = shared.next_reply(&call.account, Operation::ImagineQuota);
    let call = call.common(shared, &reply).await?;
    let is_paid = names::is_super(&call.account) || names::is_heavy(&call.account);
    let left = |remaining: u32| {
        json!({"available": true, "remainingQueries": remaining, "windowSizeSeconds": 86_400,
            "nextAvailableAt": null})
    };
    let body = json!({
        "image": left(40),
        "imagePro": left(20),
        "imageEdit": left(20),
        "video": left(10),
        "video720p": if is_paid { left(10) } else { Value::Null },
    });
    Ok(call.finish(Json(body).into_response()))
}
