//! Who says what.

use anthropic::messages;
use chat::{Request, Role, Turn};
use serde_json::{Value, json};

use crate::{accepted, check, check_content, text, turns};

#[test]
fn the_system_prompt_is_the_first_turn() {
    let said = |system: Value| accepted(json!({"system": system})).turns;
    let hi = Turn::text(Role::User, "Hi");
    assert_eq!(
        said(json!("Be brief. ")),
        [Turn::text(Role::System, "Be brief. "), hi.clone()]
    );
    let blocks = json!([
        {"type": "text", "text": "A", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "B"},
    ]);
    let both = Turn::new(Role::System, vec![text("A"), text("B")]);
    assert_eq!(said(blocks), [both, hi]);
}

#[test]
fn turns_keep_their_order_and_roles() {
    let said = turns(json!([
        {"role": "user", "content": "A"},
        {"role": "user", "content": [{"type": "text", "text": "B"}, {"type": "text", "text": "C"}]},
        {"role": "system", "content": "D"},
        {"role": "system", "content": [{"type": "text", "text": "E"}]},
        {"role": "assistant", "content": "F"},
        {"role": "assistant", "content": "The answer is ("},
    ]));
    assert_eq!(
        said,
        [
            Turn::text(Role::User, "A"),
            Turn::new(Role::User, vec![text("B"), text("C")]),
            Turn::text(Role::System, "D"),
            Turn::text(Role::System, "E"),
            Turn::text(Role::Assistant, "F"),
            Turn::text(Role::Assistant, "The answer is ("),
        ]
    );
}

#[test]
fn an_assistant_may_say_nothing_and_of_two_equal_fields_the_last_counts() {
    let said = turns(json!([
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": []},
        {"role": "user", "content": "Hi"},
    ]));
    assert_eq!(said[0], Turn::text(Role::Assistant, ""));
    assert_eq!(said[1], Turn::new(Role::Assistant, Vec::new()));
    let twice =
        r#"{"model":"a","model":"b","max_tokens":9,"messages":[{"role":"user","content":"x"}]}"#;
    let request = messages::parse(twice.as_bytes()).unwrap().request;
    assert_eq!(request.model, "b");
}

#[test]
fn thinking_and_searches_of_the_history_are_left_out_so_that_it_stays_the_same() {
    let history = |assistant: Value| {
        let said = turns(json!([
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": assistant},
            {"role": "user", "content": "Why?"},
        ]));
        let request = Request {
            turns: said,
            ..Request::default()
        };
        chat::history_key(&request).unwrap().to_bytes()
    };
    let first = Request {
        turns: vec![Turn::text(Role::User, "Hi")],
        ..Request::default()
    };
    let stored = chat::history_after(&first, "Hello you", &[]).to_bytes();
    let thinking = json!({"type": "thinking", "thinking": "hm", "signature": "grok2api-unsigned"});
    let redacted = json!({"type": "redacted_thinking", "data": "x"});
    let search = json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search",
        "input": {"query": "x"}});
    let result = json!({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1",
        "content": [{"type": "web_search_result", "url": "https://a.io", "title": "A",
            "encrypted_content": "", "page_age": null}]});
    let say = |text: &str| json!({"type": "text", "text": text, "citations": []});
    for echo in [
        json!("Hello you"),
        json!([say("Hello you")]),
        json!([thinking, say("Hello you")]),
        json!([redacted, say("Hello you")]),
        json!([say("Hello"), thinking, redacted, say(" you")]),
        json!([thinking, say("Hello"), thinking, say(" you"), thinking]),
        json!([search, thinking, result, say("Hello you")]),
        json!([say("Hello"), search, result, say(" you")]),
    ] {
        assert_eq!(history(echo.clone()), stored, "{echo}");
    }
    assert_ne!(history(json!([say("Hello"), say(" you")])), stored);
    assert_ne!(
        history(json!([say("Hello"), thinking, say(" yo"), say("u")])),
        stored,
        "only what something left out stood between is joined"
    );
}

