//! From a body to a valid request for a response.

use chat::{Effort, OutputLimits, Reasoning, Request, ResponseFormat, Role, Sampling, Turn};

use super::{
    echo::{self, Echo},
    input, input_items, settings,
};
use crate::{
    Invalid,
    chat::{check_conversation_id, output::max_tokens},
    fields::{self, boolean, model, number, string},
    json::{Fields, Json},
    page::is_id,
    tools::{self, Form, Offered},
    turns,
};

/// The fields that are looked at. All others are ignored.
const FIELDS: &[&str] = &[
    "model",
    "input",
    "instructions",
    "stream",
    "store",
    "background",
    "previous_response_id",
    "conversation",
    "include",
    "metadata",
    "max_output_tokens",
    "temperature",
    "top_p",
    "top_logprobs",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "truncation",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "service_tier",
    "prompt",
    "messages",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
    "stop",
];

/// A valid request for a response.
#[derive(Clone, Debug)]
pub struct ResponsesRequest {
    /// Its turns are those of `input` only: neither the instructions nor what was said before.
    pub request: Request,
    /// What leads the turns of this request, and of no later one.
    pub instructions: Option<String>,
    /// The stored response that this one goes on from.
    pub previous_response_id: Option<String>,
    /// The conversation that this response becomes part of. Never together with
    /// [`ResponsesRequest::previous_response_id`].
    pub conversation: Option<String>,
    pub stream: bool,
    /// Whether the response is kept for later requests. Always so in the background.
    pub store: bool,
    /// The caller does not wait for the answer: it is a job.
    pub background: bool,
    /// What the response repeats of the request.
    pub echo: Echo,
}

impl ResponsesRequest {
    /// The input as a JSON array of items with ids, for the store and for `GET …/input_items`.
    #[must_use]
    pub fn input_items(&self, response_id: &str) -> Vec<u8> {
        input_items::to_items(&self.request.turns, response_id)
    }

    /// The whole request, which says the instructions, then what was said `earlier`, then the input.
    #[must_use]
    pub fn into_request(self, earlier: Vec<Turn>) -> (Request, Echo) {
        let Self {
            mut request,
            instructions,
            echo,
            ..
        } = self;
        let instructions = instructions.filter(|text| !text.trim().is_empty());
        let instructions = instructions.map(|text| Turn::text(Role::System, text));
        let input = std::mem::take(&mut request.turns);
        request.turns = instructions
            .into_iter()
            .chain(earlier)
            .chain(input)
            .collect();
        turns::name_tool_results(&mut request.turns);
        (request, echo)
    }
}

/// Parses and validates the body of `POST /v1/responses`.
///
/// Unknown fields are ignored. What no answer of this API can hold is refused, never dropped.
///
/// # Errors
/// The first mistake found; its `param` is always set (`body` for what is no JSON object).
pub fn parse(body: &[u8]) -> Result<ResponsesRequest, Invalid> {
    let fields = fields::read(body, FIELDS)?;
    let model = model(&fields)?
        .ok_or_else(|| Invalid::value("model", "`model` is required, for example `grok-4`."))?;
    settings::refuse(&fields)?;
    let include = settings::include(fields.get("include"))?;
    let offered = tools::offered(fields.get("tools"), Form::Flat)?;
    let chosen = tools::choice(fields.get("tool_choice"), &offered)?;
    let text = settings::text(fields.get("text"))?;
    let reasoning = settings::reasoning(fields.get("reasoning"))?;
    let previous_response_id = previous(&fields)?;
    let conversation = conversation(fields.get("conversation"))?;
    if previous_response_id.is_some() && conversation.is_some() {
        let message = "Send `previous_response_id` or `conversation`, not both.";
        return Err(Invalid::value("conversation", message));
    }
    let (store, background) = kept(&fields)?;
    let instructions = string(&fields, "instructions")?;
    let mut request = request(&fields, model, text.format.clone(), reasoning.asked())?;
    check_input(&request.turns, &previous_response_id, &conversation)?;
    request.search = offered.search(&chosen);
    turns::name_tool_results(&mut request.turns);
    let echo = Echo {
        instructions: instructions.clone(),
        previous_response_id: previous_response_id.clone(),
        background,
        store,
        shows_searches: offered.has_search() || chosen.web_search,
        shows_sources: include.sources,
        text,
        reasoning,
        ..echo::read(&fields, &request)?
    };
    let Offered { functions, .. } = offered;
    request.tools = functions;
    request.tool_choice = chosen.choice;
    Ok(ResponsesRequest {
        request,
        instructions,
        previous_response_id,
        conversation,
        stream: boolean(&fields, "stream")? == Some(true),
        store,
        background,
        echo,
    })
}

