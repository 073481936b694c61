//! Long work over many targets, with progress: what pages call jobs.
//!
//! - `row`: how a job stands, as it is stored
//! - `chunk`: its targets and what became of them, some in a document
//! - `worker`: what a kind of work does with one target
//! - `drive`: the task that does a job
//! - `watch`: a job as it changes, for whoever looks on
//!
//! A job is a document, and its targets are documents of a few dozen each, so that a million
//! accounts are never in memory as results. The instance that does a job says so once a second in
//! its document, together with how far it is; every instance shows it, and cancels it by a mark
//! there. When its instance has not been heard of for a while, whoever looks marks the job as
//! interrupted, and any instance can resume it: targets that are done are not done again.
//!
//! Invariants:
//! - One job at a time of those that share the limits of a section, on all instances.
//! - Only the owner of a running job changes how far it is; every change names the revision that it
//!   was made from, so an owner that was given up for dead learns it with its next step and stops.
//! - What is in flight when a job is stopped is dropped: its targets count as not done.

mod chunk;
mod drive;
mod row;
#[cfg(test)]
mod tests;
mod watch;
mod worker;

use std::{collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt, TryStreamExt, stream};
use grok2api_app::dto::{JobItems, JobKind, JobState, JobView};
use parking_lot::Mutex;
use store::{DocumentKind, DocumentQuery, LockToken, Store, StoreError, bounded};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use self::{
    chunk::{Chunk, ChunkStream, Chunks},
    drive::Drive,
    row::{GROUP, JobRow, Stored},
};
pub use self::{
    watch::{Watch, WatchEvent, event_id},
    worker::{ItemDone, ItemFailure, Pace, Worker, Workers},
};
use crate::clock::now_ms;

/// Jobs that are kept; the oldest that are over make room.
const MAX_KEPT: usize = 50;
/// Targets of one job.
pub const MAX_TARGETS: usize = 1_000_000;
/// Taken while a job begins, so that no two begin where one may run.
const START_LOCK: &str = "start work";
const START_LOCK_TTL: Duration = Duration::from_secs(30);
/// How long a start waits for another one.
const START_WAIT: Duration = Duration::from_secs(5);
const START_INTERVAL: Duration = Duration::from_millis(50);

/// What a job is to work on: ids of accounts, or lines.
pub type Targets = Pin<Box<dyn Stream<Item = Result<String, StoreError>> + Send>>;

/// How often a job says how far it is, and how long it is believed to run without that.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub step: Duration,
    pub lease: Duration,
}

impl Default for Timing {
    /// A mark of another instance is seen within a second; an owner that is silent for ten is gone.
    fn default() -> Self {
        Self {
            step: Duration::from_millis(900),
            lease: Duration::from_secs(10),
        }
    }
}

/// Why a job was not begun or changed.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    #[error("there is nothing to do")]
    Empty,
    #[error("a job has at most {MAX_TARGETS} targets")]
    TooMany,
    /// The id of the one that runs.
    #[error("job {0} has to end first")]
    Busy(String),
    #[error("there is no such job")]
    Unknown,
    /// It runs, or it does not.
    #[error("the job is {0:?}")]
    NotNow(JobState),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All jobs. Cheap to clone.
#[derive(Clone)]
pub struct Work(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    workers: Arc<dyn Workers>,
    timing: Timing,
    /// Names this process among those that share the store.
    instance: String,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// The jobs that this instance does.
    ///
    /// # Locking
    /// Held for look-ups.
    running: Mutex<HashMap<String, Running>>,
}

/// A job of this instance.
#[derive(Clone)]
struct Running {
    cancel: CancellationToken,
    /// Ahead of what is stored by one step at most.
    row: Arc<Mutex<JobRow>>,
}

impl Work {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, workers: Arc<dyn Workers>, timing: Timing) -> Self {
        Self(Arc::new(Inner {
            store,
            workers,
            timing,
            instance: Uuid::new_v4().simple().to_string(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            running: Mutex::default(),
        }))
    }

