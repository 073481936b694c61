//! What a response repeats of its request.

use std::collections::BTreeMap;

use chat::Request;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    request::{AskedReasoning, AskedText},
    settings,
};
use crate::{
    Invalid,
    fields::string,
    json::{Fields, Json},
};

/// Longest name of an end user or a cache key: OpenAI takes 64 characters.
const MAX_NAME_BYTES: usize = 256;

/// What a response repeats of its request, and which items it shows.
#[derive(Clone, Debug, Default)]
pub struct Echo {
    pub(super) instructions: Option<String>,
    pub(super) previous_response_id: Option<String>,
    pub(super) background: bool,
    pub(super) store: bool,
    /// The request has a search tool: look-ups are items.
    pub(super) shows_searches: bool,
    /// Look-ups say what they found.
    pub(super) shows_sources: bool,
    pub(super) text: AskedText,
    pub(super) reasoning: AskedReasoning,
    pub(super) max_output_tokens: Option<u64>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) parallel_tool_calls: bool,
    pub(super) temperature: Option<f64>,
    pub(super) top_p: Option<f64>,
    /// JSON text; `None`: `"auto"`.
    pub(super) tool_choice: Option<Box<RawValue>>,
    /// JSON text of each tool, in the flat form.
    pub(super) tools: Vec<Box<RawValue>>,
    pub(super) truncation: Option<String>,
    pub(super) user: Option<String>,
    pub(super) safety_identifier: Option<String>,
    pub(super) prompt_cache_key: Option<String>,
}

/// Reads what is repeated and has no other use.
///
/// # Errors
/// `invalid_value`, `invalid_metadata`
pub(super) fn read(fields: &Fields<'_>, request: &Request) -> Result<Echo, Invalid> {
    string(fields, "service_tier")?;
    Ok(Echo {
        max_output_tokens: request.limits.max_tokens,
        metadata: settings::metadata(fields)?,
        parallel_tool_calls: !request.one_tool_call,
        temperature: request.sampling.temperature,
        top_p: request.sampling.top_p,
        tool_choice: fields.raw("tool_choice").and_then(settings::raw),
        tools: tools(fields.get("tools"))?,
        truncation: settings::truncation(fields)?,
        user: request.user.clone(),
        safety_identifier: name(fields, "safety_identifier")?,
        prompt_cache_key: name(fields, "prompt_cache_key")?,
        ..Echo::default()
    })
}

fn name(fields: &Fields<'_>, name: &'static str) -> Result<Option<String>, Invalid> {
    let text = string(fields, name)?;
    if text
        .as_ref()
        .is_some_and(|text| text.len() > MAX_NAME_BYTES)
    {
        let message = format!("`{name}` must not be longer than {MAX_NAME_BYTES} bytes.");
        return Err(Invalid::value(name, message));
    }
    Ok(text)
}

/// A function in the form that the API's types have.
#[derive(Serialize)]
struct Function<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
    description: Option<&'a str>,
    parameters: Option<Box<RawValue>>,
    strict: bool,
}

fn tools(value: Option<Json<'_>>) -> Result<Vec<Box<RawValue>>, Invalid> {
    let Some(Json::Array(list)) = value else {
        return Ok(Vec::new());
    };
    let all = list.try_map(|_, tool| {
        let outer = tool.fields(FIELDS);
        let is_function = outer.get("type").is_some_and(|kind| kind == "function");
        if !is_function {
            return Ok(tool.text().and_then(settings::raw));
        }
        let inner = outer.get("function").map(|nested| nested.fields(FIELDS));
        let fields = inner.unwrap_or(outer);
        let text = |name: &str| fields.get(name).and_then(Json::into_text);
        let (name, description) = (text("name"), text("description"));
        let function = Function {
            kind: "function",
            name: name.as_deref().unwrap_or_default(),
            description: description.as_deref(),
            parameters: fields.raw("parameters").and_then(settings::raw),
            strict: matches!(fields.get("strict"), Some(Json::Boolean(true))),
        };
        Ok(serde_json::value::to_raw_value(&function).ok())
    })?;
    Ok(all.into_iter().flatten().collect())
}

const FIELDS: &[&str] = &[
    "type",
    "function",
    "name",
    "description",
    "parameters",
    "strict",
];
