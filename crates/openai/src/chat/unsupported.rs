//! Parameters that are understood but cannot be served yet: refused with what to do instead.
//!
//! A value that asks for nothing (`null`, an empty list, `"none"`) passes.

use serde_json::Value;

use super::fields::{Fields, kind};
use crate::Invalid;

/// Checks all of them.
///
/// # Errors
/// `unsupported_parameter`, or the documented code where the value is wrong in itself.
pub(super) fn refuse(fields: &Fields) -> Result<(), Invalid> {
    let get = |name| fields.get(name).filter(|value| !value.is_null());
    count(get("n"))?;
    tools(get("tools"))?;
    tool_choice(get("tool_choice"))?;
    if let Some(value) = get("parallel_tool_calls") {
        boolean("parallel_tool_calls", value)?;
    }
    legacy_functions(get("functions"), get("function_call"))?;
    for (name, advice) in [
        (
            "image_config",
            "Image generation is not supported yet; remove it and use a chat model.",
        ),
        (
            "video_config",
            "Video generation is not supported yet; remove it and use a chat model.",
        ),
        (
            "audio",
            "Audio output is not supported yet; remove it and read the text answer.",
        ),
    ] {
        if get(name).is_some_and(|value| !is_empty(value)) {
            return Err(Invalid::unsupported(name, format!("`{name}`: {advice}")));
        }
    }
    modalities(get("modalities"))?;
    response_format(get("response_format"))?;
    log_probabilities(get("logprobs"), get("top_logprobs"))
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn boolean(name: &str, value: &Value) -> Result<bool, Invalid> {
    value.as_bool().ok_or_else(|| {
        Invalid::value(
            name,
            format!("`{name}` must be true or false, not {}.", kind(value)),
        )
    })
}

fn count(n: Option<&Value>) -> Result<(), Invalid> {
    let Some(n) = n else { return Ok(()) };
    let message = match n.as_f64() {
        Some(1.0) => return Ok(()),
        Some(number) if number > 1.0 => {
            "`n` must be 1: each request gives one answer. For more, send the request again."
        }
        _ => "`n` must be 1, or left out.",
    };
    Err(Invalid::new("invalid_n", "n", message))
}

fn tools(tools: Option<&Value>) -> Result<(), Invalid> {
    let Some(tools) = tools else { return Ok(()) };
    let Value::Array(list) = tools else {
        let message = format!("`tools` must be an array, not {}.", kind(tools));
        return Err(Invalid::new("invalid_tools", "tools", message));
    };
    for (index, tool) in list.iter().enumerate() {
        if tool["type"] != "function" {
            return Err(Invalid::new(
                "invalid_tool_type",
                format!("tools.{index}.type"),
                "The `type` of each tool must be `function`.",
            ));
        }
        if !is_named(&tool["function"]) {
            return Err(Invalid::new(
                "missing_function_name",
                format!("tools.{index}.function.name"),
                "Each tool needs a `function.name`.",
            ));
        }
    }
    if list.is_empty() {
        return Ok(());
    }
    Err(Invalid::unsupported(
        "tools",
        "Function calling is not supported yet. Remove `tools` and describe in a message what the \
         answer should look like.",
    ))
}

fn is_named(function: &Value) -> bool {
    function["name"]
        .as_str()
        .is_some_and(|name| !name.trim().is_empty())
}

fn tool_choice(choice: Option<&Value>) -> Result<(), Invalid> {
    match choice {
        None => Ok(()),
        Some(Value::String(word)) if word == "none" || word == "auto" => Ok(()),
        Some(choice)
            if choice == "required"
                || (choice["type"] == "function" && is_named(&choice["function"])) =>
        {
            Err(Invalid::unsupported(
                "tool_choice",
                "Function calling is not supported yet. Remove `tool_choice`.",
            ))
        }
        Some(_) => Err(Invalid::new(
            "invalid_tool_choice",
            "tool_choice",
            "`tool_choice` must be `auto`, `required`, `none` or an object that names a function.",
        )),
    }
}

fn legacy_functions(functions: Option<&Value>, call: Option<&Value>) -> Result<(), Invalid> {
    let asks_for_call = call.is_some_and(|call| call != "none" && call != "auto");
    let param = match functions {
        Some(functions) if !is_empty(functions) => "functions",
        _ if asks_for_call => "function_call",
        _ => return Ok(()),
    };
    let message = format!("Function calling is not supported yet. Remove `{param}`.");
    Err(Invalid::unsupported(param, message))
}

fn modalities(modalities: Option<&Value>) -> Result<(), Invalid> {
    let Some(modalities) = modalities else {
        return Ok(());
    };
    let words: Option<Vec<&str>> = modalities
        .as_array()
        .and_then(|list| list.iter().map(Value::as_str).collect());
    match words {
        None => Err(Invalid::value(
            "modalities",
            "`modalities` must be an array of strings; only `text` is supported.",
        )),
        Some(words) if words.iter().all(|word| *word == "text") => Ok(()),
        Some(_) => Err(Invalid::unsupported(
            "modalities",
            "Only text answers are supported yet. Remove `modalities` or set it to [\"text\"].",
        )),
    }
}

fn response_format(format: Option<&Value>) -> Result<(), Invalid> {
    let Some(format) = format else { return Ok(()) };
    match format["type"].as_str() {
        Some("text") => Ok(()),
        Some(_) => Err(Invalid::unsupported(
            "response_format",
            "Only `{\"type\":\"text\"}` is supported. Remove `response_format`, ask for JSON in a \
             message and check the answer.",
        )),
        None => Err(Invalid::value(
            "response_format",
            "`response_format` must be an object with a `type`; only `text` is supported.",
        )),
    }
}

fn log_probabilities(logprobs: Option<&Value>, top: Option<&Value>) -> Result<(), Invalid> {
    let wants = logprobs.map_or(Ok(false), |value| boolean("logprobs", value))?;
    let param = match top {
        _ if wants => "logprobs",
        Some(top) if top.as_u64() != Some(0) => "top_logprobs",
        _ => return Ok(()),
    };
    let message = format!("The upstream gives no token probabilities. Remove `{param}`.");
    Err(Invalid::unsupported(param, message))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(fields: Value) -> Option<(&'static str, String)> {
        let result = refuse(fields.as_object().unwrap());
        result
            .err()
            .map(|invalid| (invalid.code, invalid.param.unwrap()))
    }

    #[test]
    fn what_asks_for_nothing_passes() {
        for fields in [
            json!({}),
            json!({"tools": [], "tool_choice": "none", "functions": [], "function_call": "none"}),
            json!({"tools": null, "tool_choice": "auto", "parallel_tool_calls": false}),
            json!({"n": 1, "modalities": ["text"], "response_format": {"type": "text"}}),
            json!({"n": 1.0, "logprobs": false, "top_logprobs": 0, "audio": null}),
            json!({"image_config": null, "video_config": {}}),
        ] {
            assert_eq!(refused(fields.clone()), None, "{fields}");
        }
    }

    #[test]
    fn what_cannot_be_served_is_refused_by_name() {
        let tool = json!({"type": "function", "function": {"name": "f"}});
        for (param, value) in [
            ("tools", json!([tool])),
            ("tool_choice", json!("required")),
            ("tool_choice", tool),
            ("functions", json!([{"name": "f"}])),
            ("function_call", json!({"name": "f"})),
            ("image_config", json!({"n": 1})),
            ("video_config", json!({"preset": "fun"})),
            ("audio", json!({"voice": "ara"})),
            ("modalities", json!(["text", "audio"])),
            ("response_format", json!({"type": "json_object"})),
            (
                "response_format",
                json!({"type": "json_schema", "json_schema": {}}),
            ),
            ("logprobs", json!(true)),
            ("top_logprobs", json!(2)),
        ] {
            let found = refused(json!({param: value}));
            assert_eq!(
                found,
                Some(("unsupported_parameter", param.to_owned())),
                "{param} {value}"
            );
        }
    }

    #[test]
    fn what_is_wrong_in_itself_keeps_its_code() {
        for (fields, code, param) in [
            (json!({"n": 2}), "invalid_n", "n"),
            (json!({"n": 0}), "invalid_n", "n"),
            (json!({"n": "1"}), "invalid_n", "n"),
            (json!({"tools": {}}), "invalid_tools", "tools"),
            (json!({"tools": [1]}), "invalid_tool_type", "tools.0.type"),
            (
                json!({"tools": [{"type": "retrieval"}]}),
                "invalid_tool_type",
                "tools.0.type",
            ),
            (
                json!({"tools": [{"type": "function", "function": {"name": " "}}]}),
                "missing_function_name",
                "tools.0.function.name",
            ),
            (
                json!({"tool_choice": "always"}),
                "invalid_tool_choice",
                "tool_choice",
            ),
            (
                json!({"tool_choice": {"type": "function"}}),
                "invalid_tool_choice",
                "tool_choice",
            ),
            (
                json!({"parallel_tool_calls": "yes"}),
                "invalid_value",
                "parallel_tool_calls",
            ),
            (json!({"modalities": "text"}), "invalid_value", "modalities"),
            (
                json!({"response_format": "text"}),
                "invalid_value",
                "response_format",
            ),
            (json!({"logprobs": 1}), "invalid_value", "logprobs"),
        ] {
            assert_eq!(
                refused(fields.clone()),
                Some((code, param.to_owned())),
                "{fields}"
            );
        }
    }
}
