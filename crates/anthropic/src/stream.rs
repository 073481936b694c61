//! An answer as server-sent events, written into the caller's buffer.
//!
//! What is the same for all deltas of a block is written once, so a delta costs three copies and the
//! escaping of its text (`benches/event.rs`).

use chat::{Delta, Finish, ToolCall};

use crate::{
    ErrorBody, Head,
    block::{Block, Input, SIGNATURE, image_markdown},
    event::{BlockDelta, Event, MessageObject},
    json,
};

const DELTA_START: &[u8] =
    b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":";
const TEXT_DELTA: &[u8] = br#","delta":{"type":"text_delta","text":"#;
const THINKING_DELTA: &[u8] = br#","delta":{"type":"thinking_delta","thinking":"#;
const DELTA_END: &[u8] = b"}}\n\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Running {
    Text,
    Thinking,
}

/// Writes the events of one streamed answer.
///
/// Every method appends whole events and cannot fail. In order: [`EventWriter::start`], any number
/// of [`EventWriter::delta`], then [`EventWriter::finish`] or [`EventWriter::error`]. A
/// [`EventWriter::ping`] may come at any time.
#[derive(Clone, Debug, Default)]
pub struct EventWriter {
    /// Of the open block, else of the next one.
    index: usize,
    /// The block that text of the same kind is appended to.
    open: Option<Running>,
    /// All of a delta of the open block that comes before its text.
    prefix: Vec<u8>,
    /// There has been a block of text or a tool call.
    has_content: bool,
}

impl EventWriter {
    /// A writer for one answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `message_start` and a `ping`.
    pub fn start(&mut self, head: &Head, out: &mut Vec<u8>) {
        let message = MessageObject::at_start(head);
        Event::MessageStart { message }.write(out);
        self.ping(out);
    }

    /// Appends what is new, and the ends and starts of blocks that it takes.
    ///
    /// Reasoning must be left out by the caller where it is not shown. Citations stay what they are
    /// in the text, `[[1]](url)`: the API's own form wants tokens of its search tool. Searches and
    /// progress have no form either. Empty text and these append nothing.
    pub fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) => self.piece(Running::Text, text, out),
            Delta::Reasoning(text) => self.piece(Running::Thinking, text, out),
            Delta::Event(chat::Event::Image { url, alt }) => {
                self.piece(Running::Text, &image_markdown(url, alt), out);
            }
            Delta::Event(chat::Event::ToolCall(call)) => self.tool_use(call, out),
            Delta::Event(
                chat::Event::Citation(_) | chat::Event::Search(_) | chat::Event::Progress { .. },
            ) => {}
        }
    }

    /// Appends the end: of the open block, `message_delta` with the reason and all usage,
    /// `message_stop`. An answer that held neither text nor a tool call gets an empty text block,
    /// because callers look for one.
    pub fn finish(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        if !self.has_content {
            self.open(Running::Text, out);
        }
        self.close(out);
        let delta = (&finish.reason).into();
        let usage = finish.usage.into();
        Event::MessageDelta { delta, usage }.write(out);
        Event::MessageStop.write(out);
    }

    /// Appends `error`, the last event of an answer that failed on the way.
    pub fn error(&self, error: &ErrorBody, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: error\ndata: ");
        error.write_json(out);
        out.extend_from_slice(b"\n\n");
    }

    /// Appends a `ping`, which keeps a silent connection alive.
    pub fn ping(&self, out: &mut Vec<u8>) {
        Event::Ping.write(out);
    }

    fn piece(&mut self, kind: Running, text: &str, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        self.open(kind, out);
        out.reserve(self.prefix.len() + text.len() + 16);
        out.extend_from_slice(&self.prefix);
        json::write(text, out);
        out.extend_from_slice(DELTA_END);
    }

    fn tool_use(&mut self, call: &ToolCall, out: &mut Vec<u8>) {
        self.close(out);
        self.has_content = true;
        let content_block = Block::ToolUse {
            id: &call.id,
            name: &call.name,
            input: Input::Empty {},
        };
        let index = self.index;
        Event::ContentBlockStart {
            index,
            content_block,
        }
        .write(out);
        let mut input = Vec::new();
        json::write(&Input::of(call), &mut input);
        let delta = BlockDelta::InputJsonDelta {
            partial_json: &String::from_utf8_lossy(&input),
        };
        Event::ContentBlockDelta { index, delta }.write(out);
        self.stop_block(out);
    }

    /// Opens a block of this kind unless it is open.
    fn open(&mut self, kind: Running, out: &mut Vec<u8>) {
        if self.open == Some(kind) {
            return;
        }
        self.close(out);
        self.open = Some(kind);
        let (content_block, delta) = match kind {
            Running::Text => {
                self.has_content = true;
                (Block::Text { text: "" }, TEXT_DELTA)
            }
            Running::Thinking => {
                let block = Block::Thinking {
                    thinking: "",
                    signature: "",
                };
                (block, THINKING_DELTA)
            }
        };
        let index = self.index;
        self.prefix = [DELTA_START, index.to_string().as_bytes(), delta].concat();
        Event::ContentBlockStart {
            index,
            content_block,
        }
        .write(out);
    }

    /// Ends the block that is open.
    fn close(&mut self, out: &mut Vec<u8>) {
        let Some(kind) = self.open.take() else {
            return;
        };
        if kind == Running::Thinking {
            let delta = BlockDelta::SignatureDelta {
                signature: SIGNATURE,
            };
            let index = self.index;
            Event::ContentBlockDelta { index, delta }.write(out);
        }
        self.stop_block(out);
    }

    fn stop_block(&mut self, out: &mut Vec<u8>) {
        let index = self.index;
        Event::ContentBlockStop { index }.write(out);
        self.index += 1;
    }
}