    /// Begins a job over these targets; its id. It is durable, with all its targets.
    ///
    /// # Errors
    /// [`WorkError::Busy`] while one runs that shares its limits; nothing to do, too much, or the
    /// store failed.
    ///
    /// # Cancellation
    /// The job begins all the same.
    pub async fn start(
        &self,
        kind: JobKind,
        options: String,
        targets: Targets,
    ) -> Result<String, WorkError> {
        let work = self.clone();
        let starting = async move { work.begin(kind, options, targets).await };
        let started = self.0.tasks.spawn(starting).await;
        started.unwrap_or(Err(WorkError::Store(StoreError::Closed)))
    }

    /// A new job over the targets of one that is over which failed.
    ///
    /// # Errors
    /// As [`start`](Self::start); it is unknown, or still runs.
    pub async fn retry(&self, id: &str) -> Result<String, WorkError> {
        let job = self.find(id).await?.row;
        if !job.state.is_over() {
            return Err(WorkError::NotNow(job.state));
        }
        let failed = self.chunks(id).map_ok(|(_, chunk)| {
            let failed: Vec<_> = chunk.into_failed().map(Ok).collect();
            stream::iter(failed)
        });
        let targets = failed.try_flatten();
        self.start(job.kind, job.options, Box::pin(targets)).await
    }

    /// Goes on with a job that was interrupted or cancelled.
    ///
    /// # Errors
    /// It is unknown or not to be resumed, one runs that shares its limits, or the store failed.
    pub async fn resume(&self, id: &str) -> Result<(), WorkError> {
        let (work, id) = (self.clone(), id.to_owned());
        let resuming = async move { work.take_up(&id).await };
        let resumed = self.0.tasks.spawn(resuming).await;
        resumed.unwrap_or(Err(WorkError::Store(StoreError::Closed)))
    }

    /// Stops a job between its targets, and drops what is in flight; wherever it runs, within a
    /// second.
    ///
    /// # Errors
    /// It is unknown or over, or the store failed.
    pub async fn cancel(&self, id: &str) -> Result<(), WorkError> {
        if let Some(running) = self.local(id) {
            running.cancel.cancel();
            return Ok(());
        }
        loop {
            let mut job = self.find(id).await?;
            match job.row.state {
                JobState::Running => job.row.is_cancelled = true,
                // Nobody does it: it is what it is called.
                JobState::Interrupted => job.row.state = JobState::Cancelled,
                state => return Err(WorkError::NotNow(state)),
            }
            if bounded(self.0.store.replace_document(job.into_document())).await? {
                return Ok(());
            }
        }
    }

    /// How a job is doing.
    ///
    /// # Errors
    /// The store failed.
    pub async fn view(&self, id: &str) -> Result<Option<JobView>, StoreError> {
        match self.find(id).await {
            Ok(job) => Ok(Some(job.row.view(&job.id))),
            Err(WorkError::Store(error)) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// All jobs that are kept, newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self) -> Result<Vec<JobView>, StoreError> {
        let mut rows = self.rows().await?;
        rows.reverse();
        Ok(rows.iter().map(|job| job.row.view(&job.id)).collect())
    }

    /// The newest job of these kinds.
    ///
    /// # Errors
    /// The store failed.
    pub async fn last_of(&self, kinds: &[JobKind]) -> Result<Option<JobView>, StoreError> {
        let jobs = self.list().await?;
        Ok(jobs.into_iter().find(|job| kinds.contains(&job.kind)))
    }

    /// A job's targets behind the `after` first ones, at most `limit`; of those that failed only, if
    /// so asked.
    ///
    /// # Errors
    /// The store failed.
    pub async fn items(
        &self,
        id: &str,
        (after, limit): (u64, usize),
        only_failed: bool,
    ) -> Result<JobItems, StoreError> {
        let mut page = JobItems::default();
        let mut chunks = self.chunks_behind(id, after);
        while let Some((first, chunk)) = chunks.try_next().await? {
            for item in chunk.items(first) {
                if item.number <= after || (only_failed && !chunk::is_failed(&item)) {
                    continue;
                }
                if page.items.len() == limit {
                    page.next = page.items.last().map(|last| last.number);
                    return Ok(page);
                }
                page.items.push(item);
            }
        }
        Ok(page)
    }

    /// A job as it changes, behind the event of this id if one is given.
    #[must_use]
    pub fn watch(&self, id: &str, last_event: Option<String>) -> Watch {
        Watch::new(self.clone(), id.to_owned(), last_event)
    }

    /// Interrupts the jobs of this instance: any instance can resume them.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn local(&self, id: &str) -> Option<Running> {
        self.0.running.lock().get(id).cloned()
    }

