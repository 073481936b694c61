//! An answer as Anthropic's events. Flags: 1 shows searches, 2 sends pings between the deltas.

use anthropic::{ErrorBody, ErrorKind, Head, message::Message, stream::EventWriter};
use serde_json::{Value, json};

use crate::{deltas, deltas::Answer, frames};

/// Checks one input: the events come in the order that clients rely on, and put together they are
/// the message that is not streamed.
pub(crate) fn check(data: &[u8]) {
    let answer = deltas::read(data);
    let (events, is_done) = frames::read(&stream(data));
    assert!(!is_done, "this API has no such mark");
    let mut client = Client::default();
    for event in &events {
        assert_eq!(event.event.as_deref(), event.data["type"].as_str());
        client.take(&event.data);
    }
    assert!(client.is_over, "the end was said");
    let Some(finish) = &answer.finish else {
        return;
    };
    assert!(client.open.is_none() && client.has_stopped);
    let mut message = Message::new().showing_searches(shows_searches(&answer));
    answer
        .steps
        .iter()
        .for_each(|step| message.push(step.delta()));
    let whole = serde_json::from_slice(&message.to_json(&head(), finish));
    assert_eq!(whole.ok(), Some(client.message));
}

/// The frames of an input, which clients of this API are to read.
pub(crate) fn stream(data: &[u8]) -> Vec<u8> {
    let answer = deltas::read(data);
    let mut out = Vec::new();
    let mut writer = EventWriter::new().showing_searches(shows_searches(&answer));
    writer.start(&head(), &mut out);
    for step in &answer.steps {
        writer.delta(step.delta(), &mut out);
        if answer.flags & 2 != 0 {
            writer.ping(&mut out);
        }
    }
    match &answer.finish {
        Some(finish) => writer.finish(finish, &mut out),
        None => {
            let error = ErrorBody {
                kind: ErrorKind::Overloaded,
                message: "It \"broke\".\n".to_owned(),
                request_id: None,
                is_thread_refused: false,
            };
            writer.error(&error, &mut out);
        }
    }
    out
}

fn shows_searches(answer: &Answer) -> bool {
    answer.flags & 1 != 0
}

fn head() -> Head {
    Head {
        id: "msg_0a-1b".to_owned(),
        model: "grok-4".to_owned(),
        input_tokens: 7,
    }
}

/// What the official clients put together, and what they expect while they do.
#[derive(Default)]
struct Client {
    message: Value,
    open: Option<Value>,
    /// The input of the open block.
    input: String,
    has_stopped: bool,
    is_over: bool,
}

impl Client {
    fn take(&mut self, event: &Value) {
        assert!(!self.is_over, "nothing comes after the end: {event}");
        let kind = event["type"].as_str().unwrap_or_default();
        assert_eq!(
            kind == "message_start",
            self.message.is_null(),
            "it comes first, once: {event}"
        );
        match kind {
            "message_start" => {
                self.message = event["message"].clone();
                assert_eq!(self.message["content"], json!([]));
            }
            "ping" => {}
            "error" => {
                assert!(event["error"]["type"].is_string());
                self.is_over = true;
            }
            "content_block_start" | "content_block_delta" | "content_block_stop" => {
                assert!(!self.has_stopped);
                let index = frames::len(&self.message["content"]);
                assert_eq!(event["index"], json!(index));
                self.block(kind, event);
            }
            "message_delta" => self.stop(event),
            "message_stop" => {
                assert!(self.has_stopped);
                self.is_over = true;
            }
            other => unreachable!("an event that clients do not know: {other}"),
        }
    }

    fn block(&mut self, kind: &str, event: &Value) {
        match kind {
            "content_block_start" => {
                assert!(self.open.is_none(), "one block at a time");
                self.open = Some(event["content_block"].clone());
                self.input.clear();
            }
            "content_block_delta" => {
                assert!(self.open.is_some(), "a delta belongs to a block");
                if let Some(block) = &mut self.open {
                    delta(block, &mut self.input, &event["delta"]);
                }
            }
            _ => {
                assert!(self.open.is_some(), "what ends has begun");
                let mut block = self.open.take().unwrap_or_default();
                if block.get("input").is_some() {
                    let input: Option<Value> = serde_json::from_str(&self.input).ok();
                    assert!(input.as_ref().is_some_and(Value::is_object), "{input:?}");
                    block["input"] = input.unwrap_or_default();
                }
                frames::push(&mut self.message["content"], block);
            }
        }
    }

    fn stop(&mut self, event: &Value) {
        assert!(self.open.is_none() && !self.has_stopped);
        self.has_stopped = true;
        self.message["stop_reason"] = event["delta"]["stop_reason"].clone();
        self.message["stop_sequence"] = event["delta"]["stop_sequence"].clone();
        assert!(self.message["stop_reason"].is_string());
        assert!(event["usage"]["output_tokens"].is_u64());
        self.message["usage"] = event["usage"].clone();
    }
}

/// Each kind of block takes its own kinds of deltas.
fn delta(block: &mut Value, input: &mut String, delta: &Value) {
    let kinds = [&block["type"], &delta["type"]].map(|kind| kind.as_str().unwrap_or_default());
    match kinds {
        ["text", "text_delta"] => frames::append(&mut block["text"], &delta["text"]),
        ["text", "citations_delta"] => {
            frames::push(&mut block["citations"], delta["citation"].clone());
        }
        ["thinking", "thinking_delta"] => {
            frames::append(&mut block["thinking"], &delta["thinking"]);
        }
        ["thinking", "signature_delta"] => block["signature"] = delta["signature"].clone(),
        ["tool_use" | "server_tool_use", "input_json_delta"] => {
            let piece = delta["partial_json"].as_str().unwrap_or_default();
            assert!(piece.len() <= 1024);
            input.push_str(piece);
        }
        other => unreachable!("a delta that the block cannot take: {other:?}"),
    }
}
