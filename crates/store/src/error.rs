//! What can go wrong below the store traits.

use std::{error::Error, io, path::PathBuf, time::Duration};

use crate::{KEY_ENV, KEY_FILE};

/// A failure of the store. No variant ever holds a credential, a session id or a key.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no store that this version can open. The URL itself, which may hold a
    /// password, is not repeated.
    #[error("the storage URL cannot be used: {reason}")]
    BadUrl { reason: String },
    /// The server of the URL cannot be used; the reason also says what to do. Neither holds a
    /// password.
    #[error("the database at {server} cannot be used: {reason}")]
    Unusable { server: String, reason: String },
    /// The folder or a file in it cannot be used.
    #[error("cannot {doing} {path}: {cause}")]
    Files {
        doing: &'static str,
        path: PathBuf,
        /// Part of the text, so not told again as a source.
        cause: io::Error,
    },
    /// Another process works on the same folder.
    #[error(
        "{folder} is in use by another grok2api{}; stop it first, or give this one its own DATA_DIR",
        .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse { folder: PathBuf, pid: Option<u32> },
    /// The master key is not 32 bytes of base64.
    #[error("the key in {from} is not usable: {reason}")]
    BadKey { from: String, reason: &'static str },
    /// There is a database but not the key that it was made with.
    #[error("{database} exists but its key {key} is missing; restore that file or set {KEY_ENV}")]
    KeyMissing { database: PathBuf, key: PathBuf },
    /// The database was made with another key.
    #[error(
        "the database was encrypted with another key; restore the original {KEY_FILE} or {KEY_ENV}"
    )]
    WrongKey,
    /// A newer version of this program wrote the database.
    #[error(
        "the database was written by a newer version (migration {migration}); upgrade grok2api"
    )]
    Newer { migration: i64 },
    /// The tables cannot be brought up to date.
    #[error("cannot bring the database up to date")]
    Migrate(#[source] Box<dyn Error + Send + Sync>),
    /// More writes are waiting than the queue takes; try again soon.
    #[error("the store is busy: {waiting} writes are waiting")]
    Busy { waiting: usize },
    /// Writes fail and are being retried, or were given up at shutdown.
    #[error("the store cannot write: {reason}")]
    Degraded { reason: String },
    /// The write was not done in time, see [`Receipt::within`](crate::Receipt::within).
    #[error("the write was not done within {after:?}")]
    Late { after: Duration },
    /// The database refuses this write for what is in it, for example a request id that exists.
    #[error("the store refused the write: {reason}")]
    Constraint { reason: String },
    /// The store was closed, or its writer has died.
    #[error("the store is closed")]
    Closed,
    /// A read failed.
    #[error("the database failed")]
    Database(#[source] Box<dyn Error + Send + Sync>),
}
