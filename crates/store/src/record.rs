//! What one answered request leaves behind.

use async_trait::async_trait;
use pool::AccountChange;

use crate::{StoreError, UsageRow};

/// Changes of accounts and a usage row that become durable together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// In the order in which the pool gave them. A change of an account that is not stored (any
    /// more) has no effect.
    pub changes: Vec<AccountChange>,
    /// The usage row, if the request is counted.
    pub usage: Option<UsageRow>,
}

/// Takes records and says when they are safe.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Resolves when the transaction that holds the record is committed.
    ///
    /// The record is queued at the first poll, without waiting. While the database cannot be
    /// written, this waits and the record is tried again; see [`ping`](Self::ping).
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the queue is full, [`StoreError::Constraint`] when the database
    /// refuses this very record (others in its group are not affected), [`StoreError::Closed`] or
    /// [`StoreError::Degraded`] at shutdown. In all of these nothing of the record is stored.
    ///
    /// # Cancellation
    /// Dropping the future after its first poll does not take the record back.
    async fn commit(&self, record: Record) -> Result<(), StoreError>;

    /// Whether the store can be read and written now.
    ///
    /// # Errors
    /// [`StoreError::Degraded`] with the reason while writes are failing and being retried.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Refuses new writes, waits until everything queued is committed and lets go of the files.
    async fn close(&self);
}
