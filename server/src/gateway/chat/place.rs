//! Where in its markdown an answer's text stands: a picture must not come into a code block or into
//! the middle of a sentence.

use std::borrow::Cow;

/// Shortest run of backticks or tildes that begins a code block.
const FENCE: usize = 3;

/// How far the text has come. Reads it as it comes, whatever its pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct TextPlace {
    line: Line,
    /// What the code block began with that is open.
    fence: Option<(char, usize)>,
    /// The last character that is no blank; `None` before the first.
    last: Option<char>,
    /// Line ends behind it.
    line_ends: usize,
}

/// What is known of the line that is being written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// Blanks only.
    #[default]
    Blank,
    /// So many of this character, and nothing behind them but perhaps blanks.
    Fence {
        mark: char,
        length: usize,
        is_closed: bool,
    },
    /// A fence with something behind it, which only an opening one has.
    Opening {
        mark: char,
        length: usize,
    },
    Text,
}

impl TextPlace {
    pub(super) fn read(&mut self, text: &str) {
        for c in text.chars() {
            if c == '\n' {
                self.end_line();
            } else {
                self.line = self.line.and(c);
            }
            if !c.is_whitespace() {
                self.last = Some(c);
                self.line_ends = 0;
            }
        }
    }

    /// Whether a paragraph may stand here.
    pub(super) fn takes_paragraph(&self) -> bool {
        let is_in_code = self.fence.is_some() || self.line.fence().is_some();
        !is_in_code && (self.line_ends > 0 || self.last.is_none_or(ends_sentence))
    }

    /// What makes the next paragraph one of its own; it closes a code block that nothing has closed.
    pub(super) fn paragraph_break(&self) -> Cow<'static, str> {
        if let Some((mark, length)) = self.fence.or_else(|| self.line.fence()) {
            let line_end = if self.line_ends == 0 { "\n" } else { "" };
            let fence: String = std::iter::repeat_n(mark, length).collect();
            return format!("{line_end}{fence}\n\n").into();
        }
        match (self.last, self.line_ends) {
            (None, _) | (_, 2..) => "".into(),
            (_, 1) => "\n".into(),
            _ => "\n\n".into(),
        }
    }

    fn end_line(&mut self) {
        self.line_ends += 1;
        let line = std::mem::take(&mut self.line);
        match (self.fence, line, line.fence()) {
            (None, _, Some(opened)) => self.fence = Some(opened),
            (Some((mark, length)), Line::Fence { .. }, Some(closing))
                if closing.0 == mark && closing.1 >= length =>
            {
                self.fence = None;
            }
            _ => {}
        }
    }
}

impl Line {
    fn and(self, c: char) -> Self {
        match self {
            Self::Blank if c.is_whitespace() => Self::Blank,
            Self::Blank if c == '`' || c == '~' => Self::Fence {
                mark: c,
                length: 1,
                is_closed: false,
            },
            Self::Fence {
                mark,
                length,
                is_closed: false,
            } if c == mark => Self::Fence {
                mark,
                length: length + 1,
                is_closed: false,
            },
            Self::Fence { mark, length, .. } if c.is_whitespace() => Self::Fence {
                mark,
                length,
                is_closed: true,
            },
            // Code within a line has its marks on both sides.
            Self::Fence { mark, length, .. } | Self::Opening { mark, length }
                if length >= FENCE && !(mark == '`' && c == '`') =>
            {
                Self::Opening { mark, length }
            }
            _ => Self::Text,
        }
    }

    /// The fence that this line is so far.
    fn fence(self) -> Option<(char, usize)> {
        match self {
            Self::Fence { mark, length, .. } | Self::Opening { mark, length }
                if length >= FENCE =>
            {
                Some((mark, length))
            }
            _ => None,
        }
    }
}

fn ends_sentence(c: char) -> bool {
    matches!(
        c,
        '.' | '!' | '?' | ':' | '…' | ')' | '"' | '”' | '。' | '！' | '？' | '：' | '）'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> TextPlace {
        let mut whole = TextPlace::default();
        whole.read(text);
        let mut pieces = TextPlace::default();
        for c in text.chars() {
            pieces.read(c.encode_utf8(&mut [0; 4]));
        }
        assert_eq!(format!("{whole:?}"), format!("{pieces:?}"), "{text:?}");
        whole
    }

    #[test]
    fn a_paragraph_stands_behind_sentences_and_lines_only() {
        for place in [
            "",
            " ",
            "Here it is:",
            "Done. ",
            "word\n",
            "一只狐狸。",
            "`code`.",
            "x ``` y.",
        ] {
            assert!(after(place).takes_paragraph(), "{place:?}");
        }
        for place in ["word", "word, ", "A fox and", "`code`"] {
            assert!(!after(place).takes_paragraph(), "{place:?}");
        }
    }

    #[test]
    fn code_is_left_alone_until_its_fence_is_closed() {
        for code in [
            "```",
            "```python",
            "Code:\n```python\nx = 1.\n",
            "```\n``\n",
            "~~~\n```\n",
            "````\n```\n\n",
            "```\n``` x\n",
            "- item\n  ```\n  y.\n",
        ] {
            assert!(!after(code).takes_paragraph(), "{code:?}");
        }
        for text in [
            "```\nx\n```\n",
            "~~~ text\nx\n~~~  \nDone.",
            "```\nx\n`````\n\n",
            "- item\n  ```\n  y\n  ```\n",
            "``` inline ```.",
        ] {
            assert!(after(text).takes_paragraph(), "{text:?}");
        }
    }

    #[test]
    fn a_paragraph_has_a_blank_line_before_it() {
        for (text, before) in [
            ("", ""),
            ("\n", ""),
            ("Here:", "\n\n"),
            ("Here:\n", "\n"),
            ("Here:\n\n", ""),
            ("Here:\n \n", ""),
            ("```\nx=1", "\n```\n\n"),
            ("~~~~ text\nx=1\n", "~~~~\n\n"),
        ] {
            assert_eq!(after(text).paragraph_break(), before, "{text:?}");
        }
    }
}
