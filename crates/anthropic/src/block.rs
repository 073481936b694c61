//! The content blocks of an answer, as the API writes them.

use std::borrow::Cow;

use chat::{Citation, Found, ToolCall};
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use crate::{
    call_id,
    search::{self, SearchResult},
};

/// The signature of every thinking block. Clients send blocks back with it; it proves nothing and is
/// not checked, since thinking is left out of what goes upstream.
pub(crate) const SIGNATURE: &str = "grok2api-unsigned";

/// A content block: whole in a message, empty at its start in a stream.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Block<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Cited<'a>>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'static str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Input<'a>,
        caller: Caller,
    },
    /// A search that the upstream made.
    ServerToolUse {
        id: String,
        name: &'static str,
        input: Input<'a>,
        caller: Caller,
    },
    WebSearchToolResult {
        tool_use_id: String,
        content: Vec<Page<'a>>,
        caller: Caller,
    },
}

/// Who made a call: the model itself, not a program of it.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Caller {
    Direct,
}

impl<'a> Block<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        let citations = Vec::new();
        Self::Text { text, citations }
    }

    pub(crate) fn tool_use(call: &'a ToolCall, input: Input<'a>) -> Self {
        Self::ToolUse {
            id: call_id::write(&call.id),
            name: &call.name,
            input,
            caller: Caller::Direct,
        }
    }

    pub(crate) fn search(message_id: &str, number: u64, input: Input<'a>) -> Self {
        Self::ServerToolUse {
            id: search::id(message_id, number),
            name: "web_search",
            input,
            caller: Caller::Direct,
        }
    }

    pub(crate) fn search_result(message_id: &str, result: &'a SearchResult) -> Self {
        Self::WebSearchToolResult {
            tool_use_id: search::id(message_id, result.number),
            content: result.pages.iter().map(Page::from).collect(),
            caller: Caller::Direct,
        }
    }
}

/// What a tool is called with, which must be an object here.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Input<'a> {
    Empty {},
    Object(&'a RawValue),
    /// The model wrote something else: its text is kept.
    Other {
        arguments: &'a str,
    },
    /// Of a search.
    Query {
        query: &'a str,
    },
}

impl<'a> Input<'a> {
    pub(crate) fn of(call: &'a ToolCall) -> Self {
        let arguments = call.arguments.as_str();
        match serde_json::from_str::<&RawValue>(arguments) {
            Ok(raw) if is_readable_object(raw.get()) => Self::Object(raw),
            _ if arguments.trim().is_empty() => Self::Empty {},
            _ => Self::Other { arguments },
        }
    }
}

/// Whether every client can read it. Some of their parsers refuse what the grammar allows: halves of
/// characters, deep nesting, numbers beyond all bounds. So does the one that is asked here.
fn is_readable_object(json: &str) -> bool {
    json.starts_with('{') && serde_json::from_str::<Value>(json).is_ok()
}

/// A page that a search found. What Anthropic's own model would read of it is empty.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename = "web_search_result")]
pub(crate) struct Page<'a> {
    url: &'a str,
    title: &'a str,
    encrypted_content: &'static str,
    page_age: Option<&'a str>,
}

impl<'a> From<&'a Found> for Page<'a> {
    fn from(page: &'a Found) -> Self {
        // Clients show the title as the text of a link.
        let title = if page.title.trim().is_empty() {
            &page.url
        } else {
            &page.title
        };
        Self {
            url: &page.url,
            title,
            encrypted_content: "",
            page_age: None,
        }
    }
}

/// A page that a text cites. The upstream names no passage of it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename = "web_search_result_location")]
pub(crate) struct Cited<'a> {
    url: &'a str,
    title: Option<&'a str>,
    encrypted_index: &'static str,
    cited_text: &'static str,
}

impl<'a> From<&'a Citation> for Cited<'a> {
    fn from(citation: &'a Citation) -> Self {
        let title = citation.title.as_str();
        Self {
            url: &citation.url,
            title: (!title.trim().is_empty()).then_some(title),
            encrypted_index: "",
            cited_text: "",
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
            (
                r#"{"a":"\ud800"}"#,
                r#"{"arguments":"{\"a\":\"\\ud800\"}"}"#,
            ),
            (r#"{"a":1e999}"#, r#"{"arguments":"{\"a\":1e999}"}"#),
        ] {
            let call = call(arguments);
            let written = serde_json::to_string(&Block::tool_use(&call, Input::of(&call))).unwrap();
            let expected = format!(
                r#"{{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{input},"caller":{{"type":"direct"}}}}"#
            );
            assert_eq!(written, expected, "{arguments:?}");
        }
    }

    #[test]
    fn arguments_that_nest_too_deep_for_clients_are_text() {
        let deep = |levels| {
            let arguments = format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
            serde_json::to_string(&Input::of(&call(&arguments))).unwrap()
        };
        assert!(deep(100).starts_with(r#"{"a":[["#));
        assert!(deep(200).starts_with(r#"{"arguments":"{\"a\":[["#));
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
