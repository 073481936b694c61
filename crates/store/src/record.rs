//! What one request leaves behind.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use pool::AccountChange;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};

use crate::{Refusal, RequestRow, StoreError, record_verdict::RecordVerdict, writer::Done};

/// How long the end of a transaction is waited for that began in time. One that takes longer hangs
/// in the operating system.
const UNDER_WAY: Duration = Duration::from_secs(30);
/// Between two looks at whether such a transaction was undone.
const LOOK: Duration = Duration::from_millis(20);

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
pub struct Receipt {
    pub(crate) answer: oneshot::Receiver<Result<Done, StoreError>>,
    pub(crate) verdict: Arc<RecordVerdict>,
}

impl Receipt {
    /// Waits at most `limit`. After that the request counts as refused, and so says its row whenever
    /// it is written; the changes of accounts stay as they are. A transaction that has begun by then
    /// is waited for, since only its end tells.
    ///
    /// # Errors
    /// [`StoreError::Late`] after `limit`, or those of [`RecordStore::submit`].
    pub async fn within(mut self, limit: Duration, refusal: Refusal) -> Result<(), StoreError> {
        if let Ok(answer) = timeout(limit, &mut self).await {
            return answer;
        }
        let late = Err(StoreError::Late { after: limit });
        if self.verdict.refuse(refusal) {
            return late;
        }
        let end = Instant::now() + UNDER_WAY;
        while Instant::now() < end {
            if let Ok(answer) = timeout(LOOK, &mut self).await {
                return answer;
            }
            if self.verdict.is_refused() {
                return late;
            }
        }
        tracing::error!("a transaction does not end: a refused answer may be recorded as served");
        late
    }
}

impl Future for Receipt {
    type Output = Result<(), StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer)
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
    /// [`StoreError::Degraded`] with the reason while writes are failing and being retried
    /// or when one takes seconds, [`StoreError::Busy`] while the queue is more than half full,
    /// [`StoreError::Closed`] for good when the store was closed or its writer has died.
    fn check(&self) -> Result<(), StoreError>;

    /// Resolves when nothing can be written any more, ever: the store was closed, or its writer has
    /// died.
    async fn ended(&self);

    /// [`check`](Self::check), then reads from the database. May take seconds while it is away.
    ///
    /// # Errors
    /// Those of [`check`](Self::check), and [`StoreError::Database`] when reading fails.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Refuses new writes, waits until everything queued is committed and lets go of the database.
    async fn close(&self);
}
