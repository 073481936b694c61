//! What a response answers with.

use utoipa::ToSchema;

use super::request::{ConversationId, Verbosity};
use crate::http::openapi::{
    chat::Effort,
    common::{ListWord, Metadata, words},
};

words! {
    ResponseWord = "response",
    InputTokensWord = "response.input_tokens",
    DefaultWord = "default",
    AssistantWord = "assistant",
    OutputTextWord = "output_text",
    SummaryTextWord = "summary_text",
    UrlCitationWord = "url_citation",
    SearchWord = "search",
    UrlWord = "url",
}

/// A response, at any time of its life.
#[derive(ToSchema)]
#[schema(as = Response)]
pub(in crate::http) struct ResponseObject {
    id: String,
    #[schema(inline)]
    object: ResponseWord,
    /// Unix seconds, as the other time.
    created_at: i64,
    status: ResponseStatus,
    background: bool,
    #[schema(required)]
    completed_at: Option<i64>,
    #[schema(required)]
    conversation: Option<ConversationId>,
    #[schema(required)]
    error: Option<ResponseError>,
    #[schema(required)]
    incomplete_details: Option<IncompleteDetails>,
    #[schema(required)]
    instructions: Option<String>,
    #[schema(required)]
    max_output_tokens: Option<u64>,
    /// Always `null`.
    #[schema(required)]
    max_tool_calls: Option<u64>,
    model: String,
    output: Vec<OutputItem>,
    parallel_tool_calls: bool,
    #[schema(required)]
    previous_response_id: Option<String>,
    #[schema(required)]
    prompt_cache_key: Option<String>,
    reasoning: ReasoningEcho,
    #[schema(required)]
    safety_identifier: Option<String>,
    #[schema(inline)]
    service_tier: DefaultWord,
    store: bool,
    temperature: f64,
    text: TextEcho,
    /// As it was asked for.
    tool_choice: serde_json::Value,
    /// As they were asked for, in the flat form.
    #[schema(value_type = Vec<Object>)]
    tools: Vec<serde_json::Value>,
    top_logprobs: u8,
    top_p: f64,
    truncation: String,
    #[schema(required)]
    usage: Option<ResponseUsage>,
    #[schema(required)]
    user: Option<String>,
    metadata: Metadata,
}

/// How far a response is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ResponseStatus {
    Queued,
    InProgress,
    Completed,
    Incomplete,
    Failed,
    Cancelled,
}

/// Why there is no answer.
#[derive(ToSchema)]
pub(super) struct ResponseError {
    code: String,
    message: String,
}

/// Why the answer is not whole.
#[derive(ToSchema)]
pub(super) struct IncompleteDetails {
    reason: String,
}

/// What was asked for.
#[derive(ToSchema)]
pub(super) struct ReasoningEcho {
    #[schema(required)]
    effort: Option<Effort>,
    #[schema(required)]
    summary: Option<String>,
}

/// What was asked for.
#[derive(ToSchema)]
pub(super) struct TextEcho {
    #[schema(value_type = Object)]
    format: serde_json::Value,
    verbosity: Verbosity,
}

/// Tokens of the request and of its answer.
#[derive(ToSchema)]
pub(super) struct ResponseUsage {
    input_tokens: u64,
    input_tokens_details: InputTokens,
    output_tokens: u64,
    output_tokens_details: OutputTokens,
    total_tokens: u64,
}

/// Tokens of the request.
#[derive(ToSchema)]
pub(super) struct InputTokens {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

/// Tokens of the answer.
#[derive(ToSchema)]
pub(super) struct OutputTokens {
    reasoning_tokens: u64,
}

/// One item of the answer.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum OutputItem {
    Reasoning {
        id: String,
        status: ItemStatus,
        summary: Vec<SummaryText>,
    },
    WebSearchCall {
        id: String,
        status: ItemStatus,
        action: SearchAction,
    },
    Message {
        id: String,
        status: ItemStatus,
        #[schema(inline)]
        role: AssistantWord,
        content: Vec<OutputText>,
    },
    FunctionCall {
        id: String,
        status: ItemStatus,
        call_id: String,
        name: String,
        /// JSON text.
        arguments: String,
    },
}

/// How far an item is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ItemStatus {
    InProgress,
    Completed,
    Incomplete,
}

/// A part of what was thought.
#[derive(ToSchema)]
pub(super) struct SummaryText {
    #[schema(rename = "type", inline)]
    kind: SummaryTextWord,
    text: String,
}

