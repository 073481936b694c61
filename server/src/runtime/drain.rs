//! Counts requests until their bodies have been sent, and says whether new ones are welcome.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// Requests under way and whether new ones are still welcome. Cheap to clone.
#[derive(Clone, Default)]
pub struct InFlight(Arc<Inner>);

#[derive(Default)]
struct Inner {
    count: AtomicUsize,
    is_draining: AtomicBool,
    idle: Notify,
}

impl InFlight {
    /// Requests whose answer has not been sent completely.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::Acquire)
    }

    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::Acquire)
    }

    /// From now on new requests get 503.
    pub fn start_draining(&self) {
        self.0.is_draining.store(true, Ordering::Release);
    }

    /// Resolves when no request is under way.
    pub async fn idle(&self) {
        loop {
            let idle = self.0.idle.notified();
            if self.count() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Counts one request until the guard is dropped.
    #[must_use]
    pub fn enter(&self) -> Guard {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        Guard(self.clone())
    }
}

/// One request under way.
pub struct Guard(InFlight);

impl Drop for Guard {
    fn drop(&mut self) {
        let inner = &self.0.0;
        if inner.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            inner.idle.notify_waiters();
        }
    }
}
