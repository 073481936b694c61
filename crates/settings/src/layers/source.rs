//! The file's text: where a value stands in it, and how it was written.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::declare::Raw;
use crate::problem::Place;

/// Longest value that a message repeats, in characters.
const SHOWN_CHARS: usize = 80;

/// A value with what is said about it.
pub(super) struct Given<'a> {
    pub(super) raw: Raw<'a>,
    pub(super) shown: String,
    pub(super) place: Place,
}

/// The text of a file.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) path: &'a std::path::Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// The line of a byte offset.
    pub(super) fn place(self, offset: usize) -> Place {
        let before = self.text.bytes().take(offset);
        Place::Line {
            file: self.path.to_owned(),
            line: before.filter(|byte| *byte == b'\n').count() + 1,
        }
    }

    pub(super) fn shown(self, span: Range<usize>) -> String {
        shortened(self.text.get(span).unwrap_or_default().trim())
    }

    /// The keys of a table in the order of the file.
    pub(super) fn given<'a>(self, table: &'a DeTable<'a>) -> Vec<(String, Given<'a>)> {
        let mut keys: Vec<_> = table.iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        keys.into_iter()
            .map(|(key, value)| {
                let place = self.place(key.span().start);
                (key.get_ref().to_string(), self.value(value, place))
            })
            .collect()
    }

    fn value<'a>(self, value: &'a Spanned<DeValue<'a>>, place: Place) -> Given<'a> {
        Given {
            raw: Raw::Toml(value.get_ref()),
            shown: self.shown(value.span()),
            place,
        }
    }
}

/// The beginning of a long value.
pub(super) fn shortened(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}
