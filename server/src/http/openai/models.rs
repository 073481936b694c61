//! `GET /v1/models` and `GET /v1/models/{id}`.

use axum::{
    Extension,
    extract::Path,
    response::{IntoResponse, Response},
};
use http::header::CONTENT_TYPE;
use settings::ModelKind;

use std::sync::Arc;

use crate::{
    gateway::GatewayError,
    http::error::ApiError,
    snapshot::{Snapshot, models::Model},
};

/// Lists the models that chat, then those that make pictures, each followed by its aliases.
pub(super) async fn list_models(Extension(snapshot): Extension<Snapshot>) -> Response {
    let models = &snapshot.settings.models;
    let models = models
        .of_kind(ModelKind::Chat)
        .chain(models.of_kind(ModelKind::Image));
    let names = models.flat_map(|model| std::iter::once(&model.id).chain(&model.aliases));
    json(openai::models::list_json(names.map(|name| to_api(name))))
}

/// One model, by its id or an alias.
///
/// # Errors
/// 404 `model_not_found`.
pub(super) async fn get_model(
    Extension(snapshot): Extension<Snapshot>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let model = snapshot.settings.models.get(&id);
    let is_served = |model: &Arc<Model>| matches!(model.kind, ModelKind::Chat | ModelKind::Image);
    model
        .is_some_and(is_served)
        .then(|| json(to_api(&id).to_json()))
        .ok_or_else(|| GatewayError::model_not_found(&id).into())
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
