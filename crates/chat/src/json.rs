//! JSON texts: made compact, made comparable, repaired.

use memchr::memchr;
use serde_json::Value;

/// Deepest nesting that is repaired: what the JSON reader takes at most.
const MAX_DEPTH: usize = 128;

/// Removes white space between the tokens of a valid JSON text; everything else stays as it is
/// written, so that no number loses digits and no field moves.
pub(crate) fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for c in json.chars() {
        if in_string {
            in_string = is_escaped || c != '"';
            is_escaped = !is_escaped && c == '\\';
        } else if c == '"' {
            in_string = true;
        } else if c.is_ascii_whitespace() {
            continue;
        }
        out.push(c);
    }
    out
}

/// The same text for any two JSON texts of the same value; a text that is no JSON is only trimmed.
/// Nothing at all counts as an empty object, which is what a call without arguments has.
pub(crate) fn canonical(json: &str) -> String {
    let json = json.trim();
    if json.is_empty() {
        return "{}".to_owned();
    }
    match serde_json::from_str::<Value>(json) {
        Ok(mut value) => {
            // Only needed where some crate has made objects keep their order.
            value.sort_all_objects();
            value.to_string()
        }
        Err(_) => json.to_owned(),
    }
}

/// Makes JSON of the first object or list in `text`, if what is wrong is known to happen: text around
/// it, commas before a closing bracket, brackets that are missing, line breaks and backslashes in
/// strings. Whether the result is JSON is for its reader to see.
///
/// With `completes`, brackets that are missing at the end are added. A string that never ends
/// has lost some of its text, so it is not repaired.
pub(crate) fn repair(text: &str, completes: bool) -> Option<String> {
    let object = memchr(b'{', text.as_bytes());
    let list = memchr(b'[', text.as_bytes());
    let start = object.into_iter().chain(list).min()?;
    let found = repair_at(text.get(start..)?)?;
    (found.is_closed || completes).then_some(found.json)
}

/// A JSON text that has been repaired.
pub(crate) struct Repaired {
    pub(crate) json: String,
    /// Bytes of the text that it was made of.
    pub(crate) taken: usize,
    /// No bracket had to be added at the end.
    pub(crate) is_closed: bool,
}

/// As [`repair`], of a text that begins with the bracket.
pub(crate) fn repair_at(text: &str) -> Option<Repaired> {
    let mut repair = Repair {
        json: String::with_capacity(text.len() + 8),
        closers: Vec::new(),
    };
    let mut chars = text.char_indices();
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => repair.string(&mut chars)?,
            '{' => repair.open(c, '}')?,
            '[' => repair.open(c, ']')?,
            '}' | ']' => {
                repair.close(c);
                if repair.closers.is_empty() {
                    return Some(Repaired {
                        json: repair.json,
                        taken: index + 1,
                        is_closed: true,
                    });
                }
            }
            _ => repair.json.push(c),
        }
    }
    repair.drop_comma();
    while let Some(closer) = repair.closers.pop() {
        repair.json.push(closer);
    }
    Some(Repaired {
        json: repair.json,
        taken: text.len(),
        is_closed: false,
    })
}

struct Repair {
    json: String,
    /// What closes the brackets that are open, the innermost last.
    closers: Vec<char>,
}

impl Repair {
    fn open(&mut self, bracket: char, closer: char) -> Option<()> {
        self.json.push(bracket);
        self.closers.push(closer);
        (self.closers.len() <= MAX_DEPTH).then_some(())
    }

    fn close(&mut self, bracket: char) {
        if !self.closers.contains(&bracket) {
            return;
        }
        self.drop_comma();
        while let Some(closer) = self.closers.pop() {
            self.json.push(closer);
            if closer == bracket {
                break;
            }
        }
    }

    fn drop_comma(&mut self) {
        let kept = self.json.trim_end();
        if let Some(kept) = kept.strip_suffix(',') {
            self.json.truncate(kept.len());
        }
    }

