//! The rules for `messages`: who may say what, and which turns it makes.

use std::borrow::Cow;

use chat::{Part, Role, ToolCall, Turn};
use serde_json::value::RawValue;

use super::part;
use crate::{
    Invalid,
    place::Place,
    read::{Object, boolean, not_blank, objects, string, wrong_type},
};

/// Reads the field `messages`. Messages of the same role may follow each other, and the last one may
/// be the assistant's: it is the end of the history, and the answer comes after it.
///
/// # Errors
/// The first mistake. Besides the rules of each message, at least one must say something.
pub(super) fn read(place: &Place<'_>, raw: &RawValue) -> Result<Vec<Turn>, Invalid> {
    let mut turns = Vec::new();
    objects(place, raw, &["role", "content"], |fields| {
        message(fields, &mut turns)
    })?;
    if turns.iter().any(Turn::says_something) {
        return Ok(turns);
    }
    Err(place.invalid("Must hold a message that says something."))
}

fn message(message: &Object<'_, '_>, turns: &mut Vec<Turn>) -> Result<(), Invalid> {
    let role = message.required("role", role)?;
    message.required("content", |at, raw| match role {
        Role::User => user(at, raw, turns),
        Role::Assistant => {
            turns.push(assistant(at, raw)?);
            Ok(())
        }
        _ => {
            turns.push(Turn::new(role, part::texts(at, raw)?));
            Ok(())
        }
    })
}

fn role(place: &Place<'_>, raw: &RawValue) -> Result<Role, Invalid> {
    match &*string(place, raw)? {
        "user" => Ok(Role::User),
        "assistant" => Ok(Role::Assistant),
        "system" => Ok(Role::System),
        _ => Err(place.invalid("Must be user, assistant or system.")),
    }
}

/// What a user says is one turn, cut where tool results stand: each of them is a turn of its own.
fn user(place: &Place<'_>, raw: &RawValue, turns: &mut Vec<Turn>) -> Result<(), Invalid> {
    let (mut parts, before) = (Vec::new(), turns.len());
    if raw.get().starts_with('"') {
        parts.push(Part::Text(not_blank(place, raw)?.into_owned()));
    } else {
        blocks(place, raw, |block, kind| {
            if kind != "tool_result" {
                return part::read(block, kind, part::SHOWN, &mut parts);
            }
            flush(&mut parts, turns);
            turns.push(tool_result(block)?);
            Ok(())
        })?;
    }
    flush(&mut parts, turns);
    if turns.len() == before {
        return Err(place.invalid("Must say or attach something."));
    }
    Ok(())
}

/// Makes a user's turn of what was collected, if that says anything.
fn flush(parts: &mut Vec<Part>, turns: &mut Vec<Turn>) {
    let turn = Turn::new(Role::User, std::mem::take(parts));
    turns.extend(Some(turn).filter(Turn::says_something));
}

/// One turn. Thinking is left out, and texts that it stood between are joined: so they were before
/// they became blocks, and the history is recognised.
fn assistant(place: &Place<'_>, raw: &RawValue) -> Result<Turn, Invalid> {
    let mut turn = Turn::new(Role::Assistant, Vec::new());
    if raw.get().starts_with('"') {
        let text = string(place, raw)?.into_owned();
        turn.parts.push(Part::Text(text));
        return Ok(turn);
    }
    let mut is_after_thinking = false;
    blocks(place, raw, |block, kind| {
        match kind {
            "thinking" | "redacted_thinking" => is_after_thinking = true,
            "tool_use" => turn.tool_calls.push(tool_call(block)?),
            "text" => {
                let text = block.required("text", string)?;
                match turn.parts.last_mut() {
                    Some(Part::Text(before)) if is_after_thinking => before.push_str(&text),
                    _ => turn.parts.push(Part::Text(text.into_owned())),
                }
                is_after_thinking = false;
            }
            _ => {
                let message = "Must be text, thinking, redacted_thinking or tool_use here.";
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
        id: block.required("id", not_blank).map(owned)?,
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

fn tool_result(block: &Object<'_, '_>) -> Result<Turn, Invalid> {
    let id = block.required("tool_use_id", not_blank)?.into_owned();
    let mut parts = Vec::new();
    if block.optional("is_error", boolean)? == Some(true) {
        parts.push(Part::Text("[error]".to_owned()));
    }
    block.optional("content", |at, raw| {
        part::contents(at, raw, part::SHOWN, &mut parts)
    })?;
    Ok(Turn {
        tool_call_id: Some(id),
        ..Turn::new(Role::Tool, parts)
    })
}
