//! Writing JSON into memory, and measuring it.

use serde::Serialize;

/// Appends `value` as JSON. Nothing that this crate writes can fail: no maps with odd keys, no
/// numbers that are none, and memory takes every byte.
pub(crate) fn write(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}

/// How deep objects and arrays nest in a valid JSON text.
pub(crate) fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_do_not_nest() {
        for (json, expected) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[{}],"b":[[]]}"#, 3),
            (r#"["[{\"[","\\",[]]"#, 2),
            (r#"{"a":"\\\"{"}"#, 1),
        ] {
            assert_eq!(depth(json), expected, "{json}");
        }
    }
}
