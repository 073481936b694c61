//! Image models through `POST /v1/chat/completions`: the answer is markdown with the images
//! (`docs/upstream-protocol.md` 6.3).

use std::convert::Infallible;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use chat::{AttachmentKind, Delta, Finish, FinishReason, Part, Request, Role, Turn};
use futures::stream;
use http::header::CONTENT_TYPE;
use openai::{
    Invalid,
    answer::Answer,
    chat::ChatRequest,
    images::{Image, ImageConfig, ImageFormat, ImageSize, MAX_INPUTS, MAX_STREAMED},
    stream::{ChunkWriter, Head, Thinking},
};
use settings::{FastFormat, ImagineFastConfig, ModelKind};

use super::{
    error,
    images::{self, PictureRenderer},
};
use crate::{
    gateway::{
        Caller, GatewayError,
        attachments::Input,
        pictures::{Finished, Picture, PictureRequest, Pictures},
    },
    http::{AppState, answer::EVENT_STREAM, error::ApiError, links::Links, unread_stream},
};

/// Images for the last text of the conversation.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
pub(super) async fn complete(
    state: &AppState,
    caller: Caller,
    links: Links,
    asked: ChatRequest,
    is_stream: bool,
) -> Result<Response, ApiError> {
    let settings = caller.snapshot.settings.clone();
    let model = settings.models.get(&asked.request.model);
    let is_fast = model.is_some_and(|model| model.is_fast_images());
    let is_edit = model.is_some_and(|model| model.kind == ModelKind::ImageEdit);
    let inputs = match is_edit {
        true => images_of(&asked.request)?,
        false => images_of_last_turn(&asked.request),
    };
    let wishes = match is_fast {
        true => fast(&settings.config.imagine_fast),
        false => asked.image_config.unwrap_or_default(),
    };
    let format = wishes.format;
    let format = format.unwrap_or_else(|| images::configured_format(&settings.config.app));
    let count = wishes.count.unwrap_or(1);
    if is_stream && count > MAX_STREAMED {
        let message = format!("`image_config.n` must be at most {MAX_STREAMED} with `stream`.");
        return Err(Invalid::new("invalid_stream_n", "image_config.n", message).into());
    }
    let request = PictureRequest {
        prompt: prompt(&asked.request)?,
        count,
        aspect_ratio: wishes.size.map(|size| size.aspect_ratio),
        is_high_quality: false,
        is_nsfw_allowed: None,
        is_stream,
        needs_file: format == ImageFormat::Url,
        inputs,
        model: Some(asked.request.model),
    };
    let record = caller.record.clone();
    let pictures = Box::pin(state.gateway.pictures(caller, request)).await?;
    let head = Head {
        id: format!("chatcmpl-{}", record.id()),
        created: pictures.created(),
        model: pictures.model().to_owned(),
        conversation_id: None,
        fingerprint: None,
    };
    let renderer = PictureRenderer { format, links };
    if !is_stream {
        return whole(pictures, &head, &renderer).await;
    }
    let writer = ChunkWriter::new(&head, Thinking::Hidden).include_usage(asked.include_usage);
    let chunks = Chunks {
        pictures,
        writer,
        renderer,
        is_first: true,
    };
    let body = stream::unfold(Some(chunks), |chunks| async {
        let (frames, chunks) = chunks?.next().await;
        Some((Ok::<_, Infallible>(frames), chunks))
    });
    let body = unread_stream::watch(body, record, &state.unread);
    Ok((EVENT_STREAM, Body::from_stream(body)).into_response())
}

fn fast(config: &ImagineFastConfig) -> ImageConfig {
    ImageConfig {
        count: Some(config.n),
        size: ImageSize::from_name(&config.size),
        format: Some(match config.response_format {
            FastFormat::Url => ImageFormat::Url,
            FastFormat::B64Json | FastFormat::Base64 => ImageFormat::Base64,
        }),
    }
}

/// The last text that is not blank, of whoever said it.
fn prompt(request: &Request) -> Result<String, Invalid> {
    let parts = request
        .turns
        .iter()
        .rev()
        .flat_map(|turn| turn.parts.iter().rev());
    let mut texts = parts.filter_map(|part| match part {
        Part::Text(text) => Some(text.trim()),
        Part::Attachment(_) => None,
    });
    let last = texts.find(|text| !text.is_empty());
    last.map(str::to_owned).ok_or_else(|| {
        let message = "An image model needs a text that says what to make.";
        Invalid::new("empty_prompt", "messages", message)
    })
}

