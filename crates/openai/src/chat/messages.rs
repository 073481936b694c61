//! The rules for messages: roles, tool turns and who may say what.

use serde_json::Value;

use super::{
    content::{self, Place},
    fields::{Fields, kind, take},
};
use crate::{
    Invalid,
    chat::{Content, Message, Part, Role, ToolCall},
};

/// Parses the field `messages`.
///
/// # Errors
/// The first mistake. Besides the rules of each message, at least one must say something.
pub(super) fn parse(value: Option<Value>) -> Result<Vec<Message>, Invalid> {
    let list = match value {
        Some(Value::Array(list)) if !list.is_empty() => list,
        Some(Value::Array(_)) => {
            return Err(Invalid::value("messages", "`messages` must not be empty."));
        }
        None | Some(Value::Null) => {
            return Err(Invalid::value("messages", "`messages` is required."));
        }
        Some(other) => {
            let message = format!("`messages` must be an array, not {}.", kind(&other));
            return Err(Invalid::value("messages", message));
        }
    };
    let messages: Vec<Message> = list
        .into_iter()
        .enumerate()
        .map(|(index, value)| message(Place::message(index), value))
        .collect::<Result<_, _>>()?;
    if messages.iter().any(says_something) {
        return Ok(messages);
    }
    Err(Invalid::new(
        "empty_content",
        "messages",
        "At least one message must say something.",
    ))
}

fn says_something(message: &Message) -> bool {
    !message.tool_calls.is_empty()
        || match &message.content {
            Content::Empty => false,
            Content::Text(text) => !text.trim().is_empty(),
            Content::Parts(parts) => !parts.is_empty(),
        }
}

fn message(place: Place, value: Value) -> Result<Message, Invalid> {
    let Value::Object(mut fields) = value else {
        let text = format!("Each message must be an object, not {}.", kind(&value));
        return Err(Invalid::value(place.param(""), text));
    };
    let role = fields
        .get("role")
        .and_then(Value::as_str)
        .and_then(Role::from_name);
    let role = role.ok_or_else(|| {
        Invalid::new(
            "invalid_role",
            place.param(".role"),
            "`role` must be developer, system, user, assistant or tool.",
        )
    })?;
    let name = name(place, &mut fields)?;
    let tool_call_id = match role {
        Role::Tool => Some(tool_call_id(place, &mut fields)?),
        _ => None,
    };
    let tool_calls = match role {
        Role::Assistant => tool_calls(place, &mut fields)?,
        _ => Vec::new(),
    };
    let content = take(&mut fields, "content");
    let content = if role == Role::Tool || !tool_calls.is_empty() {
        unchecked_content(place, content)?
    } else {
        content::parse(place, role, content)?
    };
    Ok(Message {
        role,
        name,
        content,
        tool_call_id,
        tool_calls,
    })
}

fn name(place: Place, fields: &mut Fields) -> Result<Option<String>, Invalid> {
    match take(fields, "name") {
        None => Ok(None),
        Some(Value::String(name)) => Ok(Some(name).filter(|name| !name.trim().is_empty())),
        Some(_) => Err(Invalid::value(
            place.param(".name"),
            "`name` must be a string.",
        )),
    }
}

fn tool_call_id(place: Place, fields: &mut Fields) -> Result<String, Invalid> {
    match take(fields, "tool_call_id") {
        Some(Value::String(id)) if !id.trim().is_empty() => Ok(id),
        _ => Err(Invalid::new(
            "missing_tool_call_id",
            place.param(".tool_call_id"),
            "A `tool` message needs the `tool_call_id` that it answers.",
        )),
    }
}

fn tool_calls(place: Place, fields: &mut Fields) -> Result<Vec<ToolCall>, Invalid> {
    match take(fields, "tool_calls") {
        None => Ok(Vec::new()),
        Some(Value::Array(calls)) => Ok(calls.iter().map(tool_call).collect()),
        Some(_) => Err(Invalid::value(
            place.param(".tool_calls"),
            "`tool_calls` must be an array.",
        )),
    }
}

