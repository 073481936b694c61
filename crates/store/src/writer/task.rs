//! The task behind the queue.
//!
//! When a transaction fails:
//! - for what is in it: the group is undone and each write gets a transaction of its own, so that
//!   one bad write does not take others with it;
//! - because nothing can be written: the same group is tried again until it succeeds, callers wait,
//!   the queue fills, and [`GroupWriter::check`](super::GroupWriter::check) says why;
//! - for a reason that may be either (a damaged page, an unknown error): a write of our own tells.
//!   While that one succeeds the writes are tried on their own, and one that has failed
//!   [`STRIKES`] times is refused. It no longer holds up the others;
//! - while its commit was on the way: it may be stored, and quota use and sums are relative. So the
//!   same batch is tried again under its id, alone, until the engine knows which of the two it is.
//!   Nothing is regrouped and no row changed before that.

use std::{mem, slice, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::StoreError;

use super::{Batch, BatchId, Done, Engine, GROUP_LENGTH, Health, Op, Queued, Write, WriteError};

/// Longest wait for more writes, and only when the last group was a large one.
const GATHER: Duration = Duration::from_millis(2);
/// From this size on a group counts as large: its callers will soon be back with their next write.
const LARGE_GROUP: usize = 8;
/// Pause before a failed group is tried again; doubles up to the second value.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Tries of failing groups after the store was told to close: four to nine seconds in all.
const LAST_TRIES: u32 = 6;
/// Failures of one write, while the engine could write, until it is refused.
const STRIKES: u32 = 3;
/// Setting that is written to find out whether the engine can write.
const PROBE: &str = "store.probe";

pub(super) struct Task<E> {
    engine: E,
    queue: mpsc::Receiver<Queued>,
    health: Arc<Health>,
    stop: CancellationToken,
    tries_left: u32,
    /// Of the last batch.
    id: BatchId,
}

impl<E: Engine> Task<E> {
    pub(super) fn new(
        engine: E,
        queue: mpsc::Receiver<Queued>,
        health: Arc<Health>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            engine,
            queue,
            health,
            stop,
            tries_left: LAST_TRIES,
            id: BatchId::first(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_LENGTH);
        let mut last = 0;
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled(), if !self.queue.is_closed() => self.queue.close(),
                () = gather(&mut self.queue, &mut group, last) => {
                    if group.is_empty() {
                        break;
                    }
                    last = group.len();
                    self.health.begin();
                    self.commit(&mut group).await;
                    self.health.end();
                }
            }
        }
        self.engine.close().await;
    }

    /// Works on a group until every caller is answered.
    async fn commit(&mut self, group: &mut Vec<Queued>) {
        let mut pause = BACKOFF.0;
        while !group.is_empty() {
            match self.apply(group).await {
                Ok(done) => answer_all(group, done),
                Err(WriteError::Refused(_)) => self.commit_each(group).await,
                Err(WriteError::Unclear(_)) if self.can_write().await => {
                    self.commit_each(group).await;
                }
                Err(
                    WriteError::Outage(reason)
                    | WriteError::Unclear(reason)
                    | WriteError::Lost(reason),
                ) => {
                    self.report(&reason, group.len());
                    if self.gives_up() {
                        for queued in group.drain(..) {
                            let reason = reason.clone();
                            queued.answer(Err(StoreError::Degraded { reason }));
                        }
                    }
                }
            }
            if !group.is_empty() {
                sleep(pause).await;
                pause = (pause * 2).min(BACKOFF.1);
            }
        }
    }

    /// Gives each write a transaction of its own. In `group` stay those to be tried again.
    async fn commit_each(&mut self, group: &mut Vec<Queued>) {
        let mut waiting = mem::take(group).into_iter();
        for mut queued in waiting.by_ref() {
            match self.apply(slice::from_mut(&mut queued)).await {
                Ok(done) => {
                    let done = queued.write.take_done(&mut done.into_iter());
                    queued.answer(Ok(done));
                }
                Err(WriteError::Refused(reason)) => {
                    queued.answer(Err(StoreError::Constraint { reason }));
                }
                Err(WriteError::Unclear(reason)) if self.can_write().await => {
                    queued.strikes += 1;
                    if queued.strikes < STRIKES {
                        group.push(queued);
                    } else {
                        tracing::error!(reason, "a write failed again and again: {reason}");
                        queued.answer(Err(StoreError::Constraint { reason }));
                    }
                }
                Err(WriteError::Outage(_) | WriteError::Unclear(_) | WriteError::Lost(_)) => {
                    group.push(queued);
                    break;
                }
            }
        }
        group.extend(waiting);
    }

    /// One transaction.
    async fn apply(&mut self, group: &mut [Queued]) -> Result<Vec<Done>, WriteError> {
        group.iter_mut().for_each(|queued| queued.write.begin());
        let result = self
            .apply_writes(group.iter().map(|queued| &queued.write))
            .await;
        if result.is_err() {
            group.iter().for_each(|queued| queued.write.undo());
        }
        result
    }

    /// Whether a write that cannot be at fault succeeds.
    async fn can_write(&mut self) -> bool {
        self.apply_writes(std::iter::once(&probe())).await.is_ok()
    }

    /// One batch. When no answer comes to its commit, until it is known whether it is stored;
    /// [`WriteError::Lost`] is the answer only when the store was closed before that.
    async fn apply_writes<'a>(
        &mut self,
        writes: impl Iterator<Item = &'a Write>,
    ) -> Result<Vec<Done>, WriteError> {
        self.id = self.id.next();
        let batch = Batch::new(self.id, writes);
        match self.apply_batch(&batch).await {
            Err(WriteError::Lost(reason)) => self.settle(&batch, reason).await,
            result => result,
        }
    }

    async fn apply_batch(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, WriteError> {
        let result = self.engine.apply(batch).await;
        match &result {
            Ok(_) => {
                if let Some(reason) = self.health.recover() {
                    tracing::info!(reason, "the store can write again");
                }
            }
            Err(WriteError::Refused(_)) => {}
            Err(_) => self.engine.disconnect(),
        }
        result
    }

    /// Finds out whether a batch is stored: by another one of the same id, which does nothing if it
    /// is. Otherwise that one takes the id, so that the lost one can no longer arrive, and what is
    /// to be stored may change before it is tried again ([`WriteError::Outage`]).
    async fn settle(&mut self, lost: &Batch<'_>, reason: String) -> Result<Vec<Done>, WriteError> {
        tracing::warn!(
            batch = %lost.id,
            reason,
            "no answer to a commit, looking whether it is stored: {reason}"
        );
        // One more, so that the answer tells which of the two is stored.
        let probes: Vec<_> = (0..=lost.ops.len()).map(|_| probe()).collect();
        let question = Batch::new(lost.id, probes.iter());
        let mut pause = BACKOFF.0;
        loop {
            self.report(&reason, lost.ops.len() + lost.requests.len());
            if self.gives_up() {
                return Err(WriteError::Lost(reason));
            }
            sleep(pause).await;
            pause = (pause * 2).min(BACKOFF.1);
            match self.apply_batch(&question).await {
                Ok(done) if done.len() == lost.ops.len() => return Ok(done),
                Ok(_) => return Err(WriteError::Outage(reason)),
                Err(_) => {}
            }
        }
    }

    fn report(&self, reason: &str, writes: usize) {
        if self.health.fail(reason) {
            tracing::error!(
                reason,
                writes,
                "the store cannot write, trying again: {reason}"
            );
        }
    }

    /// Whether the store was told to close and has tried often enough since.
    fn gives_up(&mut self) -> bool {
        if self.stop.is_cancelled() {
            self.tries_left = self.tries_left.saturating_sub(1);
        }
        self.tries_left == 0
    }
}

