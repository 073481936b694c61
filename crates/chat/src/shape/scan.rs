//! Splits an answer into text and blocks that may hold calls, as it comes.
//!
//! Every decision depends on the bytes so far alone, never on how they were cut into pieces.

use memchr::memchr2;

use super::{
    ahead::{Ahead, Place, Prospect},
    block::Block,
};

/// Most bytes of one block. A longer one is text.
pub(super) const MAX_BLOCK_BYTES: usize = 256 * 1024;

/// A block that has ended.
pub(super) struct EndedBlock<'a> {
    pub(super) block: &'a Block,
    /// The answer ended before the block did.
    pub(super) is_unfinished: bool,
}

/// Takes what the scanner finds.
pub(super) trait Sink {
    fn text(&mut self, text: &str);
    /// Whether there may be calls in the block. If not, it is given as text.
    fn block(&mut self, found: &EndedBlock<'_>) -> bool;
    /// Nothing that still comes is wanted.
    fn is_over(&self) -> bool;
    /// Whatever still comes is text.
    fn wants_only_text(&self) -> bool;
}

/// The state of one answer.
#[derive(Clone, Debug)]
pub(super) struct Scanner {
    place: Place,
    ahead: Ahead,
    block: Option<Block>,
    /// A block did not end, so that the first end tag counts from here on.
    is_simple: bool,
}

impl Scanner {
    pub(super) fn new() -> Self {
        Self {
            place: Place {
                is_start: true,
                ..Place::default()
            },
            ahead: Ahead::default(),
            block: None,
            is_simple: false,
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.ahead.len() + self.block.as_ref().map_or(0, |block| block.raw.len())
    }

    /// Takes the next piece.
    pub(super) fn push(&mut self, piece: &str, sink: &mut impl Sink) {
        let mut rest = piece;
        while !rest.is_empty() && !sink.is_over() {
            rest = if self.block.is_some() {
                self.push_to_block(rest, sink)
            } else if sink.wants_only_text() {
                self.release(sink);
                sink.text(rest);
                ""
            } else {
                self.push_text(rest, sink)
            };
        }
    }

    /// Takes the end. `is_cut`: the answer would have gone on, and what of a block was there is neither a call nor
    /// anything to read.
    pub(super) fn finish(&mut self, is_cut: bool, sink: &mut impl Sink) {
        while let Some(block) = self.block.take() {
            if block.doubtful_end.is_some() {
                self.end_in_doubt(block, sink);
            } else {
                // What was cut off may have been part of the arguments.
                if is_cut && !block.is_whole() {
                    return;
                }
                self.end_block(&block, true, sink);
            }
        }
        if !is_cut || !self.ahead.has_tag() {
            self.release(sink);
        }
    }

    /// Text up to what may begin a block. Returns what is left.
    fn push_text<'a>(&mut self, piece: &'a str, sink: &mut impl Sink) -> &'a str {
        let rest = piece;
        // At the start also a bracket counts, which is looked for byte by byte.
        if self.ahead.is_empty() && !self.place.is_start {
            let end = memchr2(b'<', b'`', rest.as_bytes()).unwrap_or(rest.len());
            let run = rest.get(..end).unwrap_or_default();
            // White space goes with the block that may follow it.
            let text = run.trim_end_matches(|c: char| c.is_ascii_whitespace());
            if !text.is_empty() {
                sink.text(text);
                return rest.get(text.len()..).unwrap_or_default();
            }
        }
        for (index, byte) in rest.bytes().enumerate() {
            let next = index + 1;
            match self.ahead.push(byte, self.place) {
                Prospect::Open => continue,
                Prospect::Block(kind, start) => {
                    self.block = Some(Block::new(kind, self.ahead.take(), start));
                    return rest.get(next..).unwrap_or_default();
                }
                Prospect::TextWith => {
                    self.release(sink);
                    return rest.get(next..).unwrap_or_default();
                }
                Prospect::Text if self.ahead.is_empty() => {
                    // Nothing is held, so the byte itself begins nothing.
                    return self.push_plain(rest.get(index..).unwrap_or_default(), sink);
                }
                Prospect::Text => {
                    self.release(sink);
                    return rest.get(index..).unwrap_or_default();
                }
            }
        }
        ""
    }

    /// The first character begins nothing.
    fn push_plain<'a>(&mut self, rest: &'a str, sink: &mut impl Sink) -> &'a str {
        let len = rest.chars().next().map_or(0, char::len_utf8);
        let (text, rest) = rest.split_at(len);
        self.place.is_start = false;
        sink.text(text);
        rest
    }

    fn push_to_block<'a>(&mut self, piece: &'a str, sink: &mut impl Sink) -> &'a str {
        let Some(mut block) = self.block.take() else {
            return piece;
        };
        let before = block.raw.len();
        let room = MAX_BLOCK_BYTES.saturating_sub(before);
        let (taken, rest) = piece.split_at(piece.floor_char_boundary(room));
        block.raw.push_str(taken);
        if let Some(end) = block.find_end(self.is_simple) {
            let used = end.saturating_sub(before);
            block.raw.truncate(end);
            self.end_block(&block, false, sink);
            return piece.get(used..).unwrap_or_default();
        }
        if rest.is_empty() {
            self.block = Some(block);
        } else if block.doubtful_end.is_some() {
            self.end_in_doubt(block, sink);
        } else {
            self.place.is_start = false;
            sink.text(&block.raw);
        }
        rest
    }

    /// The block has not ended where it should, so it ends at the first tag that says so.
    fn end_in_doubt(&mut self, mut block: Block, sink: &mut impl Sink) {
        self.is_simple = true;
        let end = block.doubtful_end.unwrap_or(block.raw.len());
        let later = block.raw.split_off(end);
        self.end_block(&block, false, sink);
        // In this mode no block is in doubt, so this does not come here again.
        self.push(&later, sink);
    }

    fn end_block(&mut self, block: &Block, is_unfinished: bool, sink: &mut impl Sink) {
        self.place.is_start = false;
        let found = EndedBlock {
            block,
            is_unfinished,
        };
        if sink.block(&found) {
            self.place.is_after_block = true;
        } else {
            sink.text(&block.raw);
        }
    }

    /// Gives what is held as text.
    fn release(&mut self, sink: &mut impl Sink) {
        if self.ahead.is_empty() {
            return;
        }
        self.place.is_in_fence = self.ahead.is_in_fence(self.place.is_in_fence);
        let held = self.ahead.take();
        self.place.is_start = false;
        sink.text(&held);
    }
}
