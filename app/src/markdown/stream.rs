//! Markdown that is still being written: finished blocks stay as they are.

use super::{RenderOptions, blocks::spanned_blocks, write::Before};

/// What [`StreamDoc::advance`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// HTML of the blocks that were finished since the last step; they will not change.
    pub finished: Vec<String>,
    /// Source of these blocks.
    pub finished_source: String,
    /// HTML of what may still change.
    pub open: String,
}

/// Position in a growing text. Each step reads only what is not finished yet.
#[derive(Clone, Debug, Default)]
pub struct StreamDoc {
    /// Bytes of the text that are finished.
    done: usize,
    known: Before,
}

impl StreamDoc {
    /// Renders the unfinished part of `text`, which must begin with the text of the last step.
    ///
    /// A block is finished when a later one has begun on a completed line: a half line such as
    /// `2` may yet turn out to continue a list. References and footnotes that are defined later
    /// are resolved by [`super::blocks`] when the message is complete.
    pub fn advance(&mut self, text: &str, options: &RenderOptions) -> Step {
        let tail = text.get(self.done..).unwrap_or_default();
        let lines_end = tail.rfind('\n').map_or(0, |at| at + 1);
        let blocks = spanned_blocks(tail, options, self.known.clone());
        let open_from = blocks
            .iter()
            .rposition(|block| block.start < lines_end)
            .unwrap_or(0);
        let mut step = Step::default();
        let mut done = 0;
        for (index, block) in blocks.into_iter().enumerate() {
            if index < open_from {
                self.known = block.after;
                step.finished.push(block.html);
            } else {
                if index == open_from {
                    done = block.start;
                }
                step.open.push_str(&block.html);
            }
        }
        if open_from > 0 {
            // An indented block starts after its indentation: go back to the start of its line.
            done = tail[..done].rfind('\n').map_or(done, |at| at + 1);
            tail[..done].clone_into(&mut step.finished_source);
            self.done += done;
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::blocks;

    const SAMPLE: &str = "## Title\n\n#### Part\n\nSome *text* with `code` and more.\n\n1. one\n   - inner\n\n     deep\n2. two\n\n\n3. three\n\n| a | b |\n|---|:-:|\n| 1 | 2 |\n\nSo \\(a_1\\) is\n\\[\nb_1 * c * d_1\n\\]\n\n> quote\nlazy\n\n```rust\nfn main() {}\n\n# not a title\n```\n\nText\n===\n\n    indented code\n\n    more of it\n\n- [x] done\n- [ ] open\n\n---\nEnd 你好 🦀";

    fn run(step: usize) -> Vec<String> {
        let mut doc = StreamDoc::default();
        let mut html = Vec::new();
        let mut last = Step::default();
        let ends: Vec<usize> = SAMPLE
            .char_indices()
            .map(|(at, _)| at)
            .step_by(step)
            .collect();
        for end in ends.into_iter().chain([SAMPLE.len()]) {
            last = doc.advance(&SAMPLE[..end], &RenderOptions::default());
            html.append(&mut last.finished);
        }
        html.push(last.open);
        html
    }

    #[test]
    fn every_pace_ends_with_the_same_html() {
        let whole = blocks(SAMPLE, &RenderOptions::default()).concat();
        for step in [1, 2, 3, 7, 50] {
            assert_eq!(run(step).concat(), whole, "{step} characters at a time");
        }
    }

    #[test]
    fn most_of_a_long_answer_is_finished() {
        assert!(run(1).len() > 8, "blocks are handed over one by one");
    }

    #[test]
    fn half_a_list_number_does_not_close_the_list() {
        let mut doc = StreamDoc::default();
        assert_eq!(
            doc.advance("1. a\n\n2", &RenderOptions::default())
                .finished
                .len(),
            0
        );
        let step = doc.advance("1. a\n\n2. b\n\nx\n", &RenderOptions::default());
        assert_eq!(step.finished.len(), 1);
        assert_eq!(step.finished_source, "1. a\n\n2. b\n\n");
        assert!(
            step.finished[0].contains('b'),
            "one list: {:?}",
            step.finished
        );
    }
}
