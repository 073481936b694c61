//! Streamed answers whose callers have stopped reading.
//!
//! A body is polled only when the connection takes bytes, so none of an answer's own deadlines can
//! pass while a caller leaves it unread: it would hold account, slot and upstream call for as long
//! as it likes. Someone else has to look.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Answer;
use crate::{
    delivery,
    record::{CLIENT_GONE, RequestRecord},
};

/// All answers under way. Cheap to clone.
#[derive(Clone, Default)]
pub struct UnreadAnswers(Arc<Registry>);

#[derive(Default)]
struct Registry {
    next: AtomicU64,
    answers: Mutex<HashMap<u64, Weak<dyn Unread>>>,
    ended: AtomicU64,
}

/// What a caller may leave unread.
pub(crate) trait Unread: Send + Sync {
    /// Ends it if it has been unread for `limit`; whether it was.
    fn end_if_unread(&self, limit: Duration) -> bool;
}

/// Is looked after until it is dropped.
pub(crate) struct Entry {
    id: u64,
    registry: UnreadAnswers,
}

/// An answer that can be taken from its body at any time.
pub(crate) struct Watched {
    held: Arc<Mutex<Held>>,
    _entry: Entry,
}

pub(crate) struct Held {
    /// `None` once the end has begun, or somebody has looked.
    pub(crate) answer: Option<Answer>,
    /// Since when bytes wait to be taken; `None` while the caller waits for the answer.
    pub(crate) unread_since: Option<Instant>,
    delivery: Option<CancellationToken>,
}

impl UnreadAnswers {
    pub(crate) fn watch(&self, answer: Answer) -> Watched {
        let held = Arc::new(Mutex::new(Held {
            answer: Some(answer),
            unread_since: None,
            delivery: delivery::current(),
        }));
        let registered: Arc<dyn Unread> = Arc::clone(&held) as _;
        Watched {
            _entry: self.register(&registered),
            held,
        }
    }

    /// Looks after it, too.
    pub(crate) fn register(&self, one: &Arc<dyn Unread>) -> Entry {
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0.answers.lock().insert(id, Arc::downgrade(one));
        Entry {
            id,
            registry: self.clone(),
        }
    }

    /// Ends what has been unread for `limit`: the upstream call ends and the account comes back,
    /// whatever becomes of the connection. Says how many.
    pub fn end_older_than(&self, limit: Duration) -> usize {
        let all: Vec<_> = self.0.answers.lock().values().cloned().collect();
        let all = all.iter().filter_map(Weak::upgrade);
        let count = all.filter(|one| one.end_if_unread(limit)).count();
        self.0.ended.fetch_add(count as u64, Ordering::Relaxed);
        count
    }

    /// Answers ended since the start.
    #[must_use]
    pub fn ended(&self) -> u64 {
        self.0.ended.load(Ordering::Relaxed)
    }
}

impl Watched {
    pub(crate) fn lock(&self) -> parking_lot::MutexGuard<'_, Held> {
        self.held.lock()
    }
}

impl Unread for Mutex<Held> {
    fn end_if_unread(&self, limit: Duration) -> bool {
        let mut held = self.lock();
        let is_old = |since: Instant| since.elapsed() >= limit;
        let is_unread = held.unread_since.is_some_and(is_old);
        let Some(answer) = is_unread.then(|| held.answer.take()).flatten() else {
            return false;
        };
        let delivery = held.delivery.take();
        drop(held);
        note_end(answer.record(), delivery);
        true
    }
}

/// Records and tells that an answer was ended, and ends its delivery.
pub(crate) fn note_end(record: &RequestRecord, delivery: Option<CancellationToken>) {
    tracing::info!(request_id = %record.id(), "an answer that nobody reads was ended");
    record.error(CLIENT_GONE, "client_too_slow");
    // Its body would wait for ever for room.
    if let Some(delivery) = delivery {
        delivery.cancel();
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.registry.0.answers.lock().remove(&self.id);
    }
}
