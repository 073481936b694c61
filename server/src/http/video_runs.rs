//! `/v1/public/video`: what the video page of the predecessor calls (`upstream-protocol.md` 7.4). A run
//! is one video, made while it is watched and shown in chunks of a chat; then it is forgotten.

use axum::{
    Json,
    extract::{FromRequest, Request, State},
    middleware::from_fn,
    response::{IntoResponse, Response},
};
use chat::Source;
use openai::{
    stream::{ChunkWriter, Head, Thinking},
    videos::{VideoRequest as Asked, parse_start},
};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::{
    AppState,
    address::Query,
    answer::EVENT_STREAM,
    body::WholeBody,
    caller::PublicCaller,
    endpoint::Endpoint,
    error::ApiError,
    links::Links,
    middleware::origin,
    openai::videos::wishes,
    openapi::{
        errors::{Missing, OfBody, Refused},
        public::{StartedRun, StopRuns, StoppedRuns, VideoRunEvent, VideoStart, VideoWatch},
    },
    runs::{self, Runs, Starter},
    video_chunks::{Chunks, DONE, Telling, VideoRenderer},
};
use crate::{
    gateway::{
        Caller, GatewayError,
        attachments::{Input, InputSource},
        videos::{Beginning, VideoRequest},
    },
    media::references::Reference,
};

/// Runs that wait to be watched, and bytes of what they want: most of them are of images on disk.
const MAX_WAITING: u64 = 100;
const MAX_BYTES: u64 = 512 * 1024 * 1024;

/// What a run makes.
#[derive(Debug)]
pub struct Wish {
    /// Its reference is an address, if there is one.
    asked: Asked,
    /// An image that came with the start.
    image: Option<Reference>,
}

/// No run yet.
#[must_use]
pub fn runs() -> Runs<Wish> {
    Runs::new(MAX_WAITING, MAX_BYTES)
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    let costly = from_fn(origin::layer_for_costly_reads);
    OpenApiRouter::default()
        .routes(routes!(start))
        .routes(routes!(stop))
        .routes(routes!(watch).layer(costly))
}

#[utoipa::path(
    post,
    path = "/video/start",
    tag = "Public pages",
    operation_id = "public_video_start",
    summary = "Start a run of a video",
    description = "The run waits a minute to be watched.",
    request_body(content = VideoStart, example = json!({"prompt": "A red fox runs.", "video_length": 6})),
    responses((status = 200, description = "The run.", body = StartedRun), OfBody, Missing)
)]
async fn start(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    identify(&caller);
    let body = WholeBody::from_request(request, &state).await?;
    let (asked, memory) = body.parse(parse_start).await?;
    let aspect_ratio = asked.size.aspect_ratio;
    let wish = Wish::keep(&state, &caller, asked).await?;
    drop(memory);
    let bytes = wish.bytes();
    let id = state.video_runs.start(Starter::of(&caller), wish, bytes)?;
    Ok(runs::started(&id, aspect_ratio))
}

#[utoipa::path(
    post,
    path = "/video/stop",
    tag = "Public pages",
    operation_id = "public_video_stop",
    summary = "Stop runs of videos",
    request_body(content = StopRuns, example = json!({"task_ids": ["none"]})),
    responses((status = 200, description = "How many were stopped.", body = StoppedRuns), OfBody)
)]
async fn stop(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    identify(&caller);
    runs::stop(&state, &state.video_runs, request).await
}

fn identify(caller: &Caller) {
    let endpoint = Endpoint::PublicVideoRun;
    caller.record.identify(endpoint.as_str(), None);
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    task_id: String,
}

/// Makes the video of a run. Whoever leaves cancels it.
#[utoipa::path(
    get,
    path = "/video/sse",
    tag = "Public pages",
    operation_id = "public_video_watch",
    summary = "Watch a run of a video",
    description = "Makes the video of a run while it is watched, as chunks of a chat; each run is watched once.",
    params(VideoWatch),
    responses((status = 200, description = "The events.", content_type = "text/event-stream", body = VideoRunEvent), Refused)
)]
async fn watch(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    links: Links,
    Query(Which { task_id }): Query<Which>,
) -> Result<Response, ApiError> {
    identify(&caller);
    let run = state.video_runs.claim(&task_id);
    let run = run.ok_or_else(runs::unknown)?;
    let running = Running(state.clone(), run.id);
    let format = caller.snapshot.settings.config.app.video_format;
    let made = Box::pin(state.gateway.film(&caller, run.wish.into_request())).await;
    let video = match made {
        Ok(video) => video,
        Err(error) => return Ok((EVENT_STREAM, failed(&error)).into_response()),
    };
    let row = video.row();
    let head = Head {
        id: format!("chatcmpl-{}", caller.record.id()),
        created: row.created_ms / 1000,
        model: row.model,
        conversation_id: None,
        fingerprint: None,
    };
    let telling = Telling {
        // What that page looks for, whatever its language.
        progress: |percent| format!("进度 {percent}%\n"),
        failure: Box::new(|failure, _, out| out.extend(failed(&failure).into_bytes())),
        stop: run.stop,
    };
    let chunks = Chunks {
        video,
        // That page looks for progress in what is thought aloud.
        writer: ChunkWriter::new(&head, Thinking::ThinkTags),
        renderer: VideoRenderer { format, links },
        telling,
        _guard: running,
    };
    Ok(chunks.into_response())
}

impl Wish {
    /// Without what takes much memory: an image that came with the start is on disk from now on.
    async fn keep(state: &AppState, caller: &Caller, mut asked: Asked) -> Result<Self, ApiError> {
        let in_body = asked
            .reference
            .take_if(|source| matches!(source, Source::Data { .. }));
        let image = match in_body {
            Some(source) => Some(state.gateway.keep_image(caller, input(source)).await?),
            None => None,
        };
        Ok(Self { asked, image })
    }

    fn bytes(&self) -> usize {
        let address = match &self.asked.reference {
            Some(Source::Url(url)) => url.len(),
            _ => 0,
        };
        let image = self.image.as_ref().map_or(0, Reference::bytes);
        let image = usize::try_from(image).unwrap_or(usize::MAX);
        image.saturating_add(self.asked.prompt.len() + address)
    }

    fn into_request(self) -> VideoRequest {
        let wishes = wishes(&self.asked);
        let elsewhere = || Some(Beginning::Input(input(self.asked.reference?)));
        VideoRequest {
            wishes,
            model: self.asked.model,
            prompt: self.asked.prompt,
            beginning: self.image.map(Beginning::Kept).or_else(elsewhere),
            parent: None,
        }
    }
}

fn input(source: Source) -> Input {
    Input {
        param: "image_url".to_owned(),
        name: None,
        source: InputSource::Attached(source),
    }
}

/// As that page reads it.
fn failed(error: &GatewayError) -> String {
    let error = json!({"error": error.message, "code": "internal_error"});
    format!("data: {error}\n\n{DONE}")
}

/// A claimed run. Dropping it forgets the run.
struct Running(AppState, String);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.video_runs.stop([self.1.as_str()].into_iter());
    }
}
