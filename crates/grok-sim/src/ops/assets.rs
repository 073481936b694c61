//! The list of an account's files, `GET /rest/assets`, and `DELETE /rest/assets-metadata/{id}`
//! (protocol 2.4).

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::Call;
use crate::{refusal::Refusal, scripts::Operation, state::Shared};

/// As many as a page has where the caller does not say.
const PAGE: usize = 50;

pub(super) async fn list(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match respond_list(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond_list(shared: &Shared, request: Request) -> Result<Response, Response> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let call = Call::receive_json(shared, Operation::Assets, request).await?;
    let reply = shared.next_reply(&call.account, Operation::Assets);
    let call = call.common(shared, &reply).await?;
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(key, value)| (key == name).then_some(value))
    };
    let number = |name| value(name).and_then(|value| value.parse().ok());
    let (size, start) = (
        number("pageSize").unwrap_or(PAGE).max(1),
        number("pageToken").unwrap_or(0),
    );
    let all = shared.memory.assets_of(&call.account);
    let page: Vec<_> = all.iter().skip(start).take(size).collect();
    let assets: Vec<_> = page.iter().map(|id| json!({"assetId": id})).collect();
    let mut answer = json!({"assets": assets});
    if start + page.len() < all.len() {
        answer["nextPageToken"] = (start + page.len()).to_string().into();
    }
    Ok(call.finish(Json(answer).into_response()))
}

pub(super) async fn delete(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    match respond_delete(&shared, &id, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond_delete(shared: &Shared, id: &str, request: Request) -> Result<Response, Response> {
    let call = Call::receive_json(shared, Operation::Assets, request).await?;
    let reply = shared.next_reply(&call.account, Operation::Assets);
    let call = call.common(shared, &reply).await?;
    match shared.memory.forget_asset(id, &call.account) {
        true => Ok(call.finish(Json(json!({})).into_response())),
        false => Err(call.refuse(Refusal::not_found("no such asset"))),
    }
}
