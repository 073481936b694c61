//! Ends an answer where the caller wants it to end.

use memchr::memmem;

use crate::{Estimator, FinishReason, OutputLimits};

/// Applies [`OutputLimits`] to answer text that arrives in pieces. Where it is cut does not matter:
/// a stop sequence is found across pieces, since its possible beginning is held back.
#[derive(Clone, Debug)]
pub struct OutputLimiter {
    /// Each with its searcher, which is built once.
    stop: Vec<(String, memmem::Finder<'static>)>,
    max_tokens: Option<u64>,
    counted: Estimator,
    /// The longest end of the text so far that a stop sequence may begin with.
    held: String,
    ended: Option<FinishReason>,
}

impl OutputLimiter {
    /// `None` when nothing is limited: then no piece has to pass through here.
    pub fn new(limits: &OutputLimits) -> Option<Self> {
        let is_limited = limits.max_tokens.is_some() || !limits.stop.is_empty();
        is_limited.then(|| Self {
            stop: limits.stop.iter().map(searched).collect(),
            max_tokens: limits.max_tokens,
            counted: Estimator::new(),
            held: String::new(),
            ended: None,
        })
    }

    /// Takes the next piece and appends what the caller may see. After the end nothing is appended.
    pub fn push(&mut self, piece: &str, out: &mut String) {
        if self.ended.is_some() {
            return;
        }
        let mut text = std::mem::take(&mut self.held);
        text.push_str(piece);
        if let Some((at, stop)) = self.first_stop(&text) {
            self.emit(text.get(..at).unwrap_or_default(), out);
            // Text before the stop sequence may have reached the other limit first.
            self.ended.get_or_insert(FinishReason::StopSequence(stop));
            return;
        }
        let certain = text.len() - self.undecided_len(&text);
        self.emit(text.get(..certain).unwrap_or_default(), out);
        if self.ended.is_none() {
            text.drain(..certain);
            self.held = text;
        }
    }

    /// Takes the end of the text: what was held back is no stop sequence.
    pub fn finish(&mut self, out: &mut String) {
        let held = std::mem::take(&mut self.held);
        self.emit(&held, out);
    }

    /// Why the answer ends here, if it does.
    pub fn ended(&self) -> Option<&FinishReason> {
        self.ended.as_ref()
    }

    /// Appends as much as the token limit allows.
    fn emit(&mut self, text: &str, out: &mut String) {
        let Some(max) = self.max_tokens else {
            return out.push_str(text);
        };
        let (mut whole, start) = (self.counted, out.len());
        whole.push(text);
        if whole.tokens() <= max {
            self.counted = whole;
            return out.push_str(text);
        }
        for (at, char) in text.char_indices() {
            let piece = text.get(at..at + char.len_utf8()).unwrap_or_default();
            let mut next = self.counted;
            next.push(piece);
            if next.tokens() > max {
                break;
            }
            self.counted = next;
            out.push_str(piece);
        }
        debug_assert!(out.len() - start < text.len());
        self.ended = Some(FinishReason::Length);
    }

    /// Where the earliest stop sequence begins; of two that begin there the longer one.
    fn first_stop(&self, text: &str) -> Option<(usize, String)> {
        let found = self.stop.iter().filter_map(|(stop, finder)| {
            let at = finder.find(text.as_bytes())?;
            Some((at, stop))
        });
        let (at, stop) = found.min_by_key(|(at, stop)| (*at, std::cmp::Reverse(stop.len())))?;
        Some((at, stop.clone()))
    }

