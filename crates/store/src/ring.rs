//! The last changes that others made, in memory.

use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;
use pool::AccountId;

use crate::{Changes, Cursor};

/// Changes that are remembered: one or two megabytes.
const LENGTH: usize = 16_384;

/// Accounts that others changed. Filled by what listens to the server or asks it, read by callers.
#[derive(Default)]
pub(crate) struct Ring(Mutex<State>);

#[derive(Default)]
struct State {
    changes: VecDeque<AccountId>,
    /// Number of the change that comes next.
    next: u64,
}

impl Ring {
    pub(crate) fn push(&self, account: AccountId) {
        let mut state = self.0.lock();
        if state.changes.len() == LENGTH {
            state.changes.pop_front();
        }
        state.changes.push_back(account);
        state.next += 1;
    }

    /// Changes are missing here: every cursor until now has to read everything again.
    pub(crate) fn lose(&self) {
        let mut state = self.0.lock();
        state.changes.clear();
        state.next += 1;
    }

    pub(crate) fn since(&self, cursor: Option<Cursor>) -> Changes {
        let state = self.0.lock();
        let kept = state.changes.len() as u64;
        let from = cursor.map_or(state.next, |cursor| cursor.0.min(state.next));
        let new = usize::try_from((state.next - from).min(kept)).unwrap_or_default();
        let mut seen = HashSet::new();
        let changes = state.changes.iter().skip(state.changes.len() - new);
        Changes {
            cursor: Cursor(state.next),
            is_incomplete: state.next - from > kept,
            accounts: changes
                .filter(|account| seen.insert(*account))
                .cloned()
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> AccountId {
        AccountId::new(name)
    }

    #[test]
    fn each_change_since_a_cursor_is_told_once() {
        let ring = Ring::default();
        ring.push(id("a"));
        let start = ring.since(None);
        assert_eq!((start.accounts, start.is_incomplete), (Vec::new(), false));
        for name in ["b", "a", "b"] {
            ring.push(id(name));
        }
        let news = ring.since(Some(start.cursor));
        assert_eq!(news.accounts, [id("b"), id("a")]);
        assert!(!news.is_incomplete);
        let later = ring.since(Some(news.cursor));
        assert_eq!((later.accounts, later.is_incomplete), (Vec::new(), false));
    }

    #[test]
    fn what_was_lost_or_is_no_longer_remembered_makes_the_news_incomplete_once() {
        let ring = Ring::default();
        let start = ring.since(None).cursor;
        ring.lose();
        ring.push(id("a"));
        let news = ring.since(Some(start));
        assert_eq!((news.accounts, news.is_incomplete), (vec![id("a")], true));
        let later = ring.since(Some(news.cursor));
        assert!(!later.is_incomplete);
        for _ in 0..LENGTH {
            ring.push(id("b"));
        }
        assert!(!ring.since(Some(later.cursor)).is_incomplete);
        ring.push(id("b"));
        assert!(ring.since(Some(later.cursor)).is_incomplete);
    }
}
