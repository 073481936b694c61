//! An answer as events of the Responses API. Flags: 1 shows searches, 2 says what they found, 4 is in
//! the background.

use std::collections::BTreeSet;

use openai::responses::{Echo, Failure, ResponseDocument, ResponseHead, ResponseWriter, parse};
use serde_json::{Value, json};

use crate::{deltas, frames};

const NOW: i64 = 1_772_700_009;

/// Checks one input: the events come in the order that clients rely on, each item is complete, and
/// the end says what the document says that is not streamed.
pub(crate) fn check(data: &[u8]) {
    let answer = deltas::read(data);
    let (events, is_done) = frames::read(&stream(data));
    assert!(!is_done, "this API has no such mark");
    let mut client = Client::default();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event.event.as_deref(), event.data["type"].as_str());
        assert_eq!(event.data["sequence_number"], json!(number));
        client.take(&event.data);
    }
    let mut document = ResponseDocument::new(head(), echo(answer.flags));
    document.begin();
    answer
        .steps
        .iter()
        .for_each(|step| document.push(step.delta()));
    match &answer.finish {
        Some(finish) => document.finish(finish, NOW),
        None => document.fail(failure()),
    }
    let whole = serde_json::from_slice(&document.to_json());
    assert_eq!(whole.ok(), Some(client.end));
}

/// The frames of an input, which clients of this API are to read.
pub(crate) fn stream(data: &[u8]) -> Vec<u8> {
    let answer = deltas::read(data);
    let mut out = Vec::new();
    let mut writer = ResponseWriter::new(head(), echo(answer.flags));
    for step in &answer.steps {
        writer.delta(step.delta(), &mut out);
    }
    match &answer.finish {
        Some(finish) => drop(writer.finish(finish, NOW, &mut out)),
        None => writer.fail(failure(), &mut out),
    }
    out
}

fn head() -> ResponseHead {
    ResponseHead {
        id: "resp_0a1b".to_owned(),
        created: 1_772_700_000,
        model: "grok-4".to_owned(),
        conversation: None,
    }
}

fn failure() -> Failure {
    Failure {
        code: "server_error".to_owned(),
        message: "It \"broke\".\n".to_owned(),
    }
}

fn echo(flags: u8) -> Echo {
    let mut body = json!({"model": "grok-4", "input": "x", "background": flags & 4 != 0});
    if flags & 1 != 0 {
        body["tools"] = json!([{"type": "web_search"}]);
    }
    if flags & 2 != 0 {
        body["include"] = json!(["web_search_call.action.sources"]);
    }
    let parsed = parse(body.to_string().as_bytes());
    assert!(parsed.is_ok(), "{parsed:?}");
    parsed.map(|parsed| parsed.echo).unwrap_or_default()
}

/// What the official clients put together, and what they expect while they do.
#[derive(Default)]
struct Client {
    begun: Vec<String>,
    done: Vec<Value>,
    ids: BTreeSet<String>,
    open: Option<Value>,
    /// The whole of the open item's text or arguments was said.
    is_whole: bool,
    end: Value,
}

impl Client {
    fn take(&mut self, event: &Value) {
        assert!(self.end.is_null(), "nothing comes after the end: {event}");
        let kind = event["type"].as_str().unwrap_or_default();
        match kind {
            "response.created" | "response.queued" | "response.in_progress" => {
                let is_first = self.begun.is_empty();
                assert_eq!(is_first, kind == "response.created");
                assert!(self.done.is_empty() && self.open.is_none());
                assert!(!self.begun.iter().any(|begun| begun == kind), "once");
                assert_eq!(event["response"]["output"], json!([]));
                self.begun.push(kind.to_owned());
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                assert!(self.open.is_none(), "all items have ended");
                self.end = event["response"].clone();
                assert_eq!(self.end["output"], json!(self.done));
                let status = kind.strip_prefix("response.");
                assert_eq!(self.end["status"].as_str(), status);
            }
            _ => {
                let last = self.begun.last().map(String::as_str);
                assert_eq!(last, Some("response.in_progress"));
                assert_eq!(event["output_index"], json!(self.done.len()), "{event}");
                self.item(kind, event);
            }
        }
    }

