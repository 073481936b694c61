//! Answers that are JSON, and what tests of calls share.

use serde_json::{Value, json};

use crate::caller::{Caller, parse, question, start};

/// A prompt behind its blocks.
pub(crate) fn message(blocks: &str, prompt: &str) -> String {
    format!("{blocks}{prompt}")
}

/// The answer tokens to a message.
pub(crate) async fn tokens_of(caller: &Caller, message: &str) -> Vec<String> {
    let response = caller.chat("plain-account", &question(message)).await;
    let lines = parse(&response.unwrap().text().await.unwrap());
    let payloads = lines.iter().map(|line| &line["result"]["response"]);
    payloads
        .filter(|payload| payload["messageTag"] == "final")
        .filter_map(|payload| payload["token"].as_str().map(str::to_owned))
        .collect()
}

/// The answer to a message.
pub(crate) async fn ask(caller: &Caller, message: &str) -> String {
    tokens_of(caller, message).await.concat()
}

/// Names and arguments of the calls in an answer, in both shapes of the protocol.
pub(crate) fn calls(text: &str) -> Vec<(String, Value)> {
    let between = |text: &str, start: &str, end: &str| {
        let (_, rest) = text.split_once(start)?;
        Some(rest.split_once(end)?.0.trim().to_owned())
    };
    let mut found = Vec::new();
    for block in text.split("<tool_call>").skip(1) {
        let body = block.split("</tool_call>").next().unwrap();
        if let Some(name) = between(body, "<tool_name>", "</tool_name>") {
            let arguments = between(body, "<parameters>", "</parameters>").unwrap();
            found.push((name, serde_json::from_str(&arguments).unwrap()));
        } else {
            let call: Value = serde_json::from_str(body).unwrap();
            let name = call["name"].as_str().unwrap().to_owned();
            found.push((name, call["arguments"].clone()));
        }
    }
    found
}

const PERSON: &str = "# Output format\nAnswer with one JSON value.\nJSON schema: {\"type\":\"object\",\
    \"properties\":{\"name\":{\"type\":\"string\"},\"age\":{\"type\":\"integer\"}},\
    \"required\":[\"name\",\"age\"],\"additionalProperties\":false}\n\n";
const ANY: &str = "# Output format\nAnswer with one JSON object.\n\n";

/// The outermost JSON object in a text.
fn object(text: &str) -> Value {
    let inside = &text[text.find('{').unwrap()..=text.rfind('}').unwrap()];
    serde_json::from_str(inside).unwrap()
}

#[tokio::test]
async fn an_answer_fits_its_schema() {
    let (simulator, caller) = start().await;
    let text = ask(
        &caller,
        &message(PERSON, "This is Grace Hopper, 85 years old."),
    )
    .await;
    assert_eq!(object(&text), json!({"name": "Grace Hopper", "age": 85}));
    let text = ask(&caller, &message(ANY, "Who is it?")).await;
    assert!(object(&text)["answer"].is_string(), "{text}");
    assert!(
        simulator
            .requests()
            .iter()
            .all(|request| request.wants_json())
    );
    simulator.stop().await;
}

#[tokio::test]
async fn json_has_a_fence_or_prose_around_it_at_times() {
    let (simulator, caller) = start().await;
    let mut texts = Vec::new();
    for number in 0..40 {
        let prompt = format!("This is Grace, {number} years old.");
        let text = ask(&caller, &message(PERSON, &prompt)).await;
        assert_eq!(object(&text)["age"], number);
        texts.push(text);
    }
    for start in ["{", "```json\n{", "Here is"] {
        let with_start = texts.iter().filter(|text| text.starts_with(start));
        assert!(with_start.count() > 0, "{start}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn scripted_json_is_verbatim_and_mends_when_it_is_asked_for_again() {
    let (simulator, caller) = start().await;
    for (script, first, corrected) in [
        (
            "json {\"rows\": [[1]]}",
            "{\"rows\": [[1]]}",
            "{\"rows\": [[1]]}",
        ),
        (
            "bad_json {\"name\":",
            "{\"name\":",
            "{\"age\":85,\"name\":\"Grace Hopper\"}",
        ),
        ("worst_json no", "no", "no"),
    ] {
        let prompt = message(
            PERSON,
            &format!("Grace? [[{script}]] \"Grace Hopper\" is 85."),
        );
        let text = ask(&caller, &prompt).await;
        assert_eq!(text, first, "{script}");
        let again = format!("{prompt}\n\nassistant: {text}\n\n# Correction\nIt does not fit.");
        let again = ask(&caller, &again).await;
        let is_same = match serde_json::from_str::<Value>(corrected) {
            Ok(corrected) => object(&again) == corrected,
            Err(_) => again == corrected,
        };
        assert!(is_same, "{script}: {again}");
    }
    assert!(simulator.requests()[1].is_correction());
    simulator.stop().await;
}
