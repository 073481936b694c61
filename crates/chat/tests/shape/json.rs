//! Answers that must be JSON.

use chat::{Shape, Verdict};

use super::{Outcome, as_json, run, so_far};

const POINT: &str = r#"{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"]}"#;

#[test]
fn the_json_of_an_answer_is_handed_out_as_it_is_written() {
    for (answer, json) in [
        (r#"{"x":1}"#, r#"{"x":1}"#),
        ("\n{ \"x\": 1 }\n", "{ \"x\": 1 }"),
        ("```json\n{\"x\": 1}\n```", "{\"x\": 1}"),
        ("```\n{\"x\":1}```", r#"{"x":1}"#),
        ("Here {it} is [1]: {\"x\": 1} as asked.", "{\"x\": 1}"),
        ("Sure:\n```json\n{\"x\": 1}\n```\nDone {x}.", "{\"x\": 1}"),
        (r#"{"x":1,}"#, r#"{"x":1}"#),
        ("{\"x\":1,\"s\":\"a\nb\"}", r#"{"x":1,"s":"a\nb"}"#),
    ] {
        assert_eq!(
            run(&as_json(Some(POINT)), &[answer]),
            Outcome::fine(json, &[]),
            "{answer}"
        );
        assert_eq!(
            run(&as_json(None), &[answer]),
            Outcome::fine(json, &[]),
            "{answer}"
        );
    }
}

#[test]
fn a_schema_may_have_any_root() {
    for (schema, answer) in [
        (r#"{"type":"string"}"#, "\"Lima\""),
        (r#"{"type":"integer"}"#, "7"),
        (r#"{"type":"array","items":{"type":"integer"}}"#, "[1, 2]"),
        ("{}", "null"),
        ("no schema", "[true]"),
    ] {
        assert_eq!(
            run(&as_json(Some(schema)), &[answer]),
            Outcome::fine(answer, &[]),
            "{schema}"
        );
    }
    let listed = r#"{"type":"array"}"#;
    assert_eq!(
        run(&as_json(Some(listed)), &["It is {\"a\":1} and [1]."]),
        Outcome::fine("[1]", &[])
    );
}

#[test]
fn what_does_not_fit_is_asked_for_again_and_then_refused() {
    for (answer, why) in [
        ("I do not know.", "no valid JSON"),
        ("", "empty"),
        (r#"{"x":"#, "no valid JSON"),
        (r#"{"x":"one"}"#, "`/x`"),
        (r#"{"y":{"x":1}}"#, "required"),
        ("[{\"x\":1}]", "object"),
    ] {
        let outcome = run(&as_json(Some(POINT)), &[answer, r#"{"x":2}"#]);
        assert_eq!(outcome.text, r#"{"x":2}"#);
        assert!(outcome.asked().contains(why), "{answer}: {outcome:?}");
        assert!(
            outcome
                .asked()
                .starts_with(&format!("\n\nassistant: {answer}\n\n# Correction\n"))
        );

        let outcome = run(&as_json(Some(POINT)), &[answer, answer]);
        assert_eq!(outcome.text, "", "never what is no such JSON");
        let Some(Verdict::Misfit(reason)) = outcome.verdicts.last() else {
            panic!("{outcome:?}");
        };
        assert!(reason.contains(why), "{reason}");
    }
    let outcome = run(&as_json(None), &["[1]", "[2]"]);
    assert!(
        matches!(outcome.verdicts.last(), Some(Verdict::Misfit(_))),
        "{outcome:?}"
    );
}

#[test]
fn text_is_held_to_the_end() {
    assert_eq!(
        so_far(&as_json(None), &["{\"x\"", ":1}"]),
        (String::new(), false)
    );
    let mut shape = Shape::new(&as_json(None)).expect("JSON");
    let mut out = String::new();
    shape.push("{\"x\":1}", &mut out);
    assert_eq!(shape.held_bytes(), 7);
}

#[test]
fn an_answer_that_the_caller_cut_is_handed_out_as_it_is() {
    let mut shape = Shape::new(&as_json(Some(POINT))).expect("JSON");
    let mut out = String::new();
    shape.push("{\"x\": 12", &mut out);
    assert_eq!(shape.finish(true, &mut out), Verdict::Fine);
    assert_eq!(out, "{\"x\": 12");
}

#[test]
fn an_endless_answer_is_not_kept() {
    let mut shape = Shape::new(&as_json(None)).expect("JSON");
    let mut out = String::new();
    let piece = "[".repeat(64 * 1024);
    for _ in 0..200 {
        shape.push(&piece, &mut out);
        assert!(shape.held_bytes() <= 5 * 1024 * 1024);
    }
    let verdict = shape.finish(false, &mut out);
    assert!(
        matches!(&verdict, Verdict::AskAgain(text) if text.contains("longer")),
        "{verdict:?}"
    );
}
