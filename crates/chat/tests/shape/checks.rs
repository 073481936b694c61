//! Calls against their tools, and what is asked for again.

use chat::{Request, ResponseFormat, ToolChoice, Verdict};

use super::{Outcome, choosing, run, with_tools};

const GOOD: &str = r#"<tool_call>{"name":"weather","arguments":{"city":"Lima"}}</tool_call>"#;
const GOOD_CALL: &str = r#"weather {"city":"Lima"}"#;
const MISFIT: &str = r#"<tool_call>{"name":"weather","arguments":{"town":"Lima"}}</tool_call>"#;
const UNKNOWN: &str = r#"<tool_call>{"name":"nope","arguments":{}}</tool_call>"#;

#[test]
fn a_misfit_is_asked_for_again_and_the_second_answer_counts() {
    let said = format!("I will look.\n{MISFIT}");
    let outcome = run(&with_tools(), &[&said, GOOD]);
    assert_eq!(
        (outcome.text.as_str(), outcome.calls.as_slice()),
        ("I will look.", &[GOOD_CALL.to_owned()][..])
    );
    let asked = outcome.asked();
    assert!(asked.starts_with("\n\nassistant: <tool_call>"), "{asked}");
    assert!(
        asked.contains("\n\n# Correction\nThe call of `weather` does not fit: "),
        "{asked}"
    );
    assert!(asked.contains("\"city\" is a required property"), "{asked}");
    assert_eq!(outcome.verdicts.last(), Some(&Verdict::Fine));
}

