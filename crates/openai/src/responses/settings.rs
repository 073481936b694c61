//! The smaller parameters of a response, each with its rules.

use std::{borrow::Cow, collections::BTreeMap};

use chat::{Effort, ResponseFormat};
use serde_json::value::RawValue;

use super::request::{AskedReasoning, AskedText};
use crate::{
    Invalid,
    chat::output::named_schema,
    json::{Fields, Json},
};

/// Pairs of metadata, and the lengths of their keys and values: OpenAI's limits.
const MAX_PAIRS: usize = 16;
const MAX_KEY_CHARS: usize = 64;
const MAX_VALUE_CHARS: usize = 512;

/// What `include` may name. Only the sources change anything here.
const INCLUDABLE: [&str; 8] = [
    SOURCES,
    LOGPROBS,
    "web_search_call.results",
    "file_search_call.results",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
];
const SOURCES: &str = "web_search_call.action.sources";
const LOGPROBS: &str = "message.output_text.logprobs";

/// What the response holds besides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Include {
    pub(super) sources: bool,
}

/// Fields of chat completions, where they would be followed, and what they are here.
const NEIGHBOURS: [(&str, &str); 5] = [
    ("messages", "In this API it is `input`."),
    ("response_format", "In this API it is `text.format`."),
    ("max_tokens", "In this API it is `max_output_tokens`."),
    (
        "max_completion_tokens",
        "In this API it is `max_output_tokens`.",
    ),
    (
        "stop",
        "This API has no stop sequences; `/v1/chat/completions` has.",
    ),
];

/// Refuses what no answer can serve.
///
/// # Errors
/// `unsupported_parameter`
pub(super) fn refuse(fields: &Fields<'_>) -> Result<(), Invalid> {
    if fields.raw("prompt").is_some() {
        let message = "Prompt templates are not kept here. Send their text in `input`.";
        return Err(Invalid::unsupported("prompt", message));
    }
    for (name, advice) in NEIGHBOURS {
        if fields.get(name).is_some_and(|value| !value.is_empty()) {
            return Err(Invalid::unsupported(name, format!("`{name}`: {advice}")));
        }
    }
    let top = fields.get("top_logprobs");
    if top.is_some_and(|top| top.as_u64() != Some(0)) {
        return Err(no_logprobs("top_logprobs"));
    }
    Ok(())
}

fn no_logprobs(param: &str) -> Invalid {
    let message = "The upstream gives no token probabilities. Do not ask for them.";
    Invalid::unsupported(param, message)
}

/// Parses `include`.
///
/// # Errors
/// `invalid_value`: it names nothing that there is; `unsupported_parameter`: token probabilities.
pub(super) fn include(value: Option<Json<'_>>) -> Result<Include, Invalid> {
    let list = match value {
        None => return Ok(Include::default()),
        Some(Json::Array(list)) => list,
        Some(_) => {
            let message = "`include` must be an array of strings.";
            return Err(Invalid::value("include", message));
        }
    };
    let mut include = Include::default();
    list.try_map(|index, value| {
        let known = INCLUDABLE.into_iter().find(|name| value == *name);
        match known {
            Some(LOGPROBS) => return Err(no_logprobs(&format!("include.{index}"))),
            Some(SOURCES) => include.sources = true,
            Some(_) => {}
            None => {
                let message = format!("`include` may name: {}.", INCLUDABLE.join(", "));
                return Err(Invalid::value(format!("include.{index}"), message));
            }
        }
        Ok(())
    })?;
    Ok(include)
}

/// Parses `text`: the format in its flat form, and `verbosity`, which has no effect.
///
/// # Errors
/// `invalid_value`; `unsupported_parameter` for a format that is not known.
pub(super) fn text(value: Option<Json<'_>>) -> Result<AskedText, Invalid> {
    let object = match value {
        None => return Ok(AskedText::default()),
        Some(Json::Object(object)) => object,
        Some(other) => {
            let message = format!("`text` must be an object, not {}.", other.kind());
            return Err(Invalid::value("text", message));
        }
    };
    let fields = object.fields(&["format", "verbosity"]);
    let verbosity = word(&fields, "verbosity", "text", &["low", "medium", "high"])?;
    let Some(format) = fields.get("format") else {
        return Ok(AskedText {
            verbosity,
            ..AskedText::default()
        });
    };
    let invalid = |message: &str| Invalid::value("text.format", message);
    let Json::Object(object) = format else {
        return Err(invalid("`text.format` must be an object with a `type`."));
    };
    let format = match object.fields(&["type"]).get("type") {
        Some(Json::String(kind)) => match kind.as_ref() {
            "text" => ResponseFormat::Text,
            "json_object" => ResponseFormat::JsonObject,
            "json_schema" => named_schema(object, "text.format")?,
            _ => {
                let message = "The `type` of `text.format` must be `text`, `json_object` or \
                               `json_schema`.";
                return Err(Invalid::unsupported("text.format.type", message));
            }
        },
        _ => return Err(invalid("`text.format` needs a `type`.")),
    };
    Ok(AskedText {
        format,
        format_json: fields.raw("format").and_then(raw),
        verbosity,
    })
}

