//! `GET /v1/models` and `GET /v1/models/{id}`.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::header::CONTENT_TYPE;

use crate::{http::error::ApiError, state::AppState};

/// Lists the chat models of the catalogue, in its order.
pub async fn list_models(State(state): State<AppState>) -> Response {
    let live = state.live.load();
    let models = live.models.chat().map(|model| to_api(&model.id));
    json(openai::models::list_json(models))
}

/// One model.
///
/// # Errors
/// 404 `model_not_found`.
pub async fn get_model(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let live = state.live.load();
    let is_known = live.models.chat().any(|model| model.id == id);
    is_known
        .then(|| json(to_api(&id).to_json()))
        .ok_or(ApiError::ModelNotFound { model: id })
}

fn to_api(id: &str) -> openai::models::Model<'_> {
    openai::models::Model {
        id,
        owned_by: "grok2api",
    }
}

fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}