/// All images of the user, of which the upstream takes the last.
fn images_of(request: &Request) -> Result<Vec<Input>, Invalid> {
    let turns = request.turns.iter().filter(|turn| turn.role == Role::User);
    let images: Vec<_> = turns.flat_map(images_in).collect();
    if images.is_empty() {
        let message = "An edit needs an image: send it as `image_url`.";
        return Err(Invalid::new("missing_image", "messages", message));
    }
    let skipped = images.len().saturating_sub(MAX_INPUTS);
    Ok(images.into_iter().skip(skipped).collect())
}

/// What is said of new pictures is about what comes with it, not about images from before.
fn images_of_last_turn(request: &Request) -> Vec<Input> {
    let mut turns = request.turns.iter().rev();
    let last = turns.find(|turn| turn.role == Role::User);
    last.into_iter().flat_map(images_in).collect()
}

fn images_in(turn: &Turn) -> impl Iterator<Item = Input> {
    turn.attachments()
        .filter(|attachment| attachment.kind == AttachmentKind::Image)
        .map(Input::from)
}

fn markdown(renderer: &PictureRenderer, picture: &Finished) -> String {
    match renderer.finished(picture) {
        Image::Url(url) => format!("![image]({url})"),
        Image::Base64(text) => format!("![image](data:{};base64,{text})", picture.mime),
    }
}

fn finish(pictures: &Pictures) -> Finish {
    Finish {
        reason: FinishReason::Stop,
        usage: pictures.usage(),
    }
}

async fn whole(
    mut pictures: Pictures,
    head: &Head,
    renderer: &PictureRenderer,
) -> Result<Response, ApiError> {
    let mut answer = Answer::new(Thinking::Hidden);
    let mut is_first = true;
    while let Some(picture) = pictures.next().await? {
        if let Picture::Finished(picture) = picture {
            push(&mut is_first, &markdown(renderer, &picture), |delta| {
                answer.push(delta);
            });
        }
    }
    let body = answer.to_json(head, &finish(&pictures));
    pictures.commit(body.len()).await?;
    Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
}

/// A blank line between two images.
fn push(is_first: &mut bool, markdown: &str, mut take: impl FnMut(Delta<'_>)) {
    if !std::mem::replace(is_first, false) {
        take(Delta::Text("\n\n"));
    }
    take(Delta::Text(markdown));
}

/// The chunks of one stream: one for each finished image.
struct Chunks {
    pictures: Pictures,
    writer: ChunkWriter,
    renderer: PictureRenderer,
    is_first: bool,
}

impl Chunks {
    /// The next frames, and what is left of the stream.
    async fn next(mut self) -> (Bytes, Option<Self>) {
        let mut out = Vec::new();
        loop {
            match self.pictures.next().await {
                Ok(Some(Picture::Partial { .. } | Picture::Progress { .. })) => {}
                Ok(Some(Picture::Finished(picture))) => {
                    let (markdown, writer) = (markdown(&self.renderer, &picture), &mut self.writer);
                    push(&mut self.is_first, &markdown, |delta| {
                        writer.delta(delta, &mut out);
                    });
                    return (out.into(), Some(self));
                }
                Ok(None) => return (self.end().await, None),
                Err(error) => return (self.failed(error), None),
            }
        }
    }

    async fn end(mut self) -> Bytes {
        let mut out = Vec::new();
        self.writer.finish(&finish(&self.pictures), &mut out);
        let record = self.pictures.record().clone();
        match self.pictures.commit(out.len()).await {
            Ok(()) => out.into(),
            Err(error) => broken(&self.writer, error, &record),
        }
    }

    fn failed(&self, error: GatewayError) -> Bytes {
        broken(&self.writer, error, self.pictures.record())
    }
}

fn broken(
    writer: &ChunkWriter,
    error: GatewayError,
    record: &crate::record::RequestRecord,
) -> Bytes {
    let mut out = Vec::new();
    let body = error::after_the_beginning(error, record);
    writer.error(&body, &mut out);
    out.into()
}
