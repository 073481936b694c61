//! `input`: what came before the answer, as items. The same items, and those of an answer, are what is
//! stored of a response, so a stored one becomes turns by the same rules.

use chat::{Part, Role, ToolCall, Turn};

use super::blocks;
use crate::{
    Invalid,
    json::{self, Fields, Json},
};

/// Fields of an item that are looked at.
const FIELDS: &[&str] = &[
    "type",
    "role",
    "content",
    "output",
    "id",
    "call_id",
    "tool_call_id",
    "name",
    "arguments",
];

/// Parses `input`, which stands at `at`.
///
/// # Errors
/// The first mistake. What no answer can take into account is refused, never dropped.
pub(super) fn parse(value: Option<Json<'_>>, at: &str) -> Result<Vec<Turn>, Invalid> {
    match value {
        None => Ok(Vec::new()),
        Some(Json::String(text)) if text.trim().is_empty() => Ok(Vec::new()),
        Some(Json::String(text)) => Ok(vec![Turn::text(Role::User, text.into_owned())]),
        Some(object @ Json::Object(_)) => {
            let mut turns = Turns::default();
            turns.item(&object, at)?;
            Ok(turns.all)
        }
        Some(Json::Array(list)) => {
            let mut turns = Turns::default();
            list.try_map(|index, value| turns.item(&value, &format!("{at}.{index}")))?;
            Ok(turns.all)
        }
        Some(other) => {
            let kind = other.kind();
            let message = format!("`{at}` must be a string or an array of items, not {kind}.");
            Err(Invalid::value(at, message))
        }
    }
}

/// The turns of a stored response: of its input items (a JSON array), then of its `output`.
///
/// `place` is what attachments of it are named after in errors: a field of the request that leads to it.
///
/// # Errors
/// What is stored is no such JSON.
pub fn stored_turns(
    place: &str,
    input_items: &[u8],
    response: &[u8],
) -> Result<Vec<Turn>, Invalid> {
    let mut turns = parse(Some(json::read(input_items)?), &format!("{place}.input"))?;
    let output = json::read(response)?.fields(&["output"]).get("output");
    turns.extend(parse(output, &format!("{place}.output"))?);
    Ok(turns)
}

/// What the items so far have become.
#[derive(Default)]
struct Turns {
    all: Vec<Turn>,
    /// The last turn is made of loose blocks, to which the next one belongs.
    is_loose: bool,
}

impl Turns {
    fn item(&mut self, value: &Json<'_>, at: &str) -> Result<(), Invalid> {
        let Json::Object(object) = value else {
            let Json::String(_) = value else {
                let message = format!("Each item must be an object, not {}.", value.kind());
                return Err(Invalid::new("invalid_item", at, message));
            };
            return self.loose(value, at);
        };
        let fields = object.fields(FIELDS);
        let kind = match fields.get("type") {
            Some(Json::String(kind)) => kind,
            None if fields.raw("role").is_some() => "message".into(),
            None if fields.raw("id").is_some() => "item_reference".into(),
            _ => {
                let message = "Each item needs a `type`, or a `role` and `content`.";
                return Err(Invalid::new("missing_type", format!("{at}.type"), message));
            }
        };
        if blocks::is_block(&kind) && fields.raw("role").is_none() {
            return self.loose(value, at);
        }
        let was_loose = std::mem::take(&mut self.is_loose);
        match kind.as_ref() {
            "message" => self.all.push(message(&fields, at)?),
            "function_call" => self.call(function_call(&fields, at)?),
            "function_call_output" | "tool_output" | "tool_call_output" | "input_tool_output" => {
                self.all.push(result(&fields, at)?);
            }
            // What the model thought and looked up is no part of what was said.
            "reasoning" | "web_search_call" => self.is_loose = was_loose,
            "item_reference" => {
                let message = "Items cannot be named by their id. Send the item itself, or name the \
                               response in `previous_response_id`.";
                return Err(Invalid::unsupported(at, message));
            }
            kind => {
                let shown: String = kind.chars().take(64).collect();
                let message = format!("Items of the type `{shown}` are not served here.");
                return Err(Invalid::unsupported(format!("{at}.type"), message));
            }
        }
        Ok(())
    }

