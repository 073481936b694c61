//! Tests: whatever the deltas are, a streamed chat completion says what the whole one says.

use std::collections::BTreeMap;

use chat::{Citation, Delta, Event, Finish, FinishReason, ToolCall, Usage};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, merged_json},
    stream::{ChunkWriter, Head, Thinking},
};

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Reasoning(String),
    Event(Event),
}

impl Piece {
    fn delta(&self) -> Delta<'_> {
        match self {
            Self::Text(text) => Delta::Text(text),
            Self::Reasoning(text) => Delta::Reasoning(text),
            Self::Event(event) => Delta::Event(event),
        }
    }
}

fn head() -> Head {
    Head {
        id: "r-1".into(),
        created: 1_772_700_000,
        model: "grok-4".into(),
        conversation_id: None,
        fingerprint: None,
    }
}

fn citation(number: usize) -> Event {
    Event::Citation(Citation {
        number,
        url: format!("https://{number}.io"),
        title: "T".into(),
    })
}

fn piece() -> impl Strategy<Value = Piece> {
    let text = prop_oneof!["[a-zé秘 \n]{0,8}", Just("[[1]](https://1.io)".to_owned())];
    prop_oneof![
        4 => text.prop_map(Piece::Text),
        1 => "[a-z ]{0,8}".prop_map(Piece::Reasoning),
        1 => (1_usize..4).prop_map(|number| Piece::Event(citation(number))),
        1 => ("[a-z]{1,4}", 0_usize..600).prop_map(|(id, repeats)| Piece::Event(Event::ToolCall(
            ToolCall { id, name: "f".into(), arguments: format!("\"{}\"", "é秘".repeat(repeats)) },
        ))),
        1 => Just(Piece::Event(Event::Image { url: "https://a.io/b".into(), alt: String::new() })),
    ]
}

