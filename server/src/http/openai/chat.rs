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
        openapi::{
            chat::{ChatCompletion, ChatCompletionChunk, ChatCompletionRequest},
            common::ConversationHeader,
            errors::{OfBody, OfUpstream},
        },
        several::{self, ChoiceFormat, ChoiceWriter},
    },
};

/// One chat completion, as JSON or as a stream of `chat.completion.chunk` events.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
#[utoipa::path(
    post,
    path = "/chat/completions",
    tag = "Chat",
    summary = "Create a chat completion",
    description = "Answers to what was said so far, as one document or, with `stream`, as events. Models that make pictures or videos answer with them.",
    params(ConversationHeader),
    request_body(
        content = ChatCompletionRequest,
        example = json!({"model": "grok-4", "messages": [{"role": "user", "content": "Say hello."}], "stream": false})
    ),
    responses(
        (status = 200, description = "The answer, or its events.", content(
            (ChatCompletion = "application/json"),
            (ChatCompletionChunk = "text/event-stream"),
        )),
        OfBody,
        OfUpstream,
    )
)]
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
    let request_id = caller.record.id().to_string();
    let format = |first: &AnswerHead| Choices {
        // Each has a conversation of its own.
        head: Head {
            conversation_id: None,
            ..head(first, &request_id)
        },
        thinking,
        include_usage: asked.include_usage,
        is_legacy: asked.is_legacy,
        request_id: request_id.clone(),
    };
    let how = (asked.choices, delivery);
    several::respond((state, caller), &asked.request, how, memory, format).await
}

struct Choices {
    head: Head,
    thinking: Thinking,
    include_usage: bool,
    is_legacy: bool,
    request_id: String,
}

impl ChoiceFormat for Choices {
    type Collected = Answer;
    type Writer = Writer;

    fn collector(&self) -> Answer {
        Answer::new(self.thinking).legacy(self.is_legacy)
    }

    fn push(collected: &mut Answer, delta: Delta<'_>) {
        collected.push(delta);
    }

    fn to_json(&self, answers: &[(Answer, Finish)]) -> Vec<u8> {
        merged_json(&self.head, answers)
    }

    fn writer(&self, index: u8) -> Writer {
        Writer {
            writer: ChunkWriter::of_choice(&self.head, self.thinking, index)
                .include_usage(self.include_usage)
                .legacy(self.is_legacy),
            request_id: self.request_id.clone(),
        }
    }
}

impl ChoiceWriter for Writer {
    fn start(&mut self, out: &mut Vec<u8>) {
        self.writer.role(out);
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        self.writer.delta(delta, out);
    }

    fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        self.writer.finish_choice(finish, out);
    }

    fn end(&self, usage: Usage, out: &mut Vec<u8>) {
        self.writer.end(usage, out);
    }

    fn error(&self, error: &ApiError, out: &mut Vec<u8>) {
        let body = error::body(error, &self.request_id);
        self.writer.error(&body, out);
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
