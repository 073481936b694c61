//! Video models through `POST /v1/chat/completions`: the answer is the video's address, as
//! `app.video_format` says (`docs/upstream-protocol.md` 6.4). The reasoning tells how far it is.

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use chat::{AttachmentKind, Delta, Finish, FinishReason, Request, Usage, flatten};
use futures::stream;
use http::header::CONTENT_TYPE;
use openai::{
    Invalid,
    answer::Answer,
    chat::ChatRequest,
    stream::{ChunkWriter, Head, Thinking},
    videos::{VideoConfig, VideoSize},
};
use settings::VideoFormat;
use store::{VideoJobRow, VideoStatus};

use super::{chat::thinking, error};
use crate::{
    gateway::{
        Caller, GatewayError,
        attachments::Input,
        videos::{Beginning, VideoRequest, Watched, Wishes},
    },
    http::{
        AppState, answer::EVENT_STREAM, error::ApiError, links::Links, middleware::body::BodyMemory,
    },
    record::RequestRecord,
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
    let form = Form { format, links };
    if !is_stream {
        while !video.row().status.is_over() {
            video.changed().await;
        }
        return whole(&video, &head, thinking, &form);
    }
    // Until something is to be told the status is not spent.
    let is_silent = |row: &VideoJobRow| row.progress == 0 && !row.status.is_over();
    while is_silent(&video.row()) {
        video.changed().await;
    }
    if let Some(error) = video.failure() {
        return Err(error.into());
    }
    let writer = ChunkWriter::new(&head, thinking).include_usage(include_usage);
    let chunks = Chunks {
        video,
        writer,
        form,
        record,
        told: None,
    };
    let body = stream::unfold(Some(chunks), |chunks| async {
        let (frames, chunks) = chunks?.next().await;
        Some((Ok::<_, Infallible>(frames), chunks))
    });
    Ok((EVENT_STREAM, Body::from_stream(body)).into_response())
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

/// How a video is returned.
pub(in crate::http) struct Form {
    pub format: VideoFormat,
    pub links: Links,
}

impl Form {
    /// A finished video, as `format` says.
    pub(in crate::http) fn render(&self, row: &VideoJobRow) -> String {
        let url = self.links.video(row.file.as_deref().unwrap_or_default());
        match self.format {
            VideoFormat::Url => format!("{url}\n"),
            VideoFormat::Markdown => format!("[video]({url})"),
            VideoFormat::Html => {
                let poster = row.poster.as_deref().map(|name| self.links.image(name));
                let poster = poster.map(|url| format!(" poster=\"{}\"", escaped(&url)));
                format!(
                    "<video id=\"video\" controls=\"\" preload=\"none\"{}><source id=\"mp4\" \
                     src=\"{}\" type=\"video/mp4\"></video>",
                    poster.unwrap_or_default(),
                    escaped(&url)
                )
            }
        }
    }
}

/// As the value of an attribute.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The video's own record has what it used.
pub(in crate::http) fn finish() -> Finish {
    Finish {
        reason: FinishReason::Stop,
        usage: Usage::default(),
    }
}

fn whole(
    video: &Watched,
    head: &Head,
    thinking: Thinking,
    form: &Form,
) -> Result<Response, ApiError> {
    if let Some(error) = video.failure() {
        return Err(error.into());
    }
    let mut answer = Answer::new(thinking);
    answer.push(Delta::Text(&form.render(&video.row())));
    let body = answer.to_json(head, &finish());
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// The chunks of one stream.
struct Chunks {
    video: Watched,
    writer: ChunkWriter,
    form: Form,
    record: RequestRecord,
    /// Percent that was told last; `None` before the first chunk.
    told: Option<u32>,
}

impl Chunks {
    /// The next frames, and what is left of the stream.
    async fn next(mut self) -> (Bytes, Option<Self>) {
        let mut out = Vec::new();
        if self.told.is_none() {
            self.writer.role(&mut out);
            self.told = Some(0);
        }
        loop {
            let row = self.video.row();
            if row.status.is_over() {
                return (self.end(&row, out), None);
            }
            if self.told.is_some_and(|told| told < row.progress) {
                let line = format!("Progress: {}%\n", row.progress);
                self.writer.delta(Delta::Reasoning(&line), &mut out);
                self.told = Some(row.progress);
            }
            if !out.is_empty() {
                return (out.into(), Some(self));
            }
            self.video.changed().await;
        }
    }

    fn end(&mut self, row: &VideoJobRow, mut out: Vec<u8>) -> Bytes {
        match (self.video.failure(), row.status) {
            (None, VideoStatus::Completed) => {
                let text = self.form.render(row);
                self.writer.delta(Delta::Text(&text), &mut out);
                self.writer.finish(&finish(), &mut out);
            }
            (failure, _) => {
                let error = failure.unwrap_or_else(GatewayError::cancelled);
                let body = error::after_the_beginning(error, &self.record);
                self.writer.error(&body, &mut out);
            }
        }
        out.into()
    }
}