    /// The rest of a string; `None` if it does not end.
    fn string(&mut self, chars: &mut std::str::CharIndices<'_>) -> Option<()> {
        self.json.push('"');
        loop {
            match chars.next()?.1 {
                '"' => break,
                '\\' => self.escape(chars.next()?.1),
                '\n' => self.json.push_str("\\n"),
                '\r' => self.json.push_str("\\r"),
                '\t' => self.json.push_str("\\t"),
                c if c < ' ' => self.json.push(' '),
                c => self.json.push(c),
            }
        }
        self.json.push('"');
        Some(())
    }

    /// An escape that JSON does not know is meant as it is written, but for a quote.
    fn escape(&mut self, c: char) {
        match c {
            '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u' => self.json.push('\\'),
            '\'' => {}
            '\n' => return self.json.push_str("\\n"),
            _ => self.json.push_str("\\\\"),
        }
        self.json.push(if c < ' ' { ' ' } else { c });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn compact_text_keeps_numbers_order_and_strings() {
        let json = " { \"b\" : 12345678901234567890123 ,\n\"a\\\" \" : [ 1.0 , \" { \\\\\" ] } ";
        assert_eq!(
            compact(json),
            "{\"b\":12345678901234567890123,\"a\\\" \":[1.0,\" { \\\\\"]}"
        );
    }

    #[test]
    fn equal_values_are_equal_texts() {
        let same = [
            r#"{"b":1,"a":{"d":[1,2],"c":"é"}}"#,
            " {\"a\": {\"c\": \"\\u00e9\", \"d\":[1, 2]}, \"b\":1}\n",
        ];
        assert_eq!(canonical(same[0]), canonical(same[1]));
        assert_ne!(
            canonical(same[0]),
            canonical(r#"{"b":1,"a":{"d":[2,1],"c":"é"}}"#)
        );
        assert_eq!(
            (canonical(" "), canonical(" no ")),
            ("{}".to_owned(), "no".to_owned())
        );
    }

    #[test]
    fn known_mistakes_are_repaired() {
        for (wrong, right) in [
            ("json\n{\"a\":1} done", r#"{"a":1}"#),
            (r#"{"a":[1,2,],}"#, r#"{"a":[1,2]}"#),
            (r#"{"a":{"b":[1, "#, r#"{"a":{"b":[1]}}"#),
            (r#"{"a":[1,{"b":2}"#, r#"{"a":[1,{"b":2}]}"#),
            (r#"{"a":[1,{"b":2]}"#, r#"{"a":[1,{"b":2}]}"#),
            (r#"{"a":1}}}"#, r#"{"a":1}"#),
            (r#"{"a":1]}"#, r#"{"a":1}"#),
            ("{\"a\":\"x\ny\tz\"}", r#"{"a":"x\ny\tz"}"#),
            (
                r#"{"a":"\d it\'s \\ \" ,]"}"#,
                r#"{"a":"\\d it's \\ \" ,]"}"#,
            ),
            (r#"[{"a":1},]"#, r#"[{"a":1}]"#),
        ] {
            let repaired = repair(wrong, true);
            assert_eq!(repaired.as_deref(), Some(right), "{wrong}");
            let read = serde_json::from_str::<Value>(right);
            assert!(read.is_ok(), "{right}: {read:?}");
        }
        for lost in ["", "none", r#"{"a":"b"#, r#"{"a":"b\"#] {
            assert_eq!(repair(lost, true), None, "{lost}");
        }
        assert_eq!(repair(r#"{"a":1"#, false), None, "not to be completed");
    }

    proptest! {
        #[test]
        fn what_is_valid_is_not_changed_by_a_repair(
            text in "[a-z\\\\\"{}\\[\\]:, \n]{0,24}",
            number in any::<f64>(),
        ) {
            let value = serde_json::json!({"a": [text, number, {"b": null}]});
            for json in [value.to_string(), format!("{value:#}")] {
                let repaired = repair(&json, false);
                prop_assert_eq!(repaired.as_deref(), Some(json.as_str()));
                let compact = compact(&json);
                prop_assert_eq!(serde_json::from_str::<Value>(&compact).ok(), Some(value.clone()));
            }
        }

        #[test]
        fn any_text_can_be_tried(text in "[a\\\\\"{}\\[\\]:,é\n]{0,32}") {
            let repaired = repair(&text, true);
            prop_assert!(repaired.is_none_or(|json| json.len() <= 2 * text.len() + 8));
        }
    }
}
