//! Whatever the deltas are, the events tell the same as the document.

use chat::{
    Citation, Delta, Event, Finish, FinishReason, Found, SearchActivity, SearchKind, ToolCall,
    Usage,
};
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Reasoning(String),
    Event(Event),
}

fn piece() -> impl Strategy<Value = Piece> {
    let text = prop_oneof!["[a-zé秘 \n]{0,8}", Just("[[1]](https://1.io)".to_owned())];
    prop_oneof![
        4 => text.prop_map(Piece::Text),
        2 => "[a-z ]{0,8}".prop_map(Piece::Reasoning),
        1 => (1_usize..3).prop_map(|number| Piece::Event(Event::Citation(Citation {
            number,
            url: format!("https://{number}.io"),
            title: "T".into(),
        }))),
        1 => "[a-z]{1,4}".prop_map(|query| Piece::Event(Event::Search(SearchActivity {
            kind: SearchKind::Web,
            query,
        }))),
        1 => "[a-z]{1,4}".prop_map(|name| Piece::Event(Event::Found(Found {
            url: format!("https://{name}.io"),
            title: String::new(),
        }))),
        1 => ("[a-z]{1,9}", 0_usize..600).prop_map(|(id, repeats)| Piece::Event(Event::ToolCall(
            ToolCall { id, name: "f".into(), arguments: format!("\"{}\"", "é秘".repeat(repeats)) },
        ))),
        1 => Just(Piece::Event(Event::Image { url: "https://a.io/b".into(), alt: String::new() })),
    ]
}

/// What a client makes of the events, each applied where it says.
fn assembled(all: &[(String, Value)]) -> Vec<Value> {
    let mut output: Vec<Value> = Vec::new();
    for (name, data) in all {
        let index = data["output_index"].as_u64().unwrap_or_default() as usize;
        let name = name.trim_start_matches("response.");
        if name == "output_item.added" {
            assert_eq!(index, output.len(), "items are added one after the other");
            assert!(
                output.iter().all(|item| item["done"] == true),
                "one at a time"
            );
            output.push(data["item"].clone());
            continue;
        }
        let Some(item) = output
            .get_mut(index)
            .filter(|_| data.get("output_index").is_some())
        else {
            continue;
        };
        assert_ne!(item["done"], true, "nothing comes after an item is done");
        if name == "output_item.done" {
            // What was told piece by piece is what the item is in the end.
            for field in ["content", "summary", "arguments"] {
                assert_eq!(item.get(field), data["item"].get(field), "{field}");
            }
            *item = data["item"].clone();
            item["done"] = json!(true);
            continue;
        }
        assert_eq!(data["item_id"], item["id"]);
        apply(name, data, item);
    }
    for item in &mut output {
        assert_eq!(
            item.as_object_mut().unwrap().remove("done"),
            Some(json!(true))
        );
    }
    output
}

fn apply(name: &str, data: &Value, item: &mut Value) {
    let append = |text: &mut Value| {
        let whole = format!(
            "{}{}",
            text.as_str().unwrap(),
            data["delta"].as_str().unwrap()
        );
        *text = json!(whole);
    };
    match name {
        "content_part.added" => item["content"] = json!([data["part"]]),
        "reasoning_summary_part.added" => item["summary"] = json!([data["part"]]),
        "output_text.delta" => append(&mut item["content"][0]["text"]),
        "reasoning_summary_text.delta" => append(&mut item["summary"][0]["text"]),
        "function_call_arguments.delta" => append(&mut item["arguments"]),
        "output_text.annotation.added" => {
            let annotations = item["content"][0]["annotations"].as_array_mut().unwrap();
            assert_eq!(data["annotation_index"], annotations.len());
            annotations.push(data["annotation"].clone());
        }
        "output_text.done" => assert_eq!(item["content"][0]["text"], data["text"]),
        "content_part.done" => assert_eq!(item["content"][0], data["part"]),
        "reasoning_summary_text.done" => assert_eq!(item["summary"][0]["text"], data["text"]),
        "reasoning_summary_part.done" => assert_eq!(item["summary"][0], data["part"]),
        "function_call_arguments.done" => assert_eq!(item["arguments"], data["arguments"]),
        name => assert!(name.starts_with("web_search_call."), "{name}"),
    }
}

proptest! {
    #[test]
    fn events_and_document_tell_the_same(
        pieces in prop::collection::vec(piece(), 0..24),
        is_cut in any::<bool>(),
        has_search in any::<bool>(),
    ) {
        let fields = if has_search {
            json!({"tools": [{"type": "web_search"}], "include": ["web_search_call.action.sources"]})
        } else {
            json!({})
        };
        let echo = asked(fields).unwrap().echo;
        let mut document = ResponseDocument::new(head(), echo.clone());
        let (mut writer, mut out) = (ResponseWriter::new(head(), echo), Vec::new());
        for piece in &pieces {
            let delta = match piece {
                Piece::Text(text) => Delta::Text(text),
                Piece::Reasoning(text) => Delta::Reasoning(text),
                Piece::Event(event) => Delta::Event(event),
            };
            document.push(delta);
            writer.delta(delta, &mut out);
        }
        let reason = if is_cut { FinishReason::Length } else { FinishReason::Stop };
        let finish = Finish { reason, usage: Usage::default() };
        document.finish(&finish, 7);
        let ended = writer.finish(&finish, 7, &mut out);
        prop_assert_eq!(document.to_json(), ended);
        let document: Value = serde_json::from_slice(&document.to_json()).unwrap();
        let all = events(&out);
        prop_assert_eq!(&all.last().unwrap().1["response"], &document);
        prop_assert_eq!(&json!(assembled(&all)), &document["output"]);
    }
}
