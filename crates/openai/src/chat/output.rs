//! What the answer must look like and where it ends.

use chat::{JsonSchema, MAX_STOP_BYTES, OutputLimits, ResponseFormat};

use crate::{
    Invalid,
    json::{Fields, Json, Object},
    tools::schema,
};

/// Stop sequences in one request; the limit of OpenAI's API.
const MAX_STOPS: usize = 4;

/// Parses the field `response_format`.
///
/// # Errors
/// `invalid_value`; `unsupported_parameter` for a type that is not known.
pub(super) fn format(value: Option<Json<'_>>) -> Result<ResponseFormat, Invalid> {
    let Some(value) = value else {
        return Ok(ResponseFormat::Text);
    };
    let fields = value.fields(&["type", "json_schema"]);
    match fields.get("type") {
        Some(Json::String(kind)) => match kind.as_ref() {
            "text" => Ok(ResponseFormat::Text),
            "json_object" => Ok(ResponseFormat::JsonObject),
            "json_schema" => json_schema(fields.get("json_schema")),
            _ => Err(Invalid::unsupported(
                "response_format",
                "The `type` of `response_format` must be `text`, `json_object` or `json_schema`.",
            )),
        },
        _ => Err(Invalid::value(
            "response_format",
            "`response_format` must be an object whose `type` is `text`, `json_object` or \
             `json_schema`.",
        )),
    }
}

fn json_schema(value: Option<Json<'_>>) -> Result<ResponseFormat, Invalid> {
    let Some(Json::Object(object)) = value else {
        return Err(Invalid::value(
            "response_format.json_schema",
            "`json_schema` must be an object with a `name` and a `schema`.",
        ));
    };
    named_schema(object, "response_format.json_schema")
}

/// A schema with its name, as both of OpenAI's forms have it; `at` is where `object` stands.
pub(crate) fn named_schema(object: Object<'_>, at: &str) -> Result<ResponseFormat, Invalid> {
    let fields = object.fields(&["name", "schema"]);
    let name = fields.get("name").and_then(Json::into_text);
    let name =
        name.ok_or_else(|| Invalid::value(format!("{at}.name"), "A JSON schema needs a `name`."))?;
    let schema = schema(&fields, "schema", &format!("{at}.schema"))?;
    Ok(ResponseFormat::JsonSchema {
        name: name.into_owned(),
        // Without a schema every value fits.
        schema: JsonSchema::new(schema.unwrap_or_else(|| "{}".to_owned())),
    })
}

/// Parses `stop`, `max_completion_tokens` and its old name `max_tokens`; of both the smaller counts.
///
/// # Errors
/// `invalid_stop`, `invalid_max_tokens`
pub(super) fn limits(fields: &Fields<'_>) -> Result<OutputLimits, Invalid> {
    let both = [
        max_tokens(fields, "max_completion_tokens")?,
        max_tokens(fields, "max_tokens")?,
    ];
    Ok(OutputLimits {
        max_tokens: both.into_iter().flatten().min(),
        stop: stop(fields.get("stop"))?,
    })
}

/// A limit of tokens.
///
/// # Errors
/// `invalid_max_tokens`
pub(crate) fn max_tokens(fields: &Fields<'_>, name: &'static str) -> Result<Option<u64>, Invalid> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    let tokens = value.as_u64().filter(|tokens| *tokens >= 1);
    let message = || format!("`{name}` must be a whole number of at least 1.");
    tokens
        .map(Some)
        .ok_or_else(|| Invalid::new("invalid_max_tokens", name, message()))
}

