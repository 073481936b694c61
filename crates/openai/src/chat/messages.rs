//! The rules for messages: roles, tool turns and who may say what.

use chat::{Part, Role, ToolCall, Turn};

use super::content::{self, Place};
use crate::{
    Invalid,
    json::{Fields, Json},
};

/// The fields of a message that are looked at.
const FIELDS: &[&str] = &[
    "role",
    "name",
    "content",
    "tool_call_id",
    "tool_calls",
    "function_call",
];

/// Parses the field `messages`.
///
/// # Errors
/// The first mistake. Besides the rules of each message, at least one must say something.
pub(super) fn parse(value: Option<Json<'_>>) -> Result<Vec<Turn>, Invalid> {
    let list = match value {
        Some(Json::Array(list)) if !list.is_empty() => list,
        Some(Json::Array(_)) => {
            return Err(Invalid::value("messages", "`messages` must not be empty."));
        }
        None => {
            return Err(Invalid::value("messages", "`messages` is required."));
        }
        Some(other) => {
            let message = format!("`messages` must be an array, not {}.", other.kind());
            return Err(Invalid::value("messages", message));
        }
    };
    let turns = list.try_map(|index, value| message(Place::message(index), &value))?;
    if turns.iter().any(Turn::says_something) {
        return Ok(turns);
    }
    Err(Invalid::new(
        "empty_content",
        "messages",
        "At least one message must say something.",
    ))
}

fn message(place: Place, value: &Json<'_>) -> Result<Turn, Invalid> {
    let Json::Object(object) = value else {
        let text = format!("Each message must be an object, not {}.", value.kind());
        return Err(Invalid::value(place.param(""), text));
    };
    let fields = object.fields(FIELDS);
    let role = match fields.get("role") {
        // The result of a call, before there were tools.
        Some(Json::String(name)) if name == "function" => return function_result(place, &fields),
        Some(Json::String(name)) => Role::from_name(&name),
        _ => None,
    };
    let role = role.ok_or_else(|| {
        Invalid::new(
            "invalid_role",
            place.param(".role"),
            "`role` must be developer, system, user, assistant or tool.",
        )
    })?;
    let name = name(place, &fields)?;
    let tool_call_id = match role {
        Role::Tool => Some(tool_call_id(place, &fields)?),
        _ => None,
    };
    let tool_calls = match role {
        Role::Assistant => tool_calls(place, &fields)?,
        _ => Vec::new(),
    };
    let content = fields.get("content");
    let parts = if role == Role::Tool {
        result_parts(place, &fields)
    } else if !tool_calls.is_empty() {
        unchecked_parts(place, content)
    } else {
        content::parse(place, role, content)?
    };
    Ok(Turn {
        role,
        name,
        parts,
        tool_calls,
        tool_call_id,
    })
}

/// A message of the role `function`: it names the function instead of the call, so the name stands
/// for the id, here and in the call itself.
fn function_result(place: Place, fields: &Fields<'_>) -> Result<Turn, Invalid> {
    let name = name(place, fields)?.ok_or_else(|| {
        let message = "A `function` message needs the `name` of the function.";
        Invalid::new("missing_function_name", place.param(".name"), message)
    })?;
    Ok(Turn {
        name: Some(name.clone()),
        tool_call_id: Some(name),
        ..Turn::new(Role::Tool, result_parts(place, fields))
    })
}

fn name(place: Place, fields: &Fields<'_>) -> Result<Option<String>, Invalid> {
    match fields.get("name") {
        None => Ok(None),
        Some(name @ Json::String(_)) => Ok(name.into_text().map(|name| name.into_owned())),
        Some(_) => Err(Invalid::value(
            place.param(".name"),
            "`name` must be a string.",
        )),
    }
}

fn tool_call_id(place: Place, fields: &Fields<'_>) -> Result<String, Invalid> {
    let id = fields.get("tool_call_id").and_then(Json::into_text);
    id.map(|id| id.into_owned()).ok_or_else(|| {
        Invalid::new(
            "missing_tool_call_id",
            place.param(".tool_call_id"),
            "A `tool` message needs the `tool_call_id` that it answers.",
        )
    })
}

