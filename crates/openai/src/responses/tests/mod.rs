//! Tests of responses, apart from the code because of their number: the request, the answer in both
//! forms, and what is stored.

use serde_json::{Value, json};

use super::*;
use crate::Invalid;

mod answer;
mod conversations;
mod property;
mod request;
mod stored;

/// A valid body with some fields set.
fn body(fields: Value) -> Vec<u8> {
    let mut body = json!({"model": "grok-4", "input": "Hi"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.to_string().into_bytes()
}

fn asked(fields: Value) -> Result<ResponsesRequest, Invalid> {
    parse(&body(fields))
}

fn head() -> ResponseHead {
    ResponseHead {
        id: "resp_5b".into(),
        created: 1_772_700_000,
        model: "grok-4".into(),
        conversation: None,
    }
}

/// Names and data of every event; checks the framing on the way.
fn events(bytes: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text}");
    let frames = text.split("\n\n").filter(|frame| !frame.is_empty());
    let mut all = Vec::new();
    for (number, frame) in frames.enumerate() {
        let (name, data) = frame.split_once('\n').unwrap();
        let name = name.strip_prefix("event: ").unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(data["type"], name);
        assert_eq!(data["sequence_number"], number, "{frame}");
        all.push((name.to_owned(), data));
    }
    all
}
