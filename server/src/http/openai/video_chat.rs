//! Video models through `POST /v1/chat/completions`: the answer is the video's address, as
//! `app.video_format` says (`docs/upstream-protocol.md` 6.4). The reasoning tells how far it is.

use axum::response::{IntoResponse, Response};
use chat::{AttachmentKind, Delta, Request, flatten};
use http::header::CONTENT_TYPE;
use openai::{
    Invalid,
    answer::Answer,
    chat::ChatRequest,
    stream::{ChunkWriter, Head, Thinking},
    videos::{VideoConfig, VideoSize},
};
use store::VideoJobRow;
use tokio_util::sync::CancellationToken;

use super::{chat::thinking, error};
use crate::{
    gateway::{
        Caller,
        attachments::Input,
        videos::{Beginning, VideoRequest, Watched, Wishes},
    },
    http::{
        AppState,
        error::ApiError,
        links::Links,
        middleware::body::BodyMemory,
        video_chunks::{Chunks, Telling, VideoRenderer, finish},
    },
};

const DEFAULT_SECONDS: u32 = 6;
const DEFAULT_RATIO: &str = "3:2";

/// A video for the whole conversation; its first image is what it begins with. A caller who leaves
/// cancels it.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
pub(super) async fn complete(
    state: &AppState,
    caller: Caller,
    links: Links,
    (asked, memory): (ChatRequest, Option<BodyMemory>),
    is_stream: bool,
) -> Result<Response, ApiError> {
    let app = &caller.snapshot.settings.config.app;
    let is_shown = asked.request.reasoning.is_shown.unwrap_or(app.thinking);
    let thinking = match is_shown {
        true => thinking(app),
        false => Thinking::Hidden,
    };
    let format = app.video_format;
    let request = request(&asked.request, asked.video_config.unwrap_or_default())?;
    let (record, include_usage) = (caller.record.clone(), asked.include_usage);
    let model = asked.request.model.clone();
    // What the body holds is not needed while the video is made.
    drop(asked);
    let mut video = Box::pin(state.gateway.film(&caller, request)).await?;
    drop(memory);
    record.asks(&model, is_stream);
    let row = video.row();
    let head = Head {
        id: format!("chatcmpl-{}", record.id()),
        created: row.created_ms / 1000,
        model: row.model,
        conversation_id: None,
        fingerprint: None,
    };
    let renderer = VideoRenderer { format, links };
    if !is_stream {
        while !video.row().status.is_over() {
            video.changed().await;
        }
        return whole(&video, &head, thinking, &renderer);
    }
    // Until something is to be told the status is not spent.
    let is_silent = |row: &VideoJobRow| row.progress == 0 && !row.status.is_over();
    while is_silent(&video.row()) {
        video.changed().await;
    }
    if let Some(error) = video.failure() {
        return Err(error.into());
    }
    let telling = Telling {
        progress: |percent| format!("Progress: {percent}%\n"),
        failure: Box::new(move |failure, writer, out| {
            let body = error::after_the_beginning(failure, &record);
            writer.error(&body, out);
        }),
        stop: CancellationToken::new(),
    };
    let chunks = Chunks {
        video,
        writer: ChunkWriter::new(&head, thinking).include_usage(include_usage),
        renderer,
        telling,
        _guard: (),
    };
    Ok(chunks.into_response())
}

fn request(request: &Request, config: VideoConfig) -> Result<VideoRequest, Invalid> {
    let prompt = flatten(request);
    let mut images = prompt.attachments.iter();
    if let Some(odd) = images.find(|one| one.kind != AttachmentKind::Image) {
        let message = "A video model takes images only.";
        return Err(Invalid::new("invalid_media", odd.param.as_str(), message));
    }
    let text = prompt.text.trim();
    if text.is_empty() {
        let message = "A video model needs a text that says what to make.";
        return Err(Invalid::new("empty_prompt", "messages", message));
    }
    let size = config.size.or_else(|| VideoSize::from_name(DEFAULT_RATIO));
    let size = size.unwrap_or_default();
    let reference = prompt.attachments.first().map(Input::from);
    Ok(VideoRequest {
        model: Some(request.model.clone()),
        prompt: text.to_owned(),
        wishes: Wishes {
            seconds: config.seconds.unwrap_or(DEFAULT_SECONDS),
            size: size.name.to_owned(),
            aspect_ratio: size.aspect_ratio.to_owned(),
            is_high_resolution: config.is_high_resolution.unwrap_or(false),
            preset: config.preset.unwrap_or_default().as_str().to_owned(),
            ..Wishes::default()
        },
        beginning: reference.map(Beginning::Input),
        parent: None,
    })
}

fn whole(
    video: &Watched,
    head: &Head,
    thinking: Thinking,
    renderer: &VideoRenderer,
) -> Result<Response, ApiError> {
    if let Some(error) = video.failure() {
        return Err(error.into());
    }
    let mut answer = Answer::new(thinking);
    answer.push(Delta::Text(&renderer.render(&video.row())));
    let body = answer.to_json(head, &finish());
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}
