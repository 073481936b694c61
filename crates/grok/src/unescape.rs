//! JSON string escapes, written to a buffer that is reused.

/// Appends the meaning of `inner`, the text between a JSON string's quotes, to `out`.
///
/// `inner` has been checked by a JSON parser. A surrogate without its partner becomes U+FFFD:
/// upstream texts are cut by UTF-16 units now and then, and the rest of the token must survive.
pub(crate) fn unescape(inner: &str, out: &mut String) {
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let mut chars = rest.chars();
        let Some(letter) = chars.next() else {
            return;
        };
        rest = chars.as_str();
        match letter {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => {
                let (unit, after) = take_unit(rest);
                rest = after;
                push_unit(unit, &mut rest, out);
            }
            other => out.push(other),
        }
    }
    out.push_str(rest);
}

/// Reads four hexadecimal digits.
fn take_unit(text: &str) -> (u32, &str) {
    match (text.get(..4), text.get(4..)) {
        (Some(digits), Some(after)) => (u32::from_str_radix(digits, 16).unwrap_or(0xFFFD), after),
        _ => (0xFFFD, ""),
    }
}

fn push_unit(unit: u32, rest: &mut &str, out: &mut String) {
    if (0xD800..0xDC00).contains(&unit)
        && let Some(second) = rest.strip_prefix("\\u")
    {
        let (low, after) = take_unit(second);
        if (0xDC00..0xE000).contains(&low) {
            *rest = after;
            let point = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            out.push(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
            return;
        }
    }
    out.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(inner: &str) -> String {
        let mut out = String::new();
        unescape(inner, &mut out);
        out
    }

    #[test]
    fn every_escape_has_its_meaning() {
        assert_eq!(
            plain(r#"a\"\\\/\b\f\n\r\t\u00e9\ud83e\udd80z"#),
            "a\"\\/\u{8}\u{c}\n\r\té🦀z"
        );
    }

    #[test]
    fn half_a_surrogate_pair_keeps_its_neighbours() {
        assert_eq!(plain(r"a\ud83eb"), "a\u{fffd}b");
        assert_eq!(plain(r"\udd80b\ud83e\n"), "\u{fffd}b\u{fffd}\n");
        assert_eq!(plain(r"\ud83e\u0041"), "\u{fffd}A");
    }

    proptest! {
        #[test]
        fn undoes_what_serde_json_writes(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(plain(&json[1..json.len() - 1]), text);
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = plain(&text);
        }
    }
}
