//! Good answers with something in them that a client must understand or skip.

use serde_json::json;

use super::events::{Answer, Event, Role, line};

/// An internal tool call as XML, spread over tokens that also carry visible text.
pub(super) const TOOL_CARD_TOKENS: [&str; 7] = [
    "Let me check.<xai:tool_us",
    "age_card><xai:tool_usage_card_id>t1</xai:tool_usage_card_id>",
    "<xai:tool_name>web_search</xai:tool_name><xai:tool_args><![CDATA[{\"query\":",
    "\"tide tables\"}]]></xai:tool_args></xai:tool_usage",
    "_card>The tide turns at noon",
    "<xaiartifact artifact_id=\"a1\">hidden</xaiartifact>",
    ", as 1 < 2.",
];

/// Tokens of an answer that shows an image card.
pub(super) const RENDER_TOKENS: [&str; 3] = [
    "A red fox:\n\n<grok:render card_id=\"c1\" card_type=\"image_card\"",
    " type=\"render_searched_image\"><argument name=\"image_id\">i1</argument></grok:render>",
    "\n\nIt lives in the north.",
];

const SEARCH_TOKENS: [&str; 3] = [
    "Rust 1.90 makes LLD the default linker on Linux",
    "<grok:render card_id=\"c2\" card_type=\"citation_card\" type=\"render_inline_citation\">\
     <argument name=\"citation_id\">1</argument></grok:render>",
    " and builds are quicker.",
];

/// The same answer with other tokens and no reasoning.
pub(super) fn with_tokens(answer: &Answer, tokens: &[&str]) -> Answer {
    let tokens = tokens.iter().map(|&token| token.to_owned()).collect();
    Answer {
        tokens,
        thinking: Vec::new(),
        lookups: Vec::new(),
        cards: Vec::new(),
        drawing: None,
        ..answer.clone()
    }
}

pub(super) fn tool_card(answer: &Answer) -> Vec<Event> {
    with_tokens(answer, &TOOL_CARD_TOKENS).events()
}

pub(super) fn render(answer: &Answer) -> Vec<Event> {
    let card = json!({
        "id": "c1",
        "type": "render_searched_image",
        "cardType": "image_card",
        "image": {
            "original": "https://example.org/fox.jpg",
            "thumbnail": "https://example.org/fox-small.jpg",
            "title": "A red fox",
            "link": "https://example.org/foxes",
        },
    });
    Answer {
        cards: vec![card],
        ..with_tokens(answer, &RENDER_TOKENS)
    }
    .events()
}

pub(super) fn web_search(answer: &Answer) -> Vec<Event> {
    let source = json!({
        "url": "https://blog.rust-lang.org/1.90",
        "title": "Announcing Rust 1.90",
        "preview": "The new release …",
    });
    let card = json!({
        "id": "c2",
        "type": "render_inline_citation",
        "cardType": "citation_card",
        "url": "https://blog.rust-lang.org/1.90",
    });
    let search = json!({
        "isThinking": true,
        "messageTag": "tool_usage_card",
        "toolUsageCardId": "t1",
        "toolUsageCard": {
            "toolUsageCardId": "t1",
            "webSearch": {"args": {"query": "rust 1.90"}},
        },
        "rolloutId": "Agent 1",
    });
    let results = json!({
        "webSearchResults": {"results": [source]},
        "isThinking": true,
        "messageTag": "raw_function_result",
    });
    let cited = json!({"citedWebSearchResults": {"results": [source]}});
    Answer {
        lookups: vec![search, results, cited],
        cards: vec![card],
        ..with_tokens(answer, &SEARCH_TOKENS)
    }
    .events()
}

/// Puts frames between the good ones that no document describes.
pub(super) fn unknown_shapes(answer: &Answer) -> Vec<Event> {
    let id = &answer.ids.response;
    let whole = [
        json!({"heartbeat": {"at": 1}}),
        json!({"result": {"title": {"newTitle": "A title"}}}),
        json!({"result": {"brandNew": [1, 2.5, null, {"deep": {"er": true}}]}}),
        json!({"result": {}}),
    ];
    let payloads = [
        json!({"sparkle": {"level": 3}, "responseId": id}),
        json!({"token": "", "isThinking": false, "messageTag": "final", "responseId": id}),
        json!({"uiLayout": {"reasoningUiLayout": "UNIFIED"}, "isThinking": null}),
        json!({"token": "internal result", "messageTag": "raw_function_result", "isThinking": true}),
        json!({"isSoftStop": false, "messageStepId": 18_446_744_073_709_551_615_u64}),
    ];
    let mut strange = whole
        .iter()
        .map(line)
        .chain(payloads.map(|payload| answer.envelope.line(payload)))
        .map(|line| Event::new(Role::Token, line));
    let mut events = answer.head();
    for event in answer.words() {
        events.extend(strange.next());
        events.push(with_extra_fields(event));
    }
    events.extend(strange);
    events.extend(answer.tail(&[]).into_iter().map(with_extra_fields));
    events
}

/// Adds unknown fields before and after the known ones.
fn with_extra_fields(event: Event) -> Event {
    let text = String::from_utf8_lossy(&event.line);
    let inside = text.trim_end().trim_start_matches('{');
    let line = format!("{{\"aaa\":{{\"x\":[\"}}\"]}},{}", inside);
    let line = line.strip_suffix('}').map_or_else(
        || line.clone(),
        |open| format!("{open},\"zzz\":\"\\u00e9\\\"\"}}"),
    );
    Event::new(event.role, (line + "\n").into())
}
