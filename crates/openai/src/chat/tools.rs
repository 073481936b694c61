//! The functions that the caller's program offers, and whether they must be called.

use chat::{Tool, ToolChoice};

use crate::Invalid;
use crate::json::Json;

/// Parses the field `tools`.
///
/// # Errors
/// `invalid_tools`, `invalid_tool_type`, `missing_function_name`; `invalid_value` for the rest.
pub(super) fn tools(value: Option<Json<'_>>) -> Result<Vec<Tool>, Invalid> {
    match value {
        None => Ok(Vec::new()),
        Some(Json::Array(list)) => list.try_map(tool),
        Some(other) => {
            let message = format!("`tools` must be an array, not {}.", other.kind());
            Err(Invalid::new("invalid_tools", "tools", message))
        }
    }
}

fn tool(index: usize, value: Json<'_>) -> Result<Tool, Invalid> {
    let param = |tail: &str| format!("tools.{index}.{tail}");
    let fields = value.fields(&["type", "function"]);
    if fields.get("type").is_none_or(|kind| kind != "function") {
        return Err(Invalid::new(
            "invalid_tool_type",
            param("type"),
            "The `type` of each tool must be `function`.",
        ));
    }
    let Some(name) = function_name(&value) else {
        return Err(Invalid::new(
            "missing_function_name",
            param("function.name"),
            "Each tool needs a `function.name`.",
        ));
    };
    let function = fields.get("function").unwrap_or(Json::Null);
    let function = function.fields(&["description", "parameters"]);
    let description = match function.get("description") {
        None => None,
        Some(Json::String(text)) => Some(text.into_owned()),
        Some(_) => {
            let message = "`function.description` must be a string.";
            return Err(Invalid::value(param("function.description"), message));
        }
    };
    if !matches!(function.get("parameters"), None | Some(Json::Object(_))) {
        let message = "`function.parameters` must be a JSON schema, which is an object.";
        return Err(Invalid::value(param("function.parameters"), message));
    }
    Ok(Tool {
        name,
        description,
        parameters: function.raw("parameters").map(str::to_owned),
    })
}

/// Parses the field `tool_choice`.
///
/// # Errors
/// `invalid_tool_choice`
pub(super) fn choice(value: Option<Json<'_>>) -> Result<ToolChoice, Invalid> {
    let choice = match &value {
        None => Some(ToolChoice::Auto),
        Some(Json::String(word)) => match word.as_ref() {
            "auto" => Some(ToolChoice::Auto),
            "none" => Some(ToolChoice::None),
            "required" => Some(ToolChoice::Required),
            _ => None,
        },
        Some(other) => {
            let kind = other.fields(&["type"]).get("type");
            let is_function = kind.is_some_and(|kind| kind == "function");
            function_name(other)
                .filter(|_| is_function)
                .map(ToolChoice::Named)
        }
    };
    choice.ok_or_else(|| {
        Invalid::new(
            "invalid_tool_choice",
            "tool_choice",
            "`tool_choice` must be `auto`, `required`, `none` or an object that names a function.",
        )
    })
}

/// `value.function.name`, if it is there and not blank.
fn function_name(value: &Json<'_>) -> Option<String> {
    let function = value.fields(&["function"]).get("function")?;
    let name = function.fields(&["name"]).get("name")?;
    name.into_text().map(|name| name.into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::chat::{ChatRequest, parse};

    fn with(name: &str, value: Value) -> Result<ChatRequest, Invalid> {
        let mut body = json!({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]});
        body[name] = value;
        parse(body.to_string().as_bytes())
    }

    #[test]
    fn tools_are_read_with_their_schemas_as_written() {
        let body = r#"{"model":"grok-4","messages":[{"role":"user","content":"Hi"}],"tools":[
            {"type":"function","function":{"name":" f","description":"D","parameters":{"a": [1.0]},"strict":true}},
            {"type":"function","function":{"name":"g","description":null,"parameters":null}}]}"#;
        let tools = parse(body.as_bytes()).unwrap().request.tools;
        let tool = |name: &str, description: Option<&str>, parameters: Option<&str>| Tool {
            name: name.to_owned(),
            description: description.map(str::to_owned),
            parameters: parameters.map(str::to_owned),
        };
        let expected = [
            tool(" f", Some("D"), Some("{\"a\": [1.0]}")),
            tool("g", None, None),
        ];
        assert_eq!(tools, expected);
        for nothing in [json!([]), json!(null)] {
            assert_eq!(with("tools", nothing).unwrap().request.tools, []);
        }
    }

    #[test]
    fn each_choice_is_read() {
        let named = json!({"type": "function", "function": {"name": "f"}});
        for (value, choice) in [
            (json!(null), ToolChoice::Auto),
            (json!("auto"), ToolChoice::Auto),
            (json!("none"), ToolChoice::None),
            (json!("required"), ToolChoice::Required),
            (named, ToolChoice::Named("f".to_owned())),
        ] {
            let request = with("tool_choice", value).unwrap().request;
            assert_eq!(request.tool_choice, choice);
        }
    }

    #[test]
    fn each_bad_tool_or_choice_has_its_code_and_param() {
        let function = |function: Value| json!([{"type": "function", "function": function}]);
        let second = json!([{"type": "function", "function": {"name": "f"}}, {"type": "x"}]);
        for (name, value, code, param) in [
            ("tools", json!({}), "invalid_tools", "tools"),
            ("tools", json!("f"), "invalid_tools", "tools"),
            ("tools", json!([1]), "invalid_tool_type", "tools.0.type"),
            ("tools", json!([{}]), "invalid_tool_type", "tools.0.type"),
            ("tools", second, "invalid_tool_type", "tools.1.type"),
            (
                "tools",
                json!([{"type": "function"}]),
                "missing_function_name",
                "tools.0.function.name",
            ),
            (
                "tools",
                function(json!("f")),
                "missing_function_name",
                "tools.0.function.name",
            ),
            (
                "tools",
                function(json!({"name": " "})),
                "missing_function_name",
                "tools.0.function.name",
            ),
            (
                "tools",
                function(json!({"name": 1})),
                "missing_function_name",
                "tools.0.function.name",
            ),
            (
                "tools",
                function(json!({"name": "f", "description": 1})),
                "invalid_value",
                "tools.0.function.description",
            ),
            (
                "tools",
                function(json!({"name": "f", "parameters": []})),
                "invalid_value",
                "tools.0.function.parameters",
            ),
            (
                "tool_choice",
                json!("always"),
                "invalid_tool_choice",
                "tool_choice",
            ),
            (
                "tool_choice",
                json!(1),
                "invalid_tool_choice",
                "tool_choice",
            ),
            (
                "tool_choice",
                json!({"type": "function"}),
                "invalid_tool_choice",
                "tool_choice",
            ),
            (
                "tool_choice",
                json!({"type": "tool", "function": {"name": "f"}}),
                "invalid_tool_choice",
                "tool_choice",
            ),
            (
                "tool_choice",
                json!({"function": {"name": "f"}}),
                "invalid_tool_choice",
                "tool_choice",
            ),
            (
                "parallel_tool_calls",
                json!("yes"),
                "invalid_value",
                "parallel_tool_calls",
            ),
        ] {
            let invalid = with(name, value.clone()).unwrap_err();
            assert_eq!(
                (invalid.code, invalid.param.as_deref()),
                (code, Some(param)),
                "{value}"
            );
            assert!(invalid.message.ends_with('.'), "{}", invalid.message);
        }
        assert!(with("parallel_tool_calls", json!(false)).is_ok());
    }
}
