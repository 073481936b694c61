//! `POST /rest/media/post/create` (protocol 2.5).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Call, text};
use crate::{refusal::Refusal, scripts::Operation, state::Shared};

pub(super) async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond(shared: &Shared, request: Request) -> Result<Response, Response> {
    let call = Call::receive_json(shared, Operation::Post, request).await?;
    if let Err(refusal) = check(&call.json) {
        return Err(call.refuse(refusal));
    }
    let reply = shared.next_reply(&call.account, Operation::Post);
    let call = call.common(shared, &reply).await?;
    let id = shared.new_id();
    shared.memory.keep_post(&id, &call.account);
    let body = json!({"post": {"id": id}});
    Ok(call.finish(Json(body).into_response()))
}

fn check(json: &Value) -> Result<(), Refusal> {
    match text(json, "mediaType")? {
        "MEDIA_POST_TYPE_IMAGE" => text(json, "mediaUrl").map(|_| ()),
        "MEDIA_POST_TYPE_VIDEO" => text(json, "prompt").map(|_| ()),
        _ => Err(Refusal::bad_request("field mediaType is not a known type")),
    }
}
