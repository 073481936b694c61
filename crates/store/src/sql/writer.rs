//! The owner task of the only writing connection.
//!
//! Callers put a write into a bounded queue and wait for its answer. The task takes what is queued
//! (at most [`GROUP_LENGTH`]), applies it in one transaction and answers after `COMMIT`. A write
//! that is alone is committed at once; while one group is being committed the next one gathers.
//!
//! When a transaction fails:
//! - for what is in it (a constraint): the group is undone and each write gets a transaction of its
//!   own, so that one bad write does not take others with it;
//! - for any other reason (disk full, locked, I/O): the same group is tried again until it succeeds,
//!   callers wait, the queue fills, and [`Writer::check`] says why.

use std::{sync::Arc, time::Duration};

use parking_lot::RwLock;
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    error::{DatabaseError, ErrorKind},
    sqlite::SqliteConnectOptions,
};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        oneshot,
    },
    time::{Instant, sleep, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    StoreError,
    lock::FolderLock,
    sql::op::{Done, Op, apply},
};

/// Writes that may wait; beyond it callers get [`StoreError::Busy`].
pub const QUEUE_LENGTH: usize = 8192;
/// Writes in one transaction at most.
const GROUP_LENGTH: usize = 512;
/// Longest wait for more writes, and only when the last group was a large one.
const GATHER: Duration = Duration::from_millis(2);
/// From this size on a group counts as large: its callers will soon be back with their next write.
const LARGE_GROUP: usize = 8;
/// Pause before a failed group is tried again; doubles up to the second value.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Tries of failing groups after the store was told to close: four to nine seconds in all.
const LAST_TRIES: u32 = 6;

struct Job {
    op: Op,
    answer: oneshot::Sender<Result<Done, StoreError>>,
}

/// The callers' side of the writer task.
pub(crate) struct Writer {
    queue: mpsc::Sender<Job>,
    trouble: Arc<RwLock<Option<String>>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Writer {
    /// Starts the task. It holds `lock` until the last write is on disk. Dropping the `Writer`
    /// also lets the task finish what is queued, but nobody can wait for it then.
    pub(crate) fn start(
        options: SqliteConnectOptions,
        connection: SqliteConnection,
        lock: FolderLock,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_LENGTH);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let trouble = Arc::default();
        let task = Task {
            jobs,
            connection: Some(connection),
            options,
            trouble: Arc::clone(&trouble),
            stop: stop.clone(),
            tries_left: LAST_TRIES,
            _lock: lock,
        };
        tasks.spawn(task.run());
        tasks.close();
        Self {
            queue,
            trouble,
            stop,
            tasks,
        }
    }

    /// Queues a write and waits until it is durable.
    pub(crate) async fn write(&self, op: Op) -> Result<Done, StoreError> {
        let (answer, done) = oneshot::channel();
        self.queue
            .try_send(Job { op, answer })
            .map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy {
                    waiting: QUEUE_LENGTH,
                },
                TrySendError::Closed(_) => StoreError::Closed,
            })?;
        done.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Whether writes succeed at the moment.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.queue.is_closed() {
            return Err(StoreError::Closed);
        }
        match self.trouble.read().clone() {
            Some(reason) => Err(StoreError::Degraded { reason }),
            None => Ok(()),
        }
    }

    /// Refuses new writes and waits until the queued ones are answered.
    pub(crate) async fn close(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

struct Task {
    jobs: mpsc::Receiver<Job>,
    /// Absent after a failure, until the next try opens it again.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    trouble: Arc<RwLock<Option<String>>>,
    stop: CancellationToken,
    tries_left: u32,
    _lock: FolderLock,
}

/// Why a group was not committed, for good.
enum Failed {
    Refused(String),
    GivenUp(String),
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(reason) => Self::Constraint { reason },
            Failed::GivenUp(reason) => Self::Degraded { reason },
        }
    }
}

