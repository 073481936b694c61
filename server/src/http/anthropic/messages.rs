//! `POST /v1/messages` and `POST /v1/messages/count_tokens`.

use std::time::Duration;

use anthropic::{Head, message::Message, stream::EventWriter};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chat::{Delta, Finish};
use http::{HeaderMap, header::CONTENT_TYPE};

use super::error;
use crate::{
    gateway::chat::{Delivery, answer::AnswerHead},
    http::{
        AppState,
        answer::{self, AnswerWriter},
        body::WholeBody,
        caller::{ApiCaller, conversation_header},
        error::ApiError,
        openapi::{
            common::ConversationHeader,
            errors::{Missing, OfBody, OfUpstream},
            messages::{
                CountTokensRequest, Message as MessageShape, MessageEvent, MessageRequest,
                TokenCount,
            },
        },
    },
};

/// One message, as JSON or as a stream of events.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
#[utoipa::path(
    post,
    path = "/messages",
    tag = "Messages",
    summary = "Create a message",
    description = "Answers to what was said so far, as one message or, with `stream`, as events.",
    params(ConversationHeader),
    request_body(
        content = MessageRequest,
        example = json!({"model": "grok-4", "max_tokens": 1024, "messages": [{"role": "user", "content": "Say hello."}]})
    ),
    responses(
        (status = 200, description = "The message, or its events.", content(
            (MessageShape = "application/json"),
            (MessageEvent = "text/event-stream"),
        )),
        OfBody,
        OfUpstream,
    )
)]
pub(super) async fn create_message(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    headers: HeaderMap,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (mut asked, memory) = body.parse(anthropic::messages::parse).await?;
    asked.request.conversation_id = conversation_header(&headers)?;
    let delivery = if asked.stream {
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
            Message::new().showing_searches(asked.shows_searches),
            Message::push,
            move |message, _, finish| message.to_json(&head, finish),
        ))
        .await;
    }
    Ok(answer::stream(
        answer,
        Writer {
            writer: EventWriter::new().showing_searches(asked.shows_searches),
            head,
            request_id: id,
        },
        &state.unread,
    ))
}

/// How many tokens the prompt of a message would have: the estimate that its usage would show.
///
/// # Errors
/// The body is not valid, or there is no such model.
#[utoipa::path(
    post,
    path = "/messages/count_tokens",
    tag = "Messages",
    summary = "Count the tokens of a message",
    description = "The estimate that the usage of the message would show.",
    request_body(
        content = CountTokensRequest,
        example = json!({"model": "grok-4", "messages": [{"role": "user", "content": "Say hello."}]})
    ),
    responses((status = 200, description = "The estimate.", body = TokenCount), OfBody, Missing)
)]
pub(super) async fn count_tokens(
    ApiCaller(caller): ApiCaller,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (request, _memory) = body.parse(anthropic::count::parse).await?;
    let json = anthropic::count::json(caller.count_tokens(&request)?);
    Ok(([(CONTENT_TYPE, "application/json")], json).into_response())
}

fn head(head: &AnswerHead, request_id: &str) -> Head {
    Head {
        id: format!("msg_{request_id}"),
        model: head.model.clone(),
        input_tokens: head.prompt_tokens,
    }
}

struct Writer {
    writer: EventWriter,
    head: Head,
    request_id: String,
}

impl AnswerWriter for Writer {
    const PING_AFTER: Option<Duration> = Some(Duration::from_secs(15));

    fn start(&mut self, out: &mut Vec<u8>) {
        self.writer.start(&self.head, out);
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

    fn ping(&mut self, out: &mut Vec<u8>) {
        self.writer.ping(out);
    }
}
