//! What a chat completion is asked for with.

use utoipa::ToSchema;

use crate::http::openapi::{
    common::{OneOrMany, words},
    images::ImageConfig,
    videos::VideoConfig,
};

words! {
    TextWord = "text",
}

/// What a chat completion is asked for with.
#[derive(ToSchema)]
pub(in crate::http) struct ChatCompletionRequest {
    /// The model by its id or an alias: one that chats, makes pictures or makes videos.
    #[schema(min_length = 1, max_length = 256, example = "grok-4")]
    model: String,
    /// What was said so far; at least one message must say something.
    #[schema(min_items = 1)]
    messages: Vec<ChatMessage>,
    /// Whether the answer comes as events; `app.stream` where nothing is said.
    stream: Option<bool>,
    /// Of a streamed answer.
    stream_options: Option<StreamOptions>,
    /// How many answers; each is a call of its own.
    #[schema(minimum = 1, maximum = 8, default = 1)]
    n: Option<u8>,
    /// Most tokens of the answer by the server's estimate, without reasoning.
    #[schema(minimum = 1)]
    max_completion_tokens: Option<u64>,
    /// The older name of `max_completion_tokens`; of both the smaller counts.
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
    /// How much to think. Whoever asks for an effort sees the reasoning, whoever asks for `none` does not.
    reasoning_effort: Option<Effort>,
    /// What the answer must be.
    response_format: Option<ResponseFormat>,
    /// What the answer may call, up to 128 and 1 MiB together.
    #[schema(max_items = 128)]
    tools: Option<Vec<Tool>>,
    /// Whether and what the answer calls.
    tool_choice: Option<ToolChoice>,
    /// `false`: one call an answer at most.
    parallel_tool_calls: Option<bool>,
    /// The older form of `tools`; not together with it.
    #[schema(max_items = 128)]
    functions: Option<Vec<Function>>,
    /// The older form of `tool_choice`.
    function_call: Option<FunctionChoice>,
    /// There: Grok may search the web. What is in it has no effect.
    #[schema(value_type = Option<Object>)]
    web_search_options: Option<serde_json::Value>,
    /// The same switch as xAI's API has it.
    search_parameters: Option<SearchParameters>,
    /// The conversation of an earlier answer, to go on with; 1 to 200 letters, digits, `_` or `-`. Without
    /// effect while `app.temporary` is true, as it is unless configured otherwise.
    #[schema(min_length = 1, max_length = 200, pattern = "^[A-Za-z0-9_-]+$")]
    conversation_id: Option<String>,
    /// Who asks the caller; recorded.
    user: Option<String>,
    /// What the answer consists of; `image` and `video` of models that make those.
    modalities: Option<Vec<Modality>>,
    /// Only of models that make pictures.
    image_config: Option<ImageConfig>,
    /// Only of models that make videos.
    video_config: Option<VideoConfig>,
    /// Must not be `true`: Grok gives no probabilities.
    logprobs: Option<bool>,
    /// Must not be above 0, for the same reason.
    #[schema(minimum = 0, maximum = 0)]
    top_logprobs: Option<u8>,
}

/// Options of a streamed answer.
#[derive(ToSchema)]
pub(in crate::http::openapi) struct StreamOptions {
    /// Whether an event at the end tells the usage.
    include_usage: Option<bool>,
}

/// How much to think.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http::openapi) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
}

/// What an answer consists of.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum Modality {
    Text,
    Image,
    Video,
}

/// One message of the conversation.
#[derive(ToSchema)]
pub(super) struct ChatMessage {
    /// Who says it; `function` is the older form of `tool`.
    role: ChatRole,
    /// The speaker's name; of `function` the name of the function.
    name: Option<String>,
    /// What is said. An assistant's may be absent.
    content: Option<ChatContent>,
    /// Of `tool`: the call that this answers.
    tool_call_id: Option<String>,
    /// Of `assistant`: what it called.
    tool_calls: Option<Vec<CalledTool>>,
    /// Of `assistant`: the older form of `tool_calls`.
    function_call: Option<CalledFunction>,
}

/// Who says a message.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ChatRole {
    Developer,
    System,
    User,
    Assistant,
    Tool,
    Function,
}

/// A text, blocks, or one block of text alone.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum ChatContent {
    Text(String),
    Blocks(Vec<ChatBlock>),
    Block(TextBlock),
}

/// Text that stands alone.
#[derive(ToSchema)]
pub(super) struct TextBlock {
    #[schema(rename = "type", inline)]
    kind: TextWord,
    text: String,
}

/// A part of a message. All but `text` stand in messages of the user only.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ChatBlock {
    Text { text: String },
    ImageUrl { image_url: ImageUrl },
    InputAudio { input_audio: InputAudio },
    File { file: FileData },
}

