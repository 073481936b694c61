//! Writing JSON into memory.

use serde::Serialize;

/// Appends `value` as JSON. Nothing that this crate writes can fail: no maps with odd keys, no
/// numbers that are none, and memory takes every byte.
pub(crate) fn write(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}
