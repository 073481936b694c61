//! From a body to a valid request. The rules and codes are those of `docs/upstream-protocol.md` 6.2.

use chat::{Effort, Reasoning, Request, Sampling, Search, Tool, ToolChoice};

use super::{legacy, messages, output, unsupported};
use crate::{
    Invalid,
    fields::{self, boolean, choices, include_usage, model, number, stream, string},
    images::{self, ImageConfig},
    json::{Fields, Json},
    tools::{self, Form},
    turns,
    videos::{self, VideoConfig},
};

const CONVERSATION_ID_MAX: usize = 200;

/// The fields that are looked at. All others are ignored.
const FIELDS: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "reasoning_effort",
    "temperature",
    "top_p",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "input",
    "instructions",
    "conversation_id",
    "user",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "web_search_options",
    "search_parameters",
    "response_format",
    "n",
    "functions",
    "function_call",
    "image_config",
    "video_config",
    "audio",
    "modalities",
    "logprobs",
    "top_logprobs",
];

/// A valid chat completion request.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatRequest {
    pub request: Request,
    /// `n`: how many answers, from 1 to [`crate::MAX_CHOICES`].
    pub choices: u8,
    /// The tools came as `functions`: the answer says `function_call` instead of `tool_calls`.
    pub is_legacy: bool,
    /// `None`: the configured default applies.
    pub stream: Option<bool>,
    /// `stream_options.include_usage`.
    pub include_usage: bool,
    /// For models that make images only.
    pub image_config: Option<ImageConfig>,
    /// For models that make videos only.
    pub video_config: Option<VideoConfig>,
    /// `modalities` name images or videos: for models that make them only.
    pub asks_for_media: bool,
}

/// Parses and validates the body of a chat completion request.
///
/// Unknown fields are ignored. What no answer of this API can hold is refused, never dropped.
///
/// # Errors
/// The first mistake found; its `param` is always set (`body` for what is no JSON object).
pub fn parse(body: &[u8]) -> Result<ChatRequest, Invalid> {
    let fields = fields::read(body, FIELDS)?;
    let model = model(&fields)?
        .ok_or_else(|| Invalid::value("model", "`model` is required, for example `grok-4`."))?;
    let asks_for_media = unsupported::refuse(&fields)?;
    let choices = choices(&fields)?;
    let called = callables(&fields)?;
    let response_format = output::format(fields.get("response_format"))?;
    let stream = stream(fields.get("stream"))?;
    let include_usage = include_usage(fields.get("stream_options"))?;
    let reasoning = reasoning(fields.get("reasoning_effort"))?;
    let sampling = Sampling {
        temperature: number(&fields, "temperature", 2.0, "invalid_temperature")?,
        top_p: number(&fields, "top_p", 1.0, "invalid_top_p")?,
    };
    let limits = output::limits(&fields)?;
    let conversation_id = string(&fields, "conversation_id")?;
    if let Some(id) = &conversation_id {
        check_conversation_id(id, "conversation_id")?;
    }
    let user = string(&fields, "user")?;
    let mut turns = messages::parse(fields.get("messages"))?;
    turns::name_tool_results(&mut turns);
    let is_legacy = called.is_legacy;
    let request = Request {
        model,
        turns,
        tools: called.tools,
        tool_choice: called.choice,
        one_tool_call: boolean(&fields, "parallel_tool_calls")? == Some(false) || is_legacy,
        search: called.search,
        response_format,
        limits,
        sampling,
        reasoning,
        conversation_id,
        user,
    };
    Ok(ChatRequest {
        request,
        choices,
        is_legacy,
        stream,
        include_usage,
        image_config: images::config(fields.get("image_config"))?,
        video_config: videos::config(fields.get("video_config"))?,
        asks_for_media,
    })
}

/// Checks a conversation id that came from outside, be it the body or a header named `param`.
///
/// # Errors
/// `invalid_value` unless it is 1 to 200 characters of `A-Z a-z 0-9 _ -`.
pub fn check_conversation_id(id: &str, param: &str) -> Result<(), Invalid> {
    let is_valid = (1..=CONVERSATION_ID_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_valid {
        return Ok(());
    }
    let message = format!(
        "`{param}` must be 1 to {CONVERSATION_ID_MAX} letters, digits, `_` or `-`: send it back as \
         an earlier answer gave it, or leave it out to start a new conversation."
    );
    Err(Invalid::value(param, message))
}

/// What may be called, by the caller's program or by the upstream itself.
struct Callables {
    tools: Vec<Tool>,
    choice: ToolChoice,
    search: Search,
    is_legacy: bool,
}

fn callables(fields: &Fields<'_>) -> Result<Callables, Invalid> {
    let offered = tools::offered(fields.get("tools"), Form::Nested)?;
    let chosen = tools::choice(fields.get("tool_choice"), &offered)?;
    let mut search = tools::search_parameters(fields.get("search_parameters"))?;
    match fields.get("web_search_options") {
        None => {}
        Some(Json::Object(_)) => search.web = Some(true),
        Some(other) => {
            let message = format!(
                "`web_search_options` must be an object, not {}.",
                other.kind()
            );
            return Err(Invalid::value("web_search_options", message));
        }
    }
    let by_tools = offered.search(&chosen);
    search.web = by_tools.web.or(search.web);
    search.x = by_tools.x.or(search.x);
    let legacy = legacy::functions(fields)?;
    if legacy.is_some() && !offered.functions.is_empty() {
        let message = "Send `tools` or `functions`, not both.";
        return Err(Invalid::value("functions", message));
    }
    let is_legacy = legacy.is_some();
    let (tools, choice) = legacy.unwrap_or((offered.functions, chosen.choice));
    Ok(Callables {
        tools,
        choice,
        search,
        is_legacy,
    })
}

/// Whoever asks for an effort sees the reasoning; whoever asks for none does not.
fn reasoning(effort: Option<Json<'_>>) -> Result<Reasoning, Invalid> {
    let Some(value) = effort else {
        return Ok(Reasoning::default());
    };
    let effort = match &value {
        Json::String(word) => Effort::from_name(word),
        _ => None,
    };
    let effort = effort.ok_or_else(|| {
        let words = Effort::ALL.map(Effort::as_str).join(", ");
        Invalid::new(
            "invalid_reasoning_effort",
            "reasoning_effort",
            format!("`reasoning_effort` must be one of {words}."),
        )
    })?;
    Ok(Reasoning {
        effort: Some(effort),
        is_shown: Some(effort != Effort::None),
    })
}

#[cfg(test)]
mod tests;
