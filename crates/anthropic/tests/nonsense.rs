//! Bodies that make no sense: parsing never panics, and what it refuses it refuses with a place.

use anthropic::{Invalid, count, messages};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

#[path = "../../chat/tests/nonsense/mod.rs"]
mod nonsense;

/// Fields that the parser knows, at any depth, so that random objects hit its branches.
const NAMES: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "thinking",
    "budget_tokens",
    "display",
    "output_config",
    "effort",
    "format",
    "schema",
    "tools",
    "tool_choice",
    "input_schema",
    "description",
    "mcp_servers",
    "metadata",
    "user_id",
    "role",
    "content",
    "type",
    "text",
    "source",
    "media_type",
    "data",
    "url",
    "title",
    "context",
    "id",
    "name",
    "input",
    "tool_use_id",
    "is_error",
    "tool_name",
    "disable_parallel_tool_use",
    "allowed_domains",
    "output_format",
    "x",
];

/// Words that are right somewhere and wrong elsewhere.
const WORDS: &[&str] = &[
    "",
    " ",
    "grok-4",
    "user",
    "system",
    "assistant",
    "text",
    "image",
    "document",
    "search_result",
    "thinking",
    "redacted_thinking",
    "tool_use",
    "tool_result",
    "base64",
    "url",
    "content",
    "file",
    "image/png",
    "application/pdf",
    "text/plain",
    "enabled",
    "adaptive",
    "disabled",
    "omitted",
    "json_schema",
    "high",
    "custom",
    "auto",
    "any",
    "tool",
    "web_search",
    "web_search_20250305",
    "server_tool_use",
    "web_search_tool_result",
    "tool_reference",
    "aGk=",
    "https://a.io/b.png",
    "http://\u{7f}",
    "\u{0}",
    "😀",
    "\u{202e}",
];

/// Checks what must hold for any body and says whether it was accepted.
fn check(body: &[u8]) -> Result<bool, TestCaseError> {
    let counted = count::parse(body);
    match messages::parse(body) {
        Ok(parsed) => {
            let prompt = chat::flatten(&parsed.request);
            prop_assert!(
                !prompt.text.trim().is_empty(),
                "a valid request says something"
            );
            chat::history_after(&parsed.request, "x", &[]).to_bytes();
            prop_assert!(
                chat::history_key(&parsed.request).is_none_or(|h| !h.to_bytes().is_empty())
            );
            let counted = counted.map(|request| chat::count_tokens(&request));
            prop_assert_eq!(counted, Ok(prompt.tokens()));
            Ok(true)
        }
        Err(invalid) => {
            prop_assert!(is_placed(&invalid), "{:?}", invalid);
            prop_assert!(
                counted.as_ref().err().is_none_or(is_placed),
                "{:?}",
                counted
            );
            Ok(false)
        }
    }
}

fn is_placed(invalid: &Invalid) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    let param = &invalid.param;
    !param.is_empty()
        && !param.starts_with('.')
        && !param.ends_with('.')
        && param.bytes().all(plain)
        && invalid.message.ends_with('.')
        && invalid.message.len() < 300
        && serde_json::from_slice::<Value>(&invalid.body(None).to_json()).is_ok()
}

#[test]
fn bodies_that_are_no_json_name_the_body() {
    let bodies = [
        b"\0".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"model\":\"\xc3\x28\"}".to_vec(),
        b"model=grok-4&stream=true".to_vec(),
        "[".repeat(100_000).into_bytes(),
        "{\"a\":".repeat(100_000).into_bytes(),
        ["[".repeat(100_000), "]".repeat(100_000)]
            .concat()
            .into_bytes(),
        vec![b'1'; 100_000].into_iter().chain(*b"e").collect(),
    ];
    for body in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert!(!check(&body).unwrap(), "{start}");
        assert_eq!(messages::parse(&body).unwrap_err().param, "body", "{start}");
    }
}

