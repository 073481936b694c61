//! The incremental filter: text goes in cut anywhere, comes out without the elements.

use std::mem;

use super::cards::{Cards, Citation, Rendered};
use super::syntax::{Tag, read_tag};
use super::tool_card::{self, Search};
use crate::frame::Source;

/// Longest element that is held back while its end is awaited. A longer one comes out as it is, up
/// to here, and what follows is read as text again.
const MAX_HELD_BYTES: usize = 64 * 1024;

const TOOL_CARD: &str = "xai:tool_usage_card";
const RENDER: &str = "grok:render";
const CDATA: &[u8] = b"<![CDATA[";
const CDATA_END: &[u8] = b"]]>";

/// Removes the configured elements from a text that arrives in pieces.
///
/// An element is `<name …>…</name>` (the same name may nest) or `<name …/>`; a closing tag without
/// its opening one goes as well. Names are compared exactly. Without a `<` a piece is copied and
/// nothing else happens; at most 64 KiB and one piece are held.
#[derive(Clone, Debug)]
pub struct Filter {
    names: Vec<String>,
    rollout: Option<String>,
    cards: Cards,
    /// Since they were taken last.
    citations: Vec<Citation>,
    searches: Vec<Search>,
    /// Text whose fate is open. Starts with `<` unless empty.
    held: String,
    /// The element that `held` is inside of, if any.
    element: Option<Element>,
    /// The last thing that came out ended a line, or nothing came out yet.
    is_line_start: bool,
    /// Number of the citation that came out last, if only whitespace followed.
    last_cited: Option<usize>,
}

/// An element whose opening tag has been read. Offsets count from its `<`.
#[derive(Clone, Copy, Debug)]
struct Element {
    /// Index into the names.
    name: usize,
    opening_len: usize,
    /// Everything before this offset has been looked at.
    scanned: usize,
    depth: usize,
    in_cdata: bool,
}

/// How much of the text a step has settled.
enum Step {
    /// This many bytes; go on after them.
    Used(usize),
    /// None: wait for more.
    Wait,
}

impl Filter {
    /// A filter for the elements called `names`.
    #[must_use]
    pub fn new(names: &[String]) -> Self {
        let names = names.iter().map(|name| name.trim().to_owned());
        Self {
            names: names.filter(|name| !name.is_empty()).collect(),
            rollout: None,
            cards: Cards::default(),
            citations: Vec::new(),
            searches: Vec::new(),
            held: String::new(),
            element: None,
            is_line_start: true,
            last_cited: None,
        }
    }

    /// Sets the label of the reasoning agent for the lines of tool cards that end from now on.
    pub fn set_rollout(&mut self, rollout: &str) {
        if self.rollout.as_deref() != Some(rollout) {
            self.rollout = Some(rollout.to_owned());
        }
    }

    /// Makes a card known to the render elements that come after it.
    ///
    /// `json` is the upstream's `cardAttachment.jsonData`. False if it is no object with an `id`.
    /// Only absolute http(s) URLs of a card are ever written.
    pub fn register_card(&mut self, json: &str) -> bool {
        self.cards.register(json)
    }

    /// Makes the title of a source known to the citations that come after it, for those whose card
    /// has none.
    pub fn register_source(&mut self, source: &Source) {
        self.cards.register_source(source);
    }

    /// The citations that were written since the last call, one for each mark `[[N]](url)`, in the
    /// order of the marks. A source that is cited again comes again, with the same number.
    pub fn take_citations(&mut self) -> impl Iterator<Item = Citation> {
        self.citations.drain(..)
    }

    /// The look-ups that were told since the last call, in order.
    pub fn take_searches(&mut self) -> impl Iterator<Item = Search> {
        self.searches.drain(..)
    }

    /// Takes the next piece and appends what is certain to `out`.
    pub fn push(&mut self, text: &str, out: &mut String) {
        if self.held.is_empty() {
            if memchr::memchr(b'<', text.as_bytes()).is_none() {
                return self.emit(text, out);
            }
            let settled = self.settle(text, out);
            self.held.push_str(text.get(settled..).unwrap_or_default());
        } else {
            let mut held = mem::take(&mut self.held);
            held.push_str(text);
            let settled = self.settle(&held, out);
            held.drain(..settled);
            self.held = held;
        }
    }

    /// Takes the end of the text: what is still held is no element and comes out as it is. To be
    /// called for every filter that was given text, or its last words are lost.
    pub fn finish(&mut self, out: &mut String) {
        let held = mem::take(&mut self.held);
        self.element = None;
        self.emit(&held, out);
    }

    /// Appends the found pictures of cards that no render element has named, each on a line of its own.
    /// To be called behind [`Filter::finish`].
    pub fn finish_pictures(&mut self, out: &mut String) {
        for markdown in self.cards.take_unplaced() {
            if !self.is_line_start {
                self.emit("\n", out);
            }
            self.emit(&markdown, out);
        }
    }

