//! `POST /v1/images/generations`, and how pictures and edits are answered.

use std::collections::HashMap;

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use futures::stream;
use http::header::CONTENT_TYPE;
use openai::images::{
    Answer, Completed, EventWriter, Image, ImageFormat, ImageRequest, ImageUsage, Look, Making,
    Partial,
};
use settings::{AppConfig, ImageFormat as Configured};

use super::error;
use crate::{
    gateway::{
        Caller, GatewayError,
        attachments::Input,
        chat::unread::UnreadAnswers,
        pictures::{Finished, Picture, PictureRequest, Pictures},
    },
    http::{
        AppState,
        answer::EVENT_STREAM,
        body::WholeBody,
        caller::ApiCaller,
        error::ApiError,
        links::Links,
        middleware::body::BodyMemory,
        openapi::{
            errors::{OfBody, OfUpstream},
            images as shapes,
        },
        unread_stream,
    },
    media::{image_type, picture_size},
    record::RequestRecord,
};

#[utoipa::path(
    post,
    path = "/images/generations",
    tag = "Images",
    summary = "Make pictures",
    description = "Pictures as one document or, with `stream`, as events while they come.",
    request_body(content = shapes::ImageRequest, example = json!({"prompt": "A red fox.", "n": 1, "response_format": "b64_json"})),
    responses(
        (status = 200, description = "The pictures, or their events.", content(
            (shapes::ImageAnswer = "application/json"),
            (shapes::ImageEvent = "text/event-stream"),
        )),
        OfBody,
        OfUpstream,
    )
)]
pub(super) async fn create_image(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    links: Links,
    body: WholeBody,
) -> Result<Response, ApiError> {
    generate(&state, caller, links, body).await
}

/// Pictures, as one document or as events while they come.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
pub(in crate::http) async fn generate(
    state: &AppState,
    caller: Caller,
    links: Links,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (asked, memory) = body.parse(openai::images::parse).await?;
    make(
        state,
        caller,
        links,
        asked,
        (Making::Pictures, Vec::new()),
        memory,
    )
    .await
}

/// What was asked for, made of the inputs if there are any.
pub(super) async fn make(
    state: &AppState,
    caller: Caller,
    links: Links,
    asked: ImageRequest,
    (making, inputs): (Making, Vec<Input>),
    memory: Option<BodyMemory>,
) -> Result<Response, ApiError> {
    let config = &caller.snapshot.settings.config;
    let format = asked.format.unwrap_or_else(|| match asked.stream {
        // The official clients have no other field for it in events.
        true => ImageFormat::Base64,
        false => configured_format(&config.app),
    });
    // A caller may only ask for less than the operator allows.
    let is_nsfw_allowed = asked
        .is_nsfw_wanted
        .map(|wanted| wanted && config.image.nsfw);
    let request = PictureRequest {
        model: asked.model.clone(),
        prompt: asked.prompt.clone(),
        count: asked.count,
        aspect_ratio: asked.size.map(|size| size.aspect_ratio),
        is_high_quality: asked.is_high_quality,
        is_nsfw_allowed,
        is_stream: asked.stream,
        needs_file: format == ImageFormat::Url,
        inputs,
    };
    let pictures = Box::pin(state.gateway.pictures(caller, request)).await?;
    drop(memory);
    let renderer = PictureRenderer { format, links };
    match asked.stream {
        true => Ok(events(pictures, &asked, making, renderer, &state.unread)),
        false => whole(pictures, quality(&asked, making), &renderer).await,
    }
}

/// `app.image_format`.
pub(super) fn configured_format(app: &AppConfig) -> ImageFormat {
    match app.image_format {
        Configured::Url => ImageFormat::Url,
        Configured::B64Json | Configured::Base64 => ImageFormat::Base64,
    }
}

/// Writes what finished pictures are returned as.
pub(super) struct PictureRenderer {
    pub(super) format: ImageFormat,
    pub(super) links: Links,
}

impl PictureRenderer {
    fn completed(&self, picture: &Finished) -> Completed {
        Completed {
            image: self.finished(picture),
            look: look(&picture.file),
            media_id: picture.media_id.clone(),
        }
    }

    pub(super) fn finished(&self, picture: &Finished) -> Image {
        match (&picture.name, self.format) {
            (Some(name), ImageFormat::Url) => Image::Url(self.links.image(name)),
            _ => Image::Base64(STANDARD.encode(&picture.file)),
        }
    }
}

fn quality(asked: &ImageRequest, making: Making) -> &'static str {
    match (making, asked.is_high_quality) {
        (Making::Pictures, true) => "high",
        // There is one model for edits.
        _ => "auto",
    }
}

