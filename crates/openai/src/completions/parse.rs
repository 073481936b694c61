//! From a body to a valid request.

use std::borrow::Cow;

use chat::{OutputLimits, Request, Role, Sampling, Turn};

use crate::{
    Invalid,
    chat::output::{max_tokens, stop},
    fields::{self, boolean, choices, include_usage, model, number, stream, string},
    json::{Fields, Json},
};

/// The fields that are looked at. All others are ignored.
const FIELDS: &[&str] = &[
    "model",
    "prompt",
    "suffix",
    "echo",
    "best_of",
    "logprobs",
    "n",
    "stream",
    "stream_options",
    "max_tokens",
    "stop",
    "temperature",
    "top_p",
    "user",
];

/// A valid request for a completion.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletionRequest {
    /// Its only turn is the prompt, as a user's.
    pub request: Request,
    /// `n`: how many answers, from 1 to [`crate::MAX_CHOICES`].
    pub choices: u8,
    /// `None`: the configured default applies.
    pub stream: Option<bool>,
    /// `stream_options.include_usage`.
    pub include_usage: bool,
    /// Each answer begins with the prompt.
    pub echo: bool,
}

impl CompletionRequest {
    /// What each answer begins with: the prompt, or nothing.
    #[must_use]
    pub fn prefix(&self) -> String {
        if !self.echo {
            return String::new();
        }
        self.request.turns.iter().flat_map(Turn::texts).collect()
    }
}

/// Parses and validates the body of a completion request.
///
/// # Errors
/// The first mistake found; its `param` is always set (`body` for what is no JSON object).
pub fn parse(body: &[u8]) -> Result<CompletionRequest, Invalid> {
    let fields = fields::read(body, FIELDS)?;
    let model = model(&fields)?
        .ok_or_else(|| Invalid::value("model", "`model` is required, for example `grok-4`."))?;
    let choices = choices(&fields)?;
    refuse(&fields, choices)?;
    let prompt = prompt(fields.get("prompt"))?;
    let request = Request {
        model,
        turns: vec![Turn::text(Role::User, prompt)],
        limits: OutputLimits {
            max_tokens: max_tokens(&fields, "max_tokens")?,
            stop: stop(fields.get("stop"))?,
        },
        sampling: Sampling {
            temperature: number(&fields, "temperature", 2.0, "invalid_temperature")?,
            top_p: number(&fields, "top_p", 1.0, "invalid_top_p")?,
        },
        user: string(&fields, "user")?,
        ..Request::default()
    };
    Ok(CompletionRequest {
        request,
        choices,
        stream: stream(fields.get("stream"))?,
        include_usage: include_usage(fields.get("stream_options"))?,
        echo: boolean(&fields, "echo")? == Some(true),
    })
}

fn prompt(value: Option<Json<'_>>) -> Result<String, Invalid> {
    let invalid = |code, message| Invalid::new(code, "prompt", message);
    let text = match value {
        None => None,
        Some(Json::String(text)) => Some(text),
        Some(Json::Array(list)) => only_text(list.try_map(|index, value| match value {
            Json::String(text) if index == 0 => Ok(text),
            Json::String(_) => Err(invalid(
                "unsupported_parameter",
                "Only one prompt a request is served. Send a request for each.",
            )),
            Json::Number(_) | Json::Array(_) => Err(invalid(
                "unsupported_parameter",
                "Tokens cannot be read here. Send the `prompt` as a string.",
            )),
            _ => Err(invalid("invalid_value", "`prompt` must be a string.")),
        })?),
        Some(_) => return Err(invalid("invalid_value", "`prompt` must be a string.")),
    };
    match text {
        Some(text) if !text.trim().is_empty() => Ok(text.into_owned()),
        _ => Err(invalid(
            "empty_prompt",
            "`prompt` is required and must not be blank.",
        )),
    }
}

fn only_text(mut texts: Vec<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    texts.pop()
}

/// Refuses what no answer can serve.
fn refuse(fields: &Fields<'_>, choices: u8) -> Result<(), Invalid> {
    if string(fields, "suffix")?.is_some_and(|suffix| !suffix.is_empty()) {
        let message = "Text cannot be put in front of a given end. Remove `suffix`.";
        return Err(Invalid::unsupported("suffix", message));
    }
    if !matches!(fields.get("logprobs"), None | Some(Json::Boolean(false))) {
        let message = "The upstream gives no token probabilities. Remove `logprobs`.";
        return Err(Invalid::unsupported("logprobs", message));
    }
    let Some(best_of) = fields.get("best_of") else {
        return Ok(());
    };
    match best_of.as_u64() {
        Some(best_of) if best_of == u64::from(choices) => Ok(()),
        Some(best_of) if best_of > u64::from(choices) => Err(Invalid::unsupported(
            "best_of",
            "Which answer is the best cannot be told here. Remove `best_of`, or set it to `n`.",
        )),
        _ => Err(Invalid::value(
            "best_of",
            "`best_of` must be a whole number that is not less than `n`.",
        )),
    }
}