    /// The job, as it stands now.
    async fn find(&self, id: &str) -> Result<Stored, WorkError> {
        let document = bounded(self.0.store.get_document(DocumentKind::Job, id)).await?;
        let mut job = document.and_then(Stored::read).ok_or(WorkError::Unknown)?;
        if let Some(running) = self.local(id) {
            job.row = running.row.lock().clone();
        } else if job.row.is_orphaned(now_ms()) {
            return self.mark_interrupted(job).await;
        }
        Ok(job)
    }

    /// Says of a job whose owner is gone that it was interrupted.
    async fn mark_interrupted(&self, mut job: Stored) -> Result<Stored, WorkError> {
        job.row.interrupt();
        let (id, document) = (job.id.clone(), job.clone().into_document());
        if bounded(self.0.store.replace_document(document)).await? {
            tracing::warn!(job.id = id, "job {id} was interrupted: its server is gone");
        }
        // By this instance or by another one.
        let document = bounded(self.0.store.get_document(DocumentKind::Job, &id)).await?;
        document.and_then(Stored::read).ok_or(WorkError::Unknown)
    }

    /// All jobs, oldest first.
    async fn rows(&self) -> Result<Vec<Stored>, StoreError> {
        let mut query = DocumentQuery {
            kind: DocumentKind::Job,
            group: GROUP.to_owned(),
            after: None,
            limit: u32::MAX,
        };
        let mut rows = Vec::new();
        loop {
            let page = bounded(self.0.store.list_documents(&query)).await?;
            let (last, has_more) = (page.last(), page.has_more);
            query.after = last.map(|last| (last.at_ms, last.id.clone()));
            for job in page.into_iter().filter_map(Stored::read) {
                rows.push(match self.local(&job.id) {
                    Some(running) => Stored {
                        row: running.row.lock().clone(),
                        ..job
                    },
                    None if job.row.is_orphaned(now_ms()) => match self.mark_interrupted(job).await
                    {
                        Ok(job) => job,
                        Err(WorkError::Store(error)) => return Err(error),
                        Err(_) => continue,
                    },
                    None => job,
                });
            }
            if !has_more || query.after.is_none() {
                return Ok(rows);
            }
        }
    }

    async fn begin(
        &self,
        kind: JobKind,
        options: String,
        targets: Targets,
    ) -> Result<String, WorkError> {
        self.check_free(kind).await?;
        let id = Uuid::now_v7().simple().to_string();
        let worker = self.0.workers.worker(kind, &options);
        let stored = Chunks::new(&self.0.store, &id, kind);
        let stored = stored.write(targets, worker.pace().batch_size).await;
        let total = match stored {
            Ok(total) if total > 0 => total,
            refused => {
                bounded(self.0.store.delete_documents(DocumentKind::JobItem, &id)).await?;
                return Err(refused.err().unwrap_or(WorkError::Empty));
            }
        };
        let row = JobRow::new(kind, options, total, &self.0.instance, self.0.timing.lease);
        let lock = self.lock_start().await?;
        let begun = self.put_if_free(&id, row).await;
        bounded(self.0.store.unlock(lock)).await?;
        let (job, kept) = match begun {
            Ok(begun) => begun,
            Err(error) => {
                bounded(self.0.store.delete_documents(DocumentKind::JobItem, &id)).await?;
                return Err(error);
            }
        };
        tracing::info!(job.id = id, job.kind = ?kind, total, "job {id} begins with {total} target(s)");
        self.drive(job, worker);
        self.make_room(kept).await;
        Ok(id)
    }

    /// Stores a new job, unless another one has to end first; the jobs before it.
    async fn put_if_free(&self, id: &str, row: JobRow) -> Result<(Stored, Vec<Stored>), WorkError> {
        let kept = self.rows().await?;
        check_free_of(&kept, row.kind)?;
        let job = Stored {
            id: id.to_owned(),
            revision: 1,
            row,
        };
        bounded(self.0.store.put_document(job.clone().into_document())).await?;
        Ok((job, kept))
    }

