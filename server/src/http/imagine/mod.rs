//! `/v1/public/imagine`: what the imagine page of the predecessor calls (`upstream-protocol.md` 7.4),
//! without its socket: that page takes server-sent events where none opens.

mod events;

use std::convert::Infallible;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{OriginalUri, Request, State},
    middleware::from_fn,
    response::{IntoResponse, Response},
};
use futures::stream;
use openai::{Invalid, images::ImageSize};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use self::events::Watched;
use super::{
    AppState,
    answer::EVENT_STREAM,
    caller::PublicCaller,
    endpoint::Endpoint,
    error::ApiError,
    middleware::origin,
    openapi::{
        errors::{OfBody, Refused},
        public::{
            ImagineConfig, ImagineEvent, ImagineStart, ImagineWatch, StartedRun, StopRuns,
            StoppedRuns,
        },
    },
    runs::{self, Runs, Starter},
    unread_stream,
};
use crate::gateway::Caller;

/// Of a wish whose ratio is not known.
const DEFAULT_RATIO: &str = "2:3";
/// Runs that wait to be watched, and bytes of what they want.
const MAX_RUNS: u64 = 1_000;
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What a run makes.
#[derive(Debug)]
pub struct Wish {
    prompt: String,
    /// Such as `2:3`.
    aspect_ratio: &'static str,
    /// `None`: `image.nsfw`.
    nsfw: Option<bool>,
}

/// No run yet.
#[must_use]
pub fn runs() -> Runs<Wish> {
    Runs::new(MAX_RUNS, MAX_BYTES)
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    let costly = from_fn(origin::layer_for_costly_reads);
    OpenApiRouter::default()
        .routes(routes!(config))
        .routes(routes!(start))
        .routes(routes!(stop))
        .routes(routes!(watch).layer(costly))
}

/// What the page shows of the configuration; no secret, so nobody is asked who he is.
#[utoipa::path(
    get,
    path = "/imagine/config",
    tag = "Public pages",
    operation_id = "public_imagine_config",
    summary = "What pages show of the configuration",
    security(),
    responses((status = 200, description = "Settings of pictures.", body = ImagineConfig))
)]
async fn config(State(state): State<AppState>) -> Json<Value> {
    let image = &state.current.load().settings.config.image;
    Json(json!({
        "final_min_bytes": image.final_min_bytes,
        "medium_min_bytes": image.medium_min_bytes,
        "nsfw": image.nsfw,
    }))
}

/// What a page wants; in a query the same by name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    prompt: String,
    aspect_ratio: String,
    nsfw: Option<bool>,
}

impl Asked {
    fn ratio(&self) -> &'static str {
        let known = ImageSize::from_name(&self.aspect_ratio);
        known.map_or(DEFAULT_RATIO, |ratio| ratio.aspect_ratio)
    }
}

#[utoipa::path(
    post,
    path = "/imagine/start",
    tag = "Public pages",
    operation_id = "public_imagine_start",
    summary = "Start a run of pictures",
    description = "The run waits a minute to be watched.",
    request_body(content = ImagineStart, example = json!({"prompt": "A red fox.", "aspect_ratio": "2:3"})),
    responses((status = 200, description = "The run.", body = StartedRun), OfBody)
)]
async fn start(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    caller
        .record
        .identify(Endpoint::PublicImagine.as_str(), None);
    let asked: Asked = runs::json_body(&state, request).await?;
    let aspect_ratio = asked.ratio();
    let id = begin(&state, &caller, asked)?;
    Ok(runs::started(&id, aspect_ratio))
}

#[utoipa::path(
    post,
    path = "/imagine/stop",
    tag = "Public pages",
    operation_id = "public_imagine_stop",
    summary = "Stop runs of pictures",
    request_body(content = StopRuns, example = json!({"task_ids": ["none"]})),
    responses((status = 200, description = "How many were stopped.", body = StoppedRuns), OfBody)
)]
async fn stop(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    caller
        .record
        .identify(Endpoint::PublicImagine.as_str(), None);
    runs::stop(&state, &state.imagine_runs, request).await
}

/// The events of a run that was started, or of one that begins with this request.
#[utoipa::path(
    get,
    path = "/imagine/sse",
    tag = "Public pages",
    operation_id = "public_imagine_watch",
    summary = "Watch a run of pictures",
    description = "Picture after picture, as events, until the run is stopped or ten minutes have passed; each run is watched once.",
    params(ImagineWatch),
    responses((status = 200, description = "The events.", content_type = "text/event-stream", body = ImagineEvent), Refused)
)]
async fn watch(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    OriginalUri(uri): OriginalUri,
    request: Request,
) -> Result<Response, ApiError> {
    caller
        .record
        .identify(Endpoint::PublicImagine.as_str(), None);
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect();
    let field = |name: &str| {
        let mut fields = query.iter();
        let found = fields.find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.clone())
    };
    let id = match field("task_id") {
        Some(id) => id,
        None => begin(
            &state,
            &caller,
            Asked {
                prompt: field("prompt").unwrap_or_default(),
                aspect_ratio: field("aspect_ratio").unwrap_or_default(),
                nsfw: field("nsfw").map(|text| text == "true"),
            },
        )?,
    };
    let run = state.imagine_runs.claim(&id).ok_or_else(runs::unknown)?;
    let (parts, _) = request.into_parts();
    let unread = state.unread.clone();
    let watched = Watched::new(state, parts, run);
    let body = stream::unfold(watched, |mut watched| async {
        let event = Box::pin(watched.next()).await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), watched))
    });
    let body = unread_stream::watch(body, caller.record, &unread);
    Ok((EVENT_STREAM, Body::from_stream(body)).into_response())
}

/// Notes a run; its id.
fn begin(state: &AppState, caller: &Caller, asked: Asked) -> Result<String, ApiError> {
    let prompt = asked.prompt.trim();
    if prompt.is_empty() || prompt.len() > openai::images::MAX_PROMPT_BYTES {
        let message = format!(
            "`prompt` must have between 1 and {} bytes.",
            openai::images::MAX_PROMPT_BYTES
        );
        return Err(Invalid::new("invalid_prompt", "prompt", message).into());
    }
    openai::check_prompt(prompt, "prompt")?;
    let wish = Wish {
        prompt: prompt.to_owned(),
        aspect_ratio: asked.ratio(),
        nsfw: asked.nsfw,
    };
    let bytes = wish.prompt.len();
    Ok(state.imagine_runs.start(Starter::of(caller), wish, bytes)?)
}
