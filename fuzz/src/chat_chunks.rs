//! An answer as chat completion chunks. Flags: 1 and 2 how reasoning is shown, 4 announces usage, 8 has
//! calls in the old form.

use openai::{
    ErrorBody,
    answer::Answer,
    stream::{ChunkWriter, Head, Thinking},
};
use serde_json::{Value, json};

use crate::{deltas, frames};

/// Checks one input: the chunks come in the order that clients rely on, and put together they are
/// the answer that is not streamed.
pub(crate) fn check(data: &[u8]) {
    let answer = deltas::read(data);
    let thinking = thinking(answer.flags);
    let (chunks, is_done) = frames::read(&stream(data));
    let mut client = Client {
        message: json!({"role": "assistant", "content": null, "refusal": null, "annotations": []}),
        has_usage: answer.flags & 4 != 0,
        ..Client::default()
    };
    for chunk in &chunks {
        assert!(chunk.event.is_none());
        client.take(&chunk.data);
    }
    let Some(finish) = &answer.finish else {
        assert!(client.has_failed && !is_done);
        return;
    };
    assert!(is_done && client.is_over());
    let mut whole = Answer::new(thinking).legacy(answer.flags & 8 != 0);
    answer
        .steps
        .iter()
        .for_each(|step| whole.push(step.delta()));
    let whole: Value = serde_json::from_slice(&whole.to_json(&head(), finish)).unwrap_or_default();
    client.agree(whole, thinking);
}

/// The frames of an input, which clients of this API are to read.
pub(crate) fn stream(data: &[u8]) -> Vec<u8> {
    let answer = deltas::read(data);
    let mut out = Vec::new();
    let mut writer = ChunkWriter::new(&head(), thinking(answer.flags))
        .include_usage(answer.flags & 4 != 0)
        .legacy(answer.flags & 8 != 0);
    for step in &answer.steps {
        writer.delta(step.delta(), &mut out);
    }
    match &answer.finish {
        Some(finish) => writer.finish(finish, &mut out),
        None => {
            let error = ErrorBody {
                message: "It \"broke\".\n".to_owned(),
                kind: "server_error",
                param: None,
                code: "upstream_error".to_owned(),
                request_id: None,
            };
            writer.error(&error, &mut out);
        }
    }
    out
}

fn thinking(flags: u8) -> Thinking {
    match flags & 3 {
        1 => Thinking::ReasoningContent,
        2 => Thinking::ThinkTags,
        _ => Thinking::Hidden,
    }
}

fn head() -> Head {
    Head {
        id: "r-1".to_owned(),
        created: 1_772_700_000,
        model: "grok-4".to_owned(),
        conversation_id: None,
        fingerprint: None,
    }
}

/// What the official clients put together, and what they expect while they do.
#[derive(Default)]
struct Client {
    message: Value,
    citations: Value,
    finish_reason: Value,
    usage: Value,
    has_usage: bool,
    has_role: bool,
    has_failed: bool,
}

impl Client {
    fn is_over(&self) -> bool {
        self.finish_reason.is_string() && self.has_usage == self.usage.is_object()
    }

