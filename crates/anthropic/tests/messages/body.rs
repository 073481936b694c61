//! The fields of the body, and a body that is none.

use anthropic::{count, messages};
use chat::{Effort, OutputLimits, Request, Role, Sampling, Turn};
use serde_json::{Value, json};

use crate::{accepted, body, check};

#[test]
fn the_smallest_request_hides_thinking_and_leaves_the_rest_to_the_upstream() {
    let body = body(json!({})).to_string();
    let parsed = messages::parse(body.as_bytes()).unwrap();
    assert!(!parsed.stream);
    let expected = Request {
        model: "grok-4".to_owned(),
        turns: vec![Turn::text(Role::User, "Hi")],
        limits: OutputLimits {
            max_tokens: Some(40_000),
            stop: Vec::new(),
        },
        reasoning: chat::Reasoning {
            effort: None,
            is_shown: Some(false),
        },
        ..Request::default()
    };
    assert_eq!(parsed.request, expected);
}

#[test]
fn every_scalar_field_arrives() {
    let body = body(json!({
        "stream": true,
        "max_tokens": 1,
        "stop_sequences": ["\n\nHuman:", " x "],
        "temperature": 0.25,
        "top_p": 1,
        "metadata": {"user_id": " u-1 ", "other": 1},
    }));
    let parsed = messages::parse(body.to_string().as_bytes()).unwrap();
    assert!(parsed.stream);
    let request = parsed.request;
    assert_eq!(
        request.limits,
        OutputLimits {
            max_tokens: Some(1),
            stop: vec!["\n\nHuman:".to_owned(), " x ".to_owned()],
        }
    );
    assert_eq!(
        request.sampling,
        Sampling {
            temperature: Some(0.25),
            top_p: Some(1.0),
        }
    );
    assert_eq!(request.user.as_deref(), Some(" u-1 "));
    assert_eq!(request.conversation_id, None);
}

#[test]
fn null_and_empty_values_ask_for_nothing() {
    let plain = accepted(json!({}));
    for fields in [
        json!({"system": null, "stream": null, "stop_sequences": null, "temperature": null}),
        json!({"top_p": null, "thinking": null, "output_config": null, "tools": null}),
        json!({"tool_choice": null, "mcp_servers": null, "metadata": null}),
        json!({"stream": false, "stop_sequences": [], "tools": [], "mcp_servers": []}),
        json!({"metadata": {}, "output_config": {}, "system": []}),
        json!({"metadata": {"user_id": null}, "output_config": {"effort": null, "format": null}}),
        json!({"metadata": {"user_id": " "}, "system": " ", "tool_choice": {"type": "auto"}}),
        json!({"system": [{"type": "text", "text": ""}], "thinking": {"type": "disabled"}}),
        json!({"thinking": {"type": "between_tools"}}),
        json!({"top_k": -5, "service_tier": 1, "container": [], "context_management": "x"}),
        json!({"unheard_of": {"deep": [[[]]]}, "cache_control": {"type": "ephemeral"}}),
    ] {
        assert_eq!(accepted(fields.clone()), plain, "{fields}");
    }
}

#[test]
fn numbers_may_lie_on_the_edge() {
    assert_eq!(
        accepted(json!({"temperature": 0, "top_p": 0})).sampling,
        Sampling {
            temperature: Some(0.0),
            top_p: Some(0.0),
        }
    );
    let most = accepted(json!({"temperature": 1.0, "max_tokens": u64::MAX}));
    assert_eq!(most.sampling.temperature, Some(1.0));
    assert_eq!(most.limits.max_tokens, Some(u64::MAX));
    let stop = accepted(json!({"stop_sequences": vec!["x"; 64]}))
        .limits
        .stop;
    assert_eq!(stop.len(), 64);
    let longest = "x".repeat(256);
    let request = accepted(json!({"model": longest, "stop_sequences": [longest]}));
    assert_eq!(request.model, longest);
    assert_eq!(request.limits.stop, [longest]);
}

#[test]
fn escapes_in_texts_are_read() {
    let body = r#"{"model":"gr\u006fk-4","max_tokens":9,"messages":[{"r\u006fle":"user","content":"\ud83d\ude00 \"é\"\n"}]}"#;
    let request = messages::parse(body.as_bytes()).unwrap().request;
    assert_eq!(request.model, "grok-4");
    assert_eq!(request.turns, [Turn::text(Role::User, "😀 \"é\"\n")]);
}

