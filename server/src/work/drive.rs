//! The task that does a job: so many targets at once, and a step once a second that stores how far
//! it is.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use grok2api_app::dto::{JobState, JobTrouble};
use store::{DocumentKind, Store, StoreError, bounded};
use tokio::{
    task::{Id, JoinError, JoinSet},
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    Running, Timing,
    chunk::{self, Chunk, ChunkStream},
    row::{JobRow, Stored},
    worker::{ItemDone, ItemFailure, Worker},
};
use crate::clock::now_ms;

/// How often the end of a job is stored again that was not taken.
const LAST_STORES: u32 = 3;

/// How long a job waits for a store that cannot be read.
const UNREAD_FOR: Duration = Duration::from_secs(600);

type Done = Result<ItemDone, ItemFailure>;

/// Why a job is no longer this instance's.
enum Lost {
    /// It was removed, or another instance has it.
    Taken,
    /// It was told to stop, by a mark in its document.
    Cancelled,
}

/// A chunk that is being worked on.
struct Open {
    chunk: Chunk,
    /// Targets that are waiting or in flight.
    left: usize,
    is_dirty: bool,
}

/// A target: its chunk, and its place in it.
type Place = (u64, usize);

/// Chunks from the one on that begins with the target of this number.
fn read(store: &Arc<dyn Store>, job: &str, from: u64) -> ChunkStream {
    Box::pin(chunk::read(store.clone(), job.to_owned(), from))
}

pub(super) struct Drive<'a> {
    store: &'a Arc<dyn Store>,
    timing: Timing,
    id: String,
    revision: u64,
    running: Running,
    worker: Arc<dyn Worker>,
    /// Those that were not opened yet.
    chunks: ChunkStream,
    /// The first target of the last one that was opened.
    last_opened: u64,
    /// Since when they cannot be read.
    unread_since: Option<Instant>,
    /// By the number of their first target.
    open: BTreeMap<u64, Open>,
    /// What comes next.
    waiting: VecDeque<(Place, String)>,
    in_flight: JoinSet<Done>,
    places: HashMap<Id, Place>,
    /// When the last step was, and how many were through then.
    last_step: (Instant, u64),
}

impl<'a> Drive<'a> {
    pub(super) fn new(
        store: &'a Arc<dyn Store>,
        timing: Timing,
        job: Stored,
        (running, worker): (Running, Arc<dyn Worker>),
    ) -> Self {
        Self {
            timing,
            chunks: read(store, &job.id, 0),
            last_opened: 0,
            unread_since: None,
            last_step: (Instant::now(), job.row.done),
            store,
            id: job.id,
            revision: job.revision,
            running,
            worker,
            open: BTreeMap::new(),
            waiting: VecDeque::new(),
            in_flight: JoinSet::new(),
            places: HashMap::new(),
        }
    }

