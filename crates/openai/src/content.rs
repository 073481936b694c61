//! Where in the content an answer cites its sources, and pictures as part of the content.

use std::ops::Range;

use chat::Citation;
use memchr::memmem;

/// As much of the end of a streamed content is kept, besides its last piece: a citation is reported
/// right after the piece that holds its mark, or one piece later when an end of it was held back.
const KEPT_BYTES: usize = 1024;
/// The end is cut back when it would grow over this.
const MAX_TAIL_BYTES: usize = 2 * KEPT_BYTES;

/// A citation in the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Citing {
    pub(crate) url: String,
    pub(crate) title: String,
    /// Where its mark `[[N]](url)` stands, in characters as OpenAI counts them.
    pub(crate) chars: Range<usize>,
}

/// Most sources that are listed beside an answer.
const MAX_CITED: usize = 1024;

/// The URLs that an answer cites, each once, in the order in which it does first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cited(Vec<String>);

impl Cited {
    pub(crate) fn push(&mut self, citation: &Citation) {
        // Citations are numbered by the first appearance of their URL, so this is the rule.
        let at = citation.number.checked_sub(1);
        let is_known = at.and_then(|at| self.0.get(at)) == Some(&citation.url);
        if !is_known && self.0.len() < MAX_CITED && !self.0.contains(&citation.url) {
            self.0.push(citation.url.clone());
        }
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        for url in &other.0 {
            if self.0.len() < MAX_CITED && !self.0.contains(url) {
                self.0.push(url.clone());
            }
        }
    }

    pub(crate) fn urls(&self) -> &[String] {
        &self.0
    }
}

/// Finds the marks of citations, which come in the order of their marks. Each byte is searched and
/// counted once, however many citations there are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MarkFinder {
    /// Everything before this byte has been searched.
    bytes: usize,
    /// The same place in characters of the whole content.
    chars: usize,
}

impl MarkFinder {
    /// The place of the next mark of `citation` in `text`; the end of the text if there is none, as
    /// when the answer was cut inside of it.
    pub(crate) fn find(&mut self, text: &str, citation: &Citation) -> Citing {
        let mark = format!("[[{}]]({})", citation.number, citation.url);
        let unseen = text.get(self.bytes..).unwrap_or_default();
        let at = memmem::find(unseen.as_bytes(), mark.as_bytes());
        self.pass(text, at.unwrap_or(unseen.len()));
        let start = self.chars;
        if at.is_some() {
            self.pass(text, mark.len());
        }
        Citing {
            url: citation.url.clone(),
            title: citation.title.clone(),
            chars: start..self.chars,
        }
    }

    fn pass(&mut self, text: &str, bytes: usize) {
        let end = self.bytes + bytes;
        let passed = text.get(self.bytes..end).unwrap_or_default();
        self.chars += passed.chars().count();
        self.bytes = end;
    }
}

/// The end of a content that is sent on and not kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail {
    text: String,
    finder: MarkFinder,
}

impl Tail {
    pub(crate) fn push(&mut self, piece: &str) {
        if self.text.len() + piece.len() > MAX_TAIL_BYTES {
            self.shorten();
        }
        self.text.push_str(piece);
    }

    /// Where the content cites a source that was reported now.
    pub(crate) fn find(&mut self, citation: &Citation) -> Citing {
        self.finder.find(&self.text, citation)
    }

    /// Whether the next piece starts a line.
    pub(crate) fn is_line_start(&self) -> bool {
        is_line_start(&self.text)
    }

    fn shorten(&mut self) {
        let start = self.text.len().saturating_sub(KEPT_BYTES);
        let start = self.text.ceil_char_boundary(start);
        self.finder
            .pass(&self.text, start.saturating_sub(self.finder.bytes));
        self.finder.bytes -= start;
        self.text.drain(..start);
        self.text.shrink_to(MAX_TAIL_BYTES);
    }
}

pub(crate) fn is_line_start(content: &str) -> bool {
    content.is_empty() || content.ends_with('\n')
}