#[test]
fn tokens_are_counted_without_max_tokens() {
    let mut body = body(json!({"system": "Be brief.", "stream": "nonsense"}));
    for max_tokens in [json!(null), json!("nonsense"), json!(9)] {
        body["max_tokens"] = max_tokens;
        body["thinking"] = json!({"type": "enabled", "budget_tokens": 5000});
        let request = count::parse(body.to_string().as_bytes()).unwrap();
        assert_eq!(request.limits.max_tokens, None);
        assert_eq!(request.reasoning.effort, Some(Effort::Medium));
        // "system: Be brief.\n\nHi" has 21 characters.
        assert_eq!(chat::count_tokens(&request), 6);
    }
    assert_eq!(count::json(6), br#"{"input_tokens":6}"#);
}

#[test]
fn a_body_that_is_no_json_object_has_no_field_to_name() {
    for (body, expected) in [
        (&b"\xff{}"[..], "body: Is not UTF-8."),
        (b"[]", "body: Must be an object, not an array."),
        (
            b"[\"grok-4\",1,[{\"role\":\"user\",\"content\":\"x\"}]]",
            "body: Must be an object, not an array.",
        ),
        (b" \"x\"", "body: Must be an object, not a string."),
        (b"17", "body: Must be an object, not a number."),
        (b"-1", "body: Must be an object, not a number."),
        (b"true", "body: Must be an object, not a boolean."),
        (b"false", "body: Must be an object, not a boolean."),
        (b"null", "body: Must be an object, not null."),
    ] {
        let invalid = messages::parse(body).unwrap_err();
        assert_eq!(invalid.to_string(), expected);
        assert_eq!(count::parse(body).unwrap_err(), invalid);
    }
    for body in [
        &b""[..],
        b" ",
        b"{",
        b"{\"model\":\"grok-4\",}",
        b"{} {}",
        b"{'model':1}",
        b"{\"a\":NaN}",
    ] {
        let invalid = messages::parse(body).unwrap_err();
        assert_eq!(invalid.param, "body");
        let start = "Is not valid JSON: ";
        assert!(invalid.message.starts_with(start), "{}", invalid.message);
    }
}

#[test]
fn model_and_messages_and_max_tokens_are_required() {
    for name in ["model", "max_tokens", "messages"] {
        let expected = format!("{name}: Is required.");
        check(name, &[(json!(null), &expected)]);
        let mut missing = body(json!({}));
        missing.as_object_mut().unwrap().remove(name);
        let missing = missing.to_string();
        let invalid = messages::parse(missing.as_bytes()).unwrap_err();
        assert_eq!(invalid.to_string(), expected);
        let counted = count::parse(missing.as_bytes());
        assert_eq!(counted.is_ok(), name == "max_tokens", "{name}");
    }
    let whole_number = "max_tokens: Must be a whole number of at least 1.";
    check(
        "max_tokens",
        &[
            (json!(0), whole_number),
            (json!(-1), whole_number),
            (json!(1.5), whole_number),
            (json!("1"), whole_number),
            (json!([1]), whole_number),
        ],
    );
    check(
        "model",
        &[
            (json!(""), "model: Must not be blank."),
            (json!(" \t"), "model: Must not be blank."),
            (json!(4), "model: Must be a string, not a number."),
        ],
    );
}

#[test]
fn scalar_fields_keep_to_their_types_and_ranges() {
    let fraction = |name: &str| format!("{name}: Must be a number between 0 and 1.");
    for name in ["temperature", "top_p"] {
        let message = fraction(name);
        check(
            name,
            &[
                (json!(-0.01), &message),
                (json!(1.01), &message),
                (json!("1"), &message),
                (json!(true), &message),
            ],
        );
        let huge = body(json!({name: 7777}))
            .to_string()
            .replace("7777", "1e999");
        let invalid = messages::parse(huge.as_bytes()).unwrap_err();
        assert_eq!(invalid.to_string(), message);
    }
    check(
        "stream",
        &[
            (
                json!("true"),
                "stream: Must be true or false, not a string.",
            ),
            (json!(1), "stream: Must be true or false, not a number."),
        ],
    );
    check(
        "metadata",
        &[
            (json!("u"), "metadata: Must be an object, not a string."),
            (
                json!({"user_id": 5}),
                "metadata.user_id: Must be a string, not a number.",
            ),
        ],
    );
    check(
        "model",
        &[(
            json!("x".repeat(257)),
            "model: Must not be longer than 256 bytes.",
        )],
    );
    check(
        "stop_sequences",
        &[
            (
                json!("x"),
                "stop_sequences: Must be an array, not a string.",
            ),
            (json!(["x", " \n"]), "stop_sequences.1: Must not be blank."),
            (json!(["", " ", 1]), "stop_sequences.0: Must not be blank."),
            (
                json!([null]),
                "stop_sequences.0: Must be a string, not null.",
            ),
            (
                json!(vec!["x"; 65]),
                "stop_sequences: Must not hold more than 64 sequences.",
            ),
            (
                json!(["x", "x".repeat(257)]),
                "stop_sequences.1: Must not be longer than 256 bytes.",
            ),
        ],
    );
    check(
        "mcp_servers",
        &[
            (
                json!([{"type": "url"}]),
                "mcp_servers: MCP servers are not supported. Remove `mcp_servers`.",
            ),
            (json!({}), "mcp_servers: Must be an array, not an object."),
        ],
    );
}

#[test]
fn an_escape_that_is_no_character_is_refused_where_it_stands() {
    let broken = |body: Value| body.to_string().replace("HERE", r"\udead");
    let body = broken(body(json!({"model": "HERE"})));
    let invalid = messages::parse(body.as_bytes()).unwrap_err();
    assert_eq!(
        invalid.to_string(),
        "model: Holds an escape that is no character."
    );
    let name = r#"{"model":"m","max_tokens":9,"messages":[{"\udead":1}]}"#;
    let invalid = messages::parse(name.as_bytes()).unwrap_err();
    assert_eq!(invalid.param, "messages.0");
    assert!(invalid.message.starts_with("Is not valid JSON: "));
}
