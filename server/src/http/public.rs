//! `/v1/public`: what the public pages call with their session cookie.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, State},
    middleware::from_fn,
    response::Response,
};
use http::HeaderMap;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::{
    AppState,
    body::WholeBody,
    caller::PublicCaller,
    endpoint::Endpoint,
    error::ApiError,
    form::Form,
    imagine,
    links::Links,
    media_archive,
    middleware::origin,
    openai::{chat, image_edits, images},
    openapi::{
        chat::{ChatCompletion, ChatCompletionChunk, ChatCompletionRequest},
        common::{ConversationHeader, PIXEL},
        errors::{Limited, Missing, OfBody, OfUpstream},
        images::{ImageAnswer, ImageEditForm, ImageEditRequest, ImageEvent, ImageRequest},
        public::ArchiveRequest,
    },
    public_videos, public_voice, video_runs,
};
use crate::gateway::Caller;

/// Routes that check the session themselves.
pub fn routes() -> OpenApiRouter<AppState> {
    let costly = || from_fn(origin::layer_for_costly_reads);
    OpenApiRouter::default()
        .routes(routes!(create_chat_completion))
        .routes(routes!(create_image))
        .routes(routes!(create_edit))
        .merge(imagine::routes())
        .merge(public_videos::routes())
        .merge(video_runs::routes())
        .routes(routes!(public_voice::create_token).layer(costly()))
        .routes(routes!(pack_media))
}

#[utoipa::path(
    post,
    path = "/chat/completions",
    tag = "Public pages",
    operation_id = "public_create_chat_completion",
    summary = "Create a chat completion as a visitor",
    params(ConversationHeader),
    request_body(
        content = ChatCompletionRequest,
        example = json!({"model": "grok-4", "messages": [{"role": "user", "content": "Say hello."}], "stream": false})
    ),
    responses(
        (status = 200, description = "The answer, or its events.", content(
            (ChatCompletion = "application/json"),
            (ChatCompletionChunk = "text/event-stream"),
        )),
        OfBody,
        OfUpstream,
    )
)]
async fn create_chat_completion(
    State(state): State<AppState>,
    caller: PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = read(&state, caller, request, Endpoint::PublicChatCompletions).await?;
    chat::complete(
        &state,
        asked.caller,
        asked.links,
        &asked.headers,
        asked.body,
    )
    .await
}

#[utoipa::path(
    post,
    path = "/images/generations",
    tag = "Public pages",
    operation_id = "public_create_image",
    summary = "Make pictures as a visitor",
    request_body(content = ImageRequest, example = json!({"prompt": "A red fox.", "n": 1, "response_format": "b64_json"})),
    responses(
        (status = 200, description = "The pictures, or their events.", content(
            (ImageAnswer = "application/json"),
            (ImageEvent = "text/event-stream"),
        )),
        OfBody,
        OfUpstream,
    )
)]
async fn create_image(
    State(state): State<AppState>,
    caller: PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = read(&state, caller, request, Endpoint::PublicImages).await?;
    images::generate(&state, asked.caller, asked.links, asked.body).await
}

#[utoipa::path(
    post,
    path = "/images/edits",
    tag = "Public pages",
    operation_id = "public_create_image_edit",
    summary = "Edit pictures as a visitor",
    request_body(content(
        (ImageEditRequest = "application/json", example = json!({"prompt": "Make it blue.", "image": PIXEL, "response_format": "b64_json"})),
        (ImageEditForm = "multipart/form-data"),
    )),
    responses(
        (status = 200, description = "The pictures, or their events.", content(
            (ImageAnswer = "application/json"),
            (ImageEvent = "text/event-stream"),
        )),
        OfBody,
        OfUpstream,
    )
)]
async fn create_edit(
    State(state): State<AppState>,
    caller: PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let boundary = Form::boundary(request.headers());
    let asked = read(&state, caller, request, Endpoint::PublicImageEdits).await?;
    let body = (boundary, asked.body);
    image_edits::edit(&state, asked.caller, asked.links, body).await
}

#[utoipa::path(
    post,
    path = "/media/zip",
    tag = "Public pages",
    operation_id = "public_pack_media",
    summary = "Pack items of a visitor's gallery",
    description = "Chosen items in one archive, at most 500. A form has a field `ids` for each item.",
    request_body(content(
        (ArchiveRequest = "application/json", example = json!({"ids": ["none"]})),
        (ArchiveRequest = "application/x-www-form-urlencoded"),
    )),
    responses(
        (status = 200, description = "The archive.", content_type = "application/zip", body = Vec<u8>),
        OfBody,
        Missing,
        Limited,
    )
)]
async fn pack_media(
    State(state): State<AppState>,
    caller: PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = read(&state, caller, request, Endpoint::PublicArchive).await?;
    media_archive::pack(&state, &asked.caller.owner, &asked.headers, asked.body).await
}

/// What a visitor asks for.
pub(super) struct Asked {
    pub caller: Caller,
    pub links: Links,
    pub headers: HeaderMap,
    pub body: WholeBody,
}

/// Reads the body of a caller who was checked, and checks again when it has come in.
pub(super) async fn read(
    state: &AppState,
    PublicCaller(caller): PublicCaller,
    request: Request,
    endpoint: Endpoint,
) -> Result<Asked, ApiError> {
    caller.record.identify(endpoint.as_str(), None);
    let (mut parts, body) = request.into_parts();
    let headers = parts.headers.clone();
    let again = Request::from_parts(parts.clone(), body);
    let body = WholeBody::from_request(again, state).await?;
    PublicCaller::check_again(&mut parts, state).await?;
    let links = Links::from_request_parts(&mut parts, state).await?;
    Ok(Asked {
        caller,
        links,
        headers,
        body,
    })
}