    /// Does the job, until it is done, cancelled or taken away, or `stop` interrupts it.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let cancel = self.running.cancel.clone();
        let ended = tokio::select! {
            () = cancel.cancelled() => Some(JobState::Cancelled),
            () = stop.cancelled() => Some(JobState::Interrupted),
            ended = self.work() => ended,
        };
        // Drops what is in flight, and waits until it is gone.
        self.in_flight.shutdown().await;
        let Some(state) = ended else {
            tracing::warn!(job.id = self.id, "job {} was taken away", self.id);
            return;
        };
        self.finish(state).await;
    }

    /// How the job ended; `None` where it is no longer this instance's.
    async fn work(&mut self) -> Option<JobState> {
        let mut steps = interval(self.timing.step);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        steps.tick().await;
        loop {
            match self.fill().await {
                Ok(()) => {
                    self.unread_since = None;
                    if self.in_flight.is_empty() {
                        return Some(JobState::Done);
                    }
                }
                Err(error) => {
                    if self.gives_up(&error) {
                        return Some(JobState::Interrupted);
                    }
                    self.chunks = read(self.store, &self.id, self.last_opened);
                }
            }
            tokio::select! {
                Some(joined) = self.in_flight.join_next_with_id() => self.note(joined),
                _ = steps.tick() => match self.step().await {
                    Ok(()) => {}
                    Err(Lost::Cancelled) => return Some(JobState::Cancelled),
                    Err(Lost::Taken) => return None,
                },
            }
        }
    }

    /// Whether targets cannot be read for too long already: a store that is away for a while comes
    /// back, and nobody has to look after the job.
    fn gives_up(&mut self, error: &StoreError) -> bool {
        let now = Instant::now();
        let since = *self.unread_since.get_or_insert_with(|| {
            tracing::warn!(job.id = self.id, %error, "targets of job {} cannot be read, it waits", self.id);
            now
        });
        let is_over = matches!(error, StoreError::Closed) || now - since > UNREAD_FOR;
        if is_over {
            tracing::error!(job.id = self.id, %error, "targets of job {} cannot be read", self.id);
        }
        is_over
    }

    /// Begins as many targets as may be in flight.
    async fn fill(&mut self) -> Result<(), StoreError> {
        let concurrent = self.worker.pace().concurrent.max(1);
        while self.in_flight.len() < concurrent {
            let Some((place, target)) = self.waiting.pop_front() else {
                match self.chunks.next().await.transpose()? {
                    // The stream may begin somewhat before what is wanted.
                    Some((first, chunk)) if first > self.last_opened => self.open(first, chunk),
                    Some(_) => {}
                    None => return Ok(()),
                }
                continue;
            };
            let worker = self.worker.clone();
            let task = self
                .in_flight
                .spawn(async move { worker.work(&target).await });
            self.places.insert(task.id(), place);
        }
        Ok(())
    }

    fn open(&mut self, first: u64, chunk: Chunk) {
        self.last_opened = first;
        let waiting = chunk.waiting();
        let waiting = waiting.map(|(at, target)| ((first, at), target.to_owned()));
        let before = self.waiting.len();
        self.waiting.extend(waiting);
        let left = self.waiting.len() - before;
        if left > 0 {
            let open = Open {
                chunk,
                left,
                is_dirty: false,
            };
            self.open.insert(first, open);
        }
    }

    /// A target is through.
    fn note(&mut self, joined: Result<(Id, Done), JoinError>) {
        let (task, done) = match joined {
            Ok(joined) => joined,
            Err(error) => {
                tracing::error!(job.id = self.id, %error, "a target of job {} failed", self.id);
                let failure = ItemFailure {
                    trouble: JobTrouble::Internal,
                    masked: String::new(),
                    amount: 0,
                };
                (error.id(), Err(failure))
            }
        };
        let Some((first, at)) = self.places.remove(&task) else {
            return;
        };
        let Some(open) = self.open.get_mut(&first) else {
            return;
        };
        open.left -= 1;
        open.is_dirty = true;
        let mut row = self.running.row.lock();
        row.done += 1;
        match done {
            Ok(done) => {
                row.amount += done.amount;
                open.chunk.done(at, done.id, done.note);
            }
            Err(failure) => {
                row.failed += 1;
                row.amount += failure.amount;
                let why = (failure.trouble, failure.masked);
                let failure = open.chunk.failed(at, first + at as u64, why);
                failure.into_iter().for_each(|one| row.note_failure(one));
            }
        }
    }

    /// Says how far the job is. The row comes first: it tells whether the job is still ours.
    async fn step(&mut self) -> Result<(), Lost> {
        let (since, before) = self.last_step;
        let now = Instant::now();
        {
            let mut row = self.running.row.lock();
            let count = row.done.saturating_sub(before);
            row.note_rate(count, now - since);
            row.renew(self.timing.lease);
            self.last_step = (now, row.done);
        }
        if let Err(error) = self.store_row(None).await? {
            // The lease ends if this goes on, and so does the job: see `is_orphaned`.
            tracing::warn!(job.id = self.id, %error, "job {} cannot be stored", self.id);
            return Ok(());
        }
        if let Err(error) = self.store_chunks().await {
            tracing::warn!(job.id = self.id, %error, "targets of job {} cannot be stored", self.id);
        }
        Ok(())
    }

    /// Stores the row, with the end of the job if it has one, if the job is still this instance's.
    async fn store_row(&mut self, end: Option<JobState>) -> Result<Result<(), StoreError>, Lost> {
        loop {
            let mut row = self.running.row.lock().clone();
            if let Some(state) = end {
                row.end(state);
            }
            let document = self.stored(row).into_document();
            match bounded(self.store.replace_document(document)).await {
                Ok(true) => {
                    self.revision += 1;
                    return Ok(Ok(()));
                }
                Ok(false) => match self.look().await {
                    Ok(looked) => looked?,
                    Err(error) => return Ok(Err(error)),
                },
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    /// Somebody has changed the document, or an answer of the store was lost: who has the job now?
    async fn look(&mut self) -> Result<Result<(), Lost>, StoreError> {
        let (kind, id) = (DocumentKind::Job, &self.id);
        let found = bounded(self.store.get_document(kind, id)).await?;
        let Some(found) = found.and_then(Stored::read) else {
            return Ok(Err(Lost::Taken));
        };
        let own = self.running.row.lock().clone();
        if found.row.owner != own.owner || found.row.state != JobState::Running {
            return Ok(Err(Lost::Taken));
        }
        self.revision = found.revision;
        if found.row.is_cancelled && !own.is_cancelled {
            self.running.row.lock().is_cancelled = true;
            return Ok(Err(Lost::Cancelled));
        }
        Ok(Ok(()))
    }

    /// Stores what has changed of the targets; chunks that are through are let go of.
    async fn store_chunks(&mut self) -> Result<(), StoreError> {
        for (first, open) in &mut self.open {
            if open.is_dirty {
                let document = open.chunk.document(&self.id, *first);
                bounded(self.store.put_document(document)).await?;
                open.is_dirty = false;
            }
        }
        self.open.retain(|_, open| open.left > 0);
        Ok(())
    }

    /// Stores the end of the job. One that the store does not take is found as interrupted.
    async fn finish(&mut self, state: JobState) {
        for wait in 1..=LAST_STORES {
            let stored = match self.store_chunks().await {
                Ok(()) => self.store_row(Some(state)).await,
                Err(error) => Ok(Err(error)),
            };
            match stored {
                Ok(Ok(())) => break,
                Ok(Err(error)) => {
                    tracing::warn!(job.id = self.id, %error, "the end of job {} cannot be stored", self.id);
                    sleep(Duration::from_millis(500) * wait).await;
                }
                Err(Lost::Cancelled) => {}
                Err(Lost::Taken) => return,
            }
        }
        let row = self.running.row.lock().clone();
        let JobRow { done, failed, .. } = row;
        tracing::info!(
            job.id = self.id,
            done,
            failed,
            took_ms = now_ms() - row.started_ms,
            "job {} has ended: {state:?}, {done} done, {failed} of them failed",
            self.id
        );
    }

    fn stored(&self, row: JobRow) -> Stored {
        Stored {
            id: self.id.clone(),
            revision: self.revision,
            row,
        }
    }
}
