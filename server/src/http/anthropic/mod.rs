//! Anthropic's Messages API.

pub mod error;
mod messages;

use axum::{Router, routing::post};

use super::AppState;

/// Routes under `/v1` that need an API key.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/messages", post(messages::create_message))
        .route("/messages/count_tokens", post(messages::count_tokens))
}
