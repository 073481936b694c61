//! Keys that callers of the API present, kept as documents.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Document, DocumentKind, crypto::sha256_hex};

/// Hexadecimal digits of a key's hash that its label shows.
const LABEL_DIGITS: usize = 8;

/// One key. `Debug` shows its label alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientKey {
    /// The secret itself.
    pub key: String,
    /// For people.
    pub name: String,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// One that is not is refused like an unknown one.
    pub is_active: bool,
    /// How often it was used before it came here; what came since is in the sums.
    pub use_count: u64,
    /// Unix milliseconds, before it came here.
    pub last_used_at_ms: Option<i64>,
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientKey").field(&self.label()).finish()
    }
}

impl ClientKey {
    /// What records call it: the start of its hash.
    #[must_use]
    pub fn label(&self) -> String {
        let hash = sha256_hex(&self.key);
        format!("key-{}", hash.get(..LABEL_DIGITS).unwrap_or_default())
    }

    /// As the predecessor shows it: the first four and the last four characters.
    #[must_use]
    pub fn masked(&self) -> String {
        const SHOWN: usize = 4;
        let count = self.key.chars().count();
        if count <= 2 * SHOWN {
            return self.key.clone();
        }
        let first: String = self.key.chars().take(SHOWN).collect();
        let last: String = self.key.chars().skip(count - SHOWN).collect();
        format!("{first}...{last}")
    }

    /// The document that keeps it, without an end.
    #[must_use]
    pub fn to_document(&self) -> Document {
        Document {
            kind: DocumentKind::ClientKey,
            id: sha256_hex(&self.key),
            group: String::new(),
            at_ms: self.created_at_ms,
            expires_ms: i64::MAX,
            revision: 0,
            // Texts and numbers only: this cannot fail.
            data: serde_json::to_string(self).unwrap_or_default(),
        }
    }

    /// The key in a document; `None` when it holds none.
    #[must_use]
    pub fn from_document(document: &Document) -> Option<Self> {
        serde_json::from_str(&document.data).ok()
    }
}
