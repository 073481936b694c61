//! From a body to a valid request. The rules and codes are those of `docs/upstream-protocol.md` 6.2.

use serde_json::Value;

use super::{
    fields::{self, Fields},
    messages, unsupported,
};
use crate::{Invalid, chat::ChatRequest};

const EFFORTS: [&str; 6] = ["none", "minimal", "low", "medium", "high", "xhigh"];
const CONVERSATION_ID_MAX: usize = 200;

/// Parses and validates the body of a chat completion request.
///
/// Unknown fields are ignored. What is known but not supported yet is refused, never dropped.
///
/// # Errors
/// The first mistake found; its `param` is always set (`body` for what is no JSON object).
pub fn parse(body: &[u8]) -> Result<ChatRequest, Invalid> {
    let mut fields = object(body)?;
    let model = model(&mut fields)?;
    unsupported::refuse(&fields)?;
    let stream = stream(&mut fields)?;
    let include_usage = include_usage(&mut fields)?;
    let reasoning_effort = reasoning_effort(&mut fields)?;
    let temperature = fields::number(&mut fields, "temperature", 2.0, "invalid_temperature")?;
    let top_p = fields::number(&mut fields, "top_p", 1.0, "invalid_top_p")?;
    let conversation_id = fields::string(&mut fields, "conversation_id")?;
    if let Some(id) = &conversation_id {
        check_conversation_id(id, "conversation_id")?;
    }
    let user = fields::string(&mut fields, "user")?;
    let messages = messages::parse(fields.remove("messages"))?;
    Ok(ChatRequest {
        model,
        messages,
        stream,
        include_usage,
        reasoning_effort,
        temperature,
        top_p,
        conversation_id,
        user,
    })
}

/// Checks a conversation id that came from outside, be it the body or a header named `param`.
///
/// # Errors
/// `invalid_value` unless it is 1 to 200 characters of `A-Z a-z 0-9 _ -`.
pub fn check_conversation_id(id: &str, param: &str) -> Result<(), Invalid> {
    let is_valid = (1..=CONVERSATION_ID_MAX).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if is_valid {
        return Ok(());
    }
    let message = format!(
        "`{param}` must be 1 to {CONVERSATION_ID_MAX} letters, digits, `_` or `-`: send it back as \
         an earlier answer gave it, or leave it out to start a new conversation."
    );
    Err(Invalid::value(param, message))
}

fn object(body: &[u8]) -> Result<Fields, Invalid> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => {
            let found = fields::kind(&other);
            Err(Invalid::value(
                "body",
                format!("The body must be a JSON object, not {found}."),
            ))
        }
        Err(error) => {
            let message = format!("The body is not valid JSON: {error}.");
            Err(Invalid::new("json_invalid", "body", message))
        }
    }
}

fn model(fields: &mut Fields) -> Result<String, Invalid> {
    let model = fields::string(fields, "model")?.filter(|model| !model.trim().is_empty());
    model.ok_or_else(|| Invalid::value("model", "`model` is required, for example `grok-4`."))
}

fn stream(fields: &mut Fields) -> Result<Option<bool>, Invalid> {
    let Some(value) = fields::take(fields, "stream") else {
        return Ok(None);
    };
    let word = match &value {
        Value::Bool(stream) => return Ok(Some(*stream)),
        Value::String(word) => word.to_ascii_lowercase(),
        _ => String::new(),
    };
    match word.as_str() {
        "true" | "1" | "yes" => Ok(Some(true)),
        "false" | "0" | "no" => Ok(Some(false)),
        _ => Err(Invalid::new(
            "invalid_stream",
            "stream",
            "`stream` must be true or false.",
        )),
    }
}

fn include_usage(fields: &mut Fields) -> Result<bool, Invalid> {
    let mut options = match fields::take(fields, "stream_options") {
        None => return Ok(false),
        Some(Value::Object(options)) => options,
        Some(_) => {
            return Err(Invalid::value(
                "stream_options",
                "`stream_options` must be an object.",
            ));
        }
    };
    match fields::take(&mut options, "include_usage") {
        None => Ok(false),
        Some(Value::Bool(include)) => Ok(include),
        Some(_) => Err(Invalid::value(
            "stream_options.include_usage",
            "`stream_options.include_usage` must be true or false.",
        )),
    }
}

