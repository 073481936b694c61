//! A row with its secrets in plain text, the same for every engine.

use serde::{Deserialize, Serialize};

use super::Table;
use crate::{
    Document, MediaRow, RequestRow, StoreError, SumRow, VideoJobRow,
    account::PlainAccount,
    crypto::Keys,
    request::StoredRequest,
    session::StoredSession,
    writer::{CopiedRows, Op},
};

/// A row of any table. Its JSON is what a backup holds and what checksums are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    Account(PlainAccount),
    Setting { name: String, value: String },
    Session(StoredSession),
    Request(RequestRow),
    Sum(SumRow),
    Media(MediaRow),
    VideoJob(VideoJobRow),
    Document(Document),
}

impl Row {
    #[must_use]
    pub fn table(&self) -> Table {
        match self {
            Self::Account(_) => Table::Accounts,
            Self::Setting { .. } => Table::Settings,
            Self::Session(_) => Table::Sessions,
            Self::Request(_) => Table::Requests,
            Self::Sum(_) => Table::Sums,
            Self::Media(_) => Table::Media,
            Self::VideoJob(_) => Table::VideoJobs,
            Self::Document(_) => Table::Documents,
        }
    }
}

/// Rows and settings as one write, secrets encrypted with these keys.
pub(crate) fn copied(
    rows: Vec<Row>,
    settings: Vec<(String, Option<String>)>,
    keys: &Keys,
) -> Result<CopiedRows, StoreError> {
    let mut copied = CopiedRows::default();
    let (mut accounts, mut media) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Account(account) => accounts.push(account.seal(keys)?),
            Row::Setting { name, value } => copied.ops.push(Op::SetSetting { name, value }),
            Row::Session(session) => copied.ops.push(Op::CreateSession(session)),
            Row::Request(row) => copied.requests.push(StoredRequest::new(row)),
            Row::Sum(row) => copied.sums.push(row),
            Row::Media(mut row) => {
                row.cut();
                media.push(row);
            }
            Row::VideoJob(mut row) => {
                row.cut();
                copied.ops.push(Op::InsertVideoJob(Box::new(row)));
            }
            Row::Document(document) => {
                let document = document.seal(keys)?;
                copied.ops.push(Op::PutDocument(Box::new(document)));
            }
        }
    }
    if !accounts.is_empty() {
        copied.ops.push(Op::InsertAccounts(accounts));
    }
    if !media.is_empty() {
        copied.ops.push(Op::InsertMedia(media));
    }
    copied
        .ops
        .extend(settings.into_iter().map(|(name, value)| match value {
            Some(value) => Op::SetSetting { name, value },
            None => Op::DeleteSetting { name },
        }));
    Ok(copied)
}
