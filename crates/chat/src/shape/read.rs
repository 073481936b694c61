//! What is written in a block: names and arguments, in any of the shapes that models use.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{
    ahead::invoked_name,
    block::{Block, BlockKind},
};
use crate::json;

/// A call as it is written, before anything of it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) arguments: Arguments,
}

/// The arguments of a call as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    /// Meant to be a JSON object; blank if there are none.
    Json(String),
    /// Names and values; whether a value is text or JSON is for the tool to say.
    Fields(Vec<(String, String)>),
}

/// Why there are no calls in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It does not look as if one was meant.
    NoCall,
    /// One was meant; what is wrong with it.
    Broken(&'static str),
}

const NO_JSON: Unreadable = Unreadable::Broken("it is no valid JSON");
const NO_NAME: Unreadable = Unreadable::Broken("it has no `name`");

type Fields = BTreeMap<String, Box<RawValue>>;

/// Reads the calls of a block; at least one.
pub(super) fn read(block: &Block) -> Result<Vec<Written>, Unreadable> {
    let body = without_fence(block.body());
    if block.kind == BlockKind::Invoke {
        let tag = block.first_tag();
        let name = invoked_name(tag).ok_or(NO_NAME)?.to_owned();
        let arguments = read_arguments(body);
        return Ok(vec![Written { name, arguments }]);
    }
    if body.starts_with(['{', '[']) {
        return read_json(body);
    }
    let name =
        between(body, "<tool_name>", "</tool_name>").or_else(|| between(body, "<name>", "</name>"));
    match name.map(str::trim) {
        Some("") => Err(NO_NAME),
        Some(name) => {
            let after = body.split_once("name>").map_or("", |(_, after)| after);
            let after = after.split_once('>').map_or("", |(_, after)| after);
            let is_before = has_arguments(body) && !has_arguments(after);
            let around = if is_before { body } else { after };
            Ok(vec![Written {
                name: name.to_owned(),
                arguments: read_arguments(around),
            }])
        }
        None if body.contains('{') => read_json(body),
        None => Err(Unreadable::NoCall),
    }
}

fn read_json(text: &str) -> Result<Vec<Written>, Unreadable> {
    let calls = match read_valid(text) {
        Some(calls) => calls,
        None => {
            let repaired = json::repair(text, true).ok_or(NO_JSON)?;
            read_valid(&repaired).ok_or(NO_JSON)?
        }
    };
    if calls.is_empty() {
        return Err(Unreadable::NoCall);
    }
    let named: Option<Vec<_>> = calls.into_iter().map(read_call).collect();
    named.ok_or(NO_NAME)
}

/// The calls of a JSON text: an object, a list of them, or an object with such a list.
fn read_valid(json: &str) -> Option<Vec<Fields>> {
    if json.trim_start().starts_with('[') {
        return serde_json::from_str(json).ok();
    }
    let fields: Fields = serde_json::from_str(json).ok()?;
    match fields.get("tool_calls") {
        Some(list) => serde_json::from_str(list.get()).ok(),
        None => Some(vec![fields]),
    }
}

fn read_call(fields: Fields) -> Option<Written> {
    let inner = fields.get("function");
    // As in OpenAI's API: what is called is an object in the call.
    let inner: Option<Fields> = inner.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let fields = inner.unwrap_or(fields);
    let name = ["name", "tool_name", "function"]
        .into_iter()
        .find_map(|key| string(fields.get(key)?))?;
    let arguments = ["arguments", "parameters"]
        .into_iter()
        .find_map(|key| fields.get(key));
    let arguments = arguments.map(|raw| string(raw).unwrap_or_else(|| raw.get().to_owned()));
    let name = name.trim();
    (!name.is_empty()).then(|| Written {
        name: name.to_owned(),
        arguments: Arguments::Json(arguments.unwrap_or_default()),
    })
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

const ARGUMENT_TAGS: [(&str, &str); 2] = [
    ("<parameters>", "</parameters>"),
    ("<arguments>", "</arguments>"),
];
const PARAMETER: &str = "<parameter ";
const PARAMETER_END: &str = "</parameter>";

fn has_arguments(body: &str) -> bool {
    let has_tag = |(tag, _): &(&str, &str)| body.contains(tag);
    body.contains(PARAMETER) || ARGUMENT_TAGS.iter().any(has_tag)
}

/// The arguments among tags: in a tag of their own, a tag each, or bare.
fn read_arguments(body: &str) -> Arguments {
    let body = without_fence(body);
    let is_bare = body.starts_with('{');
    let inner = ARGUMENT_TAGS.iter().find_map(|(begin, end)| {
        let (_, inner) = body.split_once(begin).filter(|_| !is_bare)?;
        Some(inner.rsplit_once(end).map_or(inner, |(inner, _)| inner))
    });
    let inner = without_fence(without_cdata(inner.unwrap_or(body)));
    if !inner.starts_with('{') && inner.contains(PARAMETER) {
        return Arguments::Fields(read_fields(inner));
    }
    let is_json = inner.starts_with(['{', '[', '"']);
    match memchr::memchr(b'{', inner.as_bytes()) {
        Some(start) if !is_json => Arguments::Json(inner.get(start..).unwrap_or_default().into()),
        _ => Arguments::Json(inner.to_owned()),
    }
}

fn read_fields(mut body: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    while let Some((_, rest)) = body.split_once(PARAMETER) {
        let Some((attributes, rest)) = rest.split_once('>') else {
            break;
        };
        let (value, rest) = rest.split_once(PARAMETER_END).unwrap_or((rest, ""));
        if let Some(name) = invoked_name(attributes) {
            // The line breaks behind the first tag and before the last belong to the tags.
            let value = value.strip_prefix('\n').unwrap_or(value);
            let value = value.strip_suffix('\n').unwrap_or(value);
            fields.push((name.to_owned(), value.to_owned()));
        }
        body = rest;
    }
    fields
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(begin)?;
    Some(rest.split_once(end)?.0)
}

/// The text without white space around it and without the fence that it may be in.
pub(super) fn without_fence(text: &str) -> &str {
    let text = text.trim();
    let Some(fenced) = text.strip_prefix("```") else {
        return text;
    };
    let fenced = fenced.strip_suffix("```").unwrap_or(fenced);
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '`' | '_' | '-' | '+');
    fenced.trim_start_matches(is_word).trim()
}

fn without_cdata(text: &str) -> &str {
    let text = text.trim();
    let inner = text.strip_prefix("<![CDATA[");
    inner.map_or(text, |inner| inner.strip_suffix("]]>").unwrap_or(inner))
}
