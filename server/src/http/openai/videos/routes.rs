//! The handlers for callers with a key.

use axum::{
    extract::{FromRequest, Request, State},
    response::Response,
};

use super::{cancel, content, create, delete, get, list, remix};
use crate::http::{
    AppState,
    address::{Path, Query},
    body::WholeBody,
    caller::ApiCaller,
    error::ApiError,
    form::Form,
    openapi::{
        common::{Deleted, Named},
        errors::{Conflicting, Missing, OfBody, OfFile, OfUpstream, Refused},
        videos::{
            RemixRequest, Video, VideoForm, VideoList, VideoPage, VideoRequest, VideoVariant,
        },
    },
};

/// Queues a video; by form, as the official clients send it, or by JSON.
#[utoipa::path(
    post,
    path = "/videos",
    tag = "Videos",
    summary = "Create a video",
    description = "Queues a video. Ask for it until its `status` is `completed`, then read its content.",
    request_body(content(
        (VideoRequest = "application/json", example = json!({"prompt": "A red fox runs.", "seconds": "6"})),
        (VideoForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The video.", body = Video, links(
            ("get" = (operation_id = "get_video", parameters(("id" = "$response.body#/id")))),
            ("cancel" = (operation_id = "cancel_video", parameters(("id" = "$response.body#/id")))),
            ("delete" = (operation_id = "delete_video", parameters(("id" = "$response.body#/id")))),
        )),
        OfBody,
        OfUpstream,
    )
)]
pub(in crate::http::openai) async fn create_video(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let boundary = Form::boundary(request.headers());
    let body = WholeBody::from_request(request, &state).await?;
    create(&state, &caller, (boundary, body)).await
}

#[utoipa::path(
    get,
    path = "/videos",
    tag = "Videos",
    summary = "List videos",
    params(VideoPage),
    responses((status = 200, description = "Videos of this key.", body = VideoList), Refused)
)]
pub(in crate::http::openai) async fn list_videos(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    list(&state, &caller, query).await
}

#[utoipa::path(
    get,
    path = "/videos/{id}",
    tag = "Videos",
    summary = "Get a video",
    description = "How far a video is.",
    params(Named),
    responses((status = 200, description = "The video.", body = Video), Refused, Missing)
)]
pub(in crate::http::openai) async fn get_video(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    get(&state, &caller, &id).await
}

#[utoipa::path(
    delete,
    path = "/videos/{id}",
    tag = "Videos",
    summary = "Delete a video",
    params(Named),
    responses((status = 200, description = "It is gone.", body = Deleted), Refused, Missing)
)]
pub(in crate::http::openai) async fn delete_video(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    delete(&state, &caller, &id).await
}

#[utoipa::path(
    post,
    path = "/videos/{id}/cancel",
    tag = "Videos",
    summary = "Cancel a video",
    params(Named),
    responses((status = 200, description = "The video.", body = Video), OfBody, Missing)
)]
pub(in crate::http::openai) async fn cancel_video(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    cancel(&state, &caller, &id).await
}

/// Another video like a finished one: of the same shape and length, beginning with its first picture.
#[utoipa::path(
    post,
    path = "/videos/{id}/remix",
    tag = "Videos",
    summary = "Remix a video",
    description = "Queues a video of the same shape and length as a finished one, beginning with its first picture.",
    params(Named),
    request_body(content = RemixRequest, example = json!({"prompt": "Now it snows."})),
    responses((status = 200, description = "The new video.", body = Video), OfBody, OfUpstream)
)]
pub(in crate::http::openai) async fn remix_video(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
    body: WholeBody,
) -> Result<Response, ApiError> {
    remix(&state, &caller, &id, body).await
}

#[utoipa::path(
    get,
    path = "/videos/{id}/content",
    tag = "Videos",
    operation_id = "read_video_content",
    summary = "Read a video",
    description = "The finished file, or the part of it that `Range` asks for.",
    params(Named, VideoVariant),
    responses(
        (status = 200, description = "The file.", content((Vec<u8> = "video/mp4"), (Vec<u8> = "image/*"))),
        (status = 206, description = "A part of it.", content((Vec<u8> = "video/mp4"), (Vec<u8> = "image/*"))),
        (status = 304, description = "It is the one that `If-None-Match` names."),
        OfFile,
        Conflicting,
    )
)]
pub(in crate::http::openai) async fn read_video_content(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    request: Request,
) -> Result<Response, ApiError> {
    content(&state, &caller, &id, (query, request)).await
}