/// Parses `stop`.
///
/// # Errors
/// `invalid_stop`
pub(crate) fn stop(value: Option<Json<'_>>) -> Result<Vec<String>, Invalid> {
    let invalid = || {
        Invalid::new(
            "invalid_stop",
            "stop",
            format!(
                "`stop` must be a string or an array of up to {MAX_STOPS} strings, each of 1 to \
                 {MAX_STOP_BYTES} bytes."
            ),
        )
    };
    let one = |value: Json<'_>| match value {
        Json::String(text) if (1..=MAX_STOP_BYTES).contains(&text.len()) => Ok(text.into_owned()),
        _ => Err(invalid()),
    };
    match value {
        None => Ok(Vec::new()),
        Some(Json::Array(list)) => list.try_map(|index, value| {
            if index < MAX_STOPS {
                one(value)
            } else {
                Err(invalid())
            }
        }),
        Some(value) => one(value).map(|stop| vec![stop]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::chat::{ChatRequest, parse};

    fn with(fields: Value) -> Result<ChatRequest, Invalid> {
        let mut body = fields;
        body["model"] = json!("grok-4");
        body["messages"] = json!([{"role": "user", "content": "Hi"}]);
        parse(body.to_string().as_bytes())
    }

    fn limits_of(fields: Value) -> (Option<u64>, Vec<String>) {
        let limits = with(fields).unwrap().request.limits;
        (limits.max_tokens, limits.stop)
    }

    #[test]
    fn stops_are_one_string_or_up_to_four() {
        for (stop, all) in [
            (json!(null), vec![]),
            (json!([]), vec![]),
            (json!("END"), vec!["END"]),
            (json!(" "), vec![" "]),
            (json!(["\n", "b", "c", "d"]), vec!["\n", "b", "c", "d"]),
        ] {
            assert_eq!(limits_of(json!({"stop": stop})).1, all, "{stop}");
        }
    }

    #[test]
    fn the_smaller_token_limit_counts() {
        for (fields, tokens) in [
            (json!({}), None),
            (
                json!({"max_tokens": null, "max_completion_tokens": null}),
                None,
            ),
            (json!({"max_tokens": 1}), Some(1)),
            (json!({"max_completion_tokens": u64::MAX}), Some(u64::MAX)),
            (
                json!({"max_tokens": 5, "max_completion_tokens": 7}),
                Some(5),
            ),
            (
                json!({"max_tokens": 7, "max_completion_tokens": 5}),
                Some(5),
            ),
        ] {
            assert_eq!(limits_of(fields.clone()).0, tokens, "{fields}");
        }
    }

    #[test]
    fn each_format_is_read() {
        let schema = json!({"name": "n", "schema": {"type": "object"}, "strict": true});
        let json_schema = |schema: &str| ResponseFormat::JsonSchema {
            name: "n".to_owned(),
            schema: JsonSchema::new(schema.to_owned()),
        };
        for (format, expected) in [
            (json!(null), ResponseFormat::Text),
            (json!({"type": "text"}), ResponseFormat::Text),
            (json!({"type": "json_object"}), ResponseFormat::JsonObject),
            (
                json!({"type": "json_schema", "json_schema": schema}),
                json_schema(r#"{"type":"object"}"#),
            ),
            (
                json!({"type": "json_schema", "json_schema": {"name": "n"}}),
                json_schema("{}"),
            ),
        ] {
            let request = with(json!({"response_format": format})).unwrap().request;
            assert_eq!(request.response_format, expected, "{format}");
        }
    }

    #[test]
    fn what_is_wrong_has_its_code_and_param() {
        let schema = |schema: Value| json!({"type": "json_schema", "json_schema": schema});
        for (name, value, code, param) in [
            ("stop", json!(""), "invalid_stop", "stop"),
            ("stop", json!(5), "invalid_stop", "stop"),
            ("stop", json!({}), "invalid_stop", "stop"),
            ("stop", json!(["a", ""]), "invalid_stop", "stop"),
            ("stop", json!(["a", null]), "invalid_stop", "stop"),
            (
                "stop",
                json!(["a", "b", "c", "d", "e"]),
                "invalid_stop",
                "stop",
            ),
            ("max_tokens", json!(0), "invalid_max_tokens", "max_tokens"),
            ("max_tokens", json!(-1), "invalid_max_tokens", "max_tokens"),
            ("max_tokens", json!(1.5), "invalid_max_tokens", "max_tokens"),
            ("max_tokens", json!("5"), "invalid_max_tokens", "max_tokens"),
            (
                "max_completion_tokens",
                json!(0),
                "invalid_max_tokens",
                "max_completion_tokens",
            ),
            (
                "response_format",
                json!("text"),
                "invalid_value",
                "response_format",
            ),
            (
                "response_format",
                json!({}),
                "invalid_value",
                "response_format",
            ),
            (
                "response_format",
                json!({"type": 1}),
                "invalid_value",
                "response_format",
            ),
            (
                "response_format",
                json!({"type": "grammar"}),
                "unsupported_parameter",
                "response_format",
            ),
            (
                "response_format",
                json!({"type": "json_schema"}),
                "invalid_value",
                "response_format.json_schema",
            ),
            (
                "response_format",
                schema(json!({})),
                "invalid_value",
                "response_format.json_schema.name",
            ),
            (
                "response_format",
                schema(json!({"name": " "})),
                "invalid_value",
                "response_format.json_schema.name",
            ),
            (
                "response_format",
                schema(json!({"name": "n", "schema": []})),
                "invalid_value",
                "response_format.json_schema.schema",
            ),
        ] {
            let invalid = with(json!({name: value})).unwrap_err();
            assert_eq!(
                (invalid.code, invalid.param.as_deref()),
                (code, Some(param)),
                "{name} = {value}"
            );
            assert!(invalid.message.ends_with('.'), "{}", invalid.message);
        }
    }
}