/// The history is the caller's: a call that lacks something is kept as far as it goes.
fn tool_call(call: &Value) -> ToolCall {
    let function = &call["function"];
    ToolCall {
        name: function["name"].as_str().unwrap_or("unknown").to_owned(),
        arguments: match &function["arguments"] {
            Value::Null => String::new(),
            Value::String(arguments) => arguments.clone(),
            other => other.to_string(),
        },
    }
}

/// Content to which the rules do not apply: what can be used is used, the rest is ignored.
fn unchecked_content(place: Place, value: Option<Value>) -> Result<Content, Invalid> {
    let blocks = match value {
        Some(Value::String(text)) => return Ok(Content::Text(text)),
        Some(Value::Array(blocks)) => blocks,
        Some(object @ Value::Object(_)) => vec![object],
        _ => return Ok(Content::Empty),
    };
    let mut parts: Vec<Part> = Vec::with_capacity(blocks.len());
    for (index, block) in blocks.into_iter().enumerate() {
        match content::block(place.block(index), Role::User, block) {
            Ok(part) => parts.push(part),
            Err(invalid) if invalid.code == crate::error::UNSUPPORTED => return Err(invalid),
            Err(_) => {}
        }
    }
    Ok(if parts.is_empty() {
        Content::Empty
    } else {
        Content::Parts(parts)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(message: Value) -> Result<Message, Invalid> {
        parse(Some(json!([{"role": "user", "content": "x"}, message])))
            .map(|mut all| all.pop().unwrap())
    }

    #[test]
    fn each_bad_message_has_its_code_and_param() {
        for (message, code, param) in [
            (json!("Hi"), "invalid_value", "messages.1"),
            (json!({"content": "Hi"}), "invalid_role", "messages.1.role"),
            (
                json!({"role": "function", "content": "Hi"}),
                "invalid_role",
                "messages.1.role",
            ),
            (
                json!({"role": ["user"], "content": "Hi"}),
                "invalid_role",
                "messages.1.role",
            ),
            (
                json!({"role": "tool", "content": "x"}),
                "missing_tool_call_id",
                "messages.1.tool_call_id",
            ),
            (
                json!({"role": "tool", "content": "x", "tool_call_id": " "}),
                "missing_tool_call_id",
                "messages.1.tool_call_id",
            ),
            (
                json!({"role": "assistant", "tool_calls": {}}),
                "invalid_value",
                "messages.1.tool_calls",
            ),
            (
                json!({"role": "user", "name": 1, "content": "x"}),
                "invalid_value",
                "messages.1.name",
            ),
            (
                json!({"role": "user"}),
                "empty_content",
                "messages.1.content",
            ),
        ] {
            let invalid = one(message.clone()).unwrap_err();
            assert_eq!(
                (invalid.code, invalid.param.as_deref()),
                (code, Some(param)),
                "{message}"
            );
        }
    }

    #[test]
    fn tool_turns_and_calls_are_not_checked_for_content() {
        let message = one(json!({"role": "tool", "tool_call_id": "t", "content": null})).unwrap();
        assert_eq!(message.content, Content::Empty);
        let message = one(json!({"role": "tool", "tool_call_id": "t", "name": "f",
            "content": [{"type": "text", "text": " a "}, 7, {"type": "image_url"}]}))
        .unwrap();
        assert_eq!(
            message.content,
            Content::Parts(vec![Part::Text("a".into())])
        );
        assert_eq!(message.name.as_deref(), Some("f"));

        let message = one(json!({"role": "assistant", "content": " ", "tool_calls": [
            {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"function": {"arguments": {"a": 1}}}, 3]}))
        .unwrap();
        let call = |name: &str, arguments: &str| ToolCall {
            name: name.into(),
            arguments: arguments.into(),
        };
        assert_eq!(
            message.tool_calls,
            [
                call("f", "{}"),
                call("unknown", "{\"a\":1}"),
                call("unknown", "")
            ]
        );
    }

    #[test]
    fn all_messages_together_must_say_something() {
        let invalid = parse(Some(json!([{"role": "assistant", "content": null}]))).unwrap_err();
        assert_eq!(
            (invalid.code, invalid.param.as_deref()),
            ("empty_content", Some("messages"))
        );
    }
}