    /// A block or string that stands among the items: part of a user's message.
    fn loose(&mut self, value: &Json<'_>, at: &str) -> Result<(), Invalid> {
        let Some(part) = blocks::block(value, at)? else {
            return Ok(());
        };
        match self.all.last_mut() {
            Some(turn) if self.is_loose => turn.parts.push(part),
            _ => self.all.push(Turn::new(Role::User, vec![part])),
        }
        self.is_loose = true;
        Ok(())
    }

    /// A call belongs to what its assistant said last.
    fn call(&mut self, call: ToolCall) {
        match self.all.last_mut() {
            Some(turn) if turn.role == Role::Assistant => turn.tool_calls.push(call),
            _ => {
                let mut turn = Turn::new(Role::Assistant, Vec::new());
                turn.tool_calls.push(call);
                self.all.push(turn);
            }
        }
    }
}

fn message(fields: &Fields<'_>, at: &str) -> Result<Turn, Invalid> {
    let role = match fields.get("role") {
        Some(Json::String(name)) => Role::from_name(&name).filter(|role| *role != Role::Tool),
        _ => None,
    };
    let role = role.ok_or_else(|| {
        let message = "`role` must be user, assistant, system or developer.";
        Invalid::new("invalid_role", format!("{at}.role"), message)
    })?;
    let content = format!("{at}.content");
    let parts = blocks::content(fields.get("content").as_ref(), &content)?;
    if role != Role::User && parts.iter().any(|part| matches!(part, Part::Attachment(_))) {
        let message = "Only user messages may hold other blocks than text.";
        return Err(Invalid::new("invalid_type", content, message));
    }
    if role == Role::User && parts.is_empty() {
        let message = "The `content` of a user's message must say something.";
        return Err(Invalid::new("empty_content", content, message));
    }
    Ok(Turn::new(role, parts))
}

fn required(fields: &Fields<'_>, name: &'static str, at: &str) -> Result<String, Invalid> {
    let text = fields.get(name).and_then(Json::into_text);
    text.map(|text| text.into_owned()).ok_or_else(|| {
        let message = format!("The item needs a `{name}`.");
        Invalid::new("invalid_item", format!("{at}.{name}"), message)
    })
}

fn function_call(fields: &Fields<'_>, at: &str) -> Result<ToolCall, Invalid> {
    let arguments = match fields.get("arguments") {
        Some(Json::String(text)) => text.into_owned(),
        // Not the form of the API, but it says the same.
        Some(Json::Object(_)) => fields.raw("arguments").unwrap_or_default().to_owned(),
        _ => required(fields, "arguments", at)?,
    };
    Ok(ToolCall {
        id: required(fields, "call_id", at)?,
        name: required(fields, "name", at)?,
        arguments,
    })
}

fn result(fields: &Fields<'_>, at: &str) -> Result<Turn, Invalid> {
    let id = ["call_id", "tool_call_id", "id"]
        .into_iter()
        .find_map(|name| fields.get(name).and_then(Json::into_text));
    let id = id.ok_or_else(|| {
        let message = "The result of a call needs the `call_id` that it answers.";
        Invalid::new("missing_call_id", format!("{at}.call_id"), message)
    })?;
    let name = ["output", "content"]
        .into_iter()
        .find(|name| fields.raw(name).is_some())
        .unwrap_or("output");
    let parts = match fields.get(name) {
        Some(array @ Json::Array(_)) => blocks::content(Some(&array), &format!("{at}.{name}"))?,
        Some(Json::String(text)) => vec![Part::Text(text.into_owned())],
        // Any other value is told to the model as it stands.
        _ => fields
            .raw(name)
            .map(|text| Part::Text(text.to_owned()))
            .into_iter()
            .collect(),
    };
    let tool = fields.get("name").and_then(Json::into_text);
    Ok(Turn {
        name: tool.map(|name| name.into_owned()),
        tool_call_id: Some(id.into_owned()),
        ..Turn::new(Role::Tool, parts)
    })
}
