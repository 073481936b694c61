//! What can be written, and a group of it ready for an engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use pool::AccountId;

use crate::{
    Document, DocumentKind, MediaKind, MediaRow, RequestPosition, Span, SumRow, VideoJobRow,
    account::AccountRow,
    patch::{self, Patch, StoredChange},
    record_verdict::RecordVerdict,
    request::StoredRequest,
    session::StoredSession,
    sums::{self, SumKey, Totals},
};

use super::BatchId;

/// One write: succeeds or fails as a whole.
#[derive(Debug)]
pub(crate) enum Write {
    Record(Box<StoredRecord>),
    Op(Op),
    Rows(Box<CopiedRows>),
}

/// Rows of another store, written as they are: requests are not added to the sums, which are copied
/// themselves.
#[derive(Debug, Default)]
pub(crate) struct CopiedRows {
    pub(crate) ops: Vec<Op>,
    pub(crate) requests: Vec<StoredRequest>,
    /// Added to what is stored.
    pub(crate) sums: Vec<SumRow>,
}

/// What one request leaves behind, ready to be stored.
#[derive(Debug)]
pub(crate) struct StoredRecord {
    pub(crate) changes: Vec<StoredChange>,
    pub(crate) request: Option<StoredRequest>,
    pub(crate) verdict: Arc<RecordVerdict>,
}

impl Write {
    /// A transaction with it begins.
    pub(crate) fn begin(&mut self) {
        let Self::Record(record) = self else { return };
        if let (Some(refusal), Some(request)) = (record.verdict.begin(), &mut record.request) {
            refusal.apply(request);
        }
    }

    /// What it did, of what the operations of its group did in their order.
    pub(crate) fn take_done(&self, done: &mut impl Iterator<Item = Done>) -> Done {
        match self {
            Self::Op(_) => done.next().unwrap_or_default(),
            Self::Record(_) => Done::default(),
            Self::Rows(copied) => {
                let rows = done.take(copied.ops.len()).map(|one| one.rows).sum();
                Done::of(rows)
            }
        }
    }

    /// The transaction was undone.
    pub(crate) fn undo(&self) {
        if let Self::Record(record) = self {
            record.verdict.undo();
        }
    }
}

/// A write that is not a record.
#[derive(Debug)]
pub(crate) enum Op {
    /// Those whose id or credential is stored are skipped.
    InsertAccounts(Vec<AccountRow>),
    DeleteAccounts(Vec<AccountId>),
    /// Changes the account if it is there and no other one has the credential; else no row.
    ReplaceCredential(Box<NewCredential>),
    SetSetting {
        name: String,
        value: String,
    },
    DeleteSetting {
        name: String,
    },
    /// Adds it unless the id is taken.
    CreateSession(StoredSession),
    /// Changes it if it is there.
    SaveSession(StoredSession),
    /// Moves the end of a session, if there is still one of that id.
    TouchSession {
        id_hash: String,
        expires_at_ms: i64,
    },
    DeleteSession {
        id_hash: String,
    },
    DeleteAllSessions,
    /// Deletes those that end at `now_ms` or before.
    SweepSessions {
        now_ms: i64,
    },
    /// Takes the lock if there is no holder at `now_ms`.
    TakeLock {
        name: String,
        holder: String,
        now_ms: i64,
        until_ms: i64,
    },
    /// Holds the lock longer if `holder` still has it at `now_ms`.
    RenewLock {
        name: String,
        holder: String,
        now_ms: i64,
        until_ms: i64,
    },
    /// Frees the lock if `holder` has it.
    ReleaseLock {
        name: String,
        holder: String,
    },
    InsertMedia(Vec<MediaRow>),
    /// Deletes the rows of these ids that this owner has; `None`: whoever has them.
    DeleteMedia {
        owner: Option<String>,
        ids: Vec<String>,
    },
    /// Deletes every row of these files.
    DeleteMediaOf(Vec<String>),
    /// Adds it; the oldest of its owner's that are over make room.
    InsertVideoJob(Box<VideoJobRow>),
    /// Changes it if it is there.
    UpdateVideoJob(Box<VideoJobRow>),
    DeleteVideoJob {
        id: String,
    },
    /// Deletes those that expire at `now_ms` or before, and the oldest that have made no video.
    SweepVideoJobs {
        now_ms: i64,
    },
    /// Adds it with revision 1, or replaces the one of its kind and id, whose revision rises by one.
    PutDocument(Box<Document>),
    /// Replaces the one of its kind, id and revision, which rises by one.
    ReplaceDocument(Box<Document>),
    DeleteDocument {
        kind: DocumentKind,
        id: String,
    },
    /// Deletes documents of a group, at most `limit`.
    DeleteDocuments {
        kind: DocumentKind,
        group: String,
        limit: u32,
    },
    /// Deletes documents of a group up to a place, and with it, whose data takes fewer than `bytes`.
    DeleteDocumentsUntil {
        kind: DocumentKind,
        group: String,
        at_ms: i64,
        id: String,
        bytes: u64,
    },
    /// Deletes those that expire at `now_ms` or before, at most `limit`.
    SweepDocuments {
        now_ms: i64,
        limit: u32,
    },
    /// Deletes the oldest requests before a place, at most `limit`.
    PruneRequests {
        before: RequestPosition,
        limit: u32,
    },
    /// Deletes sums of one span that begin before an instant, at most `limit`.
    PruneSums {
        span: Span,
        before_ms: i64,
        limit: u32,
    },
}

