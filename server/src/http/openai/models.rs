//! `GET /v1/models` and `GET /v1/models/{id}`.

use axum::{Extension, response::Response};
use openai::models::Modality::{File, Image, Text, Video};
use settings::ModelKind;

use super::json;
use crate::{
    gateway::GatewayError,
    http::{
        address::Path,
        error::ApiError,
        openapi::{
            common::Named,
            errors::{Missing, Refused},
            models::{Model, ModelList},
        },
    },
    snapshot::{Snapshot, models},
};

/// What a model can be for, in the order of the list.
const SERVED: [ModelKind; 4] = [
    ModelKind::Chat,
    ModelKind::Image,
    ModelKind::ImageEdit,
    ModelKind::Video,
];

/// Lists the models that some account can serve, now or after its cooldown: those that chat, then those
/// that make and edit pictures and those that make videos, each followed by its aliases.
#[utoipa::path(
    get,
    path = "/models",
    tag = "Models",
    summary = "List models",
    responses((status = 200, description = "The models.", body = ModelList))
)]
pub(super) async fn list_models(Extension(snapshot): Extension<Snapshot>) -> Response {
    let models = &snapshot.settings.models;
    let models = SERVED.into_iter().flat_map(|kind| models.of_kind(kind));
    let models = models.filter(|model| snapshot.pool.serves(model.tier));
    let names = models.flat_map(|model| {
        let names = std::iter::once(&model.id).chain(&model.aliases);
        names.map(move |name| to_api(name, model))
    });
    json(openai::models::list_json(names))
}

/// One model, by its id or an alias, whether or not an account can serve it now.
///
/// # Errors
/// 404 `model_not_found`.
#[utoipa::path(
    get,
    path = "/models/{*id}",
    tag = "Models",
    summary = "Get a model",
    params(Named),
    responses((status = 200, description = "The model.", body = Model), Refused, Missing)
)]
pub(super) async fn get_model(
    Extension(snapshot): Extension<Snapshot>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let model = snapshot.settings.models.get(&id);
    model
        .filter(|model| SERVED.contains(&model.kind))
        .map(|model| json(to_api(&id, model).to_json()))
        .ok_or_else(|| GatewayError::model_not_found(&id).into())
}

/// A model under one of its names.
fn to_api<'a>(name: &'a str, model: &models::Model) -> openai::models::Model<'a> {
    let (takes, gives): (&[_], _) = match model.kind {
        ModelKind::Chat => (&[Text, Image, File], Text),
        ModelKind::Image => (&[Text], Image),
        ModelKind::ImageEdit => (&[Text, Image], Image),
        ModelKind::Video => (&[Text, Image], Video),
    };
    openai::models::Model {
        takes,
        gives,
        id: name,
        created: model.announced_at_secs().unwrap_or_default(),
        owned_by: "grok2api",
    }
}
