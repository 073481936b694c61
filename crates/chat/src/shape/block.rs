//! Where a block that holds calls ends.

/// What a block began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// `<tool_call>`
    ToolCall,
    /// `<function_call>`
    FunctionCall,
    /// `<invoke name="…">`
    Invoke,
    /// `{"tool_calls":[`, with which an answer began.
    Object,
}

impl BlockKind {
    /// The tag that ends it.
    pub(super) fn end_tag(self) -> Option<&'static str> {
        match self {
            Self::ToolCall => Some("</tool_call>"),
            Self::FunctionCall => Some("</function_call>"),
            Self::Invoke => Some("</invoke>"),
            Self::Object => None,
        }
    }
}

/// A block under way. An end tag inside a JSON string or a parameter does not end it, since programs that
/// write files write such tags too; if the block never ends otherwise, the first of those tags did.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    /// Everything since the fence or the wrapper before it.
    pub(super) raw: String,
    /// Where its own first tag begins in `raw`.
    pub(super) start: usize,
    /// Up to where `raw` has been looked at.
    seen: usize,
    mode: Mode,
    /// A JSON value in it has been closed.
    has_json: bool,
    /// Where the last bracket stands that may begin a tag.
    tag: Option<usize>,
    /// End of the first end tag that stood in a string or parameter.
    pub(super) doubtful_end: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Between tags.
    Markup,
    /// In `<parameter …>`, up to its end tag.
    Parameter,
    Json {
        depth: usize,
    },
    String {
        depth: usize,
        is_escaped: bool,
    },
}

impl Block {
    /// A block whose first tag, or bracket, is `raw[start..]`.
    pub(super) fn new(kind: BlockKind, raw: String, start: usize) -> Self {
        let (seen, mode) = match kind {
            // `{"tool_calls":[` is open.
            BlockKind::Object => (raw.len(), Mode::Json { depth: 2 }),
            _ => (raw.len(), Mode::Markup),
        };
        Self {
            kind,
            raw,
            start,
            seen,
            mode,
            has_json: false,
            tag: None,
            doubtful_end: None,
        }
    }

    /// Looks at what was appended to `raw`. Where the block ends, if it does.
    /// `is_simple`: the first end tag ends it, wherever it stands.
    pub(super) fn find_end(&mut self, is_simple: bool) -> Option<usize> {
        let news = self.raw.get(self.seen..).unwrap_or_default();
        for (offset, byte) in news.bytes().enumerate() {
            let index = self.seen + offset;
            match byte {
                b'<' => self.tag = Some(index),
                b'>' => {
                    let tag = self.tag.take().and_then(|tag| self.raw.get(tag..=index));
                    let Some(tag) = tag else {
                        self.mode = after_byte(self.mode, byte);
                        continue;
                    };
                    if Some(tag) == self.kind.end_tag() {
                        let is_doubtful =
                            matches!(self.mode, Mode::Parameter | Mode::String { .. });
                        if is_simple || !is_doubtful {
                            return Some(index + 1);
                        }
                        self.doubtful_end = self.doubtful_end.or(Some(index + 1));
                        continue;
                    }
                    self.mode = after_tag(self.mode, tag);
                    continue;
                }
                _ => {}
            }
            let before = self.mode;
            self.mode = after_byte(before, byte);
            if self.mode == Mode::Markup && before != Mode::Markup {
                self.has_json = true;
                if self.kind == BlockKind::Object {
                    return Some(index + 1);
                }
            }
        }
        self.seen = self.raw.len();
        None
    }

    /// Whether it is complete but for its end tag: its JSON is closed. Of parameters in tags of their own
    /// there may always be more.
    pub(super) fn is_whole(&self) -> bool {
        self.mode == Mode::Markup && self.has_json
    }

    /// What stands between its tags.
    pub(super) fn body(&self) -> &str {
        let body = self.raw.get(self.start..).unwrap_or_default();
        let Some(end_tag) = self.kind.end_tag() else {
            return body;
        };
        let body = body.split_once('>').map_or("", |(_, body)| body);
        body.strip_suffix(end_tag).unwrap_or(body)
    }

    /// Its first tag.
    pub(super) fn first_tag(&self) -> &str {
        let tag = self.raw.get(self.start..).unwrap_or_default();
        tag.split_inclusive('>').next().unwrap_or_default()
    }
}

fn after_tag(mode: Mode, tag: &str) -> Mode {
    match mode {
        Mode::Markup if tag.starts_with("<parameter ") => Mode::Parameter,
        Mode::Parameter if tag == "</parameter>" => Mode::Markup,
        // The bracket of a tag means nothing to JSON, but for an escape before it.
        Mode::String { depth, .. } => Mode::String {
            depth,
            is_escaped: false,
        },
        other => other,
    }
}

fn after_byte(mode: Mode, byte: u8) -> Mode {
    match (mode, byte) {
        (Mode::Markup, b'{' | b'[') => Mode::Json { depth: 1 },
        (Mode::Json { depth }, b'{' | b'[') => Mode::Json { depth: depth + 1 },
        (Mode::Json { depth: 1 }, b'}' | b']') => Mode::Markup,
        (Mode::Json { depth }, b'}' | b']') => Mode::Json { depth: depth - 1 },
        (Mode::Json { depth }, b'"') => Mode::String {
            depth,
            is_escaped: false,
        },
        (Mode::String { depth, is_escaped }, _) => match byte {
            b'"' if !is_escaped => Mode::Json { depth },
            _ => Mode::String {
                depth,
                is_escaped: !is_escaped && byte == b'\\',
            },
        },
        (other, _) => other,
    }
}
