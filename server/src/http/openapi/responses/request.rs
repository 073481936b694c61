//! What a response is asked for with.

use utoipa::{IntoParams, ToSchema};

use crate::http::openapi::{
    chat::{Effort, Tool, ToolChoice},
    common::Metadata,
};

/// What a response is asked for with.
#[derive(ToSchema)]
pub(in crate::http) struct ResponseRequest {
    /// A model that chats, by its id or an alias.
    #[schema(min_length = 1, max_length = 256, example = "grok-4")]
    model: String,
    /// A text or items. Required where there is nothing to go on from.
    input: Option<Input>,
    /// What leads the model in this response, and in no later one.
    instructions: Option<String>,
    /// Whether the answer comes as events.
    stream: Option<bool>,
    /// Whether the response is kept for later requests.
    #[schema(default = true)]
    store: Option<bool>,
    /// Whether it is made while nobody waits; not with `store: false` or `stream`.
    background: Option<bool>,
    /// The kept response that this one goes on from; not together with `conversation`.
    #[schema(min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9_-]+$")]
    previous_response_id: Option<String>,
    /// The conversation that it becomes part of: its id, or an object with that.
    conversation: Option<ConversationChoice>,
    /// What the response holds besides; only `web_search_call.action.sources` adds anything.
    include: Option<Vec<Includable>>,
    /// What the caller attaches.
    metadata: Option<Metadata>,
    /// Most tokens of the answer by the server's estimate, without reasoning.
    #[schema(minimum = 1)]
    max_output_tokens: Option<u64>,
    /// How varied the answer is.
    #[schema(minimum = 0, maximum = 2)]
    temperature: Option<f64>,
    /// The share of the likeliest tokens that are chosen from.
    #[schema(minimum = 0, maximum = 1)]
    top_p: Option<f64>,
    /// Must not be above 0: Grok gives no probabilities.
    #[schema(minimum = 0, maximum = 0)]
    top_logprobs: Option<u8>,
    /// What the answer may call, flat or nested; up to 128 and 1 MiB together.
    #[schema(max_items = 128)]
    tools: Option<Vec<Tool>>,
    /// Whether and what the answer calls.
    tool_choice: Option<ToolChoice>,
    /// `false`: one call an answer at most.
    parallel_tool_calls: Option<bool>,
    /// What the answer must be.
    text: Option<TextOptions>,
    /// How much to think, and that the reasoning is shown.
    reasoning: Option<ReasoningOptions>,
    /// Repeated in the response; nothing is cut off.
    truncation: Option<Truncation>,
    /// Who asks the caller; recorded.
    user: Option<String>,
    /// Repeated in the response.
    #[schema(max_length = 256)]
    safety_identifier: Option<String>,
    /// Repeated in the response.
    #[schema(max_length = 256)]
    prompt_cache_key: Option<String>,
    /// Has no effect.
    service_tier: Option<String>,
}

/// A text or items.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum Input {
    Text(String),
    Items(Vec<InputItem>),
}

/// One item of the input: a message, a call, or the result of one. Reasoning and searches of earlier answers may
/// stand among them.
#[derive(ToSchema)]
pub(in crate::http::openapi) struct InputItem {
    /// `message` (also where a `role` stands and nothing is said), `function_call`, `function_call_output`, or a
    /// block such as `input_text`, which is part of a user's message.
    #[schema(rename = "type")]
    kind: Option<String>,
    /// Of a message.
    role: Option<InputRole>,
    /// Of a message.
    content: Option<InputContent>,
    /// The id that an earlier answer gave it.
    id: Option<String>,
    /// Of a call and its result.
    call_id: Option<String>,
    /// Another name of `call_id`.
    tool_call_id: Option<String>,
    /// Of a call.
    name: Option<String>,
    /// Of a call: JSON text.
    arguments: Option<String>,
    /// Of a result.
    output: Option<InputContent>,
}

/// Who says a message.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum InputRole {
    User,
    Assistant,
    System,
    Developer,
}

/// A text or blocks.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum InputContent {
    Text(String),
    Blocks(Vec<InputBlock>),
}

/// A part of a message. All but text stand in messages of the user only.
#[derive(ToSchema)]
pub(super) struct InputBlock {
    /// `input_text`, `output_text`, `refusal`, `input_image`, `input_file` or `input_audio`.
    #[schema(rename = "type")]
    kind: String,
    /// Of text.
    text: Option<String>,
    /// Of a refusal.
    refusal: Option<String>,
    /// Of an image: an address, a data URI, or the id of an uploaded file.
    image_url: Option<String>,
    /// The same.
    image: Option<String>,
    /// Of an image or a recording: its address.
    url: Option<String>,
    /// The id of an uploaded file.
    file_id: Option<String>,
    /// Of a file: a data URI.
    file_data: Option<String>,
    /// Of a file: its address.
    file_url: Option<String>,
    /// Of a file: its name.
    filename: Option<String>,
    /// Of a file, in the form of chat completions.
    #[schema(value_type = Option<Object>)]
    file: Option<serde_json::Value>,
    /// Of a recording, in the form of chat completions.
    #[schema(value_type = Option<Object>)]
    input_audio: Option<serde_json::Value>,
    /// The same.
    #[schema(value_type = Option<Object>)]
    audio: Option<serde_json::Value>,
    /// Of a recording: base64.
    data: Option<String>,
    /// Of a recording: `wav` or `mp3`.
    format: Option<String>,
}

/// The conversation by its id.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum ConversationChoice {
    Id(String),
    Object(ConversationId),
}

/// An object with an id.
#[derive(ToSchema)]
pub(super) struct ConversationId {
    id: String,
}

/// What a response may hold besides.
#[derive(ToSchema)]
pub(super) enum Includable {
    #[schema(rename = "web_search_call.action.sources")]
    Sources,
    #[schema(rename = "web_search_call.results")]
    Results,
    #[schema(rename = "file_search_call.results")]
    FileResults,
    #[schema(rename = "message.input_image.image_url")]
    InputImages,
    #[schema(rename = "computer_call_output.output.image_url")]
    ComputerImages,
    #[schema(rename = "code_interpreter_call.outputs")]
    CodeOutputs,
    #[schema(rename = "reasoning.encrypted_content")]
    EncryptedReasoning,
}

/// What the answer must be.
#[derive(ToSchema)]
pub(super) struct TextOptions {
    format: Option<TextFormat>,
    /// Repeated in the response; has no effect.
    verbosity: Option<Verbosity>,
}

/// The form of the answer; a JSON schema has a name and is held to.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum TextFormat {
    Text,
    JsonObject,
    JsonSchema {
        name: String,
        #[schema(value_type = Option<Object>)]
        schema: Option<serde_json::Value>,
        strict: Option<bool>,
    },
}

/// How wordy an answer is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Verbosity {
    Low,
    Medium,
    High,
}

/// How much to think; whoever asks for an effort or a summary sees the reasoning.
#[derive(ToSchema)]
pub(super) struct ReasoningOptions {
    effort: Option<Effort>,
    summary: Option<Summary>,
    /// The older name of `summary`.
    generate_summary: Option<Summary>,
}

/// Which summary; has no effect but that there is one.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Summary {
    Auto,
    Concise,
    Detailed,
}

/// What happens to input that is too long.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Truncation {
    Auto,
    Disabled,
}

/// How one response is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ResponseQuery {
    /// Must not be `true`: a stream cannot be gone on with.
    stream: Option<bool>,
}