impl Task {
    async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_LENGTH);
        let mut last = 0;
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if !self.jobs.is_closed() => self.jobs.close(),
                () = gather(&mut self.jobs, &mut group, last) => {
                    if group.is_empty() {
                        break;
                    }
                    last = group.len();
                    self.commit(&mut group).await;
                }
            }
        }
        if let Some(mut connection) = self.connection.take() {
            // Leaves one tidy file; what is committed is safe without it.
            let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut connection)
                .await;
            let _ = connection.close().await;
        }
    }

    /// Commits a group, or its members one by one if it is refused, and answers every caller.
    async fn commit(&mut self, group: &mut Vec<Job>) {
        match self.settle(group).await {
            Ok(done) => {
                for (job, done) in group.drain(..).zip(done) {
                    let _ = job.answer.send(Ok(done));
                }
            }
            Err(Failed::Refused(reason)) if group.len() == 1 => {
                for job in group.drain(..) {
                    let _ = job.answer.send(Err(Failed::Refused(reason.clone()).into()));
                }
            }
            Err(Failed::Refused(_)) => {
                for job in group.drain(..) {
                    let alone = [job];
                    let result = self.settle(&alone).await;
                    let [job] = alone;
                    let result = result.map(|mut done| done.pop().unwrap_or_default());
                    let _ = job.answer.send(result.map_err(StoreError::from));
                }
            }
            Err(Failed::GivenUp(reason)) => {
                for job in group.drain(..) {
                    let _ = job.answer.send(Err(Failed::GivenUp(reason.clone()).into()));
                }
            }
        }
    }

    /// Tries one transaction until it is committed or refused.
    async fn settle(&mut self, group: &[Job]) -> Result<Vec<Done>, Failed> {
        let mut pause = BACKOFF.0;
        loop {
            let error = match self.attempt(group).await {
                Ok(done) => {
                    if let Some(reason) = self.trouble.write().take() {
                        tracing::info!(reason, "the store can write again");
                    }
                    return Ok(done);
                }
                Err(error) => error,
            };
            if is_refusal(&error) {
                return Err(Failed::Refused(error.to_string()));
            }
            let reason = error.to_string();
            self.connection = None;
            if self.trouble.write().replace(reason.clone()).is_none() {
                let writes = group.len();
                tracing::error!(
                    reason,
                    writes,
                    "the store cannot write, trying again: {reason}"
                );
            }
            if self.stop.is_cancelled() {
                self.tries_left = self.tries_left.saturating_sub(1);
                if self.tries_left == 0 {
                    return Err(Failed::GivenUp(reason));
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(BACKOFF.1);
        }
    }

    /// One transaction. On an error nothing of the group is stored.
    async fn attempt(&mut self, group: &[Job]) -> Result<Vec<Done>, sqlx::Error> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(self.options.connect().await?),
        };
        // IMMEDIATE: take the write lock here, where failing costs nothing.
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        let done = apply(&mut transaction, group.iter().map(|job| &job.op)).await;
        match done {
            Ok(done) => transaction.commit().await.map(|()| done),
            Err(error) => {
                transaction.rollback().await?;
                Err(error)
            }
        }
    }
}

/// Moves waiting writes into `group`; leaves it empty when the queue is closed and drained.
///
/// When the last group was large, waits up to [`GATHER`] for half as many again: its callers are
/// just waking up, and one group of all of them is cheaper than a group of the first.
///
/// # Cancellation
/// What was moved stays in `group`.
async fn gather(jobs: &mut mpsc::Receiver<Job>, group: &mut Vec<Job>, last: usize) {
    if group.is_empty() && jobs.recv_many(group, GROUP_LENGTH).await == 0 {
        return;
    }
    let wanted = if last >= LARGE_GROUP { last / 2 } else { 0 };
    let deadline = Instant::now() + GATHER;
    while group.len() < wanted {
        let room = GROUP_LENGTH - group.len();
        match timeout_at(deadline, jobs.recv_many(group, room)).await {
            Ok(moved) if moved > 0 => {}
            _ => return,
        }
    }
}

/// Whether the database refused the data itself, so that trying again cannot help.
fn is_refusal(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => is_refused_data(error.as_ref()),
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => true,
        _ => false,
    }
}

fn is_refused_data(error: &dyn DatabaseError) -> bool {
    /// Primary result codes TOOBIG, CONSTRAINT, MISMATCH, RANGE (<https://sqlite.org/rescode.html>).
    const REFUSALS: [i32; 4] = [18, 19, 20, 25];
    let code = error.code().and_then(|code| code.parse::<i32>().ok());
    !matches!(error.kind(), ErrorKind::Other)
        || code.is_some_and(|code| REFUSALS.contains(&(code & 0xff)))
}
