//! What other instances on the same database changed.

use async_trait::async_trait;
use pool::AccountId;

use crate::StoreError;

/// A place in the feed of one opened store; meaningless in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub(crate) u64);

/// Changes of others since a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// For the next question.
    pub cursor: Cursor,
    /// Whether changes may be missing, because the connection that brings them was away or the
    /// cursor is older than what is remembered: read everything again.
    pub is_incomplete: bool,
    /// Accounts that were added, changed or removed, each once.
    pub accounts: Vec<AccountId>,
}

/// Tells an instance what others changed. Its own changes are left out: they are in its memory.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// What others changed since `cursor`; without one, only the cursor of now. Never waits for a
    /// change: a caller asks about once a second.
    ///
    /// `None`: no other instance can work on this database, there is no need to ask again.
    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError>;
}
