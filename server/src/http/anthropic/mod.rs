//! Anthropic's Messages API.

pub mod error;
mod messages;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::AppState;

/// Routes under `/v1` that need an API key.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(messages::create_message))
        .routes(routes!(messages::count_tokens))
}
