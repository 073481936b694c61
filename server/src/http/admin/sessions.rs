//! Conversations that callers can go on with.

use axum::{Json, extract::State};
use openai::Invalid;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    clock::now_ms,
    gateway::{GatewayError, chat::listed_conversations::ListedConversation},
    http::{
        AppState,
        address::{Path, Query},
        error::ApiError,
        middleware::admin::Admin,
        openapi::{
            admin::sessions as shapes,
            errors::{Missing, Refused},
        },
    },
};

/// Conversations of a page, if nothing is said.
const PAGE: u32 = 100;
const MAX_PAGE: u32 = 500;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list_sessions))
        .routes(routes!(clear_sessions))
        .routes(routes!(delete_session))
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<u32>,
    after: Option<String>,
}

#[utoipa::path(
    get,
    path = "/sessions",
    tag = "Conversations of accounts",
    operation_id = "list_sessions",
    summary = "List conversations that callers can go on with",
    params(shapes::SessionQuery),
    responses((status = 200, description = "A page, in the order in which they began.", body = shapes::SessionList), Refused)
)]
async fn list_sessions(
    State(state): State<AppState>,
    _: Admin,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, ApiError> {
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        let message = format!("`limit` is a number from 1 to {MAX_PAGE}.");
        return Err(Invalid::new("invalid_value", "limit", message).into());
    }
    let after = asked.after.as_deref().map(read_cursor).transpose()?;
    let page = state.gateway.list_conversations(after, limit, now_ms());
    let page = page.await.map_err(away)?;
    let data: Vec<_> = page.rows.iter().map(show).collect();
    let next = page.next.map(|(at_ms, id)| format!("{at_ms}:{id}"));
    Ok(Json(json!({
        "object": "list",
        "data": data,
        "has_more": next.is_some(),
        "next": next,
    })))
}

#[utoipa::path(
    delete,
    path = "/sessions/{conversation_id}",
    tag = "Conversations of accounts",
    operation_id = "delete_session",
    summary = "Delete a conversation",
    params(shapes::NamedSession),
    responses((status = 200, description = "Nobody goes on with it any more.", body = shapes::DeletedSession), Missing)
)]
async fn delete_session(
    State(state): State<AppState>,
    _: Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let deleted = state.gateway.delete_conversation(&id, now_ms()).await;
    if !deleted.map_err(away)? {
        let message = "There is no conversation of that id: it is over, or was deleted before.";
        return Err(ApiError::NotFound(message.to_owned()));
    }
    Ok(Json(json!({"status": "success", "conversation_id": id})))
}

#[utoipa::path(
    post,
    path = "/sessions/clear",
    tag = "Conversations of accounts",
    operation_id = "clear_sessions",
    summary = "Delete all conversations",
    responses((status = 200, description = "How many were deleted.", body = shapes::ClearedSessions))
)]
async fn clear_sessions(State(state): State<AppState>, _: Admin) -> Result<Json<Value>, ApiError> {
    let cleared = state.gateway.clear_conversations(now_ms()).await;
    let cleared = cleared.map_err(away)?;
    let status = if cleared.is_complete {
        "success"
    } else {
        "partial"
    };
    Ok(Json(json!({"status": status, "deleted": cleared.deleted})))
}

fn show(one: &ListedConversation) -> Value {
    json!({
        "conversation_id": one.id,
        "account": one.account,
        "caller": one.caller,
        "answers": one.answers,
        "created_at": one.created_ms,
        "updated_at": one.used_ms,
        "expires_at": one.expires_ms,
    })
}

/// What `next` of a page says.
fn read_cursor(text: &str) -> Result<(i64, String), Invalid> {
    let parts = text.split_once(':');
    let cursor = parts.and_then(|(at_ms, id)| Some((at_ms.parse().ok()?, id.to_owned())));
    cursor.ok_or_else(|| {
        let message = "`after` is no cursor of this list: take the `next` of the page before.";
        Invalid::new("invalid_cursor", "after", message)
    })
}

fn away(error: store::StoreError) -> ApiError {
    tracing::warn!(%error, "conversations cannot be listed or deleted");
    GatewayError::store_unavailable().into()
}
