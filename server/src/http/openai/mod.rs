//! The OpenAI-compatible API.

pub mod chat;
mod completions;
mod conversations;
pub mod error;
mod files;
mod image_chat;
pub(super) mod image_edits;
pub(super) mod images;
mod kept_store;
mod models;
pub mod responses;
mod surplus;
mod video_chat;
pub(super) mod videos;

pub use self::kept_store::KeptStore;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::AppState;

/// Routes under `/v1` that need an API key.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(models::list_models))
        .routes(routes!(models::get_model))
        .routes(routes!(chat::create_chat_completion))
        .routes(routes!(completions::create_completion))
        .routes(routes!(responses::create::create_response))
        .routes(routes!(responses::count_input_tokens))
        .routes(routes!(responses::get_response, responses::delete_response))
        .routes(routes!(responses::list_input_items))
        .routes(routes!(responses::cancel_response))
        .routes(routes!(conversations::create_conversation))
        .routes(routes!(
            conversations::get_conversation,
            conversations::update_conversation,
            conversations::delete_conversation
        ))
        .routes(routes!(conversations::list_items, conversations::add_items))
        .routes(routes!(conversations::get_item, conversations::delete_item))
        .routes(routes!(files::list_files, files::upload_file))
        .routes(routes!(files::get_file, files::delete_file))
        .routes(routes!(files::read_content))
        .routes(routes!(images::create_image))
        .routes(routes!(image_edits::create_edit))
        .routes(routes!(
            videos::routes::list_videos,
            videos::routes::create_video
        ))
        .routes(routes!(
            videos::routes::get_video,
            videos::routes::delete_video
        ))
        .routes(routes!(videos::routes::read_video_content))
        .routes(routes!(videos::routes::remix_video))
        .routes(routes!(videos::routes::cancel_video))
}

/// The body of an answer.
fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}