    /// Works through `text` as far as it can be decided, and says how far that is.
    fn settle(&mut self, text: &str, out: &mut String) -> usize {
        let mut rest = text;
        while !rest.is_empty() {
            let step = match self.element {
                Some(element) => self.in_element(element, rest, out),
                None => self.in_text(rest, out),
            };
            match step {
                Step::Used(len) => rest = rest.get(len..).unwrap_or_default(),
                Step::Wait => break,
            }
        }
        text.len() - rest.len()
    }

    fn in_text(&mut self, rest: &str, out: &mut String) -> Step {
        let at = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        if at > 0 {
            self.emit(rest.get(..at).unwrap_or_default(), out);
            return Step::Used(at);
        }
        let mut is_open = false;
        for index in 0..self.names.len() {
            match read_tag(&self.names[index], rest.as_bytes()) {
                Tag::Other => {}
                Tag::Incomplete => is_open = true,
                Tag::Close { len } => return Step::Used(len),
                Tag::Open {
                    len,
                    is_empty: true,
                } => {
                    self.replace(index, rest.get(..len).unwrap_or_default(), len, out);
                    return Step::Used(len);
                }
                Tag::Open {
                    len,
                    is_empty: false,
                } => {
                    self.element = Some(Element {
                        name: index,
                        opening_len: len,
                        scanned: len,
                        depth: 1,
                        in_cdata: false,
                    });
                    return Step::Used(0);
                }
            }
        }
        if is_open {
            return Step::Wait;
        }
        self.emit("<", out);
        Step::Used(1)
    }

    /// Looks for the end of the element within its first [`MAX_HELD_BYTES`], and only there, so that
    /// the cut of the pieces makes no difference.
    fn in_element(&mut self, mut element: Element, rest: &str, out: &mut String) -> Step {
        let window = rest
            .as_bytes()
            .get(..MAX_HELD_BYTES)
            .unwrap_or(rest.as_bytes());
        if let Some(end) = element.find_end(&self.names[element.name], window) {
            self.element = None;
            self.replace(
                element.name,
                rest.get(..end).unwrap_or_default(),
                element.opening_len,
                out,
            );
            return Step::Used(end);
        }
        if rest.len() < MAX_HELD_BYTES {
            self.element = Some(element);
            return Step::Wait;
        }
        self.element = None;
        let cut = rest.floor_char_boundary(MAX_HELD_BYTES);
        self.emit(rest.get(..cut).unwrap_or_default(), out);
        Step::Used(cut)
    }

    /// Writes what a whole element stands for.
    fn replace(&mut self, name: usize, element: &str, opening_len: usize, out: &mut String) {
        match self.names[name].as_str() {
            TOOL_CARD => {
                let card = tool_card::read(element, self.rollout.as_deref());
                self.searches.extend(card.search);
                if !card.line.is_empty() {
                    self.emit(&card.line, out);
                    self.emit("\n", out);
                }
            }
            RENDER => match self
                .cards
                .render(element.get(..opening_len).unwrap_or_default())
            {
                Rendered::Nothing => {}
                Rendered::Citation(citation) if self.last_cited == Some(citation.number) => {}
                Rendered::Citation(citation) => {
                    self.emit(&citation.markdown(), out);
                    self.last_cited = Some(citation.number);
                    self.citations.push(citation);
                }
                Rendered::Image(markdown) => {
                    if !self.is_line_start {
                        self.emit("\n", out);
                    }
                    self.emit(&markdown, out);
                }
            },
            _ => {}
        }
    }

    fn emit(&mut self, text: &str, out: &mut String) {
        let Some(last) = text.as_bytes().last() else {
            return;
        };
        self.is_line_start = *last == b'\n';
        if self.last_cited.is_some() && !text.trim().is_empty() {
            self.last_cited = None;
        }
        out.push_str(text);
    }
}

impl Element {
    /// The length of the whole element, once `window` holds its end. Remembers how far it looked.
    fn find_end(&mut self, name: &str, window: &[u8]) -> Option<usize> {
        loop {
            let unseen = window.get(self.scanned..)?;
            if self.in_cdata {
                let Some(at) = memchr::memmem::find(unseen, CDATA_END) else {
                    let keep = unseen.len().min(CDATA_END.len() - 1);
                    self.scanned = window.len() - keep;
                    return None;
                };
                self.in_cdata = false;
                self.scanned += at + CDATA_END.len();
                continue;
            }
            let Some(at) = memchr::memchr(b'<', unseen) else {
                self.scanned = window.len();
                return None;
            };
            self.scanned += at;
            let unseen = unseen.get(at..)?;
            if name == TOOL_CARD && CDATA.starts_with(unseen) {
                return None;
            }
            if name == TOOL_CARD && unseen.starts_with(CDATA) {
                self.in_cdata = true;
                self.scanned += CDATA.len();
                continue;
            }
            match read_tag(name, unseen) {
                Tag::Incomplete => return None,
                Tag::Other => self.scanned += 1,
                Tag::Open { len, is_empty } => {
                    self.scanned += len;
                    self.depth += usize::from(!is_empty);
                }
                Tag::Close { len } => {
                    self.scanned += len;
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(self.scanned);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