fn look(file: &[u8]) -> Look {
    let size = picture_size(file);
    Look {
        size: size.map_or_else(String::new, |(width, height)| format!("{width}x{height}")),
        output_format: match image_type(file) {
            Some("image/png") => "png",
            Some("image/webp") => "webp",
            _ => "jpeg",
        },
    }
}

async fn whole(
    mut pictures: Pictures,
    quality: &'static str,
    renderer: &PictureRenderer,
) -> Result<Response, ApiError> {
    let mut images = Vec::new();
    while let Some(picture) = pictures.next().await? {
        if let Picture::Finished(picture) = picture {
            images.push(renderer.completed(&picture));
        }
    }
    let answer = Answer {
        created: pictures.created(),
        quality,
        usage: usage(&pictures),
        images,
    };
    let body = answer.to_json();
    pictures.commit(body.len()).await?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

fn usage(pictures: &Pictures) -> ImageUsage {
    let usage = pictures.usage();
    ImageUsage {
        prompt_tokens: usage.prompt_tokens,
        image_tokens: usage.completion_tokens,
    }
}

fn events(
    pictures: Pictures,
    asked: &ImageRequest,
    making: Making,
    renderer: PictureRenderer,
    unread: &UnreadAnswers,
) -> Response {
    let record = pictures.record().clone();
    let events = Events {
        writer: EventWriter {
            making,
            created: pictures.created(),
            quality: quality(asked, making),
        },
        told: 0,
        partials: asked.partial_images.unwrap_or(u32::MAX),
        shown: HashMap::new(),
        held: Vec::new(),
        pictures,
        renderer,
    };
    let body = stream::unfold(Some(events), |events| async {
        let (frames, events) = events?.next().await;
        Some((Ok::<_, std::convert::Infallible>(frames), events))
    });
    let body = unread_stream::watch(body, record, unread);
    (EVENT_STREAM, Body::from_stream(body)).into_response()
}

/// The events of one stream.
struct Events {
    pictures: Pictures,
    writer: EventWriter,
    renderer: PictureRenderer,
    /// Stages of each picture that may still be shown.
    partials: u32,
    /// How many stages of each picture were shown.
    shown: HashMap<u32, u32>,
    /// Tokens of pictures that were told.
    told: u64,
    /// The last finished picture: it is the end of the stream, which is sent when the request has been
    /// recorded.
    held: Vec<u8>,
}

impl Events {
    /// The next frames, and what is left of the stream.
    async fn next(mut self) -> (Bytes, Option<Self>) {
        loop {
            match self.pictures.next().await {
                Ok(Some(picture)) => {
                    let frames = self.write(&picture);
                    if !frames.is_empty() {
                        return (frames.into(), Some(self));
                    }
                }
                Ok(None) => return (self.end().await, None),
                Err(error) => return (self.failed(error), None),
            }
        }
    }

    fn write(&mut self, picture: &Picture) -> Vec<u8> {
        // More comes, so it is not the end.
        let mut out = std::mem::take(&mut self.held);
        match picture {
            Picture::Partial {
                id,
                index,
                stage,
                file,
            } => {
                let shown = self.shown.entry(*index).or_default();
                if *shown >= self.partials {
                    return out;
                }
                let partial = Partial {
                    id,
                    index: *index,
                    stage_index: *shown,
                    stage,
                    image: &Image::Base64(STANDARD.encode(file)),
                    look: &look(file),
                };
                self.writer.partial(&partial, &mut out);
                *shown += 1;
            }
            Picture::Progress { index, percent } => {
                if self.partials > 0 {
                    self.writer.progress(*index, *percent, &mut out);
                }
            }
            Picture::Finished(picture) => {
                let completed = self.renderer.completed(picture);
                let place = (picture.id.as_str(), picture.index);
                let usage = self.usage();
                self.writer
                    .completed(place, &completed, usage, &mut self.held);
            }
        }
        out
    }

    /// Of what has not been told, so that a client may add up what its events say.
    fn usage(&mut self) -> ImageUsage {
        let all = usage(&self.pictures);
        let told = std::mem::replace(&mut self.told, all.image_tokens);
        ImageUsage {
            prompt_tokens: if told == 0 { all.prompt_tokens } else { 0 },
            image_tokens: all.image_tokens - told,
        }
    }

    async fn end(self) -> Bytes {
        let Self {
            pictures,
            held,
            writer,
            ..
        } = self;
        let record = pictures.record().clone();
        match pictures.commit(held.len()).await {
            Ok(()) => held.into(),
            Err(error) => broken(&writer, error, &record),
        }
    }

    fn failed(&self, error: GatewayError) -> Bytes {
        broken(&self.writer, error, self.pictures.record())
    }
}

fn broken(writer: &EventWriter, error: GatewayError, record: &RequestRecord) -> Bytes {
    let mut out = Vec::new();
    writer.error(&error::after_the_beginning(error, record), &mut out);
    out.into()
}
