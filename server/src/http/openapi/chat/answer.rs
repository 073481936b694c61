//! What a chat completion answers with.

use utoipa::ToSchema;

use crate::http::openapi::common::words;

words! {
    ChatCompletionWord = "chat.completion",
    ChatCompletionChunkWord = "chat.completion.chunk",
    AssistantWord = "assistant",
    FunctionWord = "function",
    UrlCitationWord = "url_citation",
}

/// A whole answer.
#[derive(ToSchema)]
pub(in crate::http) struct ChatCompletion {
    id: String,
    #[schema(inline)]
    object: ChatCompletionWord,
    /// Unix seconds.
    created: i64,
    model: String,
    #[schema(required)]
    system_fingerprint: Option<String>,
    /// To go on with it: `conversation_id` of a later request. Absent while `app.temporary` is true.
    #[schema(nullable = false)]
    conversation_id: Option<String>,
    choices: Vec<ChatChoice>,
    /// The addresses that the answer cites.
    #[schema(nullable = false)]
    citations: Option<Vec<String>>,
    usage: ChatUsage,
}

/// One of the answers.
#[derive(ToSchema)]
pub(super) struct ChatChoice {
    index: u8,
    message: ChatAnswer,
    finish_reason: FinishReason,
}

/// What was answered.
#[derive(ToSchema)]
pub(super) struct ChatAnswer {
    #[schema(inline)]
    role: AssistantWord,
    /// `null` where the answer only calls tools.
    #[schema(required)]
    content: Option<String>,
    #[schema(nullable = false)]
    reasoning_content: Option<String>,
    /// Always `null`.
    #[schema(required)]
    refusal: Option<String>,
    annotations: Vec<Annotation>,
    #[schema(nullable = false)]
    tool_calls: Option<Vec<ToolCall>>,
    #[schema(nullable = false)]
    function_call: Option<FunctionCall>,
}

/// Why an answer ended.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(in crate::http::openapi) enum FinishReason {
    Stop,
    Length,
    ToolCalls,
    FunctionCall,
}

/// A source, and the place that cites it.
#[derive(ToSchema)]
pub(super) struct Annotation {
    #[schema(rename = "type", inline)]
    kind: UrlCitationWord,
    url_citation: UrlCitation,
    /// In events: its number.
    #[schema(nullable = false)]
    index: Option<u64>,
}

/// A source.
#[derive(ToSchema)]
pub(super) struct UrlCitation {
    url: String,
    title: String,
    /// In characters of the content.
    start_index: u64,
    end_index: u64,
}

/// A call of the caller's tool.
#[derive(ToSchema)]
pub(super) struct ToolCall {
    id: String,
    #[schema(rename = "type", inline)]
    kind: FunctionWord,
    function: FunctionCall,
}

/// What is called.
#[derive(ToSchema)]
pub(super) struct FunctionCall {
    name: String,
    /// JSON text.
    arguments: String,
}

/// Tokens of the request and of its answers.
#[derive(ToSchema)]
pub(in crate::http::openapi) struct ChatUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptTokens,
    completion_tokens_details: CompletionTokens,
    /// There, and `true`, where the numbers are the server's estimate.
    #[schema(nullable = false)]
    estimated: Option<bool>,
}

/// Tokens of the request.
#[derive(ToSchema)]
pub(super) struct PromptTokens {
    cached_tokens: u64,
    text_tokens: u64,
    audio_tokens: u64,
    image_tokens: u64,
}

/// Tokens of the answers.
#[derive(ToSchema)]
pub(super) struct CompletionTokens {
    text_tokens: u64,
    audio_tokens: u64,
    reasoning_tokens: u64,
}

/// One event of a streamed answer; after the last one comes `data: [DONE]`.
#[derive(ToSchema)]
pub(in crate::http) struct ChatCompletionChunk {
    id: String,
    #[schema(inline)]
    object: ChatCompletionChunkWord,
    created: i64,
    model: String,
    #[schema(required)]
    system_fingerprint: Option<String>,
    #[schema(nullable = false)]
    conversation_id: Option<String>,
    choices: Vec<ChunkChoice>,
    /// `null` until the last event; only where `stream_options.include_usage` asked for it.
    usage: Option<ChatUsage>,
    #[schema(nullable = false)]
    citations: Option<Vec<String>>,
}

/// What is new of one of the answers.
#[derive(ToSchema)]
pub(super) struct ChunkChoice {
    index: u8,
    delta: ChatDelta,
    /// Always `null`.
    #[schema(required, value_type = Option<Object>)]
    logprobs: Option<serde_json::Value>,
    /// `null` until the end.
    #[schema(required)]
    finish_reason: Option<FinishReason>,
}

/// What is new.
#[derive(ToSchema)]
pub(super) struct ChatDelta {
    #[schema(inline, nullable = false)]
    role: Option<AssistantWord>,
    #[schema(nullable = false)]
    content: Option<String>,
    #[schema(nullable = false)]
    reasoning_content: Option<String>,
    #[schema(nullable = false)]
    tool_calls: Option<Vec<ToolCallDelta>>,
    #[schema(nullable = false)]
    function_call: Option<FunctionCallDelta>,
    #[schema(nullable = false)]
    annotations: Option<Vec<Annotation>>,
}

/// What is new of a call: first what it calls, then its arguments piece by piece.
#[derive(ToSchema)]
pub(super) struct ToolCallDelta {
    index: u64,
    #[schema(nullable = false)]
    id: Option<String>,
    #[schema(rename = "type", inline, nullable = false)]
    kind: Option<FunctionWord>,
    function: FunctionCallDelta,
}

/// What is new of what is called.
#[derive(ToSchema)]
pub(super) struct FunctionCallDelta {
    #[schema(nullable = false)]
    name: Option<String>,
    arguments: String,
}