#[test]
fn every_mistake_of_a_call_is_named() {
    for (answer, why) in [
        (UNKNOWN, "no such tool"),
        (MISFIT, "required"),
        (
            r#"<tool_call>{"name":"any","arguments":[1]}</tool_call>"#,
            "no JSON object",
        ),
        (
            r#"<tool_call>{"name":"any","arguments":"Lima"}</tool_call>"#,
            "no JSON object",
        ),
        (
            r#"<tool_call>{"name":"weather","arguments":{"city":1}}</tool_call>"#,
            "`/city`",
        ),
        (r#"<tool_call>{"arguments":{}}</tool_call>"#, "no `name`"),
        (
            r#"<tool_call>{"name":"any","arguments":{"a":"b}}</tool_call>"#,
            "no valid JSON",
        ),
        (r#"{"tool_calls":[{"name":"nope"}]}"#, "no such tool"),
    ] {
        let outcome = run(&with_tools(), &[answer, answer]);
        assert!(outcome.asked().contains(why), "{answer}: {outcome:?}");
        assert_eq!(
            (outcome.text.as_str(), outcome.calls.len()),
            (answer, 0),
            "a call that is none is text"
        );
        assert_eq!(outcome.verdicts.last(), Some(&Verdict::Fine));
    }
}

#[test]
fn good_calls_come_out_beside_misfits() {
    let said = format!("A {MISFIT} B {GOOD} C");
    let outcome = run(&with_tools(), &[&said, UNKNOWN]);
    assert_eq!(
        (outcome.text.as_str(), outcome.calls.as_slice()),
        ("A", &[GOOD_CALL.to_owned()][..])
    );
    assert!(outcome.asked().contains("leave them out"), "{outcome:?}");
    assert_eq!(
        outcome.verdicts.len(),
        2,
        "what does not fit then either is dropped"
    );

    let in_one =
        r#"{"tool_calls":[{"name":"weather","arguments":{"city":"Lima"}},{"name":"nope"}]}"#;
    let outcome = run(&with_tools(), &[in_one, "<invoke name=\"any\">{}</invoke>"]);
    assert_eq!(outcome.calls, [GOOD_CALL, "any {}"]);
}

#[test]
fn a_call_that_was_right_is_not_made_twice() {
    let outcome = run(
        &with_tools(),
        &[
            &format!("{GOOD}{UNKNOWN}"),
            &format!("{GOOD}<invoke name=\"any\">{{}}</invoke>"),
        ],
    );
    assert_eq!(outcome.calls, [GOOD_CALL, "any {}"]);
}

#[test]
fn one_good_call_is_enough_if_only_one_may_be_made() {
    let request = Request {
        one_tool_call: true,
        ..with_tools()
    };
    let outcome = run(&request, &[&format!("{UNKNOWN}{GOOD}")]);
    assert_eq!(outcome, Outcome::fine("", &[GOOD_CALL]));
}

#[test]
fn text_instead_of_a_correction_is_handed_out() {
    let outcome = run(&with_tools(), &[MISFIT, "I cannot."]);
    assert_eq!(
        (outcome.text.as_str(), outcome.calls.len()),
        ("I cannot.", 0)
    );
    let outcome = run(&with_tools(), &[&format!("Wait.{MISFIT}"), "I cannot."]);
    assert_eq!(outcome.text, "Wait.\n\nI cannot.");
    let outcome = run(&with_tools(), &[&format!("Wait.{MISFIT} So."), " "]);
    assert_eq!(
        outcome.text,
        format!("Wait.\n\n{MISFIT} So."),
        "nothing came, so the first is all"
    );
}

#[test]
fn a_call_that_must_come_is_asked_for() {
    let choices = [
        ToolChoice::Required,
        ToolChoice::Named("weather".to_owned()),
        ToolChoice::Allowed {
            names: vec!["weather".to_owned()],
            is_required: true,
        },
    ];
    for choice in choices {
        let request = choosing(choice);
        let outcome = run(&request, &["It is sunny.", &format!("Right. {GOOD}")]);
        assert_eq!(
            (outcome.text.as_str(), outcome.calls.as_slice()),
            ("Right.", &[GOOD_CALL.to_owned()][..])
        );
        assert!(
            outcome
                .asked()
                .contains("assistant: It is sunny.\n\n# Correction\n"),
            "{outcome:?}"
        );

        let outcome = run(&request, &["It is sunny.", "Really."]);
        assert_eq!((outcome.text.as_str(), outcome.calls.len()), ("Really.", 0));
        assert_eq!(
            outcome.verdicts.last(),
            Some(&Verdict::Fine),
            "never a wrong call"
        );
        assert_eq!(run(&request, &["Sunny.", ""]).text, "Sunny.");

        let at_once = run(&request, &[&format!("Look: {GOOD}")]);
        assert_eq!(at_once, Outcome::fine("Look:", &[GOOD_CALL]));
        assert!(
            super::so_far(&request, &["Look: "]).0.is_empty(),
            "held until a call comes"
        );
    }
}

#[test]
fn only_allowed_tools_are_called() {
    let only_any = ToolChoice::Allowed {
        names: vec!["any".to_owned()],
        is_required: false,
    };
    for choice in [only_any, ToolChoice::Named("any".to_owned())] {
        let outcome = run(&choosing(choice), &[GOOD, GOOD]);
        assert!(outcome.asked().contains("may not be called"), "{outcome:?}");
        assert_eq!(outcome.calls, [""; 0]);
    }
    let none = choosing(ToolChoice::None);
    assert!(chat::Shape::new(&none).is_none(), "calls are text then");
}

fn with_schema(schema: &str) -> Request {
    let mut request = with_tools();
    request.tools[1].parameters = Some(schema.to_owned());
    request
}

#[test]
fn a_schema_that_is_none_lets_anything_pass() {
    let call = r#"<invoke name="any">{"a":"b"}</invoke>"#;
    for schema in [
        "",
        "no",
        "[]",
        r#"{"type":"nothing"}"#,
        r##"{"$ref":"#/$defs/none"}"##,
        r#"{"$ref":"https://schemas.example/x.json"}"#,
        r#"{"$ref":"file:///etc/hostname"}"#,
        r#"{"properties":{"a":{"pattern":"("}}}"#,
        r#"{"properties":{"a":{"pattern":"(a{1000}){1000}"}}}"#,
        r#"{"properties":{"a":{"$ref":"urn:x"}}}"#,
        r#"{"$schema":"https://schemas.example/meta","type":"array"}"#,
    ] {
        let outcome = run(&with_schema(schema), &[call]);
        assert_eq!(
            outcome,
            Outcome::fine("", &[r#"any {"a":"b"}"#]),
            "{schema}"
        );
    }
}

#[test]
fn references_and_formats_and_patterns_are_checked() {
    for (schema, good, bad) in [
        (
            r##"{"$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}},"additionalProperties":false}},"$ref":"#/$defs/n"}"##,
            r#"{"next":{"next":{}}}"#,
            r#"{"next":{"prev":{}}}"#,
        ),
        (
            r#"{"properties":{"d":{"type":"string","format":"date"}}}"#,
            r#"{"d":"2026-02-28"}"#,
            r#"{"d":"today"}"#,
        ),
        (
            r#"{"properties":{"p":{"pattern":"^(?!no)[a-z]+$"}}}"#,
            r#"{"p":"yes"}"#,
            r#"{"p":"none"}"#,
        ),
    ] {
        let request = with_schema(schema);
        let answer = |arguments: &str| format!("<invoke name=\"any\">{arguments}</invoke>");
        assert_eq!(run(&request, &[&answer(good)]).calls.len(), 1, "{schema}");
        assert_eq!(
            run(&request, &[&answer(bad), ""]).calls.len(),
            0,
            "{schema}"
        );
    }
}

#[test]
fn a_vicious_schema_ends_soon() {
    let fork = r##"{"anyOf":[{"$ref":"#/$defs/N"},{"$ref":"#/$defs/N"}]}"##;
    let mut defs: Vec<_> = (0..60)
        .map(|n| format!("\"{n}\":{}", fork.replace('N', &(n + 1).to_string())))
        .collect();
    defs.push("\"60\":{\"type\":\"array\"}".to_owned());
    let wide = format!(r##"{{"$defs":{{{}}},"$ref":"#/$defs/0"}}"##, defs.join(","));
    let scalar = wide.replacen(
        "\"$ref\":\"#/$defs/0\"",
        "\"properties\":{\"a\":{\"$ref\":\"#/$defs/0\"}}",
        1,
    );
    let chain: Vec<_> = (0..5000)
        .map(|n| format!(r##""{n}":{{"$ref":"#/$defs/{}"}}"##, n + 1))
        .collect();
    let long = format!(
        r##"{{"$defs":{{{},"5000":false}},"$ref":"#/$defs/0"}}"##,
        chain.join(",")
    );
    let unreached = long.replacen(
        "\"$ref\":\"#/$defs/0\"}",
        "\"properties\":{\"a\":{\"$ref\":\"#/$defs/0\"}}}",
        1,
    );
    assert_ne!(unreached, long);
    // As deep as is checked.
    let shorter = long.replacen("#/$defs/0", "#/$defs/4520", 1);
    let deep_value = format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100));
    for (schema, value) in [
        (r##"{"$ref":"#"}"##, "{}"),
        (r##"{"allOf":[{"$ref":"#"}]}"##, "{}"),
        (
            r##"{"anyOf":[{"$ref":"#"},{"$ref":"#"}],"required":["b"]}"##,
            "{}",
        ),
        (
            r##"{"properties":{"a":{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}},"type":"object"}"##,
            deep_value.as_str(),
        ),
        (
            r##"{"properties":{"a":{"oneOf":[{"$ref":"#"},{"$ref":"#"}]}},"type":"object"}"##,
            deep_value.as_str(),
        ),
        (
            r##"{"properties":{"a":{"allOf":[{"$ref":"#"},{"$ref":"#"}]}},"type":"object"}"##,
            deep_value.as_str(),
        ),
        (wide.as_str(), "{}"),
        (long.as_str(), "{}"),
        (scalar.as_str(), r#"{"a":1}"#),
        // Compiled, but not reached by the value.
        (scalar.as_str(), r#"{"b":1}"#),
        (unreached.as_str(), r#"{"b":1}"#),
        (shorter.as_str(), "{}"),
        (
            r#"{"properties":{"a":{"pattern":"^(?=a)(a+)+$"}}}"#,
            r#"{"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"}"#,
        ),
    ] {
        let answer = format!("<invoke name=\"any\">{value}</invoke>");
        let outcome = run(&with_schema(schema), &[&answer, ""]);
        assert_eq!(outcome.verdicts.last(), Some(&Verdict::Fine));
    }
}

#[test]
fn what_is_asked_again_is_short_whatever_was_said() {
    let names: Vec<_> = (0..5000).map(|n| format!("\"{n}\":1")).collect();
    let answer = format!("<invoke name=\"weather\">{{{}}}</invoke>", names.join(","));
    let outcome = run(&with_tools(), &[&answer.repeat(3)]);
    assert!(outcome.asked().len() < 12_000, "{}", outcome.asked().len());
    let name = "n".repeat(100_000);
    let outcome = run(
        &with_tools(),
        &[&format!("<tool_call>{{\"name\":\"{name}\"}}</tool_call>")],
    );
    assert!(outcome.asked().len() < 12_000, "{}", outcome.asked().len());
}

#[test]
fn a_call_may_come_instead_of_json() {
    let request = Request {
        response_format: ResponseFormat::JsonObject,
        ..with_tools()
    };
    assert_eq!(
        run(&request, &[&format!("Look: {GOOD}")]),
        Outcome::fine("", &[GOOD_CALL])
    );
    let json = format!("{{\"a\":{}}}", serde_json::Value::from(GOOD));
    assert_eq!(run(&request, &[&json]), Outcome::fine(&json, &[]));
    let outcome = run(&request, &[UNKNOWN, UNKNOWN]);
    assert!(
        matches!(outcome.verdicts.last(), Some(Verdict::Misfit(_))),
        "{outcome:?}"
    );
    assert_eq!(
        outcome.text, "",
        "the arguments of a call are not the answer"
    );
}
