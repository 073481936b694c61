//! How many requests may be under way, and how many may wait for their turn.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::GatewayError;

/// Callers allowed to wait for a free slot, as a multiple of the limit.
const WAITERS_PER_SLOT: usize = 4;

/// A limit of concurrency that may change at any time: a lower one takes effect as slots come back.
#[derive(Clone)]
pub struct Slots(Arc<Inner>);

struct Inner {
    /// The setting that says how many, for messages.
    key: &'static str,
    semaphore: Arc<Semaphore>,
    size: Mutex<Size>,
    waiting: AtomicUsize,
    refused: AtomicU64,
}

/// What the health report says of slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SlotUse {
    pub used: usize,
    pub max: usize,
    pub waiting: usize,
    /// Callers who got no slot, since the start.
    pub refused: u64,
}

#[derive(Default)]
struct Size {
    limit: usize,
    /// Slots that were taken away while they were in use.
    debt: usize,
}

/// The right to be under way. Dropping it lets the next one in.
pub struct Slot {
    inner: Arc<Inner>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Slots {
    #[must_use]
    pub fn new(key: &'static str, limit: usize) -> Self {
        Self(Arc::new(Inner {
            key,
            semaphore: Arc::new(Semaphore::new(limit)),
            size: Mutex::new(Size { limit, debt: 0 }),
            waiting: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
        }))
    }

    /// Sets the limit.
    pub fn resize(&self, limit: usize) {
        let mut size = self.0.size.lock();
        if limit > size.limit {
            let more = limit - size.limit;
            let kept = more.min(size.debt);
            size.debt -= kept;
            self.0.semaphore.add_permits(more - kept);
        } else {
            let fewer = size.limit - limit;
            size.debt += fewer - self.0.semaphore.forget_permits(fewer);
        }
        size.limit = limit;
    }

    /// A slot, however long it takes: whoever calls bounds the wait.
    pub async fn wait(&self) -> Slot {
        // Nobody closes the semaphore.
        let permit = Arc::clone(&self.0.semaphore).acquire_owned().await.ok();
        Slot {
            inner: Arc::clone(&self.0),
            permit,
        }
    }

    /// A slot; waits at most `wait` for one, unless too many wait already.
    ///
    /// # Errors
    /// [`super::ErrorKind::AtCapacity`].
    pub async fn acquire(&self, wait: Duration) -> Result<Slot, GatewayError> {
        let inner = &self.0;
        let slot = |permit| Slot {
            inner: Arc::clone(inner),
            permit: Some(permit),
        };
        if let Ok(permit) = Arc::clone(&inner.semaphore).try_acquire_owned() {
            return Ok(slot(permit));
        }
        let limit = inner.size.lock().limit;
        let waiter = Waiter::enter(&inner.waiting);
        if waiter.position > limit.saturating_mul(WAITERS_PER_SLOT) {
            return Err(self.refuse(limit));
        }
        let acquired = Arc::clone(&inner.semaphore).acquire_owned();
        match tokio::time::timeout(wait, acquired).await {
            Ok(Ok(permit)) => Ok(slot(permit)),
            _ => Err(self.refuse(limit)),
        }
    }

    #[must_use]
    pub fn in_use(&self) -> SlotUse {
        let inner = &self.0;
        let size = inner.size.lock();
        let taken = size.limit + size.debt;
        SlotUse {
            used: taken.saturating_sub(inner.semaphore.available_permits()),
            max: size.limit,
            waiting: inner.waiting.load(Ordering::Relaxed),
            refused: inner.refused.load(Ordering::Relaxed),
        }
    }

    fn refuse(&self, limit: usize) -> GatewayError {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        GatewayError::at_capacity(limit, self.0.key)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut size = self.inner.size.lock();
        if size.debt > 0
            && let Some(permit) = self.permit.take()
        {
            size.debt -= 1;
            permit.forget();
        }
    }
}

/// Counts itself among the waiting until dropped.
struct Waiter<'a> {
    waiting: &'a AtomicUsize,
    position: usize,
}

impl<'a> Waiter<'a> {
    fn enter(waiting: &'a AtomicUsize) -> Self {
        let position = waiting.fetch_add(1, Ordering::AcqRel) + 1;
        Self { waiting, position }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn one_more_than_the_limit_waits_and_is_then_refused() {
        let slots = Slots::new("chat.concurrent", 1);
        let first = slots.acquire(SHORT).await.unwrap();
        assert!(slots.acquire(SHORT).await.is_err());
        let (later, ()) = tokio::join!(slots.acquire(Duration::from_secs(1)), async {
            tokio::time::sleep(SHORT).await;
            drop(first);
        });
        assert!(later.is_ok());
        let one = SlotUse {
            used: 1,
            max: 1,
            waiting: 0,
            refused: 1,
        };
        assert_eq!(slots.in_use(), one);
        drop(later);
        assert_eq!(slots.in_use(), SlotUse { used: 0, ..one });
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_waiting_are_refused_at_once() {
        let slots = Slots::new("chat.concurrent", 1);
        let _held = slots.acquire(SHORT).await.unwrap();
        let mut waiting: Vec<_> = (0..WAITERS_PER_SLOT)
            .map(|_| Box::pin(slots.acquire(Duration::from_secs(60))))
            .collect();
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none(), "it waits");
        }
        let one_more = slots.acquire(Duration::from_secs(60)).now_or_never();
        assert!(one_more.is_some_and(|slot| slot.is_err()));
        waiting.pop();
        let next = slots.acquire(Duration::from_secs(60)).now_or_never();
        assert!(next.is_none(), "a place in the queue is free again");
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_changes_while_slots_are_in_use() {
        let slots = Slots::new("chat.concurrent", 3);
        let held = [
            slots.acquire(SHORT).await.unwrap(),
            slots.acquire(SHORT).await.unwrap(),
            slots.acquire(SHORT).await.unwrap(),
        ];
        slots.resize(1);
        let [first, second, third] = held;
        drop(first);
        assert!(slots.acquire(SHORT).await.is_err(), "two are still in use");
        drop(second);
        assert!(slots.acquire(SHORT).await.is_err(), "one is still in use");
        drop(third);
        let only = slots.acquire(SHORT).await.unwrap();
        assert!(slots.acquire(SHORT).await.is_err());
        slots.resize(2);
        let _second = slots.acquire(SHORT).await.unwrap();
        slots.resize(1);
        slots.resize(2);
        drop(only);
        let _third = slots.acquire(SHORT).await.unwrap();
        assert!(slots.acquire(SHORT).await.is_err());
    }
}
