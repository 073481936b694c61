//! The last changes that were heard of, as many as are kept.

use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;

use crate::{Changed, Changes, Cursor};

/// Changes that are kept; a reader asks about once a second.
const LENGTH: usize = 20_000;

/// Its lock is held for as long as a push or a copy takes.
#[derive(Default)]
pub(super) struct Ring(Mutex<State>);

#[derive(Default)]
struct State {
    /// Number of the first change that is kept.
    first: u64,
    changes: VecDeque<Changed>,
}

impl State {
    /// Number of the change that comes next.
    fn next(&self) -> u64 {
        self.first + self.changes.len() as u64
    }
}

impl Ring {
    pub(super) fn push(&self, change: Changed) {
        let mut state = self.0.lock();
        if state.changes.len() == LENGTH {
            state.changes.pop_front();
            state.first += 1;
        }
        state.changes.push_back(change);
    }

    /// Something may have been missed: for every reader so far.
    pub(super) fn lose(&self) {
        let mut state = self.0.lock();
        state.first = state.next() + 1;
        state.changes.clear();
    }

    pub(super) fn since(&self, cursor: Option<Cursor>) -> Changes {
        let state = self.0.lock();
        let next = state.next();
        let from = cursor.map_or(next, |cursor| cursor.0);
        let known = usize::try_from(from.saturating_sub(state.first)).unwrap_or(usize::MAX);
        let mut told = HashSet::new();
        let changed = state.changes.iter().skip(known);
        let changed: Vec<_> = changed
            .filter(|change| told.insert(*change))
            .cloned()
            .collect();
        Changes {
            cursor: Cursor(next),
            is_incomplete: from < state.first,
            changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(n: usize) -> Changed {
        Changed::Setting(n.to_string())
    }

    #[test]
    fn each_reader_is_told_what_came_after_its_cursor_once() {
        let ring = Ring::default();
        let start = ring.since(None);
        assert_eq!((start.is_incomplete, start.changed), (false, vec![]));
        for n in [1, 2, 1] {
            ring.push(setting(n));
        }
        let changes = ring.since(Some(start.cursor));
        assert_eq!(changes.changed, [setting(1), setting(2)]);
        assert!(!changes.is_incomplete);
        let later = ring.since(Some(changes.cursor));
        assert_eq!((later.is_incomplete, later.changed), (false, vec![]));
    }

    #[test]
    fn what_is_lost_or_forgotten_makes_earlier_cursors_incomplete() {
        let ring = Ring::default();
        let start = ring.since(None).cursor;
        ring.lose();
        let changes = ring.since(Some(start));
        assert!(changes.is_incomplete);
        assert!(!ring.since(Some(changes.cursor)).is_incomplete);
        for n in 0..=LENGTH {
            ring.push(setting(n));
        }
        let changes = ring.since(Some(changes.cursor));
        assert!(changes.is_incomplete, "one was forgotten");
        assert_eq!(changes.changed.len(), LENGTH);
    }
}
