//! Ends of rests in order of time, with lazy invalidation.
//!
//! An entry is only a hint: its owner's slot knows whether it still holds. Entries that no longer
//! hold are dropped when they surface, or all at once when they outnumber the valid ones.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::slot::SlotRef;

/// Below this size nobody minds stale entries.
const SMALL: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Ends(BinaryHeap<Reverse<(i64, SlotRef)>>);

impl Ends {
    /// Notes that the slot's rest ends at `until_ms`; `cooling` accounts are known to rest.
    pub(crate) fn push(
        &mut self,
        until_ms: i64,
        slot: SlotRef,
        cooling: usize,
        holds: impl Fn(i64, SlotRef) -> bool,
    ) {
        if self.0.len() > SMALL + 2 * cooling {
            self.0
                .retain(|Reverse((until_ms, slot))| holds(*until_ms, *slot));
        }
        self.0.push(Reverse((until_ms, slot)));
    }

    /// The earliest end that still holds, in unix milliseconds.
    pub(crate) fn earliest(&mut self, holds: impl Fn(i64, SlotRef) -> bool) -> Option<i64> {
        while let Some(Reverse((until_ms, slot))) = self.0.peek() {
            if holds(*until_ms, *slot) {
                return Some(*until_ms);
            }
            self.0.pop();
        }
        None
    }

    /// Takes the next entry that is due, valid or not.
    pub(crate) fn pop_due(&mut self, now_ms: i64) -> Option<(i64, SlotRef)> {
        let Reverse((until_ms, _)) = self.0.peek()?;
        if *until_ms > now_ms {
            return None;
        }
        self.0.pop().map(|Reverse(entry)| entry)
    }
}
