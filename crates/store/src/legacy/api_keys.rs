//! `api_keys.json`: a list of keys with their use.

use serde_json::{Value, json};

use super::{Fields, LegacyError, LegacyList, parse, pretty};
use crate::ClientKey;

/// Longest key and name, in bytes.
const KEY_BYTES: usize = 512;
const NAME_BYTES: usize = 256;

/// Reads the text of an `api_keys.json`.
///
/// # Errors
/// Only when nothing can be read; bad entries are in the answer.
pub fn read_api_keys(text: &str, now_ms: i64) -> Result<LegacyList<ClientKey>, LegacyError> {
    let Value::Array(entries) = parse(text)? else {
        return Err(LegacyError::Shape("a list of keys"));
    };
    Ok(LegacyList::read("", &entries, |fields| {
        read_key(fields, now_ms)
    }))
}

fn read_key(fields: Fields<'_>, now_ms: i64) -> Result<ClientKey, String> {
    let key = fields.text("key")?.map(str::trim).unwrap_or_default();
    if key.is_empty() {
        return Err("`key` is missing".to_owned());
    }
    if key.len() > KEY_BYTES || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("`key` cannot be sent in a header".to_owned());
    }
    let mut name = fields.text("name")?.unwrap_or_default().to_owned();
    name.truncate(name.floor_char_boundary(NAME_BYTES));
    let use_count = fields.integer("usage_count")?.unwrap_or(0);
    Ok(ClientKey {
        key: key.to_owned(),
        name,
        created_at_ms: fields.time("created_at")?.unwrap_or(now_ms),
        is_active: fields.flag("is_active")?.unwrap_or(true),
        use_count: u64::try_from(use_count).unwrap_or(0),
        last_used_at_ms: fields.time("last_used_at")?,
    })
}

/// The text of an `api_keys.json` with these keys, in their order; times in whole seconds.
#[must_use]
pub fn write_api_keys(keys: &[ClientKey]) -> String {
    let entry = |key: &ClientKey| {
        json!({
            "key": key.key,
            "name": key.name,
            "created_at": key.created_at_ms.div_euclid(1000),
            "is_active": key.is_active,
            "usage_count": key.use_count,
            "last_used_at": key.last_used_at_ms.map(|at_ms| at_ms.div_euclid(1000)),
        })
    };
    pretty(&keys.iter().map(entry).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_as_they_were_and_bad_ones_are_named() {
        let text = r#"[{"key": "sk-abcdefgh-1", "name": "队", "created_at": 1772700000, "is_active": false,
            "usage_count": 7, "last_used_at": 1772700001}, {"name": "no key"}, 5,
            {"key": "two words"}, {"key": "sk-2", "usage_count": "7"}, {"key": "sk-3"}]"#;
        let read = read_api_keys(text, 5_000).unwrap();
        let bad: Vec<_> = read.bad.iter().map(ToString::to_string).collect();
        assert_eq!(
            bad,
            [
                "[1]: `key` is missing",
                "[2]: it is not an object",
                "[3]: `key` cannot be sent in a header",
                "[4]: `usage_count` is not a number"
            ]
        );
        let [one, three] = &read.entries[..] else {
            panic!("{read:?}");
        };
        assert_eq!(
            (one.created_at_ms, one.is_active),
            (1_772_700_000_000, false)
        );
        assert_eq!(one.masked(), "sk-a...gh-1");
        assert_eq!(
            (three.created_at_ms, three.is_active, three.use_count),
            (5_000, true, 0)
        );
        let again = read_api_keys(&write_api_keys(&read.entries), 0).unwrap();
        assert_eq!(again.entries, read.entries);
        let kept = ClientKey::from_document(&one.to_document()).unwrap();
        assert_eq!(&kept, one);
        assert!(!format!("{one:?}").contains("sk-"));
    }

    #[test]
    fn another_file_is_refused() {
        let error = read_api_keys("{}", 0).unwrap_err();
        assert_eq!(error.to_string(), "it is not a list of keys");
    }
}
