//! Which model of the catalogue makes what is asked for.

use std::sync::Arc;

use settings::ModelKind;

use super::GatewayError;
use crate::snapshot::models::{Model, Models};

/// The model of that id, or the first of its kind. OpenAI's clients have one name for new pictures and
/// for edits, so a model of the former stands for the first that edits.
///
/// # Errors
/// There is none, or it is of another kind.
pub(super) fn media_model(
    models: &Models,
    kind: ModelKind,
    id: Option<&str>,
) -> Result<Arc<Model>, GatewayError> {
    let does = match kind {
        ModelKind::Chat => "chat",
        ModelKind::Image => "make pictures",
        ModelKind::ImageEdit => "edit images",
        ModelKind::Video => "make videos",
    };
    let refused = |message| GatewayError::invalid("model_not_supported", "model", message);
    let first = || {
        let first = models.of_kind(kind).next();
        first.cloned().ok_or_else(|| {
            let word = kind.as_str();
            refused(format!(
                "No model is configured that can {does}. Add one with `kind = \"{word}\"` under \
                 [[models]]."
            ))
        })
    };
    let Some(id) = id else {
        return first();
    };
    let model = models
        .get(id)
        .ok_or_else(|| GatewayError::model_not_found(id))?;
    if (kind, model.kind) == (ModelKind::ImageEdit, ModelKind::Image) {
        return first();
    }
    if model.kind != kind {
        let known = models.of_kind(kind).map(|model| model.id.as_str());
        let known: Vec<_> = known.collect();
        let known = known.join(", ");
        return Err(refused(format!(
            "`{id}` does not {does}. Use one of: {known}."
        )));
    }
    Ok(Arc::clone(model))
}
