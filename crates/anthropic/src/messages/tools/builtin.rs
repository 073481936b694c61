//! The tools that Anthropic defines: web search is served, the others are not.

use serde_json::value::RawValue;

use crate::{
    Invalid,
    place::Place,
    read::{Object, each, string},
};

/// The fields of all tools that somebody wants.
pub(super) const FIELDS: &[&str] = &[
    "type",
    "name",
    "description",
    "input_schema",
    "allowed_domains",
    "blocked_domains",
];

/// The name of the web search tool in every version of it.
pub(super) const WEB_SEARCH: &str = "web_search";

/// Run by Anthropic's servers, by the start of their types.
const OF_SERVERS: &[&str] = &[
    "web_fetch",
    "code_execution",
    "tool_search_tool",
    "mcp_toolset",
];
/// Run by the caller's program; what they take only Anthropic's models know.
const OF_MODELS: &[&str] = &["bash", "text_editor", "computer", "memory", "browser"];
/// A longer type is no tool of Anthropic, and is not repeated in an error.
const TYPE_MAX_BYTES: usize = 64;

/// Reads the type of a tool: whether it is the web search tool, and not a custom one.
///
/// # Errors
/// It is neither.
pub(super) fn is_web_search(place: &Place<'_>, raw: &RawValue) -> Result<bool, Invalid> {
    let kind = string(place, raw)?;
    let is_one_of = |names: &[&str]| names.iter().any(|name| is_version_of(&kind, name));
    if kind == "custom" {
        return Ok(false);
    }
    if is_version_of(&kind, WEB_SEARCH) {
        return Ok(true);
    }
    Err(place.invalid(if is_one_of(OF_SERVERS) {
        format!(
            "`{kind}` would be run by Anthropic's servers and is not supported. Remove it, or \
             declare a custom tool that your program runs."
        )
    } else if is_one_of(OF_MODELS) {
        format!(
            "`{kind}` has no schema that another model could know. Declare a custom tool with an \
             `input_schema` of your own instead."
        )
    } else {
        "Must be custom or a version of web_search.".to_owned()
    }))
}

/// Whether `kind` is `name`, or that with more words, as in `bash_20250124`.
fn is_version_of(kind: &str, name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    kind.len() <= TYPE_MAX_BYTES
        && kind
            .strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        && kind.bytes().all(plain)
}

/// Checks the web search tool. `max_uses` and `user_location` have no effect: the upstream decides
/// how often and from where it searches.
///
/// # Errors
/// It limits the domains, which nobody can hold the upstream to, or has another name.
pub(super) fn web_search(fields: &Object<'_, '_>) -> Result<(), Invalid> {
    fields.required("name", |at, raw| match &*string(at, raw)? {
        WEB_SEARCH => Ok(()),
        _ => Err(at.invalid("Must be web_search.")),
    })?;
    for name in ["allowed_domains", "blocked_domains"] {
        fields.optional(name, |place, raw| {
            each(place, raw, |_, _| {
                let message = "Searches cannot be kept to some domains here. Remove the field.";
                Err(place.invalid(message))
            })
        })?;
    }
    Ok(())
}
