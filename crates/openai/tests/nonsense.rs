//! Bodies that make no sense: `parse` never panics, and what it refuses it refuses with a place.

use openai::{Invalid, chat::parse};
use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "../../chat/tests/nonsense/mod.rs"]
mod nonsense;

/// Fields that the parser knows, at any depth, so that random objects hit its branches.
const NAMES: &[&str] = &[
    "model",
    "messages",
    "stream",
    "stream_options",
    "include_usage",
    "reasoning_effort",
    "n",
    "temperature",
    "top_p",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "web_search_options",
    "search_parameters",
    "mode",
    "sources",
    "allowed_tools",
    "filters",
    "modalities",
    "response_format",
    "logprobs",
    "top_logprobs",
    "image_config",
    "video_config",
    "audio",
    "user",
    "conversation_id",
    "parallel_tool_calls",
    "stop",
    "max_tokens",
    "max_completion_tokens",
    "json_schema",
    "schema",
    "description",
    "parameters",
    "role",
    "content",
    "name",
    "tool_call_id",
    "tool_calls",
    "type",
    "text",
    "image_url",
    "url",
    "file",
    "file_data",
    "filename",
    "file_id",
    "input_audio",
    "data",
    "function",
    "arguments",
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
    "tool",
    "developer",
    "text",
    "image_url",
    "input_audio",
    "file",
    "function",
    "web_search",
    "allowed_tools",
    "file-1",
    "json_object",
    "json_schema",
    "auto",
    "none",
    "required",
    "true",
    "high",
    "1",
    "\u{0}",
    "data:",
    "data:,",
    "data:image/png;base64,",
    "data:image/png;base64,aGk=",
    "data:;base64,====",
    "https://",
    "https://a.io/b.png",
    "http://\u{7f}",
    "😀",
    "\u{202e}",
    "é,;=",
];

/// Checks what must hold for any body and says whether it was accepted.
fn check(body: &[u8]) -> Result<bool, TestCaseError> {
    match parse(body) {
        Ok(parsed) => {
            let request = parsed.request;
            let prompt = chat::flatten(&request);
            prop_assert!(
                !prompt.text.trim().is_empty(),
                "a valid request says something"
            );
            chat::flatten_last_turn(&request);
            chat::history_after(&request, "x", &[]).to_bytes();
            prop_assert!(chat::history_key(&request).is_none_or(|h| !h.to_bytes().is_empty()));
            Ok(true)
        }
        Err(invalid) => {
            prop_assert!(is_placed(&invalid), "{:?}", invalid);
            Ok(false)
        }
    }
}

fn is_placed(invalid: &Invalid) -> bool {
    let Some(param) = &invalid.param else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
    !param.is_empty()
        && !param.starts_with('.')
        && !param.ends_with('.')
        && param.bytes().all(plain)
        && !invalid.code.is_empty()
        && invalid.message.ends_with('.')
}

/// Code and place of the refusal; `None` if the body was accepted.
fn refused(body: &[u8]) -> Option<(&'static str, String)> {
    let invalid = parse(body).err()?;
    assert!(is_placed(&invalid), "{invalid:?}");
    Some((invalid.code, invalid.param?))
}

#[test]
fn bodies_that_are_no_json_name_the_body() {
    let deep = |open: &str, times: usize| open.repeat(times).into_bytes();
    let closed = |times: usize| ["[".repeat(times), "]".repeat(times)].concat().into_bytes();
    let bodies = [
        b"".to_vec(),
        b"\0".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{'model':'grok-4'}".to_vec(),
        b"{\"model\":\"grok-4\",}".to_vec(),
        b"{\"model\":\"grok-4\"".to_vec(),
        b"{\"model\":NaN}".to_vec(),
        b"{\"temperature\":1e400}".to_vec(),
        b"{\"model\":\"\xc3\x28\"}".to_vec(),
        b"{\"model\":\"\\udead\"}".to_vec(),
        b"model=grok-4&stream=true".to_vec(),
        b"--boundary\r\nContent-Disposition: form-data".to_vec(),
        deep("[", 100_000),
        deep("{\"a\":", 100_000),
        closed(100_000),
        vec![b'1'; 100_000].into_iter().chain(*b"e").collect(),
    ];
    for body in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(
            refused(&body),
            Some(("json_invalid", "body".to_owned())),
            "{start}"
        );
    }
}

