//! What an engine reads of whole tables.

use async_trait::async_trait;
use pool::AccountId;
use serde_json::{Value, json};

use super::{OWN_SETTINGS, Row, Table};
use crate::{
    Document, MediaRow, RequestRow, StoreError, SumRow, Unreadable, VideoJobRow,
    account::{AccountRow, PlainAccount},
    crypto::Keys,
    session::StoredSession,
    writer::Op,
};

/// One view of everything that an engine holds.
#[async_trait]
pub(crate) trait TableReader: Send {
    /// At most `limit` rows behind a place, in an order of the engine's choice that does not change
    /// while the place is used, also by another reader later: whoever goes on where another stopped
    /// reads every row once.
    async fn rows(
        &mut self,
        table: Table,
        after: Option<&str>,
        limit: u32,
    ) -> Result<StoredRows, StoreError>;
}

/// Some rows of a table.
#[derive(Debug, Default)]
pub(crate) struct StoredRows {
    pub(crate) rows: Vec<StoredRow>,
    /// Reads what follows; `None` when nothing does.
    pub(crate) next: Option<String>,
}

impl StoredRows {
    /// Rows that were read in the order of [`Table::key`], with room for `limit`.
    pub(crate) fn in_order_of_keys(rows: Vec<StoredRow>, limit: u32) -> Self {
        let is_full = rows.len() >= limit as usize;
        let last = rows.last().filter(|_| is_full);
        Self {
            next: last.map(|row| Value::from(row.key()).to_string()),
            rows,
        }
    }
}

impl Table {
    /// The columns by which an SQL engine orders it: unique, and with an index.
    pub(crate) fn key(self) -> &'static [&'static str] {
        match self {
            Self::Accounts | Self::Media | Self::Requests | Self::VideoJobs => &["id"],
            Self::Settings => &["name"],
            Self::Sessions => &["id_hash"],
            Self::Sums => &["span", "start_ms", "model", "client_key", "outcome"],
            Self::Documents => &["kind", "id"],
        }
    }

    /// The values of [`Table::key`] in a place; `None` for a place of another kind.
    pub(crate) fn key_values(self, place: &str) -> Option<Vec<Value>> {
        let values: Vec<Value> = serde_json::from_str(place).ok()?;
        (values.len() == self.key().len()).then_some(values)
    }
}

/// A row as it is stored.
#[derive(Debug)]
pub(crate) enum StoredRow {
    Account(Box<AccountRow>),
    Setting { name: String, value: String },
    Session(StoredSession),
    Request(Box<RequestRow>),
    Sum(SumRow),
    Media(Box<MediaRow>),
    VideoJob(Box<VideoJobRow>),
    Document(Document),
}

impl StoredRow {
    /// The values of [`Table::key`].
    fn key(&self) -> Vec<Value> {
        match self {
            Self::Account(row) => vec![json!(row.id)],
            Self::Setting { name, .. } => vec![json!(name)],
            Self::Session(row) => vec![json!(row.id_hash)],
            Self::Request(row) => vec![json!(row.id)],
            Self::Sum(row) => vec![
                json!(row.span.as_str()),
                json!(row.start_ms),
                json!(row.model),
                json!(row.key),
                json!(row.outcome.as_str()),
            ],
            Self::Media(row) => vec![json!(row.id)],
            Self::VideoJob(row) => vec![json!(row.id)],
            Self::Document(row) => vec![json!(row.kind.as_str()), json!(row.id)],
        }
    }

    /// The write that removes it; `None` for settings of the store's own, and for what goes by its
    /// time.
    pub(crate) fn removal(&self) -> Option<Op> {
        match self {
            Self::Account(row) => Some(Op::DeleteAccounts(vec![AccountId::new(row.id.as_str())])),
            Self::Setting { name, .. } if name.starts_with(OWN_SETTINGS) => None,
            Self::Setting { name, .. } => Some(Op::DeleteSetting { name: name.clone() }),
            Self::Media(row) => Some(Op::DeleteMedia {
                owner: None,
                ids: vec![row.id.clone()],
            }),
            Self::VideoJob(row) => Some(Op::DeleteVideoJob { id: row.id.clone() }),
            Self::Document(row) => Some(Op::DeleteDocument {
                kind: row.kind,
                id: row.id.clone(),
            }),
            Self::Session(_) | Self::Request(_) | Self::Sum(_) => None,
        }
    }

    /// With its secrets in plain text; `None` for what is not copied. The error says which row does
    /// not decrypt.
    pub(super) fn open(self, keys: &Keys) -> Result<Option<Row>, String> {
        Ok(Some(match self {
            Self::Account(row) => Row::Account(
                PlainAccount::open(*row, keys)
                    .map_err(|Unreadable { id, reason }| format!("account {id}: {reason}"))?,
            ),
            Self::Setting { name, .. } if name.starts_with(OWN_SETTINGS) => return Ok(None),
            Self::Setting { name, value } => Row::Setting { name, value },
            Self::Session(row) => Row::Session(row),
            Self::Request(row) => Row::Request(*row),
            Self::Sum(row) => Row::Sum(row),
            Self::Media(row) => Row::Media(*row),
            Self::VideoJob(row) => Row::VideoJob(*row),
            Self::Document(row) => {
                let name = format!("document {} ({})", row.id, row.kind.as_str());
                let row = row.open(keys);
                Row::Document(row.ok_or_else(|| format!("{name}: it does not decrypt"))?)
            }
        }))
    }
}