fn reasoning_effort(fields: &mut Fields) -> Result<Option<String>, Invalid> {
    match fields::take(fields, "reasoning_effort") {
        None => Ok(None),
        Some(Value::String(effort)) if EFFORTS.contains(&effort.as_str()) => Ok(Some(effort)),
        Some(_) => Err(Invalid::new(
            "invalid_reasoning_effort",
            "reasoning_effort",
            format!("`reasoning_effort` must be one of {}.", EFFORTS.join(", ")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Parses a valid body after setting one field.
    fn with(name: &str, value: Value) -> Result<ChatRequest, Invalid> {
        let mut body = json!({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}]});
        body[name] = value;
        parse(body.to_string().as_bytes())
    }

    fn code_and_param(result: Result<ChatRequest, Invalid>) -> (&'static str, String) {
        let invalid = result.unwrap_err();
        assert!(
            invalid.message.ends_with('.'),
            "a sentence: {}",
            invalid.message
        );
        (invalid.code, invalid.param.unwrap())
    }

    #[test]
    fn a_small_request_leaves_everything_else_open() {
        let request = with("unknown_field", json!({"a": [1]})).unwrap();
        assert_eq!(request.model, "grok-4");
        assert_eq!(request.messages.len(), 1);
        assert_eq!(
            (
                request.stream,
                request.include_usage,
                request.temperature,
                request.top_p
            ),
            (None, false, None, None)
        );
        assert_eq!(
            (
                request.reasoning_effort,
                request.conversation_id,
                request.user
            ),
            (None, None, None)
        );
    }

    #[test]
    fn every_scalar_is_read() {
        let body = json!({
            "model": "grok-4", "messages": [{"role": "user", "content": "Hi"}], "stream": true,
            "stream_options": {"include_usage": true, "include_obfuscation": false},
            "reasoning_effort": "low", "temperature": 0, "top_p": 1, "user": "u", "n": 1,
            "conversation_id": "0b6e-A_1", "max_tokens": 5, "max_completion_tokens": 5,
            "tools": [], "tool_choice": "none", "logprobs": false, "modalities": ["text"],
            "response_format": {"type": "text"}, "function_call": null
        });
        let request = parse(body.to_string().as_bytes()).unwrap();
        assert_eq!((request.stream, request.include_usage), (Some(true), true));
        assert_eq!((request.temperature, request.top_p), (Some(0.0), Some(1.0)));
        assert_eq!(request.reasoning_effort.as_deref(), Some("low"));
        assert_eq!(request.conversation_id.as_deref(), Some("0b6e-A_1"));
        assert_eq!(request.user.as_deref(), Some("u"));
    }

    #[test]
    fn stream_takes_words_too() {
        for word in ["true", "1", "yes", "True"] {
            assert_eq!(
                with("stream", json!(word)).unwrap().stream,
                Some(true),
                "{word}"
            );
        }
        for word in ["false", "0", "no"] {
            assert_eq!(
                with("stream", json!(word)).unwrap().stream,
                Some(false),
                "{word}"
            );
        }
        assert_eq!(with("stream", Value::Null).unwrap().stream, None);
    }

    #[test]
    fn each_bad_scalar_has_its_code_and_param() {
        for (name, value, code) in [
            ("model", json!(null), "invalid_value"),
            ("model", json!("  "), "invalid_value"),
            ("model", json!(4), "invalid_value"),
            ("messages", json!(null), "invalid_value"),
            ("messages", json!([]), "invalid_value"),
            ("messages", json!("Hi"), "invalid_value"),
            ("stream", json!("maybe"), "invalid_stream"),
            ("stream", json!(1), "invalid_stream"),
            ("stream_options", json!("usage"), "invalid_value"),
            ("reasoning_effort", json!("max"), "invalid_reasoning_effort"),
            ("reasoning_effort", json!(3), "invalid_reasoning_effort"),
            ("temperature", json!(2.1), "invalid_temperature"),
            ("temperature", json!(-0.1), "invalid_temperature"),
            ("temperature", json!("0.5"), "invalid_temperature"),
            ("top_p", json!(1.01), "invalid_top_p"),
            ("top_p", json!([0.5]), "invalid_top_p"),
            ("conversation_id", json!(" "), "invalid_value"),
            ("conversation_id", json!(""), "invalid_value"),
            ("conversation_id", json!("a/b"), "invalid_value"),
            ("conversation_id", json!("a".repeat(201)), "invalid_value"),
            ("conversation_id", json!(7), "invalid_value"),
            ("user", json!({}), "invalid_value"),
        ] {
            let found = code_and_param(with(name, value.clone()));
            assert_eq!(found, (code, name.to_owned()), "{name} = {value}");
        }
        assert_eq!(
            code_and_param(with("stream_options", json!({"include_usage": "yes"}))),
            ("invalid_value", "stream_options.include_usage".to_owned())
        );
    }

    #[test]
    fn what_is_no_json_object_names_the_body() {
        for body in [
            "",
            "{",
            "nonsense",
            "{\"model\":1e999}",
            "\"\\ud800\"",
            "{} {}",
        ] {
            let found = code_and_param(parse(body.as_bytes()));
            assert_eq!(found, ("json_invalid", "body".to_owned()), "{body}");
        }
        for body in ["[]", "null", "1", "\"x\""] {
            let found = code_and_param(parse(body.as_bytes()));
            assert_eq!(found, ("invalid_value", "body".to_owned()), "{body}");
        }
        assert_eq!(code_and_param(parse(b"\"\xff\"")).0, "json_invalid");
    }

    #[test]
    fn a_missing_model_is_reported_before_anything_else() {
        assert_eq!(
            code_and_param(parse(b"{}")),
            ("invalid_value", "model".to_owned())
        );
    }
}
