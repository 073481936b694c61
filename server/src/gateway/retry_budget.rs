//! Retries of the whole process: an upstream in trouble is not asked three times by everybody.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde::Serialize;

/// Share of the requests under way that may be in a retry, in percent.
const PERCENT: usize = 20;
/// As many may be however few requests are under way.
const AT_LEAST: usize = 3;

/// Counts requests under way and retries under way.
#[derive(Default)]
pub struct RetryBudget {
    active: AtomicUsize,
    retrying: AtomicUsize,
    refused: AtomicU64,
}

/// What the health report says of retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RetryUse {
    pub used: usize,
    pub max: usize,
    /// Retries that were not made, since the start.
    pub refused: u64,
}

/// A request under way.
pub(super) struct Active<'a>(&'a RetryBudget);

/// A retry under way.
pub(super) struct Retrying<'a>(&'a RetryBudget);

impl RetryBudget {
    pub(super) fn enter(&self) -> Active<'_> {
        self.active.fetch_add(1, Ordering::Relaxed);
        Active(self)
    }

    fn max(&self) -> usize {
        (self.active.load(Ordering::Relaxed) * PERCENT / 100).max(AT_LEAST)
    }

    #[must_use]
    pub fn in_use(&self) -> RetryUse {
        RetryUse {
            used: self.retrying.load(Ordering::Relaxed),
            max: self.max(),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

impl<'a> Active<'a> {
    /// A retry of this request, if the budget allows one more.
    pub(super) fn retry(&self) -> Option<Retrying<'a>> {
        let (budget, max) = (self.0, self.0.max());
        let one_more = |used: usize| (used < max).then_some(used + 1);
        let (order, retrying) = (Ordering::Relaxed, &budget.retrying);
        if retrying.fetch_update(order, order, one_more).is_ok() {
            return Some(Retrying(budget));
        }
        budget.refused.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Retrying<'_> {
    fn drop(&mut self) {
        self.0.retrying.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_requests_may_retry_and_three_always() {
        let budget = RetryBudget::default();
        let mut active = vec![budget.enter()];
        let few: Vec<_> = (0..5).filter_map(|_| active[0].retry()).collect();
        assert_eq!(few.len(), 3);
        assert_eq!(budget.in_use().refused, 2);
        drop(few);
        active.extend((0..99).map(|_| budget.enter()));
        let many: Vec<_> = active.iter().filter_map(Active::retry).collect();
        let in_use = budget.in_use();
        assert_eq!((many.len(), in_use.used, in_use.max), (20, 20, 20));
        drop((many, active));
        let in_use = budget.in_use();
        assert_eq!((in_use.used, in_use.max, in_use.refused), (0, 3, 82));
    }
}
