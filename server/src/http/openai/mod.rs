//! The OpenAI-compatible API.

pub mod chat;
pub mod error;
mod image_chat;
pub(super) mod image_edits;
pub(super) mod images;
mod models;
mod video_chat;
pub(super) mod videos;

use axum::{
    Router,
    routing::{get, post},
};

use super::{AppState, caller::ApiCaller};

/// Routes under `/v1` that need an API key.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/models", get(models::list_models))
        .route("/models/{*id}", get(models::get_model))
        .route("/chat/completions", post(chat::create_chat_completion))
        .route("/images/generations", post(images::create_image))
        .route("/images/edits", post(image_edits::create_edit))
        .route(
            "/videos",
            get(videos::list_videos::<ApiCaller>).post(videos::create_video),
        )
        .route(
            "/videos/{id}",
            get(videos::get_video::<ApiCaller>).delete(videos::delete_video::<ApiCaller>),
        )
        .route(
            "/videos/{id}/content",
            get(videos::read_content::<ApiCaller>),
        )
        .route("/videos/{id}/remix", post(videos::remix_video))
        .route(
            "/videos/{id}/cancel",
            post(videos::cancel_video::<ApiCaller>),
        )
}
