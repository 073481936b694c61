//! The response as one object, at any time of its life.

use std::collections::BTreeMap;

use chat::{Delta, Finish, FinishReason, Usage};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    echo::Echo,
    items::Item,
    output::{Output, Sink},
};

/// What identifies a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// `resp_` and what makes it unique; the ids of its items are made of it.
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    pub model: String,
    /// The conversation that it is part of.
    pub conversation: Option<String>,
}

/// How far a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In the background, and not begun.
    Queued,
    InProgress,
    Completed,
    /// A limit ended it.
    Incomplete,
    Failed,
    Cancelled,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// A word for programs.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// A response and all that it needs to be written.
#[derive(Clone, Debug)]
pub(super) struct Object {
    head: ResponseHead,
    echo: Echo,
    output: Output,
    status: Status,
    completed_at: Option<i64>,
    usage: Option<Usage>,
    failure: Option<Failure>,
}

#[derive(Serialize)]
struct Named<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Incomplete {
    reason: &'static str,
}

#[derive(Serialize)]
struct ReasoningJson<'a> {
    effort: Option<&'static str>,
    summary: Option<&'a str>,
}

#[derive(Serialize)]
struct TextJson<'a> {
    format: Format<'a>,
    verbosity: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Format<'a> {
    AsAsked(&'a RawValue),
    Plain {
        #[serde(rename = "type")]
        kind: &'static str,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Choice<'a> {
    AsAsked(&'a RawValue),
    Word(&'static str),
}

#[derive(Serialize)]
struct UsageJson {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Serialize)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl UsageJson {
    fn new(usage: Usage) -> Self {
        let usage = usage.never_zero();
        Self {
            input_tokens: usage.prompt_tokens,
            input_tokens_details: InputDetails {
                cached_tokens: 0,
                cache_write_tokens: 0,
            },
            output_tokens: usage.completion_tokens,
            output_tokens_details: OutputDetails {
                reasoning_tokens: usage.reasoning_tokens,
            },
            total_tokens: usage.total_tokens(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct ObjectJson<'a> {
    id: &'a str,
    object: &'static str,
    created_at: i64,
    status: Status,
    background: bool,
    completed_at: Option<i64>,
    conversation: Option<Named<'a>>,
    error: Option<&'a Failure>,
    incomplete_details: Option<Incomplete>,
    instructions: Option<&'a str>,
    max_output_tokens: Option<u64>,
    max_tool_calls: (),
    model: &'a str,
    output: &'a [Item],
    parallel_tool_calls: bool,
    previous_response_id: Option<&'a str>,
    prompt_cache_key: Option<&'a str>,
    reasoning: ReasoningJson<'a>,
    safety_identifier: Option<&'a str>,
    service_tier: &'static str,
    store: bool,
    temperature: f64,
    text: TextJson<'a>,
    tool_choice: Choice<'a>,
    tools: &'a [Box<RawValue>],
    top_logprobs: u8,
    top_p: f64,
    truncation: &'a str,
    usage: Option<UsageJson>,
    user: Option<&'a str>,
    metadata: &'a BTreeMap<String, String>,
}

impl Object {
    pub(super) fn new(head: ResponseHead, echo: Echo) -> Self {
        let output = Output::new(&head.id, &echo);
        let status = if echo.background {
            Status::Queued
        } else {
            Status::InProgress
        };
        Self {
            head,
            echo,
            output,
            status,
            completed_at: None,
            usage: None,
            failure: None,
        }
    }

    pub(super) fn push(&mut self, delta: Delta<'_>, sink: &mut impl Sink) {
        self.output.push(delta, sink);
    }

    pub(super) fn begin(&mut self) {
        self.status = Status::InProgress;
    }

    /// Takes the end of a good answer, at `now` (unix seconds).
    pub(super) fn finish(&mut self, finish: &Finish, now: i64, sink: &mut impl Sink) {
        let is_cut = finish.reason == FinishReason::Length;
        self.output.finish(is_cut, sink);
        self.usage = Some(finish.usage);
        self.status = if is_cut {
            Status::Incomplete
        } else {
            self.completed_at = Some(now);
            Status::Completed
        };
    }

    pub(super) fn fail(&mut self, failure: Failure, sink: &mut impl Sink) {
        self.output.break_off(sink);
        self.failure = Some(failure);
        self.status = Status::Failed;
    }

    pub(super) fn status(&self) -> Status {
        self.status
    }

    pub(super) fn json(&self) -> ObjectJson<'_> {
        let Self { head, echo, .. } = self;
        let reason = (self.status == Status::Incomplete).then_some("max_output_tokens");
        ObjectJson {
            id: &head.id,
            object: "response",
            created_at: head.created,
            status: self.status,
            background: echo.background,
            completed_at: self.completed_at,
            conversation: head.conversation.as_deref().map(|id| Named { id }),
            error: self.failure.as_ref(),
            incomplete_details: reason.map(|reason| Incomplete { reason }),
            instructions: echo.instructions.as_deref(),
            max_output_tokens: echo.max_output_tokens,
            max_tool_calls: (),
            model: &head.model,
            output: self.output.items(),
            parallel_tool_calls: echo.parallel_tool_calls,
            previous_response_id: echo.previous_response_id.as_deref(),
            prompt_cache_key: echo.prompt_cache_key.as_deref(),
            reasoning: ReasoningJson {
                effort: echo.reasoning.effort.map(chat::Effort::as_str),
                summary: echo.reasoning.summary.as_deref(),
            },
            safety_identifier: echo.safety_identifier.as_deref(),
            service_tier: "default",
            store: echo.store,
            // What OpenAI says when nothing was asked for.
            temperature: echo.temperature.unwrap_or(1.0),
            text: TextJson {
                format: match &echo.text.format_json {
                    Some(format) => Format::AsAsked(format),
                    None => Format::Plain { kind: "text" },
                },
                verbosity: echo.text.verbosity.as_deref().unwrap_or("medium"),
            },
            tool_choice: match &echo.tool_choice {
                Some(choice) => Choice::AsAsked(choice),
                None => Choice::Word("auto"),
            },
            tools: &echo.tools,
            top_logprobs: 0,
            top_p: echo.top_p.unwrap_or(1.0),
            truncation: echo.truncation.as_deref().unwrap_or("disabled"),
            usage: self.usage.map(UsageJson::new),
            user: echo.user.as_deref(),
            metadata: &echo.metadata,
        }
    }
}
