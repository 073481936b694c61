//! What may be the beginning of a block, and is held back until that is certain.

use super::block::BlockKind;

/// Most bytes that are held back: white space, a fence and a wrapper before a block. More of that is text.
const MAX_BYTES: usize = 1024;
/// Longest word behind the ticks of a fence.
const MAX_FENCE_WORD: usize = 24;
/// How an answer begins that is a JSON object with calls, white space apart.
const OBJECT: &[u8] = b"{\"tool_calls\":[";
const INVOKE: &str = "<invoke";

/// What a tag means before a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Opens(BlockKind),
    /// Stands around blocks.
    Wraps,
    /// Is left over from a block or wrapper: means nothing behind a block, and is text elsewhere.
    Closes,
}

const TAGS: [(&str, Meaning); 9] = [
    ("<tool_call>", Meaning::Opens(BlockKind::ToolCall)),
    ("<function_call>", Meaning::Opens(BlockKind::FunctionCall)),
    ("<tool_calls>", Meaning::Wraps),
    ("<function_calls>", Meaning::Wraps),
    ("</tool_calls>", Meaning::Closes),
    ("</function_calls>", Meaning::Closes),
    ("</tool_call>", Meaning::Closes),
    ("</function_call>", Meaning::Closes),
    ("</invoke>", Meaning::Closes),
];

/// Where in the answer we are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// Only white space and a fence came before.
    pub(super) is_start: bool,
    /// A block came before.
    pub(super) is_after_block: bool,
    /// In a fence that was text.
    pub(super) is_in_fence: bool,
}

/// What the next byte made of what is held.
pub(super) enum Prospect {
    /// A block may begin here.
    Open,
    /// A block has begun; its own tag starts at this offset.
    Block(BlockKind, usize),
    /// What is held is text, without the byte.
    Text,
    /// What is held is text, with the byte.
    TextWith,
}

/// What is held back: any number of white space, fences and wrappers, then perhaps a part of a tag.
#[derive(Clone, Debug, Default)]
pub(super) struct Ahead {
    /// ASCII only.
    held: String,
    item: Item,
    /// Fences in `held`.
    fences: usize,
}

/// The piece of `held` that is not complete.
#[derive(Clone, Copy, Debug, Default)]
enum Item {
    #[default]
    None,
    Fence {
        ticks: usize,
        word: usize,
    },
    Tag {
        start: usize,
    },
    Object {
        start: usize,
        matched: usize,
    },
}

impl Ahead {
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Whether a tag of a block or around it may have begun.
    pub(super) fn has_tag(&self) -> bool {
        self.held.contains('<')
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether `held` ends inside a fence once it is text.
    pub(super) fn is_in_fence(&self, was: bool) -> bool {
        was ^ (self.fences % 2 == 1)
    }

    /// Hands over what is held.
    pub(super) fn take(&mut self) -> String {
        self.item = Item::None;
        self.fences = 0;
        std::mem::take(&mut self.held)
    }

    /// Takes the next byte. On [`Prospect::Text`] it is not taken.
    pub(super) fn push(&mut self, byte: u8, place: Place) -> Prospect {
        if self.held.len() >= MAX_BYTES || !byte.is_ascii() {
            return Prospect::Text;
        }
        let prospect = match self.item {
            Item::None => self.begin(byte, place),
            Item::Fence { ticks, word } => self.fence(ticks, word, byte, place),
            Item::Tag { start } => self.tag(start, byte, place),
            Item::Object { start, matched } => self.object(start, matched, byte),
        };
        if !matches!(prospect, Prospect::Text) {
            self.held.push(char::from(byte));
        }
        prospect
    }

    fn begin(&mut self, byte: u8, place: Place) -> Prospect {
        let start = self.held.len();
        self.item = match byte {
            b'`' => Item::Fence { ticks: 1, word: 0 },
            b'<' => Item::Tag { start },
            b'{' if place.is_start => Item::Object { start, matched: 1 },
            _ if byte.is_ascii_whitespace() => Item::None,
            _ => return Prospect::Text,
        };
        Prospect::Open
    }

    fn fence(&mut self, ticks: usize, word: usize, byte: u8, place: Place) -> Prospect {
        match byte {
            b'`' if word == 0 => {
                self.item = Item::Fence {
                    ticks: ticks + 1,
                    word,
                };
                if ticks == 2 {
                    self.fences += 1;
                    // It ends the fence that the text is in, and belongs to it.
                    if place.is_in_fence && !place.is_after_block {
                        return Prospect::TextWith;
                    }
                }
                Prospect::Open
            }
            _ if ticks < 3 => Prospect::Text,
            b'<' | b'{' => self.begin(byte, place),
            _ if byte.is_ascii_whitespace() => self.begin(byte, place),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'+'
                if word < MAX_FENCE_WORD =>
            {
                self.item = Item::Fence {
                    ticks,
                    word: word + 1,
                };
                Prospect::Open
            }
            _ => Prospect::Text,
        }
    }

    fn tag(&mut self, start: usize, byte: u8, place: Place) -> Prospect {
        let so_far = self.held.get(start..).unwrap_or_default();
        if let Some(attributes) = so_far.strip_prefix(INVOKE) {
            return invoke(attributes, byte, start);
        }
        let is_next =
            |tag: &str| tag.starts_with(so_far) && tag.as_bytes().get(so_far.len()) == Some(&byte);
        let mut tags = TAGS.iter().filter(|(tag, meaning)| {
            is_next(tag) && (*meaning != Meaning::Closes || place.is_after_block)
        });
        let Some((tag, meaning)) = tags.next() else {
            return if is_next(INVOKE) {
                Prospect::Open
            } else {
                Prospect::Text
            };
        };
        if tag.len() > so_far.len() + 1 {
            return Prospect::Open;
        }
        match meaning {
            Meaning::Opens(kind) => Prospect::Block(*kind, start),
            Meaning::Wraps | Meaning::Closes => {
                self.item = Item::None;
                Prospect::Open
            }
        }
    }

    fn object(&mut self, start: usize, matched: usize, byte: u8) -> Prospect {
        if byte.is_ascii_whitespace() {
            return Prospect::Open;
        }
        if OBJECT.get(matched) != Some(&byte) {
            return Prospect::Text;
        }
        if matched + 1 == OBJECT.len() {
            return Prospect::Block(BlockKind::Object, start);
        }
        self.item = Item::Object {
            start,
            matched: matched + 1,
        };
        Prospect::Open
    }
}

/// `<invoke name="…">` has begun.
fn invoke(attributes: &str, byte: u8, start: usize) -> Prospect {
    match byte {
        b'>' if invoked_name(attributes).is_some() => Prospect::Block(BlockKind::Invoke, start),
        b'>' | b'<' | b'`' => Prospect::Text,
        _ if attributes.is_empty() && !byte.is_ascii_whitespace() => Prospect::Text,
        _ => Prospect::Open,
    }
}

/// The name in ` name="…"`.
pub(super) fn invoked_name(attributes: &str) -> Option<&str> {
    let (_, value) = attributes.split_once("name")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = value.get(1..)?.split(quote).next()?.trim();
    (!name.is_empty()).then_some(name)
}
