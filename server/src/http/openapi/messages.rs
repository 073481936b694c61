//! Anthropic's Messages API (`crates/anthropic`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::ToSchema;

use super::common::words;

words! {
    MessageWord = "message",
    AssistantWord = "assistant",
    DirectWord = "direct",
    WebSearchWord = "web_search",
    JsonSchemaWord = "json_schema",
}

/// What a message is asked for with.
#[derive(ToSchema)]
pub(in crate::http) struct MessageRequest {
    /// A model that chats, by its id or an alias.
    #[schema(min_length = 1, max_length = 256, example = "grok-4")]
    model: String,
    /// Most tokens of the answer by the server's estimate.
    #[schema(minimum = 1)]
    max_tokens: u64,
    /// What was said so far; at least one message must say something.
    messages: Vec<MessageParam>,
    /// What leads the model.
    system: Option<MessageContent>,
    /// Whether the answer comes as events.
    stream: Option<bool>,
    /// Up to 64 texts of at most 256 bytes at which the answer ends.
    #[schema(max_items = 64)]
    stop_sequences: Option<Vec<String>>,
    /// How varied the answer is.
    #[schema(minimum = 0, maximum = 1)]
    temperature: Option<f64>,
    /// The share of the likeliest tokens that are chosen from.
    #[schema(minimum = 0, maximum = 1)]
    top_p: Option<f64>,
    /// Whether and how much to think aloud.
    thinking: Option<Thinking>,
    /// The effort, and the form of the answer.
    output_config: Option<OutputConfig>,
    /// The older place of `output_config.format`.
    output_format: Option<OutputFormat>,
    /// What the answer may call: up to 128 tools of the caller, and the web search.
    #[schema(max_items = 129)]
    tools: Option<Vec<MessageTool>>,
    /// Whether and what the answer calls.
    tool_choice: Option<MessageToolChoice>,
    /// Who asks the caller.
    metadata: Option<MessageMetadata>,
    /// Must be empty: no servers are called.
    #[schema(max_items = 0, value_type = Option<Vec<Object>>)]
    mcp_servers: Option<Vec<serde_json::Value>>,
}

/// What the tokens of a prompt are counted of: a message without `max_tokens` and `stream`.
#[derive(ToSchema)]
pub(in crate::http) struct CountTokensRequest {
    /// A model that chats, by its id or an alias.
    #[schema(min_length = 1, max_length = 256, example = "grok-4")]
    model: String,
    /// What was said so far.
    messages: Vec<MessageParam>,
    /// What leads the model.
    system: Option<MessageContent>,
    /// Whether and how much to think aloud.
    thinking: Option<Thinking>,
    /// What the answer may call.
    #[schema(max_items = 129)]
    tools: Option<Vec<MessageTool>>,
    /// Whether and what the answer calls.
    tool_choice: Option<MessageToolChoice>,
}

/// The estimate.
#[derive(ToSchema)]
pub(in crate::http) struct TokenCount {
    input_tokens: u64,
}

/// One message of the conversation.
#[derive(ToSchema)]
pub(super) struct MessageParam {
    role: MessageRole,
    content: MessageContent,
}

/// Who says a message.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum MessageRole {
    User,
    Assistant,
    System,
}

/// A text or blocks.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum MessageContent {
    Text(String),
    Blocks(Vec<ContentBlock>),
}

/// A part of a message. A user shows `text`, `image`, `document`, `search_result` and `tool_result`; an assistant
/// says `text` and `tool_use`, and its thinking and searches may be sent back.
#[derive(ToSchema)]
pub(super) struct ContentBlock {
    /// What it is.
    #[schema(rename = "type")]
    kind: String,
    /// Of `text`.
    text: Option<String>,
    /// Of `image` and `document`: an object; of `search_result`: a text.
    source: Option<BlockSource>,
    /// Of `document` and `search_result`.
    title: Option<String>,
    /// Of `document`.
    context: Option<String>,
    /// Of `tool_result` and `search_result`.
    content: Option<serde_json::Value>,
    /// Of `tool_use`.
    id: Option<String>,
    /// Of `tool_use`.
    name: Option<String>,
    /// Of `tool_use`: what it is called with.
    #[schema(value_type = Option<Object>)]
    input: Option<serde_json::Value>,
    /// Of `tool_result`: the call that this answers.
    tool_use_id: Option<String>,
    /// Of `tool_result`.
    is_error: Option<bool>,
    /// Of `tool_reference`.
    tool_name: Option<String>,
}

/// Where something comes from.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum BlockSource {
    Name(String),
    Object(SourceObject),
}

/// The content of an image or a document, or its address.
#[derive(ToSchema)]
pub(super) struct SourceObject {
    /// `base64`, `url`, `text` or `content`.
    #[schema(rename = "type")]
    kind: String,
    /// Of `base64` and `text`.
    media_type: Option<String>,
    /// Of `base64` and `text`.
    data: Option<String>,
    /// Of `url`.
    url: Option<String>,
    /// Of `content`: a text or blocks.
    content: Option<serde_json::Value>,
}

/// Whether and how much to think aloud.
#[derive(ToSchema)]
pub(super) struct Thinking {
    #[schema(rename = "type")]
    kind: ThinkingType,
    /// Of `enabled`: less than `max_tokens`; it stands for an effort.
    #[schema(minimum = 1024)]
    budget_tokens: Option<u64>,
    /// Whether the thinking is part of the answer.
    display: Option<ThinkingDisplay>,
}

/// Whether to think aloud.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ThinkingType {
    Enabled,
    Adaptive,
    Disabled,
    BetweenTools,
}

/// Whether thinking is shown.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ThinkingDisplay {
    Summarized,
    Omitted,
}

