//! What an engine stores of a batch, to know it again when the answer to its commit was lost.

use std::fmt;

use pool::AccountId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::MediaKind;

use super::Done;

/// Names the writes of one transaction, the same at every try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchId {
    /// Made at random when the store is opened.
    pub(crate) writer: Uuid,
    /// Ascends within a writer, which tries one batch at a time.
    pub(crate) number: u64,
}

impl BatchId {
    /// Of a writer that has written nothing.
    pub(super) fn first() -> Self {
        Self {
            writer: Uuid::new_v4(),
            number: 0,
        }
    }

    /// Of the next writes.
    pub(super) fn next(self) -> Self {
        Self {
            number: self.number + 1,
            ..self
        }
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.writer.simple(), self.number)
    }
}

/// [`Done`] as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredDone {
    rows: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ids: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<(String, String)>,
}

/// What the operations of a batch did, as a text that is stored beside its id.
pub(crate) fn remember(done: &[Done]) -> String {
    let stored = done.iter().map(|done| StoredDone {
        rows: done.rows,
        ids: done.ids.iter().map(|id| id.as_str().to_owned()).collect(),
        files: done
            .unused_files
            .iter()
            .map(|(kind, file)| (kind.as_str().to_owned(), file.clone()))
            .collect(),
    });
    // Texts and numbers only: this cannot fail.
    serde_json::to_string(&stored.collect::<Vec<_>>()).unwrap_or_default()
}

/// What [`remember`] wrote; empty if it is not that.
pub(crate) fn recall(text: &str) -> Vec<Done> {
    let stored: Vec<StoredDone> = serde_json::from_str(text).unwrap_or_default();
    let done = stored.into_iter().map(|done| Done {
        rows: done.rows,
        ids: done.ids.into_iter().map(AccountId::new).collect(),
        unused_files: done
            .files
            .into_iter()
            .filter_map(|(kind, file)| Some((MediaKind::from_name(&kind)?, file)))
            .collect(),
    });
    done.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_reads_back() {
        let done = [
            Done::default(),
            Done {
                rows: 2,
                ids: vec![AccountId::new("a"), AccountId::new("b")],
                unused_files: vec![(MediaKind::Video, "x.mp4".to_owned())],
            },
        ];
        assert_eq!(recall(&remember(&done)), done);
        assert_eq!(remember(&[]), "[]");
        assert_eq!(recall("nonsense"), []);
    }
}