fn tool_calls(place: Place, fields: &Fields<'_>) -> Result<Vec<ToolCall>, Invalid> {
    match fields.get("tool_calls") {
        None => Ok(fields
            .get("function_call")
            .map(legacy_call)
            .into_iter()
            .collect()),
        Some(Json::Array(calls)) => calls.try_map(|_, call| Ok(tool_call(&call))),
        Some(_) => Err(Invalid::value(
            place.param(".tool_calls"),
            "`tool_calls` must be an array.",
        )),
    }
}

/// The history is the caller's: a call that lacks something is kept as far as it goes.
fn tool_call(call: &Json<'_>) -> ToolCall {
    let fields = call.fields(&["id", "function"]);
    let function = fields.get("function").unwrap_or(Json::Null);
    ToolCall {
        id: text(fields.get("id")).unwrap_or_default(),
        ..called(&function)
    }
}

fn legacy_call(call: Json<'_>) -> ToolCall {
    let call = called(&call);
    ToolCall {
        id: call.name.clone(),
        ..call
    }
}

/// A call without its id.
fn called(function: &Json<'_>) -> ToolCall {
    let function = function.fields(&["name", "arguments"]);
    ToolCall {
        id: String::new(),
        name: text(function.get("name")).unwrap_or_else(|| "unknown".to_owned()),
        arguments: text(function.get("arguments"))
            .unwrap_or_else(|| function.raw("arguments").unwrap_or_default().to_owned()),
    }
}

fn text(value: Option<Json<'_>>) -> Option<String> {
    match value {
        Some(Json::String(text)) => Some(text.into_owned()),
        _ => None,
    }
}

/// What a tool returned: a text, blocks, or any other value as it stands, since programs forget to write it as text.
fn result_parts(place: Place, fields: &Fields<'_>) -> Vec<Part> {
    let content = fields.get("content");
    let is_empty = content.as_ref().is_some_and(Json::is_empty);
    let parts = unchecked_parts(place, content);
    match fields.raw("content") {
        Some(json) if parts.is_empty() && !is_empty => vec![Part::Text(json.to_owned())],
        _ => parts,
    }
}

