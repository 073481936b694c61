//! `/v1/admin`: what the operator's programs and pages do with accounts and jobs
//! (`docs/admin-api.md`). Every route asks who calls before it reads anything.
//!
//! - `tokens`: one account, and lists of them
//! - `many`: many accounts at once
//! - `batch`: jobs, and `stream`: how one goes on
//! - `input`: what bodies say

mod batch;
mod input;
mod many;
mod stream;
mod tokens;

use std::time::Instant;

use axum::{Json, Router, extract::State, routing::get};
use grok2api_app::error::{Field, Rule, UiError};
use serde_json::{Value, json};

use super::{AppState, error::ApiError, middleware::admin::Admin};
use crate::gateway::GatewayError;

/// The routes below `/v1/admin`; [`super::middleware::admin`] stands before them.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/verify", get(verify))
        .route("/storage", get(storage))
        .merge(tokens::routes())
        .merge(many::routes())
        .merge(batch::routes())
        .fallback(super::unknown::endpoint)
}

async fn verify(_: Admin) -> Json<Value> {
    Json(json!({"status": "success"}))
}

/// Which store this server has, and how long it takes to answer.
async fn storage(State(state): State<AppState>, _: Admin) -> Json<Value> {
    let snapshot = state.current.load_full();
    let url = &snapshot.settings.config.server.storage_url;
    let asked = Instant::now();
    let is_ok = store::bounded(state.store.ping()).await.is_ok();
    Json(json!({
        "type": storage_type(url),
        "is_ok": is_ok,
        "latency_ms": asked.elapsed().as_millis() as u64,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// The name by which `SERVER_STORAGE_TYPE` knows it.
fn storage_type(url: &str) -> &'static str {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme.split('+').next().unwrap_or_default() {
        "redis" | "rediss" => "redis",
        "mysql" | "mariadb" => "mysql",
        "postgres" | "postgresql" | "pgsql" => "pgsql",
        _ => "local",
    }
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
            let message = format!("`{name}` cannot be taken: {rule}.");
            GatewayError::invalid(code, name, message).into()
        }
        other => anyhow::anyhow!("{other}").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_are_called_as_the_environment_calls_them() {
        for (url, name) in [
            ("", "local"),
            ("sqlite:///data/x.db", "local"),
            ("redis://h", "redis"),
            ("rediss://h", "redis"),
            ("mysql+aiomysql://h/x", "mysql"),
            ("postgresql+asyncpg://h/x", "pgsql"),
        ] {
            assert_eq!(storage_type(url), name, "{url}");
        }
    }
}
