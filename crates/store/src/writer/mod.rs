//! The owner task of the only writing connection, whatever the engine.
//!
//! - `op`: what can be written, and a group of it ready for an engine
//! - `mark`: by which a batch is known again
//! - `engine`: what an engine does for the writer
//! - `health`: whether writing works, as callers may ask
//! - `task`: the task that gathers, commits, isolates and tries again
//!
//! Callers put a write into a bounded queue and wait for its answer. The task takes what is queued
//! (at most [`GROUP_LENGTH`]), applies it in one transaction and answers after `COMMIT`. A write
//! that is alone is committed at once; while one group is being committed the next one gathers.

mod engine;
mod health;
mod mark;
mod op;
mod task;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use engine::{Engine, WriteError};
pub(crate) use mark::{BatchId, recall, remember};
pub(crate) use op::{Batch, CopiedRows, Done, NewCredential, Op, StoredRecord, Write};

use crate::StoreError;
use health::Health;
use task::Task;

/// Writes that may wait; beyond it callers get [`StoreError::Busy`].
pub const QUEUE_LENGTH: usize = 8192;
/// Writes in one transaction at most.
const GROUP_LENGTH: usize = 512;

type Answer = Result<Done, StoreError>;

/// A queued write and who waits for it.
struct Queued {
    write: Write,
    answer: oneshot::Sender<Answer>,
    /// How often it failed on its own while the engine could write.
    strikes: u32,
}

impl Queued {
    fn answer(self, answer: Answer) {
        // Nobody may be waiting any more.
        let _ = self.answer.send(answer);
    }
}

/// The callers' side of the writer task.
pub(crate) struct GroupWriter {
    queue: mpsc::Sender<Queued>,
    health: Arc<Health>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl GroupWriter {
    /// Starts the task, which owns `engine` until the last write is committed. Dropping the
    /// `GroupWriter` also lets the task finish what is queued, but nobody can wait for it then.
    pub(crate) fn start(engine: impl Engine) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_LENGTH);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let health = Arc::<Health>::default();
        tasks.spawn(Task::new(engine, waiting, Arc::clone(&health), stop.clone()).run());
        tasks.close();
        Self {
            queue,
            health,
            stop,
            tasks,
        }
    }

    /// Queues a write; the answer comes when it is durable. When the task dies the sender is
    /// dropped without one.
    pub(crate) fn submit(&self, write: Write) -> Result<oneshot::Receiver<Answer>, StoreError> {
        let (answer, receipt) = oneshot::channel();
        let queued = Queued {
            write,
            answer,
            strikes: 0,
        };
        self.queue.try_send(queued).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy {
                waiting: QUEUE_LENGTH,
            },
            TrySendError::Closed(_) => StoreError::Closed,
        })?;
        Ok(receipt)
    }

    /// Queues a write and waits until it is durable.
    pub(crate) async fn write(&self, op: Op) -> Answer {
        let receipt = self.submit(Write::Op(op))?;
        receipt.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Whether a write would be taken and succeed at the moment.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        // Also when the task has died: its end of the queue went with it.
        if self.queue.is_closed() {
            return Err(StoreError::Closed);
        }
        if let Some(reason) = self.health.trouble() {
            return Err(StoreError::Degraded { reason });
        }
        let waiting = QUEUE_LENGTH - self.queue.capacity();
        if waiting > QUEUE_LENGTH / 2 {
            return Err(StoreError::Busy { waiting });
        }
        Ok(())
    }

    /// Resolves when no write will ever succeed again: the writer was closed, or its task has died.
    pub(crate) async fn ended(&self) {
        self.queue.closed().await;
    }

    /// Refuses new writes and waits until the queued ones are answered.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}
