//! The content blocks of an answer, as the API writes them.

use chat::ToolCall;
use serde::Serialize;
use serde_json::value::RawValue;

/// The signature of every thinking block. Clients send blocks back with it; it proves nothing and is
/// not checked, since thinking is left out of what goes upstream.
pub(crate) const SIGNATURE: &str = "grok2api-unsigned";

/// A content block: whole in a message, empty at its start in a stream.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Block<'a> {
    Text {
        text: &'a str,
    },
    Thinking {
        thinking: &'a str,
        signature: &'static str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Input<'a>,
    },
}

impl<'a> Block<'a> {
    pub(crate) fn tool_use(call: &'a ToolCall) -> Self {
        Self::ToolUse {
            id: &call.id,
            name: &call.name,
            input: Input::of(call),
        }
    }
}

/// The arguments of a tool call, which must be an object here.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Input<'a> {
    Empty {},
    Object(&'a RawValue),
    /// The model wrote something else: its text is kept.
    Other {
        arguments: &'a str,
    },
}

impl<'a> Input<'a> {
    pub(crate) fn of(call: &'a ToolCall) -> Self {
        let arguments = call.arguments.as_str();
        match serde_json::from_str::<&RawValue>(arguments) {
            Ok(raw) if raw.get().starts_with('{') => Self::Object(raw),
            _ if arguments.trim().is_empty() => Self::Empty {},
            _ => Self::Other { arguments },
        }
    }
}

/// The picture as text: the API has no block for it in an answer.
pub(crate) fn image_markdown(url: &str, alt: &str) -> String {
    let alt = match alt.trim() {
        "" => "image".to_owned(),
        alt => alt.replace(['\n', '\r'], " "),
    };
    format!("![{alt}]({url})\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &str) -> ToolCall {
        ToolCall {
            id: "toolu_1".to_owned(),
            name: "get_weather".to_owned(),
            arguments: arguments.to_owned(),
        }
    }

    #[test]
    fn arguments_are_an_object_whatever_the_model_wrote() {
        for (arguments, input) in [
            (r#" {"b":1, "a":[2]} "#, r#"{"b":1, "a":[2]}"#),
            ("{}", "{}"),
            ("", "{}"),
            (" \n", "{}"),
            ("[1]", r#"{"arguments":"[1]"}"#),
            (r#"{"a":"#, r#"{"arguments":"{\"a\":"}"#),
            ("Lima", r#"{"arguments":"Lima"}"#),
        ] {
            let call = call(arguments);
            let written = serde_json::to_string(&Block::tool_use(&call)).unwrap();
            let expected = format!(
                r#"{{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{input}}}"#
            );
            assert_eq!(written, expected, "{arguments:?}");
        }
    }

    #[test]
    fn a_picture_becomes_markdown_on_one_line() {
        let url = "https://a.io/1.png";
        assert_eq!(image_markdown(url, " "), "![image](https://a.io/1.png)\n");
        assert_eq!(
            image_markdown(url, "a\nred\rfox"),
            "![a red fox](https://a.io/1.png)\n"
        );
    }
}
