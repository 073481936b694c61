//! The OpenAI-compatible API.

pub mod chat;
mod completions;
mod conversations;
pub mod error;
mod files;
mod image_chat;
pub(super) mod image_edits;
pub(super) mod images;
mod models;
pub mod responses;
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
        .route("/completions", post(completions::create_completion))
        .route("/responses", post(responses::create_response))
        .route(
            "/responses/{id}",
            get(responses::get_response).delete(responses::delete_response),
        )
        .route(
            "/responses/{id}/input_items",
            get(responses::list_input_items),
        )
        .route("/responses/{id}/cancel", post(responses::cancel_response))
        .route("/conversations", post(conversations::create_conversation))
        .route(
            "/conversations/{id}",
            get(conversations::get_conversation)
                .post(conversations::update_conversation)
                .delete(conversations::delete_conversation),
        )
        .route(
            "/conversations/{id}/items",
            get(conversations::list_items).post(conversations::add_items),
        )
        .route("/files", get(files::list_files).post(files::upload_file))
        .route(
            "/files/{id}",
            get(files::get_file).delete(files::delete_file),
        )
        .route("/files/{id}/content", get(files::read_content))
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