    fn item(&mut self, kind: &str, event: &Value) {
        match kind {
            "response.output_item.added" => {
                assert!(self.open.is_none(), "one item at a time");
                let item = event["item"].clone();
                assert_eq!(item["status"], "in_progress");
                let id = item["id"].as_str().unwrap_or_default().to_owned();
                assert!(!id.is_empty() && self.ids.insert(id), "an id of its own");
                self.open = Some(item);
                self.is_whole = false;
            }
            "response.output_item.done" => {
                let open = self.open.take();
                assert!(open.is_some(), "what ends has begun");
                self.end_item(open.unwrap_or_default(), &event["item"]);
            }
            _ => {
                assert!(self.open.is_some(), "{event}");
                let Some(item) = &mut self.open else {
                    return;
                };
                assert_eq!(event["item_id"], item["id"]);
                assert!(!self.is_whole || kind.ends_with("part.done"), "{event}");
                step(item, kind, event);
                self.is_whole |= kind.ends_with(".done") || kind.ends_with("call.completed");
            }
        }
    }

    fn end_item(&mut self, mut open: Value, item: &Value) {
        assert!(self.is_whole, "{item}");
        let status = item["status"].as_str().unwrap_or_default();
        assert!(matches!(status, "completed" | "incomplete"), "{item}");
        open["status"] = item["status"].clone();
        if let Some(sources) = item["action"].get("sources") {
            open["action"]["sources"] = sources.clone();
        }
        assert_eq!(&open, item, "the pieces make the whole");
        self.done.push(open);
    }
}

/// What an event adds to its item; clients look for the place in lists that they have.
fn step(item: &mut Value, kind: &str, event: &Value) {
    let of = item["type"].as_str().unwrap_or_default().to_owned();
    let kind = kind.strip_prefix("response.").unwrap_or_default();
    match (of.as_str(), kind) {
        ("message", "content_part.added") => {
            assert_eq!(event["content_index"], json!(frames::len(&item["content"])));
            frames::push(&mut item["content"], event["part"].clone());
        }
        ("message", "output_text.annotation.added") => {
            let all = &mut item["content"][0]["annotations"];
            assert_eq!(event["annotation_index"], json!(frames::len(all)));
            frames::push(all, event["annotation"].clone());
        }
        ("message", "output_text.delta") => {
            assert_eq!(event["content_index"], 0);
            frames::append(&mut item["content"][0]["text"], &event["delta"]);
        }
        ("message", "output_text.done") => {
            assert_eq!(event["text"], item["content"][0]["text"]);
        }
        ("message", "content_part.done") => assert_eq!(event["part"], item["content"][0]),
        ("reasoning", "reasoning_summary_part.added") => {
            assert_eq!(event["summary_index"], json!(frames::len(&item["summary"])));
            frames::push(&mut item["summary"], event["part"].clone());
        }
        ("reasoning", "reasoning_summary_text.delta") => {
            assert_eq!(event["summary_index"], 0);
            frames::append(&mut item["summary"][0]["text"], &event["delta"]);
        }
        ("reasoning", "reasoning_summary_text.done") => {
            assert_eq!(event["text"], item["summary"][0]["text"]);
        }
        ("reasoning", "reasoning_summary_part.done") => {
            assert_eq!(event["part"], item["summary"][0]);
        }
        ("function_call", "function_call_arguments.delta") => {
            frames::append(&mut item["arguments"], &event["delta"]);
        }
        ("function_call", "function_call_arguments.done") => {
            assert_eq!(event["arguments"], item["arguments"]);
            assert_eq!(event["name"], item["name"]);
        }
        (
            "web_search_call",
            "web_search_call.in_progress"
            | "web_search_call.searching"
            | "web_search_call.completed",
        ) => {}
        other => unreachable!("an event that the item cannot take: {other:?}"),
    }
}
