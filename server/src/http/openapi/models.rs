//! Models (`crates/openai/src/models.rs`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::ToSchema;

use super::common::{ListWord, words};

words! {
    ModelWord = "model",
}

/// A model under one of its names.
#[derive(ToSchema)]
pub(in crate::http) struct Model {
    id: String,
    #[schema(inline)]
    object: ModelWord,
    /// Unix seconds; 0 where nobody knows.
    created: i64,
    owned_by: String,
    /// What it reads.
    input_modalities: Vec<ModelModality>,
    /// What it makes.
    output_modalities: Vec<ModelModality>,
}

/// What a model reads or makes.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ModelModality {
    Text,
    Image,
    File,
    Video,
}

/// The models that some account can serve.
#[derive(ToSchema)]
pub(in crate::http) struct ModelList {
    #[schema(inline)]
    object: ListWord,
    data: Vec<Model>,
}