#[test]
fn depth_is_no_danger_wherever_it_stands() {
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    for (place, is_read) in [
        ("unknown", false),
        ("system", true),
        ("tools", true),
        ("thinking", true),
        ("stop_sequences", true),
    ] {
        let body = format!(
            r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"x"}}],"{place}":{deep}}}"#
        );
        assert_eq!(check(body.as_bytes()).unwrap(), !is_read, "{place}");
    }
    let input = r#"{"type":"tool_use","id":"t","name":"f","input":{"a":DEEP}}"#;
    let body = format!(
        r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"assistant","content":[{input}]}}]}}"#
    );
    assert!(check(body.replace("DEEP", &deep).as_bytes()).unwrap());
}

#[test]
fn a_thousand_messages_and_a_long_text_are_fine() {
    let turn = json!({"role": "user", "content": "x".repeat(1000)});
    let body = json!({"model": "grok-4", "max_tokens": 1, "messages": vec![turn; 1000]});
    assert!(check(body.to_string().as_bytes()).unwrap());
}

fn sample() -> Value {
    json!({
        "model": "grok-4", "max_tokens": 9000, "stream": true, "temperature": 1, "top_p": 1,
        "system": [{"type": "text", "text": "a"}], "stop_sequences": ["x"], "top_k": 5,
        "metadata": {"user_id": "u"}, "thinking": {"type": "enabled", "budget_tokens": 2000},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
        "tools": [{"type": "custom", "name": "f", "description": "d", "input_schema": {}},
            {"type": "web_search_20250305", "name": "web_search", "allowed_domains": []}],
        "tool_choice": {"type": "tool", "name": "f", "disable_parallel_tool_use": true},
        "output_format": {"type": "json_schema", "schema": {}},
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [
                {"type": "text", "text": "b"},
                {"type": "image", "source":
                    {"type": "base64", "media_type": "image/png", "data": "aGk="}},
                {"type": "image", "source": {"type": "url", "url": "https://a.io/b.png"}},
                {"type": "document", "title": "t", "context": "c", "source":
                    {"type": "text", "media_type": "text/plain", "data": "d"}},
                {"type": "document", "source": {"type": "content", "content":
                    [{"type": "text", "text": "e"}]}},
                {"type": "search_result", "title": "t", "source": "s", "content":
                    [{"type": "text", "text": "f"}]}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "h", "signature": "s"},
                {"type": "text", "text": "g"},
                {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
                {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
                {"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t", "is_error": true, "content":
                    [{"type": "text", "text": "i"}, {"type": "tool_reference", "tool_name": "f"}]}]},
            {"role": "user", "content": "d"}
        ]
    })
}

#[test]
fn every_wrong_type_in_every_place_is_refused_or_harmless() {
    nonsense::spoil_every_place(&sample(), 80, check);
}

fn any_value() -> impl Strategy<Value = Value> {
    nonsense::any_value(NAMES, WORDS)
}

/// A block whose type is known and whose fields are anything.
fn any_block() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(NAMES).prop_map(str::to_owned);
    let fields = prop::collection::vec((name, any_value()), 0..5);
    (prop::sample::select(&WORDS[6..14]), fields).prop_map(|(kind, fields)| {
        let mut block: Map<_, _> = fields.into_iter().collect();
        block.insert("type".to_owned(), kind.into());
        Value::Object(block)
    })
}

fn with_messages(messages: Value) -> Vec<u8> {
    let body = json!({"model": "grok-4", "max_tokens": 9, "messages": messages});
    body.to_string().into_bytes()
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&body)?;
    }

    #[test]
    fn any_json_is_survived(value in any_value()) {
        check(value.to_string().as_bytes())?;
    }

    #[test]
    fn any_messages_are_survived(messages in prop::collection::vec(any_value(), 1..4)) {
        check(&with_messages(json!(messages)))?;
    }

    #[test]
    fn any_blocks_are_survived(
        role in prop::sample::select(&["system", "user", "assistant"][..]),
        blocks in prop::collection::vec(any_block(), 1..4),
    ) {
        check(&with_messages(json!([{"role": role, "content": blocks}])))?;
    }

    #[test]
    fn any_field_is_survived(name in prop::sample::select(NAMES), value in any_value()) {
        let mut body = sample();
        body[name] = value;
        check(body.to_string().as_bytes())?;
    }

    #[test]
    fn a_cut_or_flipped_body_is_survived(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = sample().to_string().into_bytes();
        let at = at.index(body.len());
        check(&body[..at])?;
        body[at] = byte;
        check(&body)?;
    }
}
