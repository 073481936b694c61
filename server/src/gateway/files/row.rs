//! What is known of a file: a document of the store, with the file's owner as its group.

use serde::{Deserialize, Serialize};
use store::{Document, DocumentKind};

use crate::media::uploaded::UploadedName;

/// A file that a caller uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Unix seconds from which there is no such file.
    pub ends_secs: u64,
    pub about: About,
    pub bytes: u64,
}

/// What the caller says of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The file's own name.
    pub name: String,
    pub mime: String,
    /// What it is for, in the word of the protocol.
    pub purpose: String,
}

#[derive(Serialize, Deserialize)]
struct Data<A> {
    #[serde(flatten)]
    about: A,
    bytes: u64,
}

impl FileRow {
    /// The document that says so.
    pub(super) fn to_document(&self) -> Document {
        let data = Data {
            about: &self.about,
            bytes: self.bytes,
        };
        Document {
            kind: DocumentKind::File,
            id: self.id.clone(),
            group: self.owner.clone(),
            at_ms: self.created_ms,
            expires_ms: i64::try_from(self.ends_secs.saturating_mul(1000)).unwrap_or(i64::MAX),
            revision: 0,
            data: serde_json::to_string(&data).unwrap_or_default(),
        }
    }

    /// What a document says; `None`, and a line in the log, if it cannot be read.
    pub(super) fn of(document: Document) -> Option<Self> {
        let Ok(data) = serde_json::from_str::<Data<About>>(&document.data) else {
            tracing::warn!(id = document.id, "the document of a file cannot be read");
            return None;
        };
        Some(Self {
            id: document.id,
            owner: document.group,
            created_ms: document.at_ms,
            ends_secs: u64::try_from(document.expires_ms / 1000).unwrap_or(0),
            about: data.about,
            bytes: data.bytes,
        })
    }

    /// What its content is called.
    pub(crate) fn content(&self) -> Option<UploadedName> {
        UploadedName::of(&self.id, self.ends_secs)
    }

    /// Whether there is no such file any more.
    pub(super) fn is_over(&self, now_secs: u64) -> bool {
        self.ends_secs <= now_secs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_all_of_a_file() {
        let row = FileRow {
            id: "file-0123456789abcdef0123456789abcdef".to_owned(),
            owner: "key:team".to_owned(),
            created_ms: 1_772_700_000_123,
            ends_secs: 1_772_703_600,
            about: About {
                name: "a \"b\".pdf".to_owned(),
                mime: "application/pdf".to_owned(),
                purpose: "user_data".to_owned(),
            },
            bytes: 5,
        };
        let document = row.to_document();
        assert_eq!(
            (document.group.as_str(), document.expires_ms),
            ("key:team", 1_772_703_600_000)
        );
        assert_eq!(FileRow::of(document.clone()), Some(row.clone()));
        let broken = Document {
            data: "{}".to_owned(),
            ..document
        };
        assert_eq!(FileRow::of(broken), None);
        assert!(row.content().is_some());
        assert!(row.is_over(1_772_703_600) && !row.is_over(1_772_703_599));
    }
}
