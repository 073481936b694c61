//! `/v1/public/videos`: what the video page calls with its cookie. The handlers are those of
//! [`openai::videos`](super::openai::videos); a visitor sees the videos of its own browser only.

use axum::{
    Router,
    extract::{FromRequestParts, MatchedPath, Request, State},
    response::Response,
    routing::{get, post},
};
use http::request::Parts;

use super::{
    AppState,
    address::Path,
    caller::{KnownCaller, PublicCaller},
    endpoint::Endpoint,
    error::ApiError,
    form::Form,
    openai::videos,
    public::read,
};
use crate::gateway::Caller;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/videos",
            get(videos::list_videos::<Visitor>).post(create_video),
        )
        .route(
            "/videos/{id}",
            get(videos::get_video::<Visitor>).delete(videos::delete_video::<Visitor>),
        )
        .route("/videos/{id}/content", get(videos::read_content::<Visitor>))
        .route("/videos/{id}/remix", post(remix_video))
        .route("/videos/{id}/cancel", post(videos::cancel_video::<Visitor>))
}

/// A visitor whose record names the route.
struct Visitor(Caller);

impl KnownCaller for Visitor {}

impl From<Visitor> for Caller {
    fn from(Visitor(caller): Visitor) -> Self {
        caller
    }
}

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

async fn create_video(
    State(state): State<AppState>,
    caller: PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    let boundary = Form::boundary(request.headers());
    let asked = read(&state, caller, request, Endpoint::PublicVideos).await?;
    videos::create(&state, &asked.caller, (boundary, asked.body)).await
}

async fn remix_video(
    State(state): State<AppState>,
    caller: PublicCaller,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = read(&state, caller, request, Endpoint::PublicVideoRemix).await?;
    videos::remix(&state, &asked.caller, &id, asked.body).await
}
