//! Bodies of responses and completions that make no sense: no parser panics, what is refused is
//! refused with a place, and what is accepted can be stored and read again.

use openai::{Invalid, completions, name_tool_results, responses};
use proptest::prelude::*;
use serde_json::{Value, json};

#[path = "../../chat/tests/nonsense/mod.rs"]
mod nonsense;

/// Fields that the parsers know, at any depth, so that random objects hit their branches.
const NAMES: &[&str] = &[
    "model",
    "input",
    "instructions",
    "stream",
    "store",
    "background",
    "previous_response_id",
    "conversation",
    "include",
    "metadata",
    "max_output_tokens",
    "temperature",
    "tools",
    "tool_choice",
    "text",
    "reasoning",
    "truncation",
    "prompt",
    "format",
    "effort",
    "summary",
    "type",
    "role",
    "content",
    "output",
    "id",
    "call_id",
    "tool_call_id",
    "name",
    "arguments",
    "parameters",
    "function",
    "mode",
    "filters",
    "image_url",
    "image",
    "url",
    "file",
    "file_id",
    "file_data",
    "file_url",
    "filename",
    "input_audio",
    "data",
    "suffix",
    "echo",
    "best_of",
    "logprobs",
    "x",
];

/// Words that are right somewhere and wrong elsewhere.
const WORDS: &[&str] = &[
    "",
    " ",
    "grok-4",
    "user",
    "assistant",
    "developer",
    "message",
    "function_call",
    "function_call_output",
    "tool_output",
    "reasoning",
    "web_search_call",
    "item_reference",
    "input_text",
    "output_text",
    "refusal",
    "input_image",
    "input_file",
    "input_audio",
    "function",
    "web_search",
    "allowed_tools",
    "custom",
    "required",
    "auto",
    "json_object",
    "json_schema",
    "resp_1",
    "file-1",
    "https://a.io/b.png",
    "data:image/png;base64,aGk=",
    "\u{0}",
    "😀",
];

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

/// Checks what must hold for any body of a response and says whether it was accepted.
fn check(body: &[u8]) -> Result<bool, TestCaseError> {
    let asked = match responses::parse(body) {
        Ok(asked) => asked,
        Err(invalid) => {
            prop_assert!(is_placed(&invalid), "{:?}", invalid);
            return Ok(false);
        }
    };
    let goes_on = asked.previous_response_id.is_some() || asked.conversation.is_some();
    prop_assert!(goes_on || asked.request.turns.iter().any(chat::Turn::says_something));
    let items = asked.input_items("resp_1");
    let document = responses::ResponseDocument::new(
        responses::ResponseHead {
            id: "resp_1".to_owned(),
            created: 0,
            model: "m".to_owned(),
            conversation: None,
        },
        asked.echo.clone(),
    );
    let document = document.to_json();
    prop_assert!(serde_json::from_slice::<Value>(&document).is_ok());
    let stored = responses::stored_turns("previous_response_id", &items, &document);
    prop_assert!(stored.is_ok(), "{:?}", stored);
    let again = responses::stored_turns("previous_response_id", &items, b"{}");
    prop_assert_eq!(
        stored.as_ref(),
        again.as_ref(),
        "a response without output adds nothing"
    );
    let mut turns = asked.request.turns.clone();
    name_tool_results(&mut turns);
    prop_assert_eq!(turns.len(), stored.map_or(0, |turns| turns.len()));
    let (request, _) = asked.into_request(Vec::new());
    chat::flatten(&request);
    Ok(true)
}

fn check_completion(body: &[u8]) -> Result<bool, TestCaseError> {
    match completions::parse(body) {
        Ok(asked) => {
            prop_assert!(!chat::flatten(&asked.request).text.trim().is_empty());
            Ok(true)
        }
        Err(invalid) => {
            prop_assert!(is_placed(&invalid), "{:?}", invalid);
            Ok(false)
        }
    }
}

#[test]
fn every_wrong_type_in_every_place_is_refused_or_harmless() {
    let sample = json!({
        "model": "grok-4", "instructions": "I", "stream": true, "store": true, "background": false,
        "previous_response_id": "resp_1", "include": ["web_search_call.action.sources"],
        "metadata": {"a": "b"}, "max_output_tokens": 1, "temperature": 1, "top_p": 1,
        "tools": [{"type": "function", "name": "f", "description": "d", "parameters": {}},
            {"type": "web_search", "filters": {"allowed_domains": []}}],
        "tool_choice": {"type": "allowed_tools", "mode": "auto",
            "tools": [{"type": "function", "name": "f"}]},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}, "verbosity": "low"},
        "reasoning": {"effort": "low", "summary": "auto"}, "truncation": "auto", "user": "u",
        "input": ["loose", {"type": "input_text", "text": "loose"},
            {"role": "user", "content": [
                {"type": "input_text", "text": "a"},
                {"type": "input_image", "image_url": "https://a.io/b.png"},
                {"type": "input_file", "filename": "f", "file_data": "data:a/b;base64,aGk="}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "x"},
            {"type": "reasoning", "summary": []}]
    });
    nonsense::spoil_every_place(&sample, 60, check);
    let sample = json!({"model": "grok-4", "prompt": ["x"], "suffix": "", "echo": true, "best_of": 1,
        "logprobs": false, "n": 1, "stream": true, "stream_options": {"include_usage": true},
        "max_tokens": 1, "stop": ["a"], "temperature": 1, "top_p": 1, "user": "u"});
    nonsense::spoil_every_place(&sample, 12, check_completion);
}

fn any_value() -> impl Strategy<Value = Value> {
    nonsense::any_value(NAMES, WORDS)
}

proptest! {
    #[test]
    fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&body)?;
        check_completion(&body)?;
    }

    #[test]
    fn any_input_is_survived(input in any_value()) {
        check(json!({"model": "grok-4", "input": input}).to_string().as_bytes())?;
    }

    #[test]
    fn any_items_are_survived(items in prop::collection::vec(any_value(), 1..4)) {
        check(json!({"model": "grok-4", "input": items}).to_string().as_bytes())?;
    }

    #[test]
    fn any_content_is_survived(
        kind in prop::sample::select(WORDS),
        role in prop::sample::select(&["user", "assistant", "system"][..]),
        content in any_value(),
    ) {
        let item = json!({"type": kind, "role": role, "content": content, "call_id": "c",
            "name": "f", "arguments": "{}", "output": content});
        check(json!({"model": "grok-4", "input": [item]}).to_string().as_bytes())?;
    }

    #[test]
    fn any_field_is_survived(name in prop::sample::select(NAMES), value in any_value()) {
        let mut body = json!({"model": "grok-4", "input": "x", "prompt": "x"});
        body[name] = value;
        check(body.to_string().as_bytes())?;
        check_completion(body.to_string().as_bytes())?;
    }
}
