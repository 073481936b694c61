//! `/v1/public/video`: what the video page of the predecessor calls (`upstream-protocol.md` 7.4). A run
//! is one video, made while it is watched and shown in chunks of a chat; then it is forgotten.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{FromRequest, Query, Request, State},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use chat::Delta;
use futures::stream;
use openai::{
    Invalid,
    stream::{ChunkWriter, Head, Thinking},
    videos::{VideoRequest as Asked, parse_start},
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::VideoStatus;
use tokio_util::sync::CancellationToken;

use super::{
    AppState,
    answer::EVENT_STREAM,
    body::WholeBody,
    caller::PublicCaller,
    endpoint::Endpoint,
    error::ApiError,
    imagine::json_body,
    links::Links,
    middleware::{body::BodyMemory, origin},
    openai::{
        video_chat::{Form, finish},
        videos::wishes,
    },
};
use crate::gateway::{
    GatewayError,
    attachments::{Input, InputSource},
    videos::{VideoRequest, Watched},
};

const DONE: &str = "data: [DONE]\n\n";

/// What a run makes.
#[derive(Clone)]
pub struct Wish {
    asked: Asked,
    /// A picture may be in it, which stays in memory until the run is over.
    _memory: Arc<Option<BodyMemory>>,
}

pub(super) fn routes() -> Router<AppState> {
    let watch = get(watch).layer(from_fn(origin::layer_for_costly_reads));
    Router::new()
        .route("/video/start", post(start))
        .route("/video/stop", post(stop))
        .route("/video/sse", watch)
}

async fn start(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    identify(&caller);
    let body = WholeBody::from_request(request, &state).await?;
    let (asked, memory) = body.parse(parse_start).await?;
    let aspect_ratio = asked.size.aspect_ratio;
    let wish = Wish {
        asked,
        _memory: Arc::new(memory),
    };
    let busy = "Too many runs have been started. Stop one, or try again in a moment.";
    let started = state.video_runs.start(wish);
    let run = started.map_err(|_| ApiError::Busy(busy))?;
    let answer = json!({"task_id": run.id, "aspect_ratio": aspect_ratio});
    Ok(Json(answer).into_response())
}

async fn stop(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    #[derive(Deserialize)]
    struct Named {
        task_ids: Vec<String>,
    }
    identify(&caller);
    let named: Named = json_body(&state, request).await?;
    let ids = named.task_ids.iter().map(String::as_str);
    let removed = state.video_runs.stop(ids);
    Ok(Json(json!({"status": "success", "removed": removed})))
}

fn identify(caller: &crate::gateway::Caller) {
    let endpoint = Endpoint::PublicVideoRun;
    caller.record.identify(endpoint.as_str(), None);
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    task_id: String,
}

/// Makes the video of a run. Whoever leaves cancels it.
async fn watch(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    links: Links,
    Query(Which { task_id }): Query<Which>,
) -> Result<Response, ApiError> {
    identify(&caller);
    let run = state.video_runs.claim(&task_id).ok_or_else(unknown_run)?;
    let running = Running(state.clone(), run.id);
    let format = caller.snapshot.settings.config.app.video_format;
    let made = Box::pin(state.gateway.film(&caller, request(run.wish.asked))).await;
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
    let chunks = Chunks {
        video,
        // That page looks for progress in what is thought aloud.
        writer: ChunkWriter::new(&head, Thinking::ThinkTags),
        form: Form { format, links },
        stop: run.stop,
        _running: running,
        told: None,
    };
    let body = stream::unfold(Some(chunks), |chunks| async {
        let (frames, chunks) = chunks?.next().await;
        Some((Ok::<_, Infallible>(frames), chunks))
    });
    Ok((EVENT_STREAM, Body::from_stream(body)).into_response())
}

fn request(mut asked: Asked) -> VideoRequest {
    let reference = asked.reference.take();
    VideoRequest {
        wishes: wishes(&asked, reference.is_some()),
        model: asked.model,
        prompt: asked.prompt,
        reference: reference.map(|source| Input {
            param: "image_url".to_owned(),
            name: None,
            source: InputSource::Attached(source),
        }),
        parent: None,
    }
}

fn unknown_run() -> ApiError {
    let message = "There is no such run any more. Start a new one.";
    Invalid::new("invalid_task", "task_id", message).into()
}

/// As that page reads it.
fn failed(error: &GatewayError) -> String {
    let error = json!({"error": error.message, "code": "internal_error"});
    format!("data: {error}\n\n{DONE}")
}

/// The chunks of one run.
struct Chunks {
    video: Watched,
    writer: ChunkWriter,
    form: Form,
    /// Cancelled when the run is stopped.
    stop: CancellationToken,
    /// Percent that was told last; `None` before the first chunk.
    told: Option<u32>,
    _running: Running,
}

/// A claimed run. Dropping it forgets the run.
struct Running(AppState, String);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.video_runs.stop([self.1.as_str()].into_iter());
    }
}

impl Chunks {
    /// The next frames, and what is left of the stream.
    async fn next(mut self) -> (Bytes, Option<Self>) {
        let mut out = Vec::new();
        if self.told.is_none() {
            self.writer.role(&mut out);
            self.told = Some(0);
            return (out.into(), Some(self));
        }
        loop {
            let row = self.video.row();
            if row.status.is_over() {
                return (self.end(), None);
            }
            if self.told.is_some_and(|told| told < row.progress) {
                // What that page looks for, whatever its language.
                let line = format!("进度 {}%\n", row.progress);
                self.writer.delta(Delta::Reasoning(&line), &mut out);
                self.told = Some(row.progress);
                return (out.into(), Some(self));
            }
            tokio::select! {
                () = self.stop.cancelled() => return (DONE.into(), None),
                () = self.video.changed() => {}
            }
        }
    }

    fn end(&mut self) -> Bytes {
        let row = self.video.row();
        if row.status == VideoStatus::Completed {
            let (mut out, text) = (Vec::new(), self.form.render(&row));
            self.writer.delta(Delta::Text(&text), &mut out);
            self.writer.finish(&finish(), &mut out);
            return out.into();
        }
        let failure = self.video.failure();
        failed(&failure.unwrap_or_else(GatewayError::cancelled)).into()
    }
}