/// JSON text of the request, to be repeated.
pub(super) fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}

/// A field that must be one of `words`.
fn word(
    fields: &Fields<'_>,
    name: &'static str,
    at: &str,
    words: &[&str],
) -> Result<Option<String>, Invalid> {
    match fields.get(name) {
        None => Ok(None),
        Some(Json::String(word)) if words.contains(&word.as_ref()) => Ok(Some(word.into_owned())),
        Some(_) => {
            let param = if at.is_empty() {
                name.to_owned()
            } else {
                format!("{at}.{name}")
            };
            let message = format!("`{param}` must be one of {}.", words.join(", "));
            Err(Invalid::value(param, message))
        }
    }
}

/// Parses `truncation`, which has no effect: nothing is cut off here.
///
/// # Errors
/// `invalid_value`
pub(super) fn truncation(fields: &Fields<'_>) -> Result<Option<String>, Invalid> {
    word(fields, "truncation", "", &["auto", "disabled"])
}

/// Parses `reasoning`.
///
/// # Errors
/// `invalid_value`, `invalid_reasoning_effort`
pub(super) fn reasoning(value: Option<Json<'_>>) -> Result<AskedReasoning, Invalid> {
    let object = match value {
        None => return Ok(AskedReasoning::default()),
        Some(Json::Object(object)) => object,
        Some(other) => {
            let message = format!("`reasoning` must be an object, not {}.", other.kind());
            return Err(Invalid::value("reasoning", message));
        }
    };
    let fields = object.fields(&["effort", "summary", "generate_summary"]);
    let effort = match fields.get("effort") {
        None => None,
        Some(Json::String(word)) if Effort::from_name(&word).is_some() => Effort::from_name(&word),
        Some(_) => {
            let words = Effort::ALL.map(Effort::as_str).join(", ");
            let message = format!("`reasoning.effort` must be one of {words}.");
            let code = "invalid_reasoning_effort";
            return Err(Invalid::new(code, "reasoning.effort", message));
        }
    };
    const SUMMARIES: &[&str] = &["auto", "concise", "detailed"];
    let summary = word(&fields, "summary", "reasoning", SUMMARIES)?;
    let older = word(&fields, "generate_summary", "reasoning", SUMMARIES)?;
    Ok(AskedReasoning {
        effort,
        summary: summary.or(older),
    })
}

/// Parses `metadata`.
///
/// # Errors
/// `invalid_metadata`: more than 16 pairs, a key over 64 or a value over 512 characters, or no string.
pub(super) fn metadata(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, Invalid> {
    let invalid = |message: &str| Err(Invalid::new("invalid_metadata", "metadata", message));
    let Some(text) = fields.raw("metadata") else {
        return Ok(BTreeMap::new());
    };
    // Longest text of 16 pairs: each character may be written as two escapes.
    if text.len() > MAX_PAIRS * (MAX_KEY_CHARS + MAX_VALUE_CHARS) * 12 + 1024 {
        return invalid("`metadata` is too long.");
    }
    let Ok(pairs) = serde_json::from_str::<BTreeMap<Cow<'_, str>, String>>(text) else {
        return invalid("`metadata` must be an object whose values are strings.");
    };
    let is_long = |text: &str, max| text.chars().nth(max).is_some();
    if pairs.len() > MAX_PAIRS {
        return invalid("`metadata` must not have more than 16 pairs.");
    }
    if pairs.keys().any(|key| is_long(key, MAX_KEY_CHARS)) {
        return invalid("A key of `metadata` must not be longer than 64 characters.");
    }
    if pairs.values().any(|value| is_long(value, MAX_VALUE_CHARS)) {
        return invalid("A value of `metadata` must not be longer than 512 characters.");
    }
    let owned = |(key, value): (Cow<'_, str>, String)| (key.into_owned(), value);
    Ok(pairs.into_iter().map(owned).collect())
}
