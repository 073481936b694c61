//! Splits a byte stream into JSON objects, whatever the size of the chunks.
//!
//! The upstream sends one object per line, but objects without a newline between them were seen, as
//! were `data:` prefixes, `event:` lines and `[DONE]`. Two paths give the same objects:
//!
//! - **whole line**: the chunk holds a complete line that parses as one object; it is found with one
//!   `memchr` and never copied;
//! - **scan**: a state machine counts braces outside strings. It survives any cut of the bytes, so an
//!   object is handed on with its last brace even when the newline is still on its way.
//!
//! A raw newline inside a string, or a `{` in the first column while an object is open, means that the
//! object was cut short: it is dropped and the next one starts there. Memory is bounded by the object
//! limit; anything outside an object is never kept.

use std::ops::Range;

use bytes::Bytes;
use memchr::{memchr, memchr3};

/// Largest object that is accepted: the limit that the newest client of this upstream uses for frames.
pub(crate) const MAX_OBJECT_BYTES: usize = 16 * 1024 * 1024;

/// A joined object above this size gives its buffer back after use.
const KEEP_CARRY_BYTES: usize = 1024 * 1024;

const DATA_PREFIX: &[u8] = b"data:";

/// An object grew beyond the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Where the scan stands between two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// An object, a prefix or a line to skip may start here.
    Between,
    /// This many bytes of `data:` have matched.
    Prefix(usize),
    /// Skips to the end of the line.
    Junk,
    Object(Nesting),
}

/// The scan inside an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Nesting {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// The byte before was a newline outside a string.
    line_start: bool,
}

impl Nesting {
    const START: Self = Self {
        depth: 0,
        in_string: false,
        escaped: false,
        line_start: false,
    };
}

/// How one stretch of an object's bytes ended.
enum Stretch {
    /// The object ends before this index.
    Complete(usize),
    /// The object was cut short; what follows starts at this index.
    Restart(usize),
    /// The chunk ran out.
    Open(Nesting),
}

/// Where the bytes of the current object are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Nothing,
    Chunk(Range<usize>),
    Carry,
}

/// Incremental splitter. Feed it with [`Splitter::push`] whenever [`Splitter::next`] gives `None`.
#[derive(Debug)]
pub(crate) struct Splitter {
    chunk: Bytes,
    pos: usize,
    /// Start of the open object's part in `chunk`.
    object_start: usize,
    /// Below this index the whole-line path is known not to work.
    scan_until: usize,
    /// The open object's bytes from earlier chunks.
    carry: Vec<u8>,
    mode: Mode,
    found: Found,
    limit: usize,
}

