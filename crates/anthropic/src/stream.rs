//! An answer as server-sent events, written into the caller's buffer.
//!
//! What is the same for all deltas of a block is written once, so a delta costs three copies and the
//! escaping of its text (`benches/event.rs`).

use chat::{Citation, Delta, Finish, SearchActivity, ToolCall};

use crate::{
    ErrorBody, Head,
    block::{Block, Input, SIGNATURE, image_markdown},
    event::{BlockDelta, Event, MessageObject},
    json,
    search::Searches,
    usage::Usage,
};

const DELTA_START: &[u8] =
    b"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":";
const TEXT_DELTA: &[u8] = br#","delta":{"type":"text_delta","text":"#;
const THINKING_DELTA: &[u8] = br#","delta":{"type":"thinking_delta","thinking":"#;
const DELTA_END: &[u8] = b"}}\n\n";
/// Longest fragment of what a tool is called with.
const FRAGMENT_MAX_BYTES: usize = 1024;

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
    searches: Searches,
    /// Kept for the ids of searches.
    message_id: String,
}

impl EventWriter {
    /// A writer for one answer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether searches and citations are part of the answer
    /// ([`crate::messages::MessagesRequest::shows_searches`]).
    #[must_use]
    pub fn showing_searches(self, is_shown: bool) -> Self {
        let searches = Searches::new(is_shown);
        Self { searches, ..self }
    }

    /// Appends `message_start` and a `ping`.
    pub fn start(&mut self, head: &Head, out: &mut Vec<u8>) {
        self.message_id.clone_from(&head.id);
        let message = MessageObject::at_start(head);
        Event::MessageStart { message }.write(out);
        self.ping(out);
    }

    /// Appends what is new, and the ends and starts of blocks that it takes.
    ///
    /// Reasoning must be left out by the caller where it is not shown. Citations stay what they are
    /// in the text, `[[1]](url)`, and belong to its block as well if searches are shown. Progress
    /// has no form. It and empty text append nothing.
    pub fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        match delta {
            Delta::Text(text) => self.piece(Running::Text, text, out),
            Delta::Reasoning(text) => self.piece(Running::Thinking, text, out),
            Delta::Event(chat::Event::Image { url, alt }) => {
                self.piece(Running::Text, &image_markdown(url, alt), out);
            }
            Delta::Event(chat::Event::ToolCall(call)) => self.tool_use(call, out),
            Delta::Event(chat::Event::Search(search)) => self.search(search, out),
            Delta::Event(chat::Event::Found(page)) => self.searches.found(page),
            Delta::Event(chat::Event::Citation(citation)) => self.cite(citation, out),
            Delta::Event(chat::Event::Progress { .. }) => {}
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
        self.end_search(out);
        let delta = (&finish.reason).into();
        let usage = Usage::at_end(finish.usage, self.searches.count());
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
        self.end_search(out);
        self.has_content = true;
        let block = Block::tool_use(call, Input::Empty {});
        self.start_block(block, out);
        self.input(&Input::of(call), out);
        self.stop_block(out);
    }

    /// A call of the web search tool. Its result comes when the answer goes on.
    fn search(&mut self, search: &SearchActivity, out: &mut Vec<u8>) {
        self.end_search(out);
        let Some(number) = self.searches.begin() else {
            return;
        };
        self.close(out);
        let block = Block::search(&self.message_id, number, Input::Empty {});
        self.start_block(block, out);
        let query = &search.query;
        self.input(&Input::Query { query }, out);
        self.stop_block(out);
    }

    /// Opens a block of this kind unless it is open.
    fn open(&mut self, kind: Running, out: &mut Vec<u8>) {
        if self.open == Some(kind) {
            return;
        }
        self.close(out);
        let (block, delta) = match kind {
            Running::Text => {
                self.has_content = true;
                self.end_search(out);
                (Block::text(""), TEXT_DELTA)
            }
            Running::Thinking => {
                let block = Block::Thinking {
                    thinking: "",
                    signature: "",
                };
                (block, THINKING_DELTA)
            }
        };
        self.open = Some(kind);
        let index = self.index.to_string();
        self.prefix = [DELTA_START, index.as_bytes(), delta].concat();
        self.start_block(block, out);
    }

    /// Ends the block that is open.
    fn close(&mut self, out: &mut Vec<u8>) {
        let Some(kind) = self.open.take() else {
            return;
        };
        if kind == Running::Thinking {
            let signature = SIGNATURE;
            self.block_delta(BlockDelta::Signature { signature }, out);
        }
        self.stop_block(out);
    }

    /// Writes what the newest search found, if that is still to come.
    fn end_search(&mut self, out: &mut Vec<u8>) {
        let Some(result) = self.searches.take_result() else {
            return;
        };
        self.close(out);
        let block = Block::search_result(&self.message_id, &result);
        self.start_block(block, out);
        self.stop_block(out);
    }

    /// Adds a citation to the text that it comes after.
    fn cite(&mut self, citation: &Citation, out: &mut Vec<u8>) {
        if self.open == Some(Running::Text) && self.searches.cite() {
            let citation = citation.into();
            self.block_delta(BlockDelta::Citations { citation }, out);
        }
    }

    /// Writes what a tool is called with, in fragments: an empty one first, as the API does.
    fn input(&self, input: &Input<'_>, out: &mut Vec<u8>) {
        let mut json = Vec::new();
        json::write(input, &mut json);
        let json = String::from_utf8_lossy(&json);
        let (mut partial_json, mut rest) = ("", &*json);
        loop {
            self.block_delta(BlockDelta::InputJson { partial_json }, out);
            if rest.is_empty() {
                return;
            }
            (partial_json, rest) = rest.split_at(rest.floor_char_boundary(FRAGMENT_MAX_BYTES));
        }
    }

    fn start_block(&self, content_block: Block<'_>, out: &mut Vec<u8>) {
        let index = self.index;
        Event::ContentBlockStart {
            index,
            content_block,
        }
        .write(out);
    }

    fn block_delta(&self, delta: BlockDelta<'_>, out: &mut Vec<u8>) {
        let index = self.index;
        Event::ContentBlockDelta { index, delta }.write(out);
    }

    fn stop_block(&mut self, out: &mut Vec<u8>) {
        let index = self.index;
        Event::ContentBlockStop { index }.write(out);
        self.index += 1;
    }
}
