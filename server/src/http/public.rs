//! `/v1/public`: what the public pages call with their session cookie.

use axum::{
    Router,
    extract::{FromRequest, FromRequestParts, Request, State},
    middleware::from_fn,
    response::Response,
    routing::{get, post},
};
use http::HeaderMap;

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
    public_videos, public_voice, video_runs,
};
use crate::gateway::Caller;

/// Routes that check the session themselves.
pub fn routes() -> Router<AppState> {
    let voice_token = get(public_voice::create_token);
    let voice_token = voice_token.layer(from_fn(origin::layer_for_costly_reads));
    Router::new()
        .route("/chat/completions", post(create_chat_completion))
        .route("/images/generations", post(create_image))
        .route("/images/edits", post(create_edit))
        .merge(imagine::routes())
        .merge(public_videos::routes())
        .merge(video_runs::routes())
        .route("/voice/token", voice_token)
        .route("/media/zip", post(pack_media))
}

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

async fn create_image(
    State(state): State<AppState>,
    caller: PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = read(&state, caller, request, Endpoint::PublicImages).await?;
    images::generate(&state, asked.caller, asked.links, asked.body).await
}

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