/// What was looked up.
#[derive(ToSchema)]
pub(super) struct SearchAction {
    #[schema(rename = "type", inline)]
    kind: SearchWord,
    query: String,
    /// Only where `include` asked for them.
    #[schema(nullable = false)]
    sources: Option<Vec<SearchPage>>,
}

/// A page that was found.
#[derive(ToSchema)]
pub(super) struct SearchPage {
    #[schema(rename = "type", inline)]
    kind: UrlWord,
    url: String,
}

/// The text of a message.
#[derive(ToSchema)]
pub(super) struct OutputText {
    #[schema(rename = "type", inline)]
    kind: OutputTextWord,
    text: String,
    annotations: Vec<ResponseCitation>,
    /// Always empty.
    #[schema(value_type = Vec<Object>, max_items = 0)]
    logprobs: Vec<serde_json::Value>,
}

/// A source, and the place that cites it.
#[derive(ToSchema)]
pub(super) struct ResponseCitation {
    #[schema(rename = "type", inline)]
    kind: UrlCitationWord,
    url: String,
    title: String,
    /// In characters of the text.
    start_index: u64,
    end_index: u64,
}

/// A page of items.
#[derive(ToSchema)]
pub(in crate::http) struct ItemList {
    #[schema(inline)]
    object: ListWord,
    data: Vec<KeptItem>,
    #[schema(required)]
    first_id: Option<String>,
    #[schema(required)]
    last_id: Option<String>,
    has_more: bool,
}

/// An item that is kept: of an input, or of an answer.
#[derive(ToSchema)]
pub(in crate::http) struct KeptItem {
    id: String,
    /// `message`, `function_call`, `function_call_output`, `reasoning` or `web_search_call`.
    #[schema(rename = "type")]
    kind: String,
    status: ItemStatus,
    #[schema(nullable = false)]
    role: Option<String>,
    /// Of a message: blocks.
    #[schema(nullable = false, value_type = Option<Vec<Object>>)]
    content: Option<Vec<serde_json::Value>>,
    #[schema(nullable = false)]
    call_id: Option<String>,
    #[schema(nullable = false)]
    name: Option<String>,
    #[schema(nullable = false)]
    arguments: Option<String>,
    /// Of a result: a text or blocks.
    #[schema(nullable = false)]
    output: Option<KeptOutput>,
    #[schema(nullable = false)]
    summary: Option<Vec<SummaryText>>,
    #[schema(nullable = false)]
    action: Option<SearchAction>,
}

/// A text or blocks.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum KeptOutput {
    Text(String),
    #[schema(value_type = Vec<Object>)]
    Blocks(Vec<serde_json::Value>),
}

/// The estimate.
#[derive(ToSchema)]
pub(in crate::http) struct InputTokenCount {
    #[schema(inline)]
    object: InputTokensWord,
    input_tokens: u64,
}

/// One event: `response.created`, `response.output_text.delta` and the others of the API, each with its fields. The
/// last one is `response.completed`, `.incomplete` or `.failed`, with the whole response.
#[derive(ToSchema)]
pub(in crate::http) struct ResponseEvent {
    #[schema(rename = "type")]
    kind: String,
    /// From 0.
    sequence_number: u64,
    /// Of events about the whole.
    #[schema(nullable = false)]
    response: Option<ResponseObject>,
    /// The place of the item that the event is about.
    #[schema(nullable = false)]
    output_index: Option<u64>,
    #[schema(nullable = false)]
    content_index: Option<u64>,
    #[schema(nullable = false)]
    item_id: Option<String>,
    #[schema(nullable = false)]
    item: Option<OutputItem>,
    /// The part that begins or ends.
    #[schema(nullable = false, value_type = Option<Object>)]
    part: Option<serde_json::Value>,
    #[schema(nullable = false)]
    summary_index: Option<u64>,
    /// What is there at the end.
    #[schema(nullable = false)]
    text: Option<String>,
    /// Always empty.
    #[schema(nullable = false, value_type = Option<Vec<Object>>)]
    logprobs: Option<Vec<serde_json::Value>>,
    #[schema(nullable = false)]
    annotation: Option<ResponseCitation>,
    #[schema(nullable = false)]
    annotation_index: Option<u64>,
    /// Of a call that ends.
    #[schema(nullable = false)]
    name: Option<String>,
    /// Of a call that ends: JSON text.
    #[schema(nullable = false)]
    arguments: Option<String>,
    /// Of `error`.
    #[schema(nullable = false)]
    code: Option<String>,
    /// Of `error`.
    #[schema(nullable = false)]
    message: Option<String>,
    /// Of `error`.
    param: Option<String>,
    /// What is new.
    #[schema(nullable = false)]
    delta: Option<String>,
}
