//! `/v1/admin`: what the operator's programs and pages do with accounts and jobs
//! (`docs/admin-api.md`). Every route asks who calls before it reads anything.
//!
//! - `tokens`: one account, and lists of them
//! - `many`: many accounts at once
//! - `batch`: jobs, and `stream`: how one goes on
//! - `sessions`: conversations that callers can go on with
//! - `input`: what bodies say

mod batch;
mod input;
mod many;
mod sessions;
mod stream;
mod tokens;

use std::time::Instant;

use axum::{Json, extract::State};
use grok2api_app::error::{Field, Rule, UiError};
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AppState, error::ApiError, middleware::admin::Admin, openapi::admin as shapes};
use crate::gateway::GatewayError;

/// The routes below `/v1/admin`; [`super::middleware::admin`] stands before them.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(verify))
        .routes(routes!(storage))
        .merge(tokens::routes())
        .merge(many::routes())
        .merge(batch::routes())
        .merge(sessions::routes())
        .fallback(super::unknown::endpoint)
}

#[utoipa::path(
    get,
    path = "/verify",
    tag = "Operation",
    operation_id = "admin_verify",
    summary = "Is this the operator?",
    responses((status = 200, description = "It is.", body = shapes::Success))
)]
async fn verify(_: Admin) -> Json<Value> {
    Json(json!({"status": "success"}))
}

/// Which store this server has, and how long it takes to answer.
#[utoipa::path(
    get,
    path = "/storage",
    tag = "Operation",
    operation_id = "admin_storage",
    summary = "Which store the server has",
    responses((status = 200, description = "The store, and how long it takes to answer.", body = shapes::Storage))
)]
async fn storage(State(state): State<AppState>, _: Admin) -> Json<Value> {
    let snapshot = state.current.load_full();
    let storage_type = snapshot.settings.config.server.storage_type;
    let asked = Instant::now();
    let is_ok = store::bounded(state.store.ping()).await.is_ok();
    Json(json!({
        "type": storage_type.as_str(),
        "is_ok": is_ok,
        "latency_ms": asked.elapsed().as_millis() as u64,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// What a service refused, in the API's own envelope.
fn refusal(error: UiError) -> ApiError {
    match error {
        UiError::NotFound => ApiError::NotFound("There is nothing of that id.".to_owned()),
        UiError::Unavailable => GatewayError::store_unavailable().into(),
        UiError::Invalid { field, rule } => {
            let name = match field {
                Field::Note => "note",
                Field::Tags => "tags",
                Field::Cookie => "token",
                Field::Proxy => "proxy",
                _ => "body",
            };
            let code = match rule {
                Rule::Taken => "account_exists",
                _ => "invalid_value",
            };
            let why = match (field, rule) {
                (Field::Cookie, Rule::NotOne) => {
                    "it is no value of the cookie `sso` of grok.com".to_owned()
                }
                (Field::Proxy, Rule::NotOne) => {
                    "it is no address of a proxy, such as socks5h://host:1080".to_owned()
                }
                _ => rule.to_string(),
            };
            let message = format!("`{name}` cannot be taken: {why}.");
            GatewayError::invalid(code, name, message).into()
        }
        other => anyhow::anyhow!("{other}").into(),
    }
}
