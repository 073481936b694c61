//! `POST /v1/chat/completions`.

use axum::{extract::State, response::Response};
use chat::{Delta, Finish, Usage};
use http::HeaderMap;
use openai::{
    Invalid,
    answer::{Answer, merged_json},
    chat::ChatRequest,
    stream::{ChunkWriter, Head, Thinking},
    too_many_choices,
};
use settings::{AppConfig, ModelKind, ThinkingFormat};

use super::{error, image_chat, video_chat};
use crate::{
    gateway::{
        Caller,
        chat::{Delivery, answer::AnswerHead},
    },
    http::{
        AppState,
        answer::{self, AnswerWriter},
        body::WholeBody,
        caller::{ApiCaller, conversation_header},
        error::ApiError,
        links::Links,
        several::{self, ChoiceWriter, EndWriter},
    },
};

/// One chat completion, as JSON or as a stream of `chat.completion.chunk` events.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
pub async fn create_chat_completion(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    links: Links,
    headers: HeaderMap,
    body: WholeBody,
) -> Result<Response, ApiError> {
    complete(&state, caller, links, &headers, body).await
}

/// The part that the API and the public pages share.
///
/// # Errors
/// As [`create_chat_completion`].
pub async fn complete(
    state: &AppState,
    caller: Caller,
    links: Links,
    headers: &HeaderMap,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (mut asked, memory) = body.parse(openai::chat::parse).await?;
    if asked.request.conversation_id.is_none() {
        asked.request.conversation_id = conversation_header(headers)?;
    }
    let app = &caller.snapshot.settings.config.app;
    let model = caller.snapshot.settings.models.get(&asked.request.model);
    if asked.choices > 1 && model.is_some_and(|model| model.kind != ModelKind::Chat) {
        return Err(too_many_choices(1).into());
    }
    let makes_images = |kind| matches!(kind, ModelKind::Image | ModelKind::ImageEdit);
    if model.is_some_and(|model| makes_images(model.kind)) {
        let stream = asked.stream.unwrap_or(app.stream);
        return image_chat::complete(state, caller, links, asked, stream).await;
    }
    if model.is_some_and(|model| model.kind == ModelKind::Video) {
        let stream = asked.stream.unwrap_or(app.stream);
        return video_chat::complete(state, caller, links, (asked, memory), stream).await;
    }
    if asked.asks_for_media {
        return Err(openai::chat::only_text().into());
    }
    if asked.video_config.is_some() {
        let message = "`video_config` is for models that make videos. Remove it.";
        return Err(Invalid::new("unsupported_parameter", "video_config", message).into());
    }
    if asked.image_config.is_some() {
        let message = "`image_config` is for models that make images. Remove it.";
        return Err(Invalid::new("unsupported_parameter", "image_config", message).into());
    }
    if asked.choices > 1 {
        return choices(state, caller, asked, memory).await;
    }
    let thinking = thinking(app);
    let delivery = if asked.stream.unwrap_or(app.stream) {
        Delivery::Stream
    } else {
        Delivery::Whole
    };
    let id = caller.record.id().to_string();
    // Boxed: the future holds a whole attempt, and most requests wait in it for seconds.
    let answer = Box::pin(state.gateway.chat(caller, asked.request, delivery)).await?;
    drop(memory);
    let head = head(answer.head(), &id);
    if delivery == Delivery::Whole {
        // Boxed: a streamed answer would have to carry the room for it.
        return Box::pin(answer::whole(
            answer,
            Answer::new(thinking).legacy(asked.is_legacy),
            Answer::push,
            move |document, _, finish| document.to_json(&head, finish),
        ))
        .await;
    }
    let writer = ChunkWriter::new(&head, thinking)
        .include_usage(asked.include_usage)
        .legacy(asked.is_legacy);
    Ok(answer::stream(
        answer,
        Writer {
            writer,
            request_id: id,
        },
        &state.unread,
    ))
}

/// Several answers.
async fn choices(
    state: &AppState,
    caller: Caller,
    asked: ChatRequest,
    memory: impl Send,
) -> Result<Response, ApiError> {
    let app = &caller.snapshot.settings.config.app;
    let thinking = thinking(app);
    let delivery = match asked.stream.unwrap_or(app.stream) {
        true => Delivery::Stream,
        false => Delivery::Whole,
    };
    let id = caller.record.id().to_string();
    let asking = several::ask(state, &caller, &asked.request, (asked.choices, delivery));
    let answers = Box::pin(asking).await?;
    drop(memory);
    let Some(first) = answers.first() else {
        return Err(anyhow::anyhow!("no answer was asked for").into());
    };
    // Each has a conversation of its own.
    let head = Head {
        conversation_id: None,
        ..head(first.head(), &id)
    };
    if delivery == Delivery::Whole {
        let collector = Answer::new(thinking).legacy(asked.is_legacy);
        let render = move |answers: &[(Answer, Finish)]| merged_json(&head, answers);
        return Box::pin(several::whole(answers, collector, Answer::push, render)).await;
    }
    let writer = |index| {
        ChunkWriter::of_choice(&head, thinking, index)
            .include_usage(asked.include_usage)
            .legacy(asked.is_legacy)
    };
    let end = End {
        writer: writer(0),
        request_id: id,
    };
    let answers = answers.into_iter().zip(0..);
    let answers = answers.map(|(answer, index)| (answer, Choice(writer(index))));
    Ok(several::stream(
        answers.collect(),
        end,
        (caller.record, state),
    ))
}

struct Choice(ChunkWriter);

impl ChoiceWriter for Choice {
    fn start(&mut self, out: &mut Vec<u8>) {
        self.0.role(out);
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        self.0.delta(delta, out);
    }

    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        self.0.finish_choice(finish, out);
    }
}

struct End {
    writer: ChunkWriter,
    request_id: String,
}

impl EndWriter for End {
    fn end(&self, usage: Usage, out: &mut Vec<u8>) {
        self.writer.end(usage, out);
    }

    fn error(&self, error: &ApiError, out: &mut Vec<u8>) {
        self.writer
            .error(&error::body(error, &self.request_id), out);
    }
}

/// `app.thinking_format`.
pub(super) fn thinking(app: &AppConfig) -> Thinking {
    match app.thinking_format {
        ThinkingFormat::ReasoningContent => Thinking::ReasoningContent,
        ThinkingFormat::ThinkTags => Thinking::ThinkTags,
    }
}

pub(super) fn head(head: &AnswerHead, request_id: &str) -> Head {
    let id = head.response_id.clone();
    Head {
        id: id.unwrap_or_else(|| format!("chatcmpl-{request_id}")),
        created: head.created,
        model: head.model.clone(),
        conversation_id: head.conversation_id.clone(),
        fingerprint: head.fingerprint.clone(),
    }
}

struct Writer {
    writer: ChunkWriter,
    request_id: String,
}

impl AnswerWriter for Writer {
    fn start(&mut self, out: &mut Vec<u8>) {
        self.writer.role(out);
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        self.writer.delta(delta, out);
    }

    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        self.writer.finish(finish, out);
    }

    fn error(&mut self, error: &ApiError, out: &mut Vec<u8>) {
        self.writer
            .error(&error::body(error, &self.request_id), out);
    }
}
