//! What a body means, and which mistake is reported where.

#![expect(clippy::unwrap_used, reason = "tests")]

mod attachments;
mod body;
mod output;
mod tools;
mod turns;

use anthropic::{Invalid, messages};
use chat::{AttachmentKind, Part, Request, Source, Turn};
use serde_json::{Value, json};

/// A small valid body with these fields more.
fn body(fields: Value) -> Value {
    let mut body = json!({
        "model": "grok-4",
        "max_tokens": 40_000,
        "messages": [{"role": "user", "content": "Hi"}],
    });
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// What a valid body with these fields asks for.
fn accepted(fields: Value) -> Request {
    let body = body(fields).to_string();
    messages::parse(body.as_bytes()).unwrap().request
}

/// The turns of a request with these messages.
fn turns(messages: Value) -> Vec<Turn> {
    accepted(json!({"messages": messages})).turns
}

/// The turns of a request in which a user sends these blocks.
fn user(blocks: Value) -> Vec<Turn> {
    turns(json!([{"role": "user", "content": blocks}]))
}

/// Why a body with these fields is refused.
fn refused(fields: Value) -> Invalid {
    let body = body(fields).to_string();
    messages::parse(body.as_bytes()).unwrap_err()
}

/// Checks that each value of the field `name` is refused with this text.
fn check(name: &str, cases: &[(Value, &str)]) {
    for (value, expected) in cases {
        let invalid = refused(json!({name: value}));
        assert_eq!(invalid.to_string(), *expected, "{name} = {value}");
    }
}

/// Checks that each content of a user is refused, at a place below `messages.0.content`.
fn check_content(cases: &[(Value, &str)]) {
    for (content, expected) in cases {
        let messages = json!([{"role": "user", "content": content}]);
        let invalid = refused(json!({"messages": messages}));
        let expected = format!("messages.0.content{expected}");
        assert_eq!(invalid.to_string(), expected, "{content}");
    }
}

fn text(text: &str) -> Part {
    Part::Text(text.to_owned())
}

fn attachment(kind: AttachmentKind, source: Source, name: Option<&str>, param: &str) -> Part {
    Part::Attachment(chat::Attachment {
        kind,
        source,
        name: name.map(str::to_owned),
        param: param.to_owned(),
    })
}
