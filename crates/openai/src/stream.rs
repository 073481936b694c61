//! Chat completion chunks as SSE frames, written into the caller's buffer.
//!
//! Everything that stays the same for a whole answer is serialised once, so that a token costs one
//! reservation, two copies and its text (`benches/chunk.rs`). All other frames are serialised as they
//! come.

use chat::{Delta, Event, Finish, ToolCall, Usage};
use serde::Serialize;

use crate::{
    content::{self, Cited, Tail},
    error::ErrorBody,
    wire::{
        Annotation, ChunkChoice, DeltaJson, FunctionPart, Opening, ToolCallPart, UsageJson,
        append_json, finish_reason, fragments,
    },
};

const TEXT_END: &[u8] = b"},\"logprobs\":null,\"finish_reason\":null}]}\n\n";
/// OpenAI puts `usage` into every chunk but the last when the caller asked for it.
const TEXT_END_NO_USAGE_YET: &[u8] =
    b"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n";
const DONE: &[u8] = b"data: [DONE]\n\n";

/// What all chunks of one answer have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The upstream's response id, else `chatcmpl-` and 24 hex digits.
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    pub model: String,
    /// Written at the top level of every chunk when present.
    pub conversation_id: Option<String>,
    /// `system_fingerprint`; `null` when absent.
    pub fingerprint: Option<String>,
}

/// How reasoning reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thinking {
    /// Not at all.
    Hidden,
    /// As `delta.reasoning_content`.
    ReasoningContent,
    /// Inside the content, between `<think>` and `</think>`.
    ThinkTags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Think {
    NotYet,
    Open,
    Closed,
}

/// Writes the frames of one streamed answer.
///
/// Every method appends whole frames (`data: {json}` and a blank line) and cannot fail. The role
/// chunk goes first by itself if [`ChunkWriter::role`] was not called.
#[derive(Clone, Debug)]
pub struct ChunkWriter {
    thinking: Thinking,
    include_usage: bool,
    is_legacy: bool,
    /// The choice that it writes.
    index: u8,
    /// `data: {"id":…,"choices":[`, the same for every chunk.
    prefix: Vec<u8>,
    /// The prefix and what comes before a text in the most frequent chunks.
    content_prefix: Vec<u8>,
    reasoning_prefix: Vec<u8>,
    has_role: bool,
    think: Think,
    tool_calls: usize,
    annotations: usize,
    tail: Tail,
    cited: Cited,
}

impl ChunkWriter {
    /// A writer for the only answer to a request. It does not announce usage.
    pub fn new(head: &Head, thinking: Thinking) -> Self {
        Self::of_choice(head, thinking, 0)
    }

    /// A writer for one of several answers to a request. Each ends with
    /// [`ChunkWriter::finish_choice`], and the last of them with [`ChunkWriter::end`] besides.
    pub fn of_choice(head: &Head, thinking: Thinking, index: u8) -> Self {
        let mut prefix = b"data: ".to_vec();
        append_json(&Opening::new(head, "chat.completion.chunk"), &mut prefix);
        prefix.pop();
        prefix.extend_from_slice(br#","choices":["#);
        let with = |field: &str| {
            let opening = format!(r#"{{"index":{index},"delta":{{"{field}":"#);
            [prefix.as_slice(), opening.as_bytes()].concat()
        };
        Self {
            thinking,
            include_usage: false,
            is_legacy: false,
            index,
            content_prefix: with("content"),
            reasoning_prefix: with("reasoning_content"),
            prefix,
            has_role: false,
            think: Think::NotYet,
            tool_calls: 0,
            annotations: 0,
            tail: Tail::default(),
            cited: Cited::default(),
        }
    }

    /// Whether the caller offered `functions`: a call is then a `function_call`.
    #[must_use]
    pub fn legacy(mut self, is_legacy: bool) -> Self {
        self.is_legacy = is_legacy;
        self
    }

    /// Whether the caller set `stream_options.include_usage`: every chunk then has `"usage":null`,
    /// and [`ChunkWriter::finish`] adds a last one with the usage.
    pub fn include_usage(mut self, include: bool) -> Self {
        self.include_usage = include;
        self
    }

    /// Appends the first chunk, `{"role":"assistant","content":""}`. Only the first call does so.
    pub fn role(&mut self, out: &mut Vec<u8>) {
        if !self.has_role {
            self.has_role = true;
            let role = DeltaJson {
                role: Some("assistant"),
                content: Some(""),
                ..DeltaJson::default()
            };
            self.write(&ChunkChoice::delta(self.index, role), out);
        }
    }

    /// Appends the chunk of one delta. Nothing for empty text, for reasoning that is not shown and
    /// for what this API has no place for (look-ups, progress).
    pub fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        match (delta, self.thinking) {
            (Delta::Text("") | Delta::Reasoning(""), _)
            | (Delta::Reasoning(_), Thinking::Hidden) => {}
            (Delta::Text(text), _) => self.answer(text, out),
            (Delta::Reasoning(text), Thinking::ReasoningContent) => {
                self.role(out);
                self.write_text(&self.reasoning_prefix, text, out);
            }
            (Delta::Reasoning(text), Thinking::ThinkTags) => self.think(text, out),
            (Delta::Event(event), _) => self.event(event, out),
        }
    }

    /// Appends the end of the only answer: [`ChunkWriter::finish_choice`], then [`ChunkWriter::end`].
    pub fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        self.finish_choice(finish, out);
        self.end(finish.usage, out);
    }

