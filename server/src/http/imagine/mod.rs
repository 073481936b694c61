//! `/v1/public/imagine`: what the imagine page of the predecessor calls (`upstream-protocol.md` 7.4),
//! without its socket: that page takes server-sent events where none opens.

mod events;

use std::convert::Infallible;

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{FromRequest, OriginalUri, Request, State},
    middleware::from_fn,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::stream;
use openai::{Invalid, images::ImageSize};
use serde::Deserialize;
use serde_json::{Value, json};

use self::events::Watched;
use super::{
    AppState, answer::EVENT_STREAM, body::WholeBody, caller::PublicCaller, endpoint::Endpoint,
    error::ApiError, middleware::origin, runs::Run,
};

/// Of a wish whose ratio is not known.
const DEFAULT_RATIO: &str = "2:3";

/// What a run makes.
#[derive(Clone, Debug)]
pub struct Wish {
    prompt: String,
    /// Such as `2:3`.
    aspect_ratio: &'static str,
    /// `None`: `image.nsfw`.
    nsfw: Option<bool>,
}

pub(super) fn routes() -> Router<AppState> {
    let watch = get(watch).layer(from_fn(origin::layer_for_costly_reads));
    Router::new()
        .route("/imagine/config", get(config))
        .route("/imagine/start", post(start))
        .route("/imagine/stop", post(stop))
        .route("/imagine/sse", watch)
}

/// What the page shows of the configuration; no secret, so nobody is asked who he is.
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

async fn start(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    caller
        .record
        .identify(Endpoint::PublicImagine.as_str(), None);
    let asked: Asked = json_body(&state, request).await?;
    let run = begin(&state, asked)?;
    let answer = json!({"task_id": run.id, "aspect_ratio": run.wish.aspect_ratio});
    Ok(Json(answer).into_response())
}

async fn stop(
    State(state): State<AppState>,
    PublicCaller(caller): PublicCaller,
    request: Request,
) -> Result<Response, ApiError> {
    #[derive(Deserialize)]
    struct Named {
        task_ids: Vec<String>,
    }
    caller
        .record
        .identify(Endpoint::PublicImagine.as_str(), None);
    let named: Named = json_body(&state, request).await?;
    let removed = state
        .imagine_runs
        .stop(named.task_ids.iter().map(String::as_str));
    Ok(Json(json!({"status": "success", "removed": removed})).into_response())
}

/// The events of a run that was started, or of one that begins with this request.
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
    let run = match field("task_id") {
        Some(id) => state.imagine_runs.find(&id).ok_or_else(unknown_run)?,
        None => begin(
            &state,
            Asked {
                prompt: field("prompt").unwrap_or_default(),
                aspect_ratio: field("aspect_ratio").unwrap_or_default(),
                nsfw: field("nsfw").map(|text| text == "true"),
            },
        )?,
    };
    let (parts, _) = request.into_parts();
    let watched = Watched::new(state, parts, run);
    let body = stream::unfold(watched, |mut watched| async {
        let event = Box::pin(watched.next()).await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), watched))
    });
    Ok((EVENT_STREAM, Body::from_stream(body)).into_response())
}

/// The JSON body of a page of the predecessor.
pub(super) async fn json_body<T: for<'de> Deserialize<'de> + Send + 'static>(
    state: &AppState,
    request: Request,
) -> Result<T, ApiError> {
    let body = WholeBody::from_request(request, state).await?;
    let read = |bytes: &[u8]| {
        serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("The body is not the JSON that is expected: {error}.");
            Invalid::new("invalid_payload", "body", message)
        })
    };
    Ok(body.parse(read).await?.0)
}

fn begin(state: &AppState, asked: Asked) -> Result<Run<Wish>, ApiError> {
    let prompt = asked.prompt.trim();
    if prompt.is_empty() || prompt.len() > openai::images::MAX_PROMPT_BYTES {
        let message = format!(
            "`prompt` must have between 1 and {} bytes.",
            openai::images::MAX_PROMPT_BYTES
        );
        return Err(Invalid::new("invalid_prompt", "prompt", message).into());
    }
    let ratio = ImageSize::from_name(&asked.aspect_ratio);
    let wish = Wish {
        prompt: prompt.to_owned(),
        aspect_ratio: ratio.map_or(DEFAULT_RATIO, |ratio| ratio.aspect_ratio),
        nsfw: asked.nsfw,
    };
    let busy = "Too many runs have been started. Stop one, or try again in a moment.";
    state
        .imagine_runs
        .start(wish)
        .map_err(|_| ApiError::Busy(busy))
}

fn unknown_run() -> ApiError {
    let message = "There is no such run any more. Start a new one.";
    Invalid::new("invalid_task", "task_id", message).into()
}