/// An account's new credential, and what else changes with it.
#[derive(Debug)]
pub(crate) struct NewCredential {
    pub(crate) id: AccountId,
    /// Ciphertext.
    pub(crate) credential: String,
    pub(crate) credential_hash: String,
    pub(crate) patch: Patch,
}

/// What a write did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Rows added, changed or removed.
    pub(crate) rows: u64,
    /// Accounts added.
    pub(crate) ids: Vec<AccountId>,
    /// Files whose last row was removed.
    pub(crate) unused_files: Vec<(MediaKind, String)>,
}

impl Done {
    /// An answer that is a number of rows.
    pub(crate) fn of(rows: u64) -> Self {
        Self {
            rows,
            ..Self::default()
        }
    }
}

/// A group of writes as an engine applies it: first `ops` in their order, so that an account queued
/// before a record of it is there, then the records, folded into as few rows as possible.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    /// The same for every try of the same writes.
    pub(crate) id: BatchId,
    pub(crate) ops: Vec<&'a Op>,
    /// Rows to add.
    pub(crate) requests: Vec<&'a StoredRequest>,
    /// Totals to add to what is stored, sorted.
    pub(crate) sums: Vec<(SumKey<'a>, Totals)>,
    /// Changes of accounts, sorted by id.
    pub(crate) patches: BTreeMap<&'a AccountId, Patch>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(id: BatchId, writes: impl Iterator<Item = &'a Write>) -> Self {
        let (mut ops, mut records, mut copies) = (Vec::new(), Vec::new(), Vec::new());
        for write in writes {
            match write {
                Write::Op(op) => ops.push(op),
                Write::Record(record) => records.push(record.as_ref()),
                Write::Rows(copied) => {
                    ops.extend(&copied.ops);
                    copies.push(copied.as_ref());
                }
            }
        }
        let mut requests: Vec<_> = records
            .iter()
            .filter_map(|record| record.request.as_ref())
            .collect();
        let mut sums = sums::fold(requests.iter().map(|request| &request.row));
        for copied in copies {
            requests.extend(&copied.requests);
            for sum in &copied.sums {
                sums.entry(sum.key()).or_default().merge(&sum.totals);
            }
        }
        Self {
            id,
            ops,
            sums: sums.into_iter().collect(),
            requests,
            patches: patch::fold(records.iter().flat_map(|record| &record.changes)),
        }
    }

    /// Ids of the accounts that it adds, changes or removes: what other instances are told of.
    pub(crate) fn changed(&self) -> BTreeSet<&'a str> {
        let mut changed: BTreeSet<_> = self.patches.keys().map(|id| id.as_str()).collect();
        for op in &self.ops {
            match op {
                Op::InsertAccounts(rows) => changed.extend(rows.iter().map(|row| row.id.as_str())),
                Op::DeleteAccounts(ids) => changed.extend(ids.iter().map(AccountId::as_str)),
                Op::ReplaceCredential(new) => {
                    changed.insert(new.id.as_str());
                }
                _ => {}
            }
        }
        changed
    }
}