/// The request without its tools.
fn request(
    fields: &Fields<'_>,
    model: String,
    response_format: ResponseFormat,
    reasoning: Reasoning,
) -> Result<Request, Invalid> {
    let sampling = Sampling {
        temperature: number(fields, "temperature", 2.0, "invalid_temperature")?,
        top_p: number(fields, "top_p", 1.0, "invalid_top_p")?,
    };
    Ok(Request {
        model,
        turns: input::parse(fields.get("input"), "input")?,
        one_tool_call: boolean(fields, "parallel_tool_calls")? == Some(false),
        response_format,
        limits: OutputLimits {
            max_tokens: max_tokens(fields, "max_output_tokens")?,
            stop: Vec::new(),
        },
        sampling,
        reasoning,
        user: string(fields, "user")?,
        ..Request::default()
    })
}

/// An answer needs something to answer: what came before, or what is said now.
fn check_input(
    turns: &[Turn],
    previous: &Option<String>,
    conversation: &Option<String>,
) -> Result<(), Invalid> {
    let goes_on = previous.is_some() || conversation.is_some();
    if goes_on || turns.iter().any(Turn::says_something) {
        return Ok(());
    }
    let message = "`input` is required and must say something.";
    Err(Invalid::new("empty_content", "input", message))
}

fn previous(fields: &Fields<'_>) -> Result<Option<String>, Invalid> {
    let id = string(fields, "previous_response_id")?;
    if let Some(id) = &id {
        check_id(id, "previous_response_id")?;
    }
    Ok(id)
}

fn conversation(value: Option<Json<'_>>) -> Result<Option<String>, Invalid> {
    let id = match value {
        None => return Ok(None),
        Some(Json::String(id)) => Some(id),
        Some(object @ Json::Object(_)) => match object.fields(&["id"]).get("id") {
            Some(Json::String(id)) => Some(id),
            _ => None,
        },
        Some(_) => None,
    };
    let id = id.ok_or_else(|| {
        let message = "`conversation` must be the id of one, or an object with its `id`.";
        Invalid::value("conversation", message)
    })?;
    check_conversation_id(&id, "conversation")?;
    Ok(Some(id.into_owned()))
}

/// Checks the id of a response, be it in the body or in an address.
///
/// # Errors
/// `invalid_value` unless it is 1 to 128 characters of `A-Z a-z 0-9 _ -`.
pub fn check_id(id: &str, param: &str) -> Result<(), Invalid> {
    if is_id(id) {
        return Ok(());
    }
    let message = format!(
        "`{param}` must be the id of a response, as its answer gave it: 1 to 128 letters, digits, `_` \
         or `-`."
    );
    Err(Invalid::value(param, message))
}

/// `store` and `background`.
fn kept(fields: &Fields<'_>) -> Result<(bool, bool), Invalid> {
    let store = boolean(fields, "store")? != Some(false);
    let background = boolean(fields, "background")? == Some(true);
    if background && !store {
        let message =
            "A response in the background must be stored. Remove `store` or `background`.";
        return Err(Invalid::value("store", message));
    }
    if background && boolean(fields, "stream")? == Some(true) {
        let message = "A response in the background is not streamed: ask for it at \
                       `GET /v1/responses/{id}`. Remove `stream` or `background`.";
        return Err(Invalid::unsupported("stream", message));
    }
    Ok((store, background))
}

/// How much to think, and whether the caller sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AskedReasoning {
    pub(super) effort: Option<Effort>,
    /// `auto`, `concise` or `detailed`.
    pub(super) summary: Option<String>,
}

impl AskedReasoning {
    /// Whoever asks for an effort or a summary sees the reasoning; whoever asks for none does not.
    fn asked(&self) -> Reasoning {
        let is_shown = match (self.effort, &self.summary) {
            (Some(Effort::None), _) => Some(false),
            (None, None) => None,
            _ => Some(true),
        };
        Reasoning {
            effort: self.effort,
            is_shown,
        }
    }
}

/// `text`: the format, and both of its fields as they are repeated.
#[derive(Clone, Debug, Default)]
pub(super) struct AskedText {
    pub(super) format: ResponseFormat,
    /// JSON text of the format; `None`: plain text.
    pub(super) format_json: Option<Box<serde_json::value::RawValue>>,
    pub(super) verbosity: Option<String>,
}
