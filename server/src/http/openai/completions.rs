//! `POST /v1/completions`: the older form of a chat with one turn.

use axum::{extract::State, response::Response};
use chat::{Delta, Finish, Usage};
use openai::{
    completions::{self as format, CompletionAnswer, CompletionWriter},
    stream::Head,
};

use super::{chat::head, error};
use crate::{
    gateway::chat::{Delivery, answer::AnswerHead},
    http::{
        AppState,
        body::WholeBody,
        caller::ApiCaller,
        error::ApiError,
        openapi::{
            completions::{Completion, CompletionRequest},
            errors::{OfBody, OfUpstream},
        },
        several::{self, ChoiceFormat, ChoiceWriter},
    },
};

/// One completion or several, as JSON or as a stream of `text_completion` events.
///
/// # Errors
/// Every error of the gateway, as long as no byte has been sent.
#[utoipa::path(
    post,
    path = "/completions",
    tag = "Completions",
    summary = "Create a completion",
    description = "The older form of a chat with one turn: the prompt is a user's message.",
    request_body(
        content = CompletionRequest,
        example = json!({"model": "grok-4", "prompt": "Say hello.", "stream": false})
    ),
    responses(
        (status = 200, description = "The answers, or their events.", content(
            (Completion = "application/json"),
            (Completion = "text/event-stream"),
        )),
        OfBody,
        OfUpstream,
    )
)]
pub(super) async fn create_completion(
    State(state): State<AppState>,
    ApiCaller(caller): ApiCaller,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (asked, memory) = body.parse(format::parse).await?;
    let is_stream = asked
        .stream
        .unwrap_or(caller.snapshot.settings.config.app.stream);
    let delivery = match is_stream {
        true => Delivery::Stream,
        false => Delivery::Whole,
    };
    let request_id = caller.record.id().to_string();
    let (prefix, include_usage) = (asked.prefix(), asked.include_usage);
    let format = |first: &AnswerHead| Completions {
        head: Head {
            id: format!("cmpl-{request_id}"),
            conversation_id: None,
            ..head(first, &request_id)
        },
        prefix,
        include_usage,
        request_id: request_id.clone(),
    };
    let how = (asked.choices, delivery);
    several::respond((&state, caller), &asked.request, how, memory, format).await
}

struct Completions {
    head: Head,
    /// What an answer begins with.
    prefix: String,
    include_usage: bool,
    request_id: String,
}

impl ChoiceFormat for Completions {
    type Collected = CompletionAnswer;
    type Writer = Choice;

    fn collector(&self) -> CompletionAnswer {
        CompletionAnswer::new(self.prefix.clone())
    }

    fn push(collected: &mut CompletionAnswer, delta: Delta<'_>) {
        collected.push(delta);
    }

    fn to_json(&self, answers: &[(CompletionAnswer, Finish)]) -> Vec<u8> {
        CompletionAnswer::to_json(&self.head, answers)
    }

    fn writer(&self, index: u8) -> Choice {
        let (head, prefix) = (self.head.clone(), self.prefix.clone());
        Choice {
            writer: CompletionWriter::of_choice(head, index, prefix, self.include_usage),
            request_id: self.request_id.clone(),
        }
    }
}

struct Choice {
    writer: CompletionWriter,
    request_id: String,
}

impl ChoiceWriter for Choice {
    fn start(&mut self, out: &mut Vec<u8>) {
        self.writer.start(out);
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