    /// Length of the longest end of `text` with which a stop sequence begins.
    fn undecided_len(&self, text: &str) -> usize {
        let of_one = |(stop, _): &(String, memmem::Finder<'static>)| {
            let longest = stop.len().saturating_sub(1).min(text.len());
            (1..=longest)
                .rev()
                .find(|len| text.as_bytes().ends_with(&stop.as_bytes()[..*len]))
        };
        let longest = self.stop.iter().filter_map(of_one).max().unwrap_or(0);
        // A stop sequence may begin inside a character only byte-wise, never as text.
        let mut start = text.len() - longest;
        while !text.is_char_boundary(start) {
            start += 1;
        }
        text.len() - start
    }
}

fn searched(stop: &String) -> (String, memmem::Finder<'static>) {
    (stop.clone(), memmem::Finder::new(stop).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(max_tokens: Option<u64>, stop: &[&str]) -> OutputLimits {
        OutputLimits {
            max_tokens,
            stop: stop.iter().map(|stop| (*stop).to_owned()).collect(),
        }
    }

    /// What comes out of the pieces, and why it ended early.
    fn run(limits: &OutputLimits, pieces: &[&str]) -> (String, Option<FinishReason>) {
        let mut out = String::new();
        let Some(mut limiter) = OutputLimiter::new(limits) else {
            return (pieces.concat(), None);
        };
        for piece in pieces {
            limiter.push(piece, &mut out);
        }
        limiter.finish(&mut out);
        (out, limiter.ended().cloned())
    }

    fn stopped(text: &str, stop: &str) -> (String, Option<FinishReason>) {
        let reason = FinishReason::StopSequence(stop.to_owned());
        (text.to_owned(), Some(reason))
    }

    #[test]
    fn without_limits_there_is_nothing_to_do() {
        assert!(OutputLimiter::new(&OutputLimits::default()).is_none());
    }

    #[test]
    fn a_stop_sequence_is_found_across_pieces_and_left_out() {
        let one = limits(None, &["END"]);
        assert_eq!(run(&one, &["a E", "N", "D b"]), stopped("a ", "END"));
        assert_eq!(run(&one, &["END"]), stopped("", "END"));
        assert_eq!(run(&one, &["a EN"]), ("a EN".to_owned(), None));
        assert_eq!(run(&one, &["E", "NE", "ND."]), stopped("EN", "END"));
        assert_eq!(run(&one, &["x", "END", "more", "END"]), stopped("x", "END"));
    }

    #[test]
    fn the_earliest_stop_sequence_counts_and_of_two_at_one_place_the_longer() {
        let two = limits(None, &["b", "ab", "abc"]);
        assert_eq!(run(&two, &["xabc"]), stopped("x", "abc"));
        assert_eq!(run(&two, &["xb ab"]), stopped("x", "b"));
    }

    #[test]
    fn only_what_may_begin_a_stop_sequence_is_held_back() {
        let mut out = String::new();
        let Some(mut limiter) = OutputLimiter::new(&limits(None, &["\n\n", "ende"])) else {
            return;
        };
        limiter.push("abc\n", &mut out);
        assert_eq!(out, "abc");
        limiter.push("d end", &mut out);
        assert_eq!(out, "abc\nd ");
        limiter.push("s", &mut out);
        assert_eq!(out, "abc\nd ends");
    }

    #[test]
    fn the_token_limit_cuts_at_a_character() {
        let length = Some(FinishReason::Length);
        assert_eq!(
            run(&limits(Some(2), &[]), &["12345678"]),
            ("12345678".to_owned(), None)
        );
        let cut = run(&limits(Some(2), &[]), &["1234", "56789"]);
        assert_eq!(cut, ("12345678".to_owned(), length.clone()));
        assert_eq!(
            run(&limits(Some(1), &[]), &["秘鲁"]),
            ("秘".to_owned(), length.clone())
        );
        assert_eq!(
            run(&limits(Some(1), &["zz"]), &["12345zz"]),
            ("1234".to_owned(), length)
        );
        assert_eq!(
            run(&limits(Some(1), &["zz"]), &["1234zz5"]),
            stopped("1234", "zz")
        );
    }

    proptest! {
        #[test]
        fn any_split_has_the_same_end(text in "[abé]{0,24}", cuts in prop::collection::vec(0_usize..24, 0..6)) {
            let limits = limits(Some(5), &["aba", "éb"]);
            let mut pieces = Vec::new();
            let mut rest = text.as_str();
            for cut in cuts {
                if rest.is_char_boundary(cut) && cut <= rest.len() {
                    let (piece, later) = rest.split_at(cut);
                    pieces.push(piece);
                    rest = later;
                }
            }
            pieces.push(rest);
            prop_assert_eq!(run(&limits, &pieces), run(&limits, &[&text]));
        }
    }
}