/// The effort, and the form of the answer.
#[derive(ToSchema)]
pub(super) struct OutputConfig {
    effort: Option<MessageEffort>,
    format: Option<OutputFormat>,
}

/// How much to think.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum MessageEffort {
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

/// A JSON schema that the answer fits.
#[derive(ToSchema)]
pub(super) struct OutputFormat {
    #[schema(rename = "type", inline)]
    kind: JsonSchemaWord,
    /// At most 64 KiB.
    #[schema(value_type = Object)]
    schema: serde_json::Value,
}

/// A tool of the caller's program, or the web search.
#[derive(ToSchema)]
pub(super) struct MessageTool {
    /// `custom` where nothing is said, or a version of `web_search`.
    #[schema(rename = "type")]
    kind: Option<String>,
    /// 1 to 128 letters, digits, `_` or `-`.
    #[schema(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9_-]+$")]
    name: String,
    /// What it is for.
    description: Option<String>,
    /// A JSON schema of at most 64 KiB; required of the caller's tools.
    #[schema(value_type = Option<Object>)]
    input_schema: Option<serde_json::Value>,
    /// Of the web search: must be empty.
    #[schema(max_items = 0)]
    allowed_domains: Option<Vec<String>>,
    /// Of the web search: must be empty.
    #[schema(max_items = 0)]
    blocked_domains: Option<Vec<String>>,
}

/// Whether and what the answer calls.
#[derive(ToSchema)]
pub(super) struct MessageToolChoice {
    #[schema(rename = "type")]
    kind: MessageToolChoiceType,
    /// Of `tool`: its name.
    name: Option<String>,
    /// `true`: one call an answer at most.
    disable_parallel_tool_use: Option<bool>,
}

/// Whether tools are called.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum MessageToolChoiceType {
    Auto,
    Any,
    Tool,
    None,
}

/// Who asks the caller.
#[derive(ToSchema)]
pub(super) struct MessageMetadata {
    /// Recorded.
    user_id: Option<String>,
}

/// A whole answer.
#[derive(ToSchema)]
pub(in crate::http) struct Message {
    id: String,
    #[schema(rename = "type", inline)]
    kind: MessageWord,
    #[schema(inline)]
    role: AssistantWord,
    model: String,
    content: Vec<AnswerBlock>,
    #[schema(required)]
    stop_reason: Option<StopReason>,
    #[schema(required)]
    stop_sequence: Option<String>,
    usage: MessageUsage,
}

/// A part of the answer.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum AnswerBlock {
    Text {
        text: String,
        #[schema(nullable = false)]
        citations: Option<Vec<MessageCitation>>,
    },
    Thinking {
        thinking: String,
        signature: String,
    },
    ToolUse {
        id: String,
        name: String,
        #[schema(value_type = Object)]
        input: serde_json::Value,
        caller: ToolCaller,
    },
    ServerToolUse {
        id: String,
        #[schema(inline)]
        name: WebSearchWord,
        #[schema(value_type = Object)]
        input: serde_json::Value,
        caller: ToolCaller,
    },
    WebSearchToolResult {
        tool_use_id: String,
        content: Vec<FoundPage>,
        caller: ToolCaller,
    },
}

/// Who made a call.
#[derive(ToSchema)]
pub(super) struct ToolCaller {
    #[schema(rename = "type", inline)]
    kind: DirectWord,
}

/// A page that a text cites.
#[derive(ToSchema)]
pub(super) struct MessageCitation {
    #[schema(rename = "type")]
    kind: String,
    url: String,
    #[schema(required)]
    title: Option<String>,
    encrypted_index: String,
    cited_text: String,
}

/// A page that was found.
#[derive(ToSchema)]
pub(super) struct FoundPage {
    #[schema(rename = "type")]
    kind: String,
    url: String,
    title: String,
    encrypted_content: String,
    #[schema(required)]
    page_age: Option<String>,
}

/// Why an answer ended.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum StopReason {
    EndTurn,
    StopSequence,
    MaxTokens,
    ToolUse,
}

/// Tokens of the request and of its answer.
#[derive(ToSchema)]
pub(super) struct MessageUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    #[schema(nullable = false)]
    output_tokens_details: Option<ThinkingTokens>,
    #[schema(nullable = false)]
    server_tool_use: Option<ServerToolUse>,
    /// There, and `true`, where the numbers are the server's estimate.
    #[schema(nullable = false)]
    estimated: Option<bool>,
}

/// Tokens of the answer.
#[derive(ToSchema)]
pub(super) struct ThinkingTokens {
    thinking_tokens: u64,
}

/// How often Grok searched.
#[derive(ToSchema)]
pub(super) struct ServerToolUse {
    web_search_requests: u64,
    web_fetch_requests: u64,
}

/// One event, with its name in `event:` as well: `message_start`, `content_block_start`, `content_block_delta`,
/// `content_block_stop`, `message_delta`, `message_stop`, `ping` or `error`.
#[derive(ToSchema)]
pub(in crate::http) struct MessageEvent {
    #[schema(rename = "type")]
    kind: String,
    /// Of `message_start`.
    #[schema(nullable = false)]
    message: Option<Message>,
    /// Of events about a block: its place.
    #[schema(nullable = false)]
    index: Option<u64>,
    /// Of `content_block_start`.
    #[schema(nullable = false)]
    content_block: Option<AnswerBlock>,
    /// Of `content_block_delta` and `message_delta`: what is new.
    #[schema(nullable = false, value_type = Option<Object>)]
    delta: Option<serde_json::Value>,
    /// Of `message_delta`.
    #[schema(nullable = false)]
    usage: Option<MessageUsage>,
}