/// An image.
#[derive(ToSchema)]
pub(super) struct ImageUrl {
    /// An address, a data URI, or the id of an uploaded file.
    url: Option<String>,
    /// The id of an uploaded file.
    file_id: Option<String>,
    /// Has no effect.
    detail: Option<String>,
}

/// A recording.
#[derive(ToSchema)]
pub(super) struct InputAudio {
    /// The recording in base64.
    data: String,
    /// Its form: `wav` or `mp3`.
    format: Option<String>,
}

/// A file: its content or its id.
#[derive(ToSchema)]
pub(super) struct FileData {
    /// A data URI or an address.
    file_data: Option<String>,
    /// The id of an uploaded file.
    file_id: Option<String>,
    /// Its name.
    filename: Option<String>,
}

/// A call in the history. What it lacks is left empty.
#[derive(ToSchema)]
pub(super) struct CalledTool {
    id: Option<String>,
    #[schema(rename = "type")]
    kind: Option<String>,
    function: Option<CalledFunction>,
}

/// What was called.
#[derive(ToSchema)]
pub(super) struct CalledFunction {
    name: Option<String>,
    /// JSON text.
    arguments: Option<String>,
}

/// Something that the answer may call: a `function`, which the caller's program runs, or one of Grok's searches.
#[derive(ToSchema)]
pub(in crate::http::openapi) struct Tool {
    /// `function`, `web_search` (with any ending) or `x_search`; `namespace` is ignored.
    #[schema(rename = "type")]
    kind: String,
    /// Of a function.
    function: Option<Function>,
    /// Of a function in the flat form of the Responses API.
    name: Option<String>,
    /// The same.
    description: Option<String>,
    /// The same.
    #[schema(value_type = Option<Object>)]
    parameters: Option<serde_json::Value>,
}

/// A function of the caller's program.
#[derive(ToSchema)]
pub(super) struct Function {
    /// 1 to 64 letters, digits, `_` or `-`.
    #[schema(min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
    name: String,
    /// What it is for.
    description: Option<String>,
    /// A JSON schema of at most 128 KiB; arguments always fit it.
    #[schema(value_type = Option<Object>)]
    parameters: Option<serde_json::Value>,
}

/// A word or an object.
#[derive(ToSchema)]
#[serde(untagged)]
pub(in crate::http::openapi) enum ToolChoice {
    Word(ToolChoiceWord),
    Named(ToolChoiceObject),
}

/// Whether tools are called.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http::openapi) enum ToolChoiceWord {
    Auto,
    None,
    Required,
}

/// Which tool is called.
#[derive(ToSchema)]
pub(in crate::http::openapi) struct ToolChoiceObject {
    /// `function`, `allowed_tools`, or a search.
    #[schema(rename = "type")]
    kind: String,
    /// Of `function`.
    function: Option<FunctionName>,
    /// Of `function`, in the flat form.
    name: Option<String>,
    /// Of `allowed_tools`.
    allowed_tools: Option<AllowedTools>,
    /// Of `allowed_tools`, in the flat form.
    mode: Option<AllowedMode>,
    /// The same.
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Vec<serde_json::Value>>,
}

/// Which of the tools may be called.
#[derive(ToSchema)]
pub(super) struct AllowedTools {
    mode: Option<AllowedMode>,
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Vec<serde_json::Value>>,
}

/// Whether one of them must be.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum AllowedMode {
    Auto,
    Required,
}

/// A function by its name.
#[derive(ToSchema)]
pub(super) struct FunctionName {
    name: String,
}

/// `none`, `auto`, or the function to call.
#[derive(ToSchema)]
#[serde(untagged)]
pub(super) enum FunctionChoice {
    Word(String),
    Named(FunctionName),
}

/// What the answer must be.
#[derive(ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ResponseFormat {
    Text,
    JsonObject,
    JsonSchema { json_schema: NamedSchema },
}

/// A JSON schema with its name; the answer fits it, or is an error.
#[derive(ToSchema)]
pub(super) struct NamedSchema {
    name: String,
    /// At most 128 KiB.
    #[schema(value_type = Option<Object>)]
    schema: Option<serde_json::Value>,
    /// Every schema is held to as if this were set.
    strict: Option<bool>,
}

/// Grok's own search, as xAI's API switches it.
#[derive(ToSchema)]
pub(super) struct SearchParameters {
    mode: Option<SearchMode>,
    /// What may be searched; both where nothing is said.
    sources: Option<Vec<SearchSource>>,
}

/// Whether Grok may search.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum SearchMode {
    Off,
    Auto,
    On,
}

/// What may be searched.
#[derive(ToSchema)]
pub(super) struct SearchSource {
    #[schema(rename = "type")]
    kind: SearchSourceType,
}

/// A kind of source.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum SearchSourceType {
    Web,
    News,
    X,
}