    /// Appends the end of this answer: an open think tag is closed, then comes the chunk with
    /// `finish_reason`, and with `citations` if it cites anything.
    pub fn finish_choice(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        self.role(out);
        self.close_think("</think>\n", out);
        let word = finish_reason(&finish.reason, self.is_legacy);
        self.write_with(
            &ChunkChoice::finish(self.index, word),
            self.cited.urls(),
            out,
        );
    }

    /// Appends the end of all answers: the usage chunk (empty `choices`) when asked for, with `usage`
    /// of them together, and `[DONE]`.
    pub fn end(&self, usage: Usage, out: &mut Vec<u8>) {
        if self.include_usage {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(br#"],"usage":"#);
            append_json(&UsageJson::new(usage), out);
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(DONE);
    }

    /// Appends `data: {"error":…}`, the last frame of an answer that failed on the way.
    pub fn error(&self, error: &ErrorBody, out: &mut Vec<u8>) {
        error.write_frame(out);
    }

    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        match event {
            Event::ToolCall(call) => self.tool_call(call, out),
            Event::Citation(citation) => {
                self.role(out);
                self.cited.push(citation);
                let citing = self.tail.find(citation);
                let delta = DeltaJson {
                    annotations: Some([Annotation::new(&citing, 0).at(self.annotations)]),
                    ..DeltaJson::default()
                };
                self.write(&ChunkChoice::delta(self.index, delta), out);
                self.annotations += 1;
            }
            Event::Image { url, alt } => {
                self.close_think("\n</think>\n", out);
                let image = content::image(url, alt, self.tail.is_line_start());
                self.answer(&image, out);
            }
            Event::Search(_) | Event::Found(_) | Event::Progress { .. } => {}
        }
    }

    /// What is called comes first, then its arguments in pieces.
    fn tool_call(&mut self, call: &ToolCall, out: &mut Vec<u8>) {
        self.role(out);
        let index = self.tool_calls;
        self.tool_calls += 1;
        if self.is_legacy {
            // The old form has room for one call.
            if index == 0 {
                self.write_function(FunctionPart::start(call), out);
                fragments(&call.arguments)
                    .for_each(|piece| self.write_function(FunctionPart::arguments(piece), out));
            }
            return;
        }
        self.write_call(ToolCallPart::start(index, call), out);
        fragments(&call.arguments)
            .for_each(|piece| self.write_call(ToolCallPart::arguments(index, piece), out));
    }

    fn write_call(&self, part: ToolCallPart<'_>, out: &mut Vec<u8>) {
        let delta = DeltaJson {
            tool_calls: Some([part]),
            ..DeltaJson::default()
        };
        self.write(&ChunkChoice::delta(self.index, delta), out);
    }

    fn write_function(&self, part: FunctionPart<'_>, out: &mut Vec<u8>) {
        let delta = DeltaJson {
            function_call: Some(part),
            ..DeltaJson::default()
        };
        self.write(&ChunkChoice::delta(self.index, delta), out);
    }

    fn answer(&mut self, text: &str, out: &mut Vec<u8>) {
        self.role(out);
        self.close_think("\n</think>\n", out);
        self.content(text, out);
    }

    /// Reasoning in tags: the block opens once; what comes after it was closed is dropped.
    fn think(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.think == Think::Closed {
            return;
        }
        self.role(out);
        if self.think == Think::NotYet {
            self.think = Think::Open;
            self.content("<think>\n", out);
        }
        self.content(text, out);
    }

    fn close_think(&mut self, tag: &str, out: &mut Vec<u8>) {
        if self.think == Think::Open {
            self.content(tag, out);
        }
        self.think = Think::Closed;
    }

    fn content(&mut self, text: &str, out: &mut Vec<u8>) {
        self.tail.push(text);
        self.write_text(&self.content_prefix, text, out);
    }

    /// The fast path: the same bytes as [`ChunkWriter::write`], without going through a structure.
    fn write_text(&self, opening: &[u8], text: &str, out: &mut Vec<u8>) {
        let end = if self.include_usage {
            TEXT_END_NO_USAGE_YET
        } else {
            TEXT_END
        };
        out.reserve(opening.len() + text.len() + end.len() + 16);
        out.extend_from_slice(opening);
        append_json(text, out);
        out.extend_from_slice(end);
    }

    fn write(&self, choice: &impl Serialize, out: &mut Vec<u8>) {
        self.write_with(choice, &[], out);
    }

    fn write_with(&self, choice: &impl Serialize, citations: &[String], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.prefix);
        append_json(choice, out);
        out.push(b']');
        if !citations.is_empty() {
            out.extend_from_slice(br#","citations":"#);
            append_json(citations, out);
        }
        out.extend_from_slice(if self.include_usage {
            b",\"usage\":null}\n\n"
        } else {
            b"}\n\n"
        });
    }
}

#[cfg(test)]
mod tests;