#[test]
fn huge_and_odd_numbers_are_refused_where_they_stand() {
    for (name, number, code) in [
        ("temperature", "1e308", "invalid_temperature"),
        ("temperature", "-1e-300", "invalid_temperature"),
        (
            "temperature",
            "99999999999999999999999999",
            "invalid_temperature",
        ),
        ("top_p", "1.0000000000000002", "invalid_top_p"),
        ("n", "18446744073709551616", "invalid_n"),
        ("n", "-9223372036854775809", "invalid_n"),
        ("n", "1.5", "invalid_n"),
        ("stream", "1", "invalid_stream"),
        ("model", "0", "invalid_value"),
        ("messages", "-0", "invalid_value"),
        ("top_logprobs", "1e300", "unsupported_parameter"),
        ("max_tokens", "18446744073709551616", "invalid_max_tokens"),
        ("max_tokens", "1e300", "invalid_max_tokens"),
        ("max_completion_tokens", "-0", "invalid_max_tokens"),
        ("stop", "-1e-300", "invalid_stop"),
    ] {
        let others = json!({"model": "grok-4", "messages": [{"role": "user", "content": "x"}]});
        let mut others = others.as_object().unwrap().clone();
        others.remove(name);
        let others = Value::Object(others).to_string();
        let body = format!("{{\"{name}\":{number},{}", &others[1..]).replace(",}", "}");
        assert_eq!(
            refused(body.as_bytes()),
            Some((code, name.to_owned())),
            "{name} = {number}"
        );
    }
}

#[test]
fn a_thousand_messages_and_a_long_text_are_fine() {
    let turn = json!({"role": "user", "content": "x".repeat(1000)});
    let body = json!({"model": "grok-4", "messages": vec![turn; 1000]}).to_string();
    assert!(check(body.as_bytes()).unwrap());
}

#[test]
fn every_wrong_type_in_every_place_is_refused_or_harmless() {
    let sample = json!({
        "model": "grok-4", "stream": true, "stream_options": {"include_usage": true}, "n": 1,
        "temperature": 1, "top_p": 1, "user": "u", "conversation_id": "c",
        "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}}],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto",
            "tools": [{"type": "function", "function": {"name": "f"}}]}},
        "search_parameters": {"mode": "on", "sources": [{"type": "x"}]}, "web_search_options": {},
        "reasoning_effort": "low", "modalities": ["text"],
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
        "logprobs": false, "stop": ["a"], "max_tokens": 1,
        "messages": [
            {"role": "system", "content": {"type": "text", "text": "a"}},
            {"role": "user", "name": "n", "content": [
                {"type": "text", "text": "b"},
                {"type": "image_url", "image_url": {"url": "https://a.io/b.png"}},
                {"type": "file", "file": {"filename": "f", "file_data": "data:a/b;base64,aGk="}}]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "t", "content": "c"},
            {"role": "user", "content": "d"}
        ]
    });
    nonsense::spoil_every_place(&sample, 40, check);
}

fn any_value() -> impl Strategy<Value = Value> {
    nonsense::any_value(NAMES, WORDS)
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
        check(json!({"model": "grok-4", "messages": messages}).to_string().as_bytes())?;
    }

    #[test]
    fn any_content_is_survived(
        role in prop::sample::select(&["system", "user", "assistant", "tool"][..]),
        content in any_value(),
        calls in any_value(),
    ) {
        let message = json!({"role": role, "content": content, "tool_call_id": "t", "tool_calls": calls});
        check(json!({"model": "grok-4", "messages": [message]}).to_string().as_bytes())?;
    }

    #[test]
    fn any_field_is_survived(name in prop::sample::select(NAMES), value in any_value()) {
        let mut body = json!({"model": "grok-4", "messages": [{"role": "user", "content": "x"}]});
        body[name] = value;
        check(body.to_string().as_bytes())?;
    }

    #[test]
    fn a_cut_or_flipped_body_is_survived(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let body = json!({"model": "grok-4", "stream": true, "messages": [{"role": "user", "content":
            [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]}]});
        let mut body = body.to_string().into_bytes();
        let at = at.index(body.len());
        check(&body[..at])?;
        body[at] = byte;
        check(&body)?;
    }
}
