//! The rules for `messages`: who may say what, and which turns it makes.

use std::{borrow::Cow, collections::HashMap};

use chat::{Part, Role, ToolCall, Turn};
use serde_json::value::RawValue;

use super::part;
use crate::{
    Invalid, call_id,
    place::Place,
    read::{Object, boolean, not_blank, objects, string, wrong_type},
};

/// Reads the field `messages`. Messages of the same role may follow each other, and the last one may
/// be the assistant's: it is the end of the history, and the answer comes after it.
///
/// # Errors
/// The first mistake. Besides the rules of each message, at least one must say something.
pub(super) fn read(place: &Place<'_>, raw: &RawValue) -> Result<Vec<Turn>, Invalid> {
    let mut history = History::default();
    objects(place, raw, &["role", "content"], |fields| {
        history.message(fields)
    })?;
    if history.turns.iter().any(Turn::says_something) {
        return Ok(history.turns);
    }
    Err(place.invalid("Must hold a message that says something."))
}

/// What has been said up to a message.
#[derive(Clone, Debug, Default)]
struct History {
    turns: Vec<Turn>,
    /// The tools that were called, by the ids of the calls: a result names only the id.
    called: HashMap<String, String>,
}

impl History {
    fn message(&mut self, message: &Object<'_, '_>) -> Result<(), Invalid> {
        let role = message.required("role", role)?;
        message.required("content", |at, raw| match role {
            Role::User => self.user(at, raw),
            Role::Assistant => {
                let turn = assistant(at, raw)?;
                let calls = turn.tool_calls.iter();
                self.called
                    .extend(calls.map(|call| (call.id.clone(), call.name.clone())));
                self.turns.push(turn);
                Ok(())
            }
            _ => {
                self.turns.push(Turn::new(role, part::texts(at, raw)?));
                Ok(())
            }
        })
    }

    /// What a user says is one turn, cut where tool results stand: each of them is a turn of its
    /// own.
    fn user(&mut self, place: &Place<'_>, raw: &RawValue) -> Result<(), Invalid> {
        let (mut parts, before) = (Vec::new(), self.turns.len());
        if raw.get().starts_with('"') {
            parts.push(Part::Text(not_blank(place, raw)?.into_owned()));
        } else {
            blocks(place, raw, |block, kind| {
                if kind != "tool_result" {
                    return part::read(block, kind, part::SHOWN, &mut parts);
                }
                flush(&mut parts, &mut self.turns);
                self.turns.push(tool_result(block, &self.called)?);
                Ok(())
            })?;
        }
        flush(&mut parts, &mut self.turns);
        if self.turns.len() == before {
            return Err(place.invalid("Must say or attach something."));
        }
        Ok(())
    }
}

fn role(place: &Place<'_>, raw: &RawValue) -> Result<Role, Invalid> {
    match &*string(place, raw)? {
        "user" => Ok(Role::User),
        "assistant" => Ok(Role::Assistant),
        "system" => Ok(Role::System),
        _ => Err(place.invalid("Must be user, assistant or system.")),
    }
}

/// Makes a user's turn of what was collected, if that says anything.
fn flush(parts: &mut Vec<Part>, turns: &mut Vec<Turn>) {
    let turn = Turn::new(Role::User, std::mem::take(parts));
    turns.extend(Some(turn).filter(Turn::says_something));
}

/// What the model did by itself on its way to the answer, which is none of what was said.
const LEFT_OUT: &[&str] = &[
    "thinking",
    "redacted_thinking",
    "server_tool_use",
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
];

/// One turn. Thinking, searches and their results are left out, and texts that they stood between
/// are joined: so they were before they became blocks, and the history is recognised.
fn assistant(place: &Place<'_>, raw: &RawValue) -> Result<Turn, Invalid> {
    let mut turn = Turn::new(Role::Assistant, Vec::new());
    if raw.get().starts_with('"') {
        let text = string(place, raw)?.into_owned();
        turn.parts.push(Part::Text(text));
        return Ok(turn);
    }
    let mut is_cut = false;
    blocks(place, raw, |block, kind| {
        match kind {
            _ if LEFT_OUT.contains(&kind) => is_cut = true,
            "tool_use" => turn.tool_calls.push(tool_call(block)?),
            "text" => {
                let text = block.required("text", string)?;
                match turn.parts.last_mut() {
                    Some(Part::Text(before)) if is_cut => before.push_str(&text),
                    _ => turn.parts.push(Part::Text(text.into_owned())),
                }
                is_cut = false;
            }
            _ => {
                let message = "Must be text, tool_use, thinking, or a search and its result here.";
                return Err(block.place_of("type").invalid(message));
            }
        }
        Ok(())
    })?;
    Ok(turn)
}

/// Gives each block of a content that is no string to `read`, with its type.
fn blocks<'a>(
    place: &Place<'_>,
    raw: &'a RawValue,
    read: impl FnMut(&Object<'a, '_>, &str) -> Result<(), Invalid>,
) -> Result<(), Invalid> {
    if raw.get().starts_with('[') {
        return part::blocks(place, raw, read);
    }
    Err(wrong_type(place, raw, "a string or an array of blocks"))
}

fn tool_call(block: &Object<'_, '_>) -> Result<ToolCall, Invalid> {
    let owned = |text: Cow<'_, str>| text.into_owned();
    Ok(ToolCall {
        id: call_id::read(&block.required("id", not_blank)?),
        name: block.required("name", not_blank).map(owned)?,
        arguments: block.required("input", json_object)?.to_owned(),
    })
}

/// Reads an object and keeps it as the caller's text.
pub(super) fn json_object<'a>(place: &Place<'_>, raw: &'a RawValue) -> Result<&'a str, Invalid> {
    match raw.get() {
        text if text.starts_with('{') => Ok(text),
        _ => Err(wrong_type(place, raw, "an object")),
    }
}

/// A result without its call, which may have been cut off the history, has no name.
fn tool_result(block: &Object<'_, '_>, called: &HashMap<String, String>) -> Result<Turn, Invalid> {
    let id = call_id::read(&block.required("tool_use_id", not_blank)?);
    let mut parts = Vec::new();
    if block.optional("is_error", boolean)? == Some(true) {
        parts.push(Part::Text("[error]".to_owned()));
    }
    block.optional("content", |at, raw| {
        part::contents(at, raw, part::BY_TOOL, &mut parts)
    })?;
    Ok(Turn {
        name: called.get(&id).cloned(),
        tool_call_id: Some(id),
        ..Turn::new(Role::Tool, parts)
    })
}
