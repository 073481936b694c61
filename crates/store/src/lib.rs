//! Persistence: one narrow trait for each thing stored, and their SQLite implementation.
//!
//! Data flow: reads go to a small pool of connections; **every write goes through one owner task**
//! (`sql/writer.rs`) which groups what is queued into one transaction and
//! answers its callers only after `COMMIT`. A caller that saw `Ok` finds its write after a
//! `kill -9` of the process.
//!
//! Invariants:
//! - Account credentials are ciphertext on disk; a keyed hash of each makes duplicates impossible.
//! - Session ids are stored as SHA-256 only.
//! - Ids and times are made by the caller; the database invents nothing.
//! - One process at a time works on one `DATA_DIR`.

mod account;
mod crypto;
mod error;
mod key;
pub mod legacy;
mod lock;
mod patch;
mod record;
mod session;
mod setting;
mod sql;
mod usage;

pub use account::AccountStore;
pub use error::StoreError;
pub use key::{KEY_ENV, KEY_FILE, MasterKey};
pub use record::{Record, RecordStore};
pub use session::{SessionRow, SessionStore};
pub use setting::SettingStore;
pub use sql::{DATABASE_FILE, QUEUE_LENGTH, SqliteStore};
pub use usage::{UsageRow, UsageStore};

/// Everything the server keeps. Implemented for whatever implements the parts; used as
/// `Arc<dyn Store>`.
pub trait Store:
    AccountStore + UsageStore + SettingStore + SessionStore + RecordStore + Send + Sync
{
}

impl<T> Store for T where
    T: AccountStore + UsageStore + SettingStore + SessionStore + RecordStore + Send + Sync
{
}