    async fn take_up(&self, id: &str) -> Result<(), WorkError> {
        let mut job = self.find(id).await?;
        if !matches!(job.row.state, JobState::Interrupted | JobState::Cancelled) {
            return Err(WorkError::NotNow(job.row.state));
        }
        let worker = self.0.workers.worker(job.row.kind, &job.row.options);
        let counts = Chunks::new(&self.0.store, id, job.row.kind).count().await?;
        job.row
            .take_up(&self.0.instance, self.0.timing.lease, &counts);
        let lock = self.lock_start().await?;
        let taken = async {
            check_free_of(&self.rows().await?, job.row.kind)?;
            let taken = self.0.store.replace_document(job.clone().into_document());
            Ok::<_, WorkError>(bounded(taken).await?)
        };
        let taken = taken.await;
        bounded(self.0.store.unlock(lock)).await?;
        if !taken? {
            // Another instance was quicker, or it was removed.
            return Err(WorkError::NotNow(JobState::Running));
        }
        job.revision += 1;
        tracing::info!(job.id = id, "job {id} goes on");
        self.drive(job, worker);
        Ok(())
    }

    async fn check_free(&self, kind: JobKind) -> Result<(), WorkError> {
        check_free_of(&self.rows().await?, kind)
    }

    async fn lock_start(&self) -> Result<LockToken, WorkError> {
        let asked = tokio::time::Instant::now();
        loop {
            let (store, instance) = (&self.0.store, &self.0.instance);
            let lock = store.try_lock(START_LOCK, instance, now_ms(), START_LOCK_TTL);
            if let Some(lock) = bounded(lock).await? {
                return Ok(lock);
            }
            if asked.elapsed() > START_WAIT {
                return Err(StoreError::Busy { waiting: 1 }.into());
            }
            tokio::time::sleep(START_INTERVAL).await;
        }
    }

    /// Does a job that is this instance's, in a task of its own.
    fn drive(&self, job: Stored, worker: Arc<dyn Worker>) {
        let running = Running {
            cancel: CancellationToken::new(),
            row: Arc::new(Mutex::new(job.row.clone())),
        };
        let id = job.id.clone();
        self.0.running.lock().insert(id.clone(), running.clone());
        let (work, stop) = (self.clone(), self.0.stop.clone());
        self.0.tasks.spawn(async move {
            let drive = Drive::new(&work.0.store, work.0.timing, job, (running, worker));
            drive.run(stop).await;
            work.0.running.lock().remove(&id);
        });
    }

    /// Removes the oldest jobs that are over. What fails here is tried again with the next start.
    async fn make_room(&self, kept: Vec<Stored>) {
        let excess = (kept.len() + 1).saturating_sub(MAX_KEPT);
        let over = kept.into_iter().filter(|job| job.row.state.is_over());
        for job in over.take(excess) {
            let store = &self.0.store;
            let items = store.delete_documents(DocumentKind::JobItem, &job.id).await;
            let removed = match items {
                Ok(_) => store.delete_document(DocumentKind::Job, &job.id).await,
                Err(error) => Err(error),
            };
            if let Err(error) = removed {
                tracing::warn!(%error, "an old job was not removed");
            }
        }
    }

    fn chunks(&self, id: &str) -> impl Stream<Item = Result<(u64, Chunk), StoreError>> + use<> {
        chunk::read(self.0.store.clone(), id.to_owned(), 0)
    }

    fn chunks_behind(&self, id: &str, after: u64) -> ChunkStream {
        chunk::read(self.0.store.clone(), id.to_owned(), after).boxed()
    }
}

/// # Errors
/// [`WorkError::Busy`] with the job that runs and shares limits with that kind.
fn check_free_of(jobs: &[Stored], kind: JobKind) -> Result<(), WorkError> {
    let section = row::section(kind);
    let running = jobs
        .iter()
        .find(|job| !job.row.state.is_over() && row::section(job.row.kind) == section);
    running.map_or(Ok(()), |job| Err(WorkError::Busy(job.id.clone())))
}