/// A picture on a line of its own, as markdown.
pub(crate) fn image(url: &str, alt: &str, is_line_start: bool) -> String {
    let alt: String = alt
        .chars()
        .filter(|c| !matches!(c, '[' | ']' | '\\'))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let alt = match alt.trim() {
        "" => "image",
        alt => alt,
    };
    let before = if is_line_start { "" } else { "\n" };
    // Angle brackets hold any URL together but one with a bracket or a line end in it.
    let url: String = url
        .chars()
        .filter(|c| !c.is_control() && !matches!(c, '<' | '>'))
        .collect();
    let url = if url.contains(['(', ')', ' ']) {
        format!("<{url}>")
    } else {
        url
    };
    format!("{before}![{alt}]({url})\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn citation(number: usize) -> Citation {
        Citation {
            number,
            url: format!("https://{number}.io"),
            title: "T".to_owned(),
        }
    }

    fn mark(number: usize) -> String {
        format!("[[{number}]](https://{number}.io)")
    }

    #[test]
    fn marks_are_found_one_after_the_other_in_characters() {
        let text = format!("Né{} x{}{}.", mark(2), mark(1), mark(2));
        let mut finder = MarkFinder::default();
        let mut find = |number| finder.find(&text, &citation(number)).chars;
        assert_eq!(find(2), 2..21);
        assert_eq!(find(1), 23..42);
        assert_eq!(find(2), 42..61);
        assert_eq!(find(3), 62..62, "not there: the end");
        assert_eq!(find(1), 62..62, "not found twice");
    }

    #[test]
    fn a_mark_is_found_behind_any_length_of_content() {
        let mut tail = Tail::default();
        let lens: Vec<_> = (0..10_000)
            .map(|_| {
                tail.push("x");
                tail.text.len()
            })
            .collect();
        assert_eq!(lens.iter().max(), Some(&MAX_TAIL_BYTES));
        assert_eq!(lens[MAX_TAIL_BYTES], KEPT_BYTES + 1);
        for _ in 0..10_000 {
            tail.push("é秘");
        }
        tail.push(&mark(1));
        let place = tail.find(&citation(1)).chars;
        assert_eq!(place, 30_000..30_019);
        let long = format!("{}{}", "é".repeat(20 * KEPT_BYTES), mark(2));
        tail.push(&long);
        let start = 30_019 + 20 * KEPT_BYTES;
        assert_eq!(tail.find(&citation(2)).chars, start..start + 19);
        tail.push("x");
        assert!(tail.text.len() <= KEPT_BYTES + 1);
        assert!(tail.text.capacity() <= MAX_TAIL_BYTES);
        assert!(!tail.is_line_start());
    }

    #[test]
    fn a_mark_in_two_pieces_is_found() {
        let mut tail = Tail::default();
        assert!(tail.is_line_start());
        tail.push("a[[1]](http");
        tail.push("s://1.io)");
        assert_eq!(tail.find(&citation(1)).chars, 1..20);
        tail.push("\n");
        assert!(tail.is_line_start());
    }

    #[test]
    fn pictures_stand_on_their_own_line() {
        assert_eq!(
            image("https://a.io/b.png", "A [red]\nfox", true),
            "![A red fox](https://a.io/b.png)\n"
        );
        assert_eq!(
            image("https://a.io/(b) c>", " ", false),
            "\n![image](<https://a.io/(b) c>)\n"
        );
    }

    proptest! {
        #[test]
        fn a_tail_finds_what_the_whole_content_finds(
            pieces in prop::collection::vec(("[é秘a]{0,3}", 0_usize..400, 0_usize..4), 1..24),
        ) {
            let (mut tail, mut whole) = (Tail::default(), String::new());
            let mut finder = MarkFinder::default();
            for (text, times, number) in pieces {
                let piece = text.repeat(times) + &mark(number);
                tail.push(&piece);
                whole.push_str(&piece);
                let citation = citation(number);
                prop_assert_eq!(tail.find(&citation), finder.find(&whole, &citation));
            }
        }
    }
}
