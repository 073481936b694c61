//! The older completions (`crates/openai/src/completions`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::ToSchema;

use super::{
    chat::{ChatUsage, FinishReason, StreamOptions},
    common::{OneOrMany, words},
};

words! {
    TextCompletionWord = "text_completion",
}

/// What a completion is asked for with.
#[derive(ToSchema)]
pub(in crate::http) struct CompletionRequest {
    /// A model that chats, by its id or an alias.
    #[schema(min_length = 1, max_length = 256, example = "grok-4")]
    model: String,
    /// One text, or an array of one: it is a user's message.
    prompt: OneOrMany,
    /// Whether the answer comes as events; `app.stream` where nothing is said.
    stream: Option<bool>,
    /// Of a streamed answer.
    stream_options: Option<StreamOptions>,
    /// How many answers; each is a call of its own.
    #[schema(minimum = 1, maximum = 8, default = 1)]
    n: Option<u8>,
    /// Must equal `n`.
    #[schema(minimum = 1, maximum = 8)]
    best_of: Option<u8>,
    /// Whether each answer begins with the prompt.
    echo: Option<bool>,
    /// Most tokens of the answer by the server's estimate.
    #[schema(minimum = 1)]
    max_tokens: Option<u64>,
    /// Up to four texts of 1 to 256 bytes at which the answer ends.
    stop: Option<OneOrMany>,
    /// How varied the answer is.
    #[schema(minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// The share of the likeliest tokens that are chosen from.
    #[schema(minimum = 0, maximum = 1)]
    top_p: Option<f64>,
    /// Who asks the caller; recorded.
    user: Option<String>,
    /// Must be empty: Grok cannot write towards a given end.
    #[schema(max_length = 0)]
    suffix: Option<String>,
    /// Must not be `true`: Grok gives no probabilities.
    logprobs: Option<bool>,
}

/// A whole answer, or one event of a streamed one, after the last of which comes `data: [DONE]`.
#[derive(ToSchema)]
pub(in crate::http) struct Completion {
    id: String,
    #[schema(inline)]
    object: TextCompletionWord,
    /// Unix seconds.
    created: i64,
    model: String,
    #[schema(required)]
    system_fingerprint: Option<String>,
    choices: Vec<CompletionChoice>,
    /// Of events: only where `stream_options.include_usage` asked for it, and `null` until the last.
    usage: Option<ChatUsage>,
}

/// One of the answers.
#[derive(ToSchema)]
pub(super) struct CompletionChoice {
    text: String,
    index: u8,
    /// Always `null`.
    #[schema(required, value_type = Option<Object>)]
    logprobs: Option<serde_json::Value>,
    /// `null` until the end of a streamed answer.
    #[schema(required)]
    finish_reason: Option<FinishReason>,
}
