//! Lists that end by their bytes as well: texts of strangers are kilobytes each, and whoever reads a
//! list slowly holds all of it in memory.

use std::{ops::Deref, vec};

/// Texts of a page, in bytes as JSON has them; the row with which they reach it is its last.
pub const PAGE_BYTES: usize = 1024 * 1024;

/// A part of a list. Reads as its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Others follow the last of them.
    pub has_more: bool,
}

impl<T> Deref for Page<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.rows
    }
}

impl<T> IntoIterator for Page<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.rows.into_iter()
    }
}

/// Bytes that a text takes as JSON, without its quotes.
pub(crate) fn json_bytes(text: &str) -> usize {
    let of_byte = |byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(of_byte).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_as_long_as_json_has_it() {
        for text in ["", "a boat", "\u{1}\u{1f}", "\"a\\\n\r\t", "é船🚢\u{7f}"] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(json_bytes(text) + 2, json.len(), "{json}");
        }
    }
}
