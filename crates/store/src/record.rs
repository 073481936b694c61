//! What one request leaves behind.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use async_trait::async_trait;
use pool::AccountChange;
use tokio::sync::oneshot;

use crate::{RequestRow, StoreError, writer::Done};

/// Changes of accounts and a request's row that become durable together or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// In the order in which the pool made them. A change of an account that is not stored (any
    /// more) has no effect.
    pub changes: Vec<AccountChange>,
    /// The request, if it ends with this record. It is added to the sums too.
    pub request: Option<RequestRow>,
}

/// Resolves when the record is committed, or with the reason why it is not.
///
/// # Cancellation
/// Dropping the receipt does not take the record back.
#[derive(Debug)]
pub struct Receipt(pub(crate) oneshot::Receiver<Result<Done, StoreError>>);

impl Future for Receipt {
    type Output = Result<(), StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|answer| answer.unwrap_or(Err(StoreError::Closed)).map(drop))
    }
}

/// Takes records and says when they are safe.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Queues the record at once, without waiting: also from a `Drop`. Records are committed in
    /// the order in which they were queued.
    ///
    /// While the database cannot be written, the receipt waits and the record is tried again; see
    /// [`ping`](Self::ping).
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the queue is full, [`StoreError::Closed`] after
    /// [`close`](Self::close) or when the writer has died. The receipt resolves to
    /// [`StoreError::Constraint`] when the database refuses this very record (others in its group
    /// are not affected), to [`StoreError::Closed`] or [`StoreError::Degraded`] at shutdown. In all
    /// of these nothing of the record is stored.
    fn submit(&self, record: Record) -> Result<Receipt, StoreError>;

    /// [`submit`](Self::submit), then waits until the record is committed.
    ///
    /// # Errors
    /// Those of [`submit`](Self::submit) and its receipt.
    ///
    /// # Cancellation
    /// The record is queued at the first poll; dropping the future later does not take it back.
    async fn commit(&self, record: Record) -> Result<(), StoreError> {
        self.submit(record)?.await
    }

    /// Whether a record would be taken and written now. Answers from memory, so that every request
    /// can ask before it costs anything.
    ///
    /// # Errors
    /// [`StoreError::Degraded`] with the reason while writes are failing and being retried,
    /// [`StoreError::Busy`] while the queue is full, [`StoreError::Closed`] for good when the store
    /// was closed or its writer has died.
    fn check(&self) -> Result<(), StoreError>;

    /// [`check`](Self::check), then reads from the database. May take seconds while it is away.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), and [`StoreError::Database`] when reading fails.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Refuses new writes, waits until everything queued is committed and lets go of the database.
    async fn close(&self);
}