/// The frames of a stream; checks that `[DONE]` is the last of them and the only one.
fn frames(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    let body = text.strip_suffix("data: [DONE]\n\n").unwrap();
    let frames = body.split("\n\n").filter(|frame| !frame.is_empty());
    frames
        .map(|frame| serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

fn append(text: &mut Value, piece: &Value) {
    let whole = text.as_str().unwrap_or_default().to_owned() + piece.as_str().unwrap_or_default();
    *text = json!(whole);
}

/// A message as a client puts it together, in the form of a whole one.
fn assembled(deltas: &[Value]) -> Value {
    let mut message =
        json!({"role": "assistant", "content": null, "refusal": null, "annotations": []});
    for delta in deltas {
        for field in ["content", "reasoning_content"] {
            if let Some(piece) = delta.get(field).filter(|piece| *piece != "") {
                append(&mut message[field], piece);
            }
        }
        for part in delta["annotations"].as_array().into_iter().flatten() {
            let (mut part, all) = (part.clone(), message["annotations"].as_array_mut().unwrap());
            let index = part.as_object_mut().unwrap().remove("index");
            assert_eq!(index, Some(json!(all.len())));
            all.push(part);
        }
        if let Some(part) = delta.get("function_call") {
            if part.get("name").is_some() {
                message["function_call"] = part.clone();
            } else {
                append(
                    &mut message["function_call"]["arguments"],
                    &part["arguments"],
                );
            }
        }
        for part in delta["tool_calls"].as_array().into_iter().flatten() {
            let index = part["index"].as_u64().unwrap() as usize;
            if part.get("id").is_some() {
                let call =
                    json!({"id": part["id"], "type": part["type"], "function": part["function"]});
                if message.get("tool_calls").is_none() {
                    message["tool_calls"] = json!([]);
                }
                let calls = message["tool_calls"].as_array_mut().unwrap();
                assert_eq!(calls.len(), index);
                calls.push(call);
            } else {
                let arguments = &part["function"]["arguments"];
                assert!(arguments.as_str().unwrap().len() <= 1024);
                append(
                    &mut message["tool_calls"][index]["function"]["arguments"],
                    arguments,
                );
            }
        }
    }
    let calls = message.get("tool_calls").or(message.get("function_call"));
    if calls.is_none() && message["content"].is_null() {
        message["content"] = json!("");
    }
    message
}

fn finish(reason: FinishReason) -> Finish {
    let usage = Usage {
        prompt_tokens: 3,
        completion_tokens: 2,
        ..Usage::default()
    };
    Finish { reason, usage }
}

proptest! {
    #[test]
    fn a_stream_says_what_a_whole_answer_says(
        pieces in prop::collection::vec((0_u8..3, piece()), 0..32),
        is_apart in any::<bool>(),
        is_legacy in any::<bool>(),
    ) {
        // Tags in a stream stand where the reasoning came, in a whole answer in front.
        let thinking = if is_apart { Thinking::ReasoningContent } else { Thinking::Hidden };
        let mut answers = [(); 3].map(|()| Answer::new(thinking).legacy(is_legacy));
        let writer = |index| {
            ChunkWriter::of_choice(&head(), thinking, index)
                .include_usage(true)
                .legacy(is_legacy)
        };
        let mut writers = [0, 1, 2].map(writer);
        let mut out = Vec::new();
        writers.iter_mut().for_each(|writer| writer.role(&mut out));
        for (index, piece) in &pieces {
            answers[usize::from(*index)].push(piece.delta());
            writers[usize::from(*index)].delta(piece.delta(), &mut out);
        }
        for index in [1, 0, 2] {
            writers[index].finish_choice(&finish(FinishReason::ToolCalls), &mut out);
        }
        let usage = finish(FinishReason::ToolCalls).usage;
        writers[0].end(Usage::of_all([usage; 3]), &mut out);
        let answers = answers.map(|answer| (answer, finish(FinishReason::ToolCalls)));
        let whole: Value = serde_json::from_slice(&merged_json(&head(), &answers)).unwrap();
        let frames = frames(&out);
        let mut deltas: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
        let mut ends = BTreeMap::new();
        for choice in frames.iter().filter_map(|frame| frame["choices"].get(0)) {
            let index = choice["index"].as_u64().unwrap();
            prop_assert!(!ends.contains_key(&index), "nothing comes after the end of a choice");
            deltas.entry(index).or_default().push(choice["delta"].clone());
            if let Some(end) = choice["finish_reason"].as_str() {
                ends.insert(index, end.to_owned());
            }
        }
        for (index, deltas) in deltas {
            let choice = &whole["choices"][index as usize];
            prop_assert_eq!(&choice["index"], index);
            prop_assert_eq!(&assembled(&deltas), &choice["message"]);
            prop_assert_eq!(choice["finish_reason"].as_str(), ends.get(&index).map(String::as_str));
        }
        prop_assert_eq!(&frames.last().unwrap()["usage"], &whole["usage"]);
        prop_assert_eq!(&whole["usage"]["total_tokens"], 15);
        let mut cited: Vec<_> = frames
            .iter()
            .filter_map(|frame| frame["citations"].as_array())
            .flatten()
            .collect();
        cited.sort_by_key(|url| url.as_str());
        cited.dedup();
        let mut listed: Vec<_> = whole["citations"].as_array().into_iter().flatten().collect();
        listed.sort_by_key(|url| url.as_str());
        prop_assert_eq!(cited, listed);
    }
}

#[test]
fn cited_urls_are_listed_once_in_their_order() {
    let mut answer = Answer::new(Thinking::Hidden);
    let mut writer = ChunkWriter::new(&head(), Thinking::Hidden);
    let mut out = Vec::new();
    for number in [2, 1, 2, 3] {
        let cited = citation(number);
        answer.push(Delta::Event(&cited));
        writer.delta(Delta::Event(&cited), &mut out);
    }
    writer.finish(&finish(FinishReason::Stop), &mut out);
    let whole = answer.to_json(&head(), &finish(FinishReason::Stop));
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    let expected = json!(["https://2.io", "https://1.io", "https://3.io"]);
    assert_eq!(whole["citations"], expected);
    let frames = frames(&out);
    let (last, before) = frames.split_last().unwrap();
    assert_eq!(last["citations"], expected);
    assert!(before.iter().all(|frame| frame.get("citations").is_none()));
    let silent = Answer::new(Thinking::Hidden).to_json(&head(), &finish(FinishReason::Stop));
    assert!(!String::from_utf8(silent).unwrap().contains("citations"));
}

#[test]
fn functions_are_answered_in_the_old_form() {
    let call = Event::ToolCall(ToolCall {
        id: "call_0".into(),
        name: "f".into(),
        arguments: "{}".into(),
    });
    let mut answer = Answer::new(Thinking::Hidden).legacy(true);
    answer.push(Delta::Event(&call));
    let whole = answer.to_json(&head(), &finish(FinishReason::ToolCalls));
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    let expected = json!({"index": 0, "finish_reason": "function_call", "message": {
        "role": "assistant", "content": null, "refusal": null, "annotations": [],
        "function_call": {"name": "f", "arguments": "{}"}}});
    assert_eq!(whole["choices"], json!([expected]));
}
