//! Limits that all callers share, and what has become of them.

mod addresses;
mod descriptors;

pub use addresses::{Addresses, Place, network};
pub use descriptors::Descriptors;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde::Serialize;
use settings::ServerConfig;

/// The limits of the process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Limits {
    /// Open connections.
    pub connections: Limit,
    /// Of these, those of each address.
    pub by_address: Addresses,
    /// What all of them are made of.
    pub descriptors: Descriptors,
    /// Answers over HTTP/2 on their way that are no streams.
    pub http2_answers: Limit,
    /// Bytes of large answers over HTTP/1 on their way that cost nothing to make.
    pub answer_bytes: Limit,
    /// Bytes of API requests' bodies in memory.
    pub body_bytes: Limit,
    /// Bytes of server functions' arguments in memory.
    pub server_function_bytes: Limit,
}

impl Limits {
    /// Those of a process that begins, which may open as many files as the system lets it.
    #[must_use]
    pub fn raised() -> Self {
        Self {
            descriptors: Descriptors::raise(),
            ..Self::default()
        }
    }

    /// `server.max_connections`, or as many as there are descriptors for.
    #[must_use]
    pub fn max_connections(&self, server: &ServerConfig) -> u64 {
        self.descriptors.connections(server.max_connections)
    }

    /// `server.max_connections_per_address`, and never more than half of all: another address always
    /// finds a place.
    #[must_use]
    pub fn max_per_address(&self, server: &ServerConfig) -> u64 {
        let half = self.max_connections(server) / 2;
        half.min(server.max_connections_per_address.into())
    }
}

/// How much of something is in use, and how often more was refused. How much may be is a setting,
/// and so the caller's to say. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Limit(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    used: AtomicU64,
    refused: AtomicU64,
}

/// What the health report says of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Use {
    pub used: u64,
    pub max: u64,
    /// Refusals since the start.
    pub refused: u64,
}

/// A part of a limit; given back when dropped.
#[derive(Debug)]
pub struct Share {
    limit: Limit,
    amount: u64,
}

impl Limit {
    /// Takes nothing yet.
    #[must_use]
    pub fn none(&self) -> Share {
        Share {
            limit: self.clone(),
            amount: 0,
        }
    }

    /// Takes `amount` if no more than `max` are in use then; otherwise counts a refusal.
    #[must_use]
    pub fn take(&self, amount: u64, max: u64) -> Option<Share> {
        let mut share = self.none();
        share.grow(amount, max).then_some(share)
    }

    #[must_use]
    pub fn in_use(&self, max: u64) -> Use {
        Use {
            used: self.0.used.load(Ordering::Relaxed),
            max,
            refused: self.0.refused.load(Ordering::Relaxed),
        }
    }
}

impl Share {
    /// Takes `more`; false, and a refusal, if more than `max` would be in use.
    pub fn grow(&mut self, more: u64, max: u64) -> bool {
        let counts = &self.limit.0;
        let fits = |used: u64| used.checked_add(more).filter(|&used| used <= max);
        let taken = counts
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        if taken.is_err() {
            counts.refused.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        self.amount += more;
        true
    }

    /// How much it is.
    #[must_use]
    pub fn amount(&self) -> u64 {
        self.amount
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.limit.0.used.fetch_sub(self.amount, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_taken_only_where_it_fits_and_comes_back_with_its_end() {
        let limit = Limit::default();
        let mut share = limit.take(3, 5).unwrap();
        assert!(limit.take(3, 5).is_none());
        assert!(share.grow(2, 5) && !share.grow(1, 5));
        let all = Use {
            used: 5,
            max: 5,
            refused: 2,
        };
        assert_eq!((limit.in_use(5), share.amount()), (all, 5));
        drop(share);
        assert_eq!(limit.in_use(5), Use { used: 0, ..all });
    }

    #[test]
    fn a_lowered_limit_refuses_until_enough_came_back() {
        let limit = Limit::default();
        let shares = [limit.take(2, 9), limit.take(2, 9)].map(Option::unwrap);
        assert!(limit.take(1, 3).is_none());
        drop(shares);
        assert!(limit.take(3, 3).is_some());
        assert!(limit.take(u64::MAX, u64::MAX).is_some());
    }
}
