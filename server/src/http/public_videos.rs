//! `/v1/public/videos`: what the video page calls with its cookie. It is done by
//! [`openai::videos`](super::openai::videos); a visitor sees the videos of its own browser only.

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    response::Response,
};
use http::request::Parts;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    AppState,
    address::{Path, Query},
    caller::PublicCaller,
    endpoint::Endpoint,
    error::ApiError,
    form::Form,
    openai::videos,
    openapi::{
        common::{Deleted, Named},
        errors::{Conflicting, Missing, OfBody, OfFile, OfUpstream, Refused},
        videos::{
            RemixRequest, Video, VideoForm, VideoList, VideoPage, VideoRequest, VideoVariant,
        },
    },
    public::read,
};
use crate::gateway::Caller;

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list_videos, create_video))
        .routes(routes!(get_video, delete_video))
        .routes(routes!(read_video_content))
        .routes(routes!(remix_video))
        .routes(routes!(cancel_video))
}

/// A visitor whose record names the route.
struct Visitor(Caller);

impl FromRequestParts<AppState> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let PublicCaller(caller) = PublicCaller::from_request_parts(parts, state).await?;
        let route = parts.extensions.get::<MatchedPath>();
        let endpoint = Endpoint::of(route.map(MatchedPath::as_str));
        caller.record.identify(endpoint.as_str(), None);
        Ok(Self(caller))
    }
}

#[utoipa::path(
    post,
    path = "/videos",
    tag = "Public pages",
    operation_id = "public_create_video",
    summary = "Create a video as a visitor",
    request_body(content(
        (VideoRequest = "application/json", example = json!({"prompt": "A red fox runs.", "seconds": "6"})),
        (VideoForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The video.", body = Video, links(
            ("get" = (operation_id = "public_get_video", parameters(("id" = "$response.body#/id")))),
            ("cancel" = (operation_id = "public_cancel_video", parameters(("id" = "$response.body#/id")))),
            ("delete" = (operation_id = "public_delete_video", parameters(("id" = "$response.body#/id")))),
        )),
        OfBody,
        OfUpstream,
    )
)]
async fn create_video(
    State(state): State<AppState>,
    caller: PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let boundary = Form::boundary(request.headers());
    let asked = read(&state, caller, request, Endpoint::PublicVideos).await?;
    videos::create(&state, &asked.caller, (boundary, asked.body)).await
}

#[utoipa::path(
    get,
    path = "/videos",
    tag = "Public pages",
    operation_id = "public_list_videos",
    summary = "List a visitor's videos",
    params(VideoPage),
    responses((status = 200, description = "Videos of this browser.", body = VideoList), Refused)
)]
async fn list_videos(
    State(state): State<AppState>,
    Visitor(caller): Visitor,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    videos::list(&state, &caller, query).await
}

#[utoipa::path(
    get,
    path = "/videos/{id}",
    tag = "Public pages",
    operation_id = "public_get_video",
    summary = "Get a visitor's video",
    params(Named),
    responses((status = 200, description = "The video.", body = Video), Refused, Missing)
)]
async fn get_video(
    State(state): State<AppState>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    videos::get(&state, &caller, &id).await
}

#[utoipa::path(
    delete,
    path = "/videos/{id}",
    tag = "Public pages",
    operation_id = "public_delete_video",
    summary = "Delete a visitor's video",
    params(Named),
    responses((status = 200, description = "It is gone.", body = Deleted), Refused, Missing)
)]
async fn delete_video(
    State(state): State<AppState>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    videos::delete(&state, &caller, &id).await
}

#[utoipa::path(
    post,
    path = "/videos/{id}/cancel",
    tag = "Public pages",
    operation_id = "public_cancel_video",
    summary = "Cancel a visitor's video",
    params(Named),
    responses((status = 200, description = "The video.", body = Video), OfBody, Missing)
)]
async fn cancel_video(
    State(state): State<AppState>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    videos::cancel(&state, &caller, &id).await
}

#[utoipa::path(
    post,
    path = "/videos/{id}/remix",
    tag = "Public pages",
    operation_id = "public_remix_video",
    summary = "Remix a visitor's video",
    params(Named),
    request_body(content = RemixRequest, example = json!({"prompt": "Now it snows."})),
    responses((status = 200, description = "The new video.", body = Video), OfBody, OfUpstream)
)]
async fn remix_video(
    State(state): State<AppState>,
    caller: PublicCaller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = read(&state, caller, request, Endpoint::PublicVideoRemix).await?;
    videos::remix(&state, &asked.caller, &id, asked.body).await
}

#[utoipa::path(
    get,
    path = "/videos/{id}/content",
    tag = "Public pages",
    operation_id = "public_read_video_content",
    summary = "Read a visitor's video",
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
async fn read_video_content(
    State(state): State<AppState>,
    Visitor(caller): Visitor,
    Path(id): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
    request: Request,
) -> Result<Response, ApiError> {
    videos::content(&state, &caller, &id, (query, request)).await
}