#[test]
fn the_system_prompt_is_text() {
    check(
        "system",
        &[
            (
                json!(5),
                "system: Must be a string or an array of blocks, not a number.",
            ),
            (
                json!({"type": "text", "text": "x"}),
                "system: Must be a string or an array of blocks, not an object.",
            ),
            (
                json!([{"type": "image", "source": {}}]),
                "system.0.type: Must be text here.",
            ),
            (json!([{"text": "x"}]), "system.0.type: Is required."),
            (json!([{"type": "text"}]), "system.0.text: Is required."),
            (json!(["x"]), "system.0: Must be an object, not a string."),
        ],
    );
}

#[test]
fn messages_have_a_role_and_say_something() {
    let silent = "messages: Must hold a message that says something.";
    let user_says = |content| json!([{"role": "user", "content": content}]);
    check(
        "messages",
        &[
            (json!([]), silent),
            (json!([{"role": "assistant", "content": " "}]), silent),
            (json!([{"role": "system", "content": ""}]), silent),
            (
                json!([{"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}]}]),
                silent,
            ),
            (
                user_says(json!([{"type": "tool_result", "tool_use_id": "t"}])),
                silent,
            ),
            (json!("Hi"), "messages: Must be an array, not a string."),
            (json!({}), "messages: Must be an array, not an object."),
            (
                json!(["Hi"]),
                "messages.0: Must be an object, not a string.",
            ),
            (json!([null]), "messages.0: Must be an object, not null."),
            (json!([{"content": "x"}]), "messages.0.role: Is required."),
            (
                json!([{"role": "user"}]),
                "messages.0.content: Is required.",
            ),
            (
                json!([{"role": "assistant", "content": null}]),
                "messages.0.content: Is required.",
            ),
            (
                json!([{"role": "tool", "content": "x"}]),
                "messages.0.role: Must be user, assistant or system.",
            ),
            (
                json!([{"role": "User", "content": "x"}]),
                "messages.0.role: Must be user, assistant or system.",
            ),
            (
                json!([{"role": 1, "content": "x"}]),
                "messages.0.role: Must be a string, not a number.",
            ),
            (
                json!([{"role": "user", "content": "x"}, {"role": "user", "content": ""}]),
                "messages.1.content: Must not be blank.",
            ),
            (
                json!([{"role": "system", "content": [{"type": "image"}]}]),
                "messages.0.content.0.type: Must be text here.",
            ),
            (
                json!([{"role": "system", "content": 1}]),
                "messages.0.content: Must be a string or an array of blocks, not a number.",
            ),
        ],
    );
}

#[test]
fn a_user_sends_text_images_documents_search_results_and_tool_results() {
    let others = ".1.type: Must be one of these here: text, image, document, search_result.";
    let text = json!({"type": "text", "text": "x"});
    let unknown = |kind: &str| json!([text, {"type": kind}]);
    check_content(&[
        (json!(" "), ": Must not be blank."),
        (json!([]), ": Must say or attach something."),
        (
            json!([{"type": "text", "text": " \n"}]),
            ": Must say or attach something.",
        ),
        (
            json!({"type": "text", "text": "x"}),
            ": Must be a string or an array of blocks, not an object.",
        ),
        (json!(["x"]), ".0: Must be an object, not a string."),
        (json!([{}]), ".0.type: Is required."),
        (
            json!([{"type": 1}]),
            ".0.type: Must be a string, not a number.",
        ),
        (json!([{"type": "text"}]), ".0.text: Is required."),
        (
            json!([{"type": "text", "text": ["x"]}]),
            ".0.text: Must be a string, not an array.",
        ),
        (unknown("thinking"), others),
        (unknown("tool_use"), others),
        (unknown("server_tool_use"), others),
        (unknown("container_upload"), others),
        (unknown(""), others),
    ]);
}
