//! `conversations.json`: which conversation of the upstream's follows which of the caller's.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{BadEntry, Fields, LegacyError, LegacyList, parse, pretty};

const CONVERSATIONS: &str = "conversations";
/// Longest id that is kept, in bytes.
const ID_BYTES: usize = 120;

/// One conversation as the predecessor keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LegacyConversation {
    /// What callers name it by.
    #[serde(skip)]
    pub id: String,
    /// The upstream's.
    pub conversation_id: String,
    pub last_response_id: String,
    /// Unix seconds with a fraction.
    pub created_at: f64,
    pub updated_at: f64,
    pub message_count: u64,
    /// The credential of its account. Empty in a document, which says the account's id instead.
    pub token: String,
    /// Of its messages, by a rule of the predecessor's.
    pub history_hash: String,
    pub share_link_id: String,
}

impl LegacyConversation {
    /// When it was begun and used last, in unix milliseconds.
    #[must_use]
    pub fn times_ms(&self) -> [i64; 2] {
        [self.created_at, self.updated_at].map(super::to_ms)
    }
}

/// Reads the text of a `conversations.json`. Which account has which ones is told twice in the file;
/// the second list is left alone.
///
/// # Errors
/// Only when nothing can be read; bad entries are in the answer.
pub fn read_conversations(text: &str) -> Result<LegacyList<LegacyConversation>, LegacyError> {
    const SHAPE: LegacyError = LegacyError::Shape("an object with `conversations`");
    let file = parse(text)?;
    let entries = match file.as_object().map(|file| file.get("conversations")) {
        None => return Err(SHAPE),
        Some(None | Some(Value::Null)) => {
            return Ok(LegacyList::read(CONVERSATIONS, [], read_entry));
        }
        Some(Some(entries)) => entries.as_object().ok_or(SHAPE)?,
    };
    let mut list = LegacyList::read(CONVERSATIONS, entries.values(), read_entry);
    // The names are beside the entries: those of bad ones are passed over.
    let bad: HashSet<_> = list.bad.iter().map(|bad| bad.index).collect();
    let good = entries
        .keys()
        .enumerate()
        .filter(|(index, _)| !bad.contains(index));
    let mut named = Vec::with_capacity(list.entries.len());
    for (mut entry, (index, name)) in list.entries.drain(..).zip(good) {
        if name.len() > ID_BYTES {
            list.bad.push(BadEntry {
                list: CONVERSATIONS,
                index,
                reason: "its id is too long".to_owned(),
            });
            continue;
        }
        entry.id.clone_from(name);
        named.push(entry);
    }
    list.entries = named;
    Ok(list)
}

fn read_entry(fields: Fields<'_>) -> Result<LegacyConversation, String> {
    let needed = |name: &str| match fields.text(name)? {
        Some(text) if !text.is_empty() && text.len() <= ID_BYTES => Ok(text.to_owned()),
        _ => Err(format!("`{name}` is missing or too long")),
    };
    let text = |name: &str| Ok::<_, String>(fields.text(name)?.unwrap_or_default().to_owned());
    let updated_at = fields
        .float("updated_at")?
        .ok_or("`updated_at` is missing")?;
    let message_count = fields.integer("message_count")?.unwrap_or(0);
    Ok(LegacyConversation {
        id: String::new(),
        conversation_id: needed("conversation_id")?,
        last_response_id: needed("last_response_id")?,
        created_at: fields.float("created_at")?.unwrap_or(updated_at),
        updated_at,
        message_count: u64::try_from(message_count).unwrap_or(0),
        token: fields
            .text("token")?
            .ok_or("`token` is missing")?
            .to_owned(),
        history_hash: text("history_hash")?,
        share_link_id: text("share_link_id")?,
    })
}

/// The text of a `conversations.json` with these conversations, those of an account the oldest first.
#[must_use]
pub fn write_conversations(conversations: &[LegacyConversation]) -> String {
    #[derive(Serialize)]
    struct File<'a> {
        conversations: BTreeMap<&'a str, &'a LegacyConversation>,
        token_conversations: BTreeMap<&'a str, Vec<&'a str>>,
    }
    let mut by_age: Vec<_> = conversations.iter().collect();
    by_age.sort_by(|one, other| one.created_at.total_cmp(&other.created_at));
    let mut file = File {
        conversations: BTreeMap::new(),
        token_conversations: BTreeMap::new(),
    };
    for one in by_age {
        file.conversations.insert(&one.id, one);
        let ids = file.token_conversations.entry(&one.token).or_default();
        ids.push(&one.id);
    }
    pretty(&file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_read_back_as_they_were_and_bad_ones_are_named() {
        let text = r#"{"conversations": {
            "conv-1": {"conversation_id": "c1", "last_response_id": "r1", "created_at": 1772700000.5,
                "updated_at": 1772700001.25, "message_count": 3, "token": "cookie-0001",
                "history_hash": "0123456789abcdef", "share_link_id": ""},
            "conv-2": {"conversation_id": "c2"}, "conv-3": 7},
            "token_conversations": {"cookie-0001": ["conv-1"]}}"#;
        let read = read_conversations(text).unwrap();
        let bad: Vec<_> = read.bad.iter().map(ToString::to_string).collect();
        assert_eq!(
            bad,
            [
                "conversations[1]: `updated_at` is missing",
                "conversations[2]: it is not an object"
            ]
        );
        assert_eq!(read.entries[0].id, "conv-1");
        let written = write_conversations(&read.entries);
        assert_eq!(read_conversations(&written).unwrap().entries, read.entries);
        let file: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(file["token_conversations"]["cookie-0001"][0], "conv-1");
        assert_eq!(read_conversations("{}").unwrap().entries, []);
        assert!(read_conversations("[]").is_err());
    }
}