/// A write that cannot be at fault and changes nothing that anybody reads.
fn probe() -> Write {
    Write::Op(Op::SetSetting {
        name: PROBE.to_owned(),
        value: String::new(),
    })
}

/// Answers every caller of a committed group.
fn answer_all(group: &mut Vec<Queued>, done: Vec<Done>) {
    let mut done = done.into_iter();
    for queued in group.drain(..) {
        let done = queued.write.take_done(&mut done);
        queued.answer(Ok(done));
    }
}

/// Moves waiting writes into `group`; leaves it empty when the queue is closed and drained.
///
/// When the last group was large, waits up to [`GATHER`] for half as many again: its callers are
/// just waking up, and one group of all of them is cheaper than a group of the first.
///
/// # Cancellation
/// What was moved stays in `group`.
async fn gather(queue: &mut mpsc::Receiver<Queued>, group: &mut Vec<Queued>, last: usize) {
    if group.is_empty() && queue.recv_many(group, GROUP_LENGTH).await == 0 {
        return;
    }
    let wanted = if last >= LARGE_GROUP { last / 2 } else { 0 };
    let deadline = Instant::now() + GATHER;
    while group.len() < wanted {
        let room = GROUP_LENGTH - group.len();
        match timeout_at(deadline, queue.recv_many(group, room)).await {
            Ok(moved) if moved > 0 => {}
            _ => return,
        }
    }
}