    fn take(&mut self, chunk: &Value) {
        assert!(!self.has_failed && !self.usage.is_object(), "{chunk}");
        if chunk.get("error").is_some() {
            assert!(chunk["error"]["message"].is_string());
            self.has_failed = true;
            return;
        }
        assert_eq!(chunk["id"], "r-1");
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk.get("usage").is_some(), self.has_usage, "{chunk}");
        let Some(choice) = chunk["choices"].get(0) else {
            assert!(self.finish_reason.is_string() && chunk["usage"].is_object());
            self.usage = chunk["usage"].clone();
            return;
        };
        assert_eq!(frames::len(&chunk["choices"]), 1);
        assert!(self.finish_reason.is_null(), "nothing follows: {chunk}");
        assert_eq!(choice["index"], 0);
        assert_eq!(choice["delta"].get("role").is_some(), !self.has_role);
        self.has_role = true;
        self.delta(&choice["delta"]);
        self.finish_reason = choice["finish_reason"].clone();
        if let Some(citations) = chunk.get("citations") {
            assert!(self.finish_reason.is_string());
            self.citations = citations.clone();
        }
    }

    fn delta(&mut self, delta: &Value) {
        for field in ["content", "reasoning_content"] {
            if let Some(piece) = delta.get(field).filter(|piece| **piece != "") {
                frames::append(&mut self.message[field], piece);
            }
        }
        for part in delta["annotations"].as_array().into_iter().flatten() {
            let mut part = part.clone();
            let index = part.as_object_mut().and_then(|part| part.remove("index"));
            let at = frames::len(&self.message["annotations"]);
            assert_eq!(index, Some(json!(at)));
            frames::push(&mut self.message["annotations"], part);
        }
        if let Some(part) = delta.get("function_call") {
            if part.get("name").is_some() {
                assert!(self.message.get("function_call").is_none());
                self.message["function_call"] = part.clone();
            } else {
                let called = &mut self.message["function_call"]["arguments"];
                frames::append(called, &part["arguments"]);
            }
        }
        for part in delta["tool_calls"].as_array().into_iter().flatten() {
            self.tool_call(part);
        }
    }

    /// Its id, type and name come with the first part of a call, which is the next of the list.
    fn tool_call(&mut self, part: &Value) {
        let count = self.message.get("tool_calls").map_or(0, frames::len);
        if part.get("id").is_some() {
            assert_eq!(part["index"], json!(count));
            assert!(part["function"]["name"].is_string());
            let (id, function) = (&part["id"], &part["function"]);
            let call = json!({"id": id, "type": part["type"], "function": function});
            frames::push(&mut self.message["tool_calls"], call);
            return;
        }
        assert_eq!(part["index"], json!(count.wrapping_sub(1)));
        let piece = &part["function"]["arguments"];
        assert!(piece.as_str().is_some_and(|piece| piece.len() <= 1024));
        let call = &mut self.message["tool_calls"][count - 1];
        frames::append(&mut call["function"]["arguments"], piece);
    }

    /// The answer that is not streamed says the same. Think tags stand where the reasoning came in a
    /// stream, and in front in a whole answer.
    fn agree(mut self, mut whole: Value, thinking: Thinking) {
        let has_call = ["tool_calls", "function_call"]
            .iter()
            .any(|name| self.message.get(name).is_some());
        if !has_call && self.message["content"].is_null() {
            self.message["content"] = json!("");
        }
        let choice = &mut whole["choices"][0];
        let mut message = choice["message"].take();
        for message in [&mut self.message, &mut message] {
            places(message);
            if thinking == Thinking::ThinkTags {
                message["content"] = Value::Null;
            }
        }
        assert_eq!(self.message, message);
        assert_eq!(self.finish_reason, choice["finish_reason"]);
        if self.has_usage {
            assert_eq!(self.usage, whole["usage"]);
        }
        let cited = whole.get("citations").cloned().unwrap_or_default();
        assert_eq!(self.citations, cited);
    }
}

/// Takes the place of each annotation out of a message; there must stand a mark with its URL.
fn places(message: &mut Value) {
    let content: Vec<char> = message["content"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .collect();
    let mut annotations = message["annotations"].take();
    for annotation in annotations.as_array_mut().into_iter().flatten() {
        let cited = &mut annotation["url_citation"];
        let [start, end] = ["start_index", "end_index"].map(|name| {
            let index = cited[name].take().as_u64().unwrap_or(u64::MAX);
            usize::try_from(index).unwrap_or(usize::MAX)
        });
        let mark: String = content.get(start..end).unwrap_or_default().iter().collect();
        let url = cited["url"].as_str().unwrap_or_default();
        assert!(mark.starts_with("[["), "{mark:?}");
        assert!(mark.ends_with(&format!("]]({url})")), "{mark:?}");
    }
    message["annotations"] = annotations;
}
