//! The inside of a JSON string, for the one place that is run for every token: twice as quick as
//! `serde_json::to_writer` on short texts, which is what tokens are.

/// For each byte: 0 = as it is, `u` = `\u00XX`, else the letter after the backslash.
const ESCAPES: [u8; 256] = escapes();

const fn escapes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        table[control] = b'u';
        control += 1;
    }
    table[0x08] = b'b';
    table[0x09] = b't';
    table[0x0A] = b'n';
    table[0x0C] = b'f';
    table[0x0D] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table
}

/// Appends `text` as the inside of a JSON string (no quotes around it).
///
/// Only what RFC 8259 section 7 demands is escaped, so all other text is copied in runs.
pub(crate) fn escape(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest
        .iter()
        .position(|&byte| ESCAPES[usize::from(byte)] != 0)
    {
        let (run, special) = rest.split_at(at);
        out.extend_from_slice(run);
        let [byte, tail @ ..] = special else { return };
        match ESCAPES[usize::from(*byte)] {
            b'u' => {
                let digit = if *byte & 0xF < 10 { b'0' } else { b'a' - 10 };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4)]);
                out.push(digit + (byte & 0xF));
            }
            letter => out.extend_from_slice(&[b'\\', letter]),
        }
        rest = tail;
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = b"\"".to_vec();
        escape(text, &mut out);
        out.push(b'"');
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_character_that_must_be_escaped_is() {
        let all: String = (0..0x20u8)
            .map(char::from)
            .chain("\"\\/\u{7f}\u{2028}é😀".chars())
            .collect();
        assert_eq!(written(&all), serde_json::to_string(&all).unwrap());
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_writes_it(text in any::<String>()) {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
