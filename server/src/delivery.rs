//! Answers that wait to be read.
//!
//! Over HTTP/1 the connection's own timer ends who does not read. Over HTTP/2 a client gives each
//! stream its window and answers pings while it reads nothing, so every body is watched by itself.

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

tokio::task_local! {
    /// Ends what delivers the answers of this task: a connection, or one stream of HTTP/2.
    pub static DELIVERY: CancellationToken;
}

/// The token of this task, where it delivers answers.
#[must_use]
pub fn current() -> Option<CancellationToken> {
    DELIVERY.try_with(CancellationToken::clone).ok()
}

/// Bodies that are watched. Cheap to clone.
#[derive(Clone)]
pub struct Deliveries(Arc<Registry>);

struct Registry {
    epoch: Instant,
    next: AtomicU64,
    bodies: Mutex<HashMap<u64, Weak<Body>>>,
}

struct Body {
    /// Milliseconds from the epoch, plus 1; 0 while the body is not what is waited for.
    unread_since: AtomicU64,
    delivery: Option<CancellationToken>,
}

/// A watched body; the watch ends when it is dropped.
pub struct Delivery {
    id: u64,
    body: Arc<Body>,
    registry: Deliveries,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self(Arc::new(Registry {
            epoch: Instant::now(),
            next: AtomicU64::new(0),
            bodies: Mutex::default(),
        }))
    }
}

impl Deliveries {
    /// Watches a body that this task delivers; it waits to be read from now on.
    #[must_use]
    pub fn watch(&self) -> Delivery {
        let body = Arc::new(Body {
            unread_since: AtomicU64::new(self.now()),
            delivery: current(),
        });
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0.bodies.lock().insert(id, Arc::downgrade(&body));
        Delivery {
            id,
            body,
            registry: self.clone(),
        }
    }

    /// Ends the delivery of what has waited for `limit` to be read. Says how many.
    pub fn end_older_than(&self, limit: Duration) -> usize {
        let now = self.now();
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let all: Vec<_> = self.0.bodies.lock().values().cloned().collect();
        let is_old = |body: &Arc<Body>| {
            let since = body.unread_since.load(Ordering::Relaxed);
            since > 0 && now.saturating_sub(since) >= limit
        };
        let old: Vec<_> = all
            .iter()
            .filter_map(Weak::upgrade)
            .filter(is_old)
            .collect();
        let deliveries = old.iter().filter_map(|body| body.delivery.as_ref());
        deliveries.map(CancellationToken::cancel).count()
    }

    fn now(&self) -> u64 {
        let since = self.0.epoch.elapsed().as_millis();
        u64::try_from(since).unwrap_or(u64::MAX - 1) + 1
    }
}

impl Delivery {
    /// The connection asks for more.
    pub fn asked(&self) {
        self.body.unread_since.store(0, Ordering::Relaxed);
    }

    /// There is more to be read.
    pub fn offered(&self) {
        let now = self.registry.now();
        self.body.unread_since.store(now, Ordering::Relaxed);
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.registry.0.bodies.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_nobody_asks_for_is_ended_and_nothing_else() {
        let deliveries = Deliveries::default();
        let limit = Duration::from_secs(30);
        let watch =
            |token: &CancellationToken| DELIVERY.sync_scope(token.clone(), || deliveries.watch());
        let tokens: [_; 3] = std::array::from_fn(|_| CancellationToken::new());
        let [unread, silent, read] = tokens.each_ref().map(watch);
        read.offered();
        silent.asked();
        tokio::time::sleep(limit / 2).await;
        read.asked();
        read.offered();
        tokio::time::sleep(limit / 2).await;
        assert_eq!(deliveries.end_older_than(limit), 1);
        assert_eq!(
            tokens.map(|token| token.is_cancelled()),
            [true, false, false]
        );
        drop((unread, silent, read));
        assert_eq!(deliveries.0.bodies.lock().len(), 0);
    }
}
