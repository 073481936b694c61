//! `thinking` and `output_config`.

use chat::{Effort, ResponseFormat};
use serde_json::{Value, json};

use crate::{accepted, check};

#[test]
fn a_budget_stands_for_an_effort() {
    for (thinking, effort, is_shown) in [
        (
            json!({"type": "enabled", "budget_tokens": 1024}),
            Some(Effort::Low),
            true,
        ),
        (
            json!({"type": "enabled", "budget_tokens": 4095}),
            Some(Effort::Low),
            true,
        ),
        (
            json!({"type": "enabled", "budget_tokens": 4096}),
            Some(Effort::Medium),
            true,
        ),
        (
            json!({"type": "enabled", "budget_tokens": 16_383}),
            Some(Effort::Medium),
            true,
        ),
        (
            json!({"type": "enabled", "budget_tokens": 16_384}),
            Some(Effort::High),
            true,
        ),
        (
            json!({"type": "enabled", "budget_tokens": 39_999}),
            Some(Effort::High),
            true,
        ),
        (
            json!({"type": "enabled", "budget_tokens": 2000, "display": "omitted"}),
            Some(Effort::Low),
            false,
        ),
        (json!({"type": "adaptive"}), None, true),
        (
            json!({"type": "adaptive", "display": "summarized"}),
            None,
            true,
        ),
        (json!({"type": "adaptive", "display": null}), None, true),
        (
            json!({"type": "adaptive", "display": "omitted"}),
            None,
            false,
        ),
        (
            json!({"type": "disabled", "display": "summarized"}),
            None,
            false,
        ),
    ] {
        let reasoning = accepted(json!({"thinking": thinking})).reasoning;
        let expected = chat::Reasoning {
            effort,
            is_shown: Some(is_shown),
        };
        assert_eq!(reasoning, expected, "{thinking}");
    }
}

#[test]
fn a_named_effort_goes_before_the_budget() {
    for (word, effort) in [
        ("low", Effort::Low),
        ("medium", Effort::Medium),
        ("high", Effort::High),
        ("xhigh", Effort::Xhigh),
        ("max", Effort::Xhigh),
    ] {
        let request = accepted(json!({
            "output_config": {"effort": word},
            "thinking": {"type": "enabled", "budget_tokens": 8000},
        }));
        assert_eq!(request.reasoning.effort, Some(effort), "{word}");
        assert_eq!(request.reasoning.is_shown, Some(true));
    }
    let hidden = accepted(json!({"output_config": {"effort": "low"}})).reasoning;
    assert_eq!(
        (hidden.effort, hidden.is_shown),
        (Some(Effort::Low), Some(false))
    );
}

#[test]
fn a_schema_for_the_answer_is_kept_as_text() {
    let format = json!({"type": "json_schema", "schema": {"type": "object"}});
    let request = accepted(json!({"output_config": {"format": format}}));
    assert_eq!(
        request.response_format,
        ResponseFormat::JsonSchema {
            name: "output".to_owned(),
            schema: chat::JsonSchema::new(r#"{"type":"object"}"#.to_owned()),
        }
    );
}

#[test]
fn the_older_field_for_the_schema_is_read_where_the_newer_one_is_absent() {
    let schema = |name: &str| json!({"type": "json_schema", "schema": {"title": name}});
    let title = |fields: Value| match accepted(fields).response_format {
        ResponseFormat::JsonSchema { schema, .. } => schema.as_str().to_owned(),
        _ => String::new(),
    };
    let (older, newer) = (schema("older"), schema("newer"));
    let expected = r#"{"title":"older"}"#;
    assert_eq!(title(json!({"output_format": older})), expected);
    let both = json!({"output_format": older, "output_config": {"effort": "low"}});
    assert_eq!(title(both), expected);
    let both = json!({"output_format": older, "output_config": {"format": newer}});
    assert_eq!(title(both), r#"{"title":"newer"}"#);
    let long = json!({"type": "json_schema", "schema": {"a": "x".repeat(65_536)}});
    check(
        "output_format",
        &[
            (
                json!({"type": "text"}),
                "output_format.type: Must be json_schema.",
            ),
            (
                long,
                "output_format.schema: Must not be longer than 65536 bytes. Shorten the schema.",
            ),
        ],
    );
}

#[test]
fn thinking_has_a_budget_below_the_answer() {
    let kinds = "thinking.type: Must be enabled, adaptive, between_tools or disabled.";
    let least = "thinking.budget_tokens: Must be a whole number of at least 1024.";
    let enabled = |budget: Value| json!({"type": "enabled", "budget_tokens": budget});
    check(
        "thinking",
        &[
            (json!(true), "thinking: Must be an object, not a boolean."),
            (json!({}), "thinking.type: Is required."),
            (json!({"type": "on"}), kinds),
            (
                json!({"type": "enabled"}),
                "thinking.budget_tokens: Is required.",
            ),
            (enabled(json!(1023)), least),
            (enabled(json!(2000.5)), least),
            (
                enabled(json!(40_000)),
                "thinking.budget_tokens: Must be less than `max_tokens`.",
            ),
            (
                json!({"type": "adaptive", "display": "all"}),
                "thinking.display: Must be summarized or omitted.",
            ),
        ],
    );
    let most = accepted(json!({"thinking": enabled(json!(39_999))}));
    assert_eq!(most.reasoning.is_shown, Some(true));
}

#[test]
fn output_config_knows_its_words() {
    check(
        "output_config",
        &[
            (
                json!("high"),
                "output_config: Must be an object, not a string.",
            ),
            (
                json!({"effort": "none"}),
                "output_config.effort: Must be low, medium, high, xhigh or max.",
            ),
            (
                json!({"format": {}}),
                "output_config.format.type: Is required.",
            ),
            (
                json!({"format": {"type": "text"}}),
                "output_config.format.type: Must be json_schema.",
            ),
            (
                json!({"format": {"type": "json_schema"}}),
                "output_config.format.schema: Is required.",
            ),
            (
                json!({"format": {"type": "json_schema", "schema": "{}"}}),
                "output_config.format.schema: Must be an object, not a string.",
            ),
        ],
    );
}
