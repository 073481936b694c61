//! Persistence: one narrow trait for each thing stored, and [`open`], which chooses the engine.
//!
//! - `account`, `record`, `request`, `request_store`, `sums`, `session`, `setting`, `media`, `media_search`, `video_job`,
//!   `document`, `lock`, `feed`:
//!   the traits and their types; `backend` implements the traits for every engine
//! - `patch`, `quota_windows`: what changes one account, folded; its quota windows as text
//! - `labels`: how long the note and the tags of an account may be
//! - `tables`: everything that a store holds; `moving` copies it to another store, `backup` to a file
//! - `page`: lists that end by their bytes
//! - `writer`: the owner task that groups writes into transactions, over the trait `Engine`
//! - `reader`: the trait for what an engine reads
//! - `ring`: the last changes that others made, for engines that are told of them
//! - `sqlite`, `postgres`, `mysql`, `redis`: the engines; `sql`: what three of them have in common
//! - `key`, `crypto`: the master key and what is encrypted with it
//! - `legacy`: files of the predecessor; `account_list`: accounts in whatever form people have them
//!
//! Data flow: reads go to the engine's `Reader`; **every write goes through one owner task** which
//! groups what is queued into one transaction and answers its callers only after it is committed. A
//! caller that saw `Ok` finds its write after a `kill -9` of the process.
//!
//! Invariants:
//! - Account credentials are ciphertext on disk; a keyed hash of each makes duplicates impossible.
//! - Session ids are stored as SHA-256 only.
//! - Ids and times are made by the caller; the database invents nothing.
//! - No engine's types, errors or statements leave its folder.

mod account;
pub mod account_list;
mod backend;
pub mod backup;
mod bounded;
mod client_key;
mod compression;
mod crypto;
mod document;
mod error;
mod feed;
mod key;
mod labels;
mod large_document;
pub mod legacy;
mod lock;
mod media;
mod media_search;
pub mod moving;
mod mysql;
mod open;
mod page;
mod patch;
mod postgres;
mod quota_windows;
mod reader;
mod record;
mod record_verdict;
mod redis;
mod request;
mod request_store;
mod ring;
mod session;
mod setting;
mod sql;
mod sqlite;
mod sums;
mod tables;
mod url;
mod video_job;
mod writer;

pub use account::{AccountStore, LoadedAccounts, PlainAccount, Unreadable};
pub use bounded::bounded;
pub use client_key::ClientKey;
pub use crypto::sha256_hex;
pub use document::{
    DOCUMENT_BYTES, Document, DocumentKind, DocumentQuery, DocumentSize, DocumentStore,
};
pub use error::StoreError;
pub use feed::{ChangeFeed, Changes, Cursor};
pub use key::{DerivedKey, KEY_ENV, KEY_FILE, MasterKey};
pub use labels::{MAX_NOTE_CHARS, MAX_TAG_CHARS, MAX_TAGS, cut_note, cut_tags};
pub use large_document::LargeDocument;
pub use lock::{Lock, LockToken};
pub use media::{DeletedMedia, MediaFile, MediaKind, MediaQuery, MediaRow, MediaStore, Poster};
pub use media_search::{MediaFilter, MediaOwner, MediaSearch, MediaTotal, OwnerFilter};
pub use open::{RequestReader, StoreView, are_same_store, open, open_requests, open_view};
pub use page::{PAGE_BYTES, Page};
pub use record::{Receipt, Record, RecordStore};
pub use record_verdict::Refusal;
pub use request::{AttemptRow, Outcome, RequestPosition, RequestRow};
pub use request_store::{Pruned, RequestQuery, RequestStore, Retention, SumQuery, SumRetention};
pub use session::{SessionRow, SessionStore, StoredSession};
pub use setting::SettingStore;
pub use sqlite::DATABASE_FILE;
pub use sums::{Span, SumRow, Totals};
pub use tables::{Checksum, Row, RowPage, Table, TableStore, Tables};
pub use url::StoreKind;
pub use video_job::{
    MAX_JOBS_OF_OWNER, MAX_UNMADE_JOBS, VIDEO_JOB_PREFIX, VideoJobQuery, VideoJobRow,
    VideoJobStore, VideoStatus,
};
pub use writer::QUEUE_LENGTH;

/// Everything the server keeps. Implemented for whatever implements the parts; used as
/// `Arc<dyn Store>`.
pub trait Store:
    AccountStore
    + ChangeFeed
    + DocumentStore
    + Lock
    + MediaSearch
    + MediaStore
    + RecordStore
    + RequestStore
    + SessionStore
    + SettingStore
    + TableStore
    + VideoJobStore
    + Send
    + Sync
{
}

impl<T> Store for T where
    T: AccountStore
        + ChangeFeed
        + DocumentStore
        + Lock
        + MediaSearch
        + MediaStore
        + RecordStore
        + RequestStore
        + SessionStore
        + SettingStore
        + TableStore
        + VideoJobStore
        + Send
        + Sync
{
}