/// Content to which the rules do not apply: what can be used is used, the rest is ignored.
fn unchecked_parts(place: Place, value: Option<Json<'_>>) -> Vec<Part> {
    let part = |index, value| content::block(place.block(index), Role::User, &value).ok();
    match value {
        Some(Json::String(text)) => vec![Part::Text(text.into_owned())],
        Some(Json::Array(blocks)) => {
            let parts = blocks.try_map(|index, value| Ok(part(index, value)));
            parts.unwrap_or_default().into_iter().flatten().collect()
        }
        Some(object @ Json::Object(_)) => part(0, object).into_iter().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn all(messages: Value) -> Result<Vec<Turn>, Invalid> {
        let text = messages.to_string();
        parse(Some(crate::json::read(text.as_bytes())?))
    }

    fn one(message: Value) -> Result<Turn, Invalid> {
        all(json!([{"role": "user", "content": "x"}, message])).map(|mut all| all.pop().unwrap())
    }

    #[test]
    fn each_role_has_its_turn() {
        for role in ["developer", "system", "user", "assistant"] {
            let expected = Turn::text(Role::from_name(role).unwrap(), " Hi\n");
            let message = json!({"role": role, "content": " Hi\n", "tool_call_id": "t"});
            assert_eq!(one(message), Ok(expected), "{role}");
        }
        let named = one(json!({"role": "user", "name": "Ann", "content": "Hi"})).unwrap();
        assert_eq!(named.name.as_deref(), Some("Ann"));
        let blank = one(json!({"role": "user", "name": " ", "content": "Hi"})).unwrap();
        assert_eq!(blank.name, None);
        let calls = json!([{"function": {"name": "f"}}]);
        let user = one(json!({"role": "user", "content": "Hi", "tool_calls": calls})).unwrap();
        assert_eq!(user.tool_calls, [], "only an assistant calls");
    }

    #[test]
    fn each_bad_message_has_its_code_and_param() {
        for (message, code, param) in [
            (json!("Hi"), "invalid_value", "messages.1"),
            (json!({"content": "Hi"}), "invalid_role", "messages.1.role"),
            (
                json!({"role": "function", "content": "Hi"}),
                "missing_function_name",
                "messages.1.name",
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
                json!({"role": "tool", "content": "x", "tool_call_id": 1}),
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
            (
                json!({"role": "assistant", "content": "", "tool_calls": []}),
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
    fn messages_must_be_a_list_that_holds_some() {
        for (messages, message) in [
            (json!([]), "`messages` must not be empty."),
            (json!("Hi"), "`messages` must be an array, not a string."),
        ] {
            assert_eq!(all(messages), Err(Invalid::value("messages", message)));
        }
        let absent = Invalid::value("messages", "`messages` is required.");
        assert_eq!(parse(None), Err(absent));
    }

    #[test]
    fn what_a_tool_returned_is_text_or_blocks_or_else_told_as_it_stands() {
        let tool = |content: Value| {
            one(json!({"role": "tool", "tool_call_id": " t", "name": "f", "content": content}))
                .unwrap()
        };
        let text = |text: &str| vec![Part::Text(text.to_owned())];
        for (content, parts) in [
            (json!(null), vec![]),
            (json!(7), text("7")),
            (json!({"t": 1}), text(r#"{"t":1}"#)),
            (json!(["a"]), text(r#"["a"]"#)),
            (json!([]), vec![]),
            (json!(" "), text(" ")),
            (json!({"type": "text", "text": "a"}), text("a")),
            (
                json!({"type": "image_url"}),
                text(r#"{"type":"image_url"}"#),
            ),
            (
                json!([{"type": "text", "text": " a "}, 7, {"type": "image_url"}]),
                text("a"),
            ),
        ] {
            assert_eq!(tool(content.clone()).parts, parts, "{content}");
        }
        let turn = tool(json!([0, {"type": "image_url", "image_url": {"url": "https://a.io"}}]));
        let params: Vec<_> = turn.attachments().map(|one| one.param.as_str()).collect();
        assert_eq!(params, ["messages.1.content.1.image_url.url"]);
        assert_eq!(
            (turn.tool_call_id.as_deref(), turn.name.as_deref()),
            (Some(" t"), Some("f"))
        );
    }

    #[test]
    fn calls_are_kept_as_far_as_they_go() {
        let turn = one(json!({"role": "assistant", "content": " ", "tool_calls": [
            {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": 1, "function": {"name": 2, "arguments": {"a": 1}}},
            {"function": {"arguments": null}}, 3]}))
        .unwrap();
        let call = |id: &str, name: &str, arguments: &str| ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        assert_eq!(
            turn.tool_calls,
            [
                call("t", "f", "{}"),
                call("", "unknown", "{\"a\":1}"),
                call("", "unknown", ""),
                call("", "unknown", "")
            ]
        );
        assert_eq!(turn.parts, [Part::Text(" ".to_owned())]);
    }

    #[test]
    fn calls_and_results_of_functions_are_told_by_the_functions_name() {
        let called = one(json!({"role": "assistant", "content": null,
            "function_call": {"name": "f", "arguments": "{}"}}))
        .unwrap();
        let call = ToolCall {
            id: "f".to_owned(),
            name: "f".to_owned(),
            arguments: "{}".to_owned(),
        };
        assert_eq!((called.tool_calls, called.parts), (vec![call], vec![]));
        let result = one(json!({"role": "function", "name": "f", "content": "5"})).unwrap();
        let expected = Turn {
            name: Some("f".to_owned()),
            tool_call_id: Some("f".to_owned()),
            ..Turn::text(Role::Tool, "5")
        };
        assert_eq!(result, expected);
    }

    #[test]
    fn all_messages_together_must_say_something() {
        let invalid = all(json!([{"role": "assistant", "content": null}])).unwrap_err();
        assert_eq!(
            (invalid.code, invalid.param.as_deref()),
            ("empty_content", Some("messages"))
        );
        let blank = json!([{"role": "tool", "tool_call_id": "t", "content": " "}]);
        assert_eq!(all(blank).unwrap_err().code, "empty_content");
    }
}
