//! The fields of the body.

use std::borrow::Cow;

use chat::{
    MAX_MODEL_BYTES, MAX_STOP_BYTES, OutputLimits, Request, Role, Sampling, Search, ToolChoice,
    Turn,
};
use serde_json::value::RawValue;

use super::{output, part, reasoning, tools, turns};
use crate::{
    Invalid,
    place::Place,
    read::{Object, each, fraction, list, not_blank, string},
};

/// More than one answer can use; each costs a search in every piece of it.
const MAX_STOP_SEQUENCES: usize = 64;

/// What is read of the body. Everything else has no effect here and is not looked at: `top_k`,
/// `service_tier`, `container`, `context_management`, `cache_control` and what may come.
const FIELDS: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "thinking",
    "output_config",
    "output_format",
    "tools",
    "tool_choice",
    "mcp_servers",
    "metadata",
    "thread",
];

/// Takes the body apart.
///
/// # Errors
/// It is no JSON object.
pub(super) fn fields(body: &[u8]) -> Result<Object<'_, 'static>, Invalid> {
    const BODY: &Place<'static> = &Place::Body;
    let text = str::from_utf8(body).map_err(|_| BODY.invalid("Is not UTF-8."))?;
    Object::read(BODY, text, FIELDS)
}

/// Reads everything but `max_tokens` and `stream`.
///
/// # Errors
/// The first mistake.
pub(super) fn read(fields: &Object<'_, '_>, max_tokens: Option<u64>) -> Result<Request, Invalid> {
    let model = fields.required("model", model)?.into_owned();
    let mut turns = fields.optional("system", system)?.unwrap_or_default();
    turns.extend(fields.required("messages", turns::read)?);
    fields.optional("thread", no_thread)?;
    fields.optional("mcp_servers", no_mcp_servers)?;
    let tools = fields.optional("tools", tools::read)?.unwrap_or_default();
    let choice = fields.optional("tool_choice", |at, raw| tools::choice(at, raw, &tools))?;
    let tools::Choice {
        tool_choice,
        one_tool_call,
    } = choice.unwrap_or_default();
    let stop = fields.optional("stop_sequences", stop_sequences)?;
    Ok(Request {
        model,
        turns,
        search: Search {
            // No tool may be used if the caller says so, and searching is one.
            web: tools
                .has_web_search
                .then_some(tool_choice != ToolChoice::None),
            x: None,
        },
        tool_choice,
        tools: tools.custom,
        one_tool_call,
        limits: OutputLimits {
            max_tokens,
            stop: stop.unwrap_or_default(),
        },
        sampling: Sampling {
            temperature: fields.optional("temperature", fraction)?,
            top_p: fields.optional("top_p", fraction)?,
        },
        reasoning: reasoning::read(fields, max_tokens)?,
        response_format: output::format(fields)?,
        conversation_id: None,
        user: fields.optional("metadata", user)?.flatten(),
    })
}

/// The system prompt: no turn if it is blank.
fn system(place: &Place<'_>, raw: &RawValue) -> Result<Vec<Turn>, Invalid> {
    let turn = Turn::new(Role::System, part::texts(place, raw)?);
    Ok(Some(turn)
        .filter(Turn::says_something)
        .into_iter()
        .collect())
}

/// Clients that are told so send the whole history from then on.
fn no_thread(place: &Place<'_>, _: &RawValue) -> Result<(), Invalid> {
    Err(place.invalid("Threads of messages are not kept. Send all messages, without `thread`."))
}

fn no_mcp_servers(place: &Place<'_>, raw: &RawValue) -> Result<(), Invalid> {
    each(place, raw, |_, _| {
        Err(place.invalid("MCP servers are not supported. Remove `mcp_servers`."))
    })
}

fn stop_sequences(place: &Place<'_>, raw: &RawValue) -> Result<Vec<String>, Invalid> {
    let mut count = 0;
    list(place, raw, |at, raw| {
        count += 1;
        if count > MAX_STOP_SEQUENCES {
            let message = format!("Must not hold more than {MAX_STOP_SEQUENCES} sequences.");
            return Err(place.invalid(message));
        }
        let text = not_blank(at, raw)?;
        if text.len() > MAX_STOP_BYTES {
            return Err(at.invalid(format!("Must not be longer than {MAX_STOP_BYTES} bytes.")));
        }
        Ok(text.into_owned())
    })
}

fn model<'a>(place: &Place<'_>, raw: &'a RawValue) -> Result<Cow<'a, str>, Invalid> {
    let model = not_blank(place, raw)?;
    if model.len() > MAX_MODEL_BYTES {
        return Err(place.invalid(format!("Must not be longer than {MAX_MODEL_BYTES} bytes.")));
    }
    Ok(model)
}

/// `metadata.user_id`, unless it is blank.
fn user(place: &Place<'_>, raw: &RawValue) -> Result<Option<String>, Invalid> {
    let id = Object::read(place, raw.get(), &["user_id"])?.optional("user_id", string)?;
    Ok(id
        .filter(|id| !id.trim().is_empty())
        .map(|id| id.into_owned()))
}