impl Splitter {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            chunk: Bytes::new(),
            pos: 0,
            object_start: 0,
            scan_until: 0,
            carry: Vec::new(),
            mode: Mode::Between,
            found: Found::Nothing,
            limit,
        }
    }

    /// Gives the next chunk; the one before must be used up.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        self.release();
        self.chunk = chunk;
        self.pos = 0;
        self.object_start = 0;
        self.scan_until = 0;
    }

    /// Whether an object has begun and not ended.
    pub(crate) fn is_inside_object(&self) -> bool {
        matches!(self.mode, Mode::Object(_))
    }

    /// Moves to the next object for which `accept` gives a value; `None` = more bytes are needed.
    ///
    /// `accept` gives `None` for text that is not one JSON value; such text is skipped.
    pub(crate) fn next<T>(
        &mut self,
        mut accept: impl FnMut(&str) -> Option<T>,
    ) -> Result<Option<T>, TooLarge> {
        loop {
            self.release();
            if self.mode == Mode::Between {
                self.skip_blank();
                if let Some(value) = self.whole_line(&mut accept) {
                    return Ok(Some(value));
                }
            }
            if !self.scan()? {
                // A used chunk is a part of the connection's read buffer, which it would keep alive.
                self.push(Bytes::new());
                return Ok(None);
            }
            if let Some(value) = self.accept_found(&mut accept) {
                return Ok(Some(value));
            }
        }
    }

    /// The object that [`Splitter::next`] stopped at.
    pub(crate) fn current(&self) -> &[u8] {
        match &self.found {
            Found::Nothing => &[],
            Found::Chunk(range) => self.chunk.get(range.clone()).unwrap_or_default(),
            Found::Carry => &self.carry,
        }
    }

    fn release(&mut self) {
        if self.found == Found::Carry {
            self.carry.clear();
            if self.carry.capacity() > KEEP_CARRY_BYTES {
                self.carry = Vec::new();
            }
        }
        self.found = Found::Nothing;
    }

    fn rest(&self) -> &[u8] {
        self.chunk.get(self.pos..).unwrap_or_default()
    }

    fn skip_blank(&mut self) {
        let rest = self.rest();
        let mut text = rest.trim_ascii_start();
        while let Some(after) = text.strip_prefix(DATA_PREFIX) {
            text = after.trim_ascii_start();
        }
        self.pos = self.chunk.len() - text.len();
    }

    fn whole_line<T>(&mut self, accept: &mut impl FnMut(&str) -> Option<T>) -> Option<T> {
        let rest = self.rest();
        if self.pos < self.scan_until || rest.first() != Some(&b'{') {
            return None;
        }
        let Some(length) = memchr(b'\n', rest) else {
            self.scan_until = self.chunk.len();
            return None;
        };
        let line = rest.get(..length).unwrap_or_default().trim_ascii_end();
        let after = self.pos + length;
        if line.len() <= self.limit
            && line.last() == Some(&b'}')
            && let Ok(text) = std::str::from_utf8(line)
            && let Some(value) = accept(text)
        {
            self.found = Found::Chunk(self.pos..self.pos + line.len());
            self.pos = after + 1;
            return Some(value);
        }
        self.scan_until = after;
        None
    }

    fn accept_found<T>(&mut self, accept: &mut impl FnMut(&str) -> Option<T>) -> Option<T> {
        match std::str::from_utf8(self.current()) {
            Ok(text) => accept(text),
            Err(_) => {
                // A broken character must not cost the rest of the text.
                self.carry = String::from_utf8_lossy(self.current())
                    .into_owned()
                    .into_bytes();
                self.found = Found::Carry;
                accept(std::str::from_utf8(&self.carry).ok()?)
            }
        }
    }

    /// Walks to the end of the next object. False = the chunk is used up.
    fn scan(&mut self) -> Result<bool, TooLarge> {
        while let Some(&byte) = self.chunk.get(self.pos) {
            match self.mode {
                Mode::Between => self.start(byte),
                Mode::Prefix(matched) if DATA_PREFIX.get(matched) == Some(&byte) => {
                    self.pos += 1;
                    self.mode = if matched + 1 == DATA_PREFIX.len() {
                        Mode::Between
                    } else {
                        Mode::Prefix(matched + 1)
                    };
                }
                Mode::Prefix(_) => self.mode = Mode::Junk,
                Mode::Junk => match memchr(b'\n', self.rest()) {
                    Some(at) => {
                        self.pos += at + 1;
                        self.mode = Mode::Between;
                    }
                    None => self.pos = self.chunk.len(),
                },
                Mode::Object(nesting) => match walk(&self.chunk, self.pos, nesting) {
                    Stretch::Complete(end) => return self.complete(end).map(|()| true),
                    Stretch::Restart(at) => {
                        self.carry.clear();
                        self.mode = Mode::Between;
                        self.pos = at;
                    }
                    Stretch::Open(nesting) => {
                        self.mode = Mode::Object(nesting);
                        self.stash()?;
                    }
                },
            }
        }
        Ok(false)
    }

    fn start(&mut self, byte: u8) {
        match byte {
            b'{' => {
                self.object_start = self.pos;
                self.mode = Mode::Object(Nesting::START);
            }
            b'd' => {
                self.pos += 1;
                self.mode = Mode::Prefix(1);
            }
            _ if byte.is_ascii_whitespace() => self.pos += 1,
            _ => self.mode = Mode::Junk,
        }
    }

    fn complete(&mut self, end: usize) -> Result<(), TooLarge> {
        self.check_size(end)?;
        if self.carry.is_empty() {
            self.found = Found::Chunk(self.object_start..end);
        } else {
            let part = self.chunk.get(self.object_start..end).unwrap_or_default();
            self.carry.extend_from_slice(part);
            self.found = Found::Carry;
        }
        self.mode = Mode::Between;
        self.pos = end;
        Ok(())
    }

    /// Keeps the open object's part of this chunk.
    fn stash(&mut self) -> Result<(), TooLarge> {
        let end = self.chunk.len();
        self.check_size(end)?;
        let part = self.chunk.get(self.object_start..end).unwrap_or_default();
        self.carry.extend_from_slice(part);
        self.pos = end;
        Ok(())
    }

    fn check_size(&self, end: usize) -> Result<(), TooLarge> {
        let size = self.carry.len() + end.saturating_sub(self.object_start);
        if size > self.limit {
            Err(TooLarge)
        } else {
            Ok(())
        }
    }
}

/// Follows an object from `at`: depth, strings and escapes.
fn walk(bytes: &[u8], at: usize, mut nesting: Nesting) -> Stretch {
    let mut index = at;
    while let Some(&byte) = bytes.get(index) {
        if nesting.escaped {
            nesting.escaped = false;
            if byte == b'\n' {
                return Stretch::Restart(index + 1);
            }
        } else if nesting.in_string {
            let rest = bytes.get(index..).unwrap_or_default();
            let Some(skip) = memchr3(b'"', b'\\', b'\n', rest) else {
                return Stretch::Open(nesting);
            };
            index += skip;
            match rest.get(skip) {
                Some(b'"') => nesting.in_string = false,
                Some(b'\\') => nesting.escaped = true,
                _ => return Stretch::Restart(index + 1),
            }
        } else {
            if nesting.line_start && !may_continue(byte) {
                return Stretch::Restart(index);
            }
            nesting.line_start = byte == b'\n';
            match byte {
                b'"' => nesting.in_string = true,
                b'{' => nesting.depth += 1,
                b'}' if nesting.depth <= 1 => return Stretch::Complete(index + 1),
                b'}' => nesting.depth -= 1,
                _ => {}
            }
        }
        index += 1;
    }
    Stretch::Open(nesting)
}

/// Whether an open object may go on with this byte in the first column of a line.
///
/// A `{` there is taken as a new object: printers that break lines inside objects also indent.
fn may_continue(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || byte.is_ascii_digit()
        || matches!(
            byte,
            b'"' | b'}' | b'[' | b']' | b',' | b':' | b'-' | b't' | b'f' | b'n'
        )
}

#[cfg(test)]
mod tests;
