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
use crate::{delivery, record::CLIENT_GONE};

/// All answers under way. Cheap to clone.
#[derive(Clone, Default)]
pub struct UnreadAnswers(Arc<Registry>);

#[derive(Default)]
struct Registry {
    next: AtomicU64,
    answers: Mutex<HashMap<u64, Weak<Mutex<Held>>>>,
    ended: AtomicU64,
}

/// An answer that can be taken from its body at any time.
pub(crate) struct Watched {
    id: u64,
    held: Arc<Mutex<Held>>,
    registry: UnreadAnswers,
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
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0.answers.lock().insert(id, Arc::downgrade(&held));
        Watched {
            id,
            held,
            registry: self.clone(),
        }
    }

    /// Ends what has been unread for `limit`: the upstream call ends and the account comes back,
    /// whatever becomes of the connection. Says how many.
    pub fn end_older_than(&self, limit: Duration) -> usize {
        let all: Vec<_> = self.0.answers.lock().values().cloned().collect();
        let is_old = |since: Instant| since.elapsed() >= limit;
        let ended = all.iter().filter_map(Weak::upgrade).filter_map(|held| {
            let mut held = held.lock();
            let is_unread = held.unread_since.is_some_and(is_old);
            let answer = is_unread.then(|| held.answer.take()).flatten()?;
            Some((answer, held.delivery.take()))
        });
        let count = ended
            .map(|(answer, delivery)| {
                tracing::info!(request_id = %answer.record().id(), "an answer that nobody reads was ended");
                answer.record().error(CLIENT_GONE, "client_too_slow");
                // Its body would wait for ever for room.
                if let Some(delivery) = delivery {
                    delivery.cancel();
                }
            })
            .count();
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

impl Drop for Watched {
    fn drop(&mut self) {
        self.registry.0.answers.lock().remove(&self.id);
    }
}
