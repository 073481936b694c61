//! What is known of all accounts of one tier without looking at them: who is selectable, whose
//! cooldown ends next, how many are in which state.

use std::collections::BTreeSet;
use std::ops::{Index, IndexMut};

use crate::buckets::QuotaBuckets;
use crate::counters::Counters;
use crate::entry::{EntryKey, State};
use crate::{SkipCount, SkipReason, Tier};

/// The index of one tier.
#[derive(Debug, Default)]
pub(crate) struct TierIndex {
    pub(crate) buckets: QuotaBuckets,
    /// Ends of cooldowns in unix milliseconds, in order of time.
    cooldowns: BTreeSet<(i64, EntryKey)>,
    pub(crate) counters: Counters,
    /// Selections of this tier so far; see [`crate::read_ahead`].
    pub(crate) picks: usize,
}

/// The indexes of all tiers.
#[derive(Debug, Default)]
pub(crate) struct Tiers([TierIndex; Tier::COUNT]);

impl TierIndex {
    /// Replaces the end of an entry's cooldown.
    pub(crate) fn move_end(&mut self, key: EntryKey, from: Option<i64>, to: Option<i64>) {
        if from == to {
            return;
        }
        if let Some(until_ms) = from {
            self.cooldowns.remove(&(until_ms, key));
        }
        if let Some(until_ms) = to {
            self.cooldowns.insert((until_ms, key));
        }
    }

    /// The next entry whose cooldown has ended by now.
    pub(crate) fn due(&self, now_ms: i64) -> Option<EntryKey> {
        let (until_ms, key) = self.cooldowns.first()?;
        (*until_ms <= now_ms).then_some(*key)
    }

    /// The earliest end of a cooldown, in unix milliseconds.
    fn earliest_end_ms(&self) -> Option<i64> {
        self.cooldowns.first().map(|(until_ms, _)| *until_ms)
    }
}

impl Tiers {
    /// Whether an account that is active or cooling is of a tier that can serve this one.
    pub(crate) fn serves(&self, tier: Tier) -> bool {
        let in_service = |candidate: &Tier| {
            let counts = self[*candidate].counters.tier_counts();
            counts.active + counts.cooling > 0
        };
        tier.candidates().iter().any(in_service)
    }

    /// The earliest end of a cooldown among accounts that can serve the tier, in unix milliseconds.
    pub(crate) fn earliest_end_ms(&self, tier: Tier) -> Option<i64> {
        let candidates = tier.candidates().iter();
        candidates
            .filter_map(|candidate| self[*candidate].earliest_end_ms())
            .min()
    }

    /// Why accounts cannot be selected for the tier, with how many each. Accounts that could be are
    /// not in it.
    pub(crate) fn skips(&self, tier: Tier) -> Vec<SkipCount> {
        let until_ms = self.earliest_end_ms(tier).unwrap_or_default();
        let by_state = State::SKIPPED.into_iter().filter_map(|state| {
            let (reason, count) = (state.reason(until_ms)?, self.count(tier, state));
            Some(SkipCount { reason, count })
        });
        let is_other = |other: &Tier| !tier.candidates().contains(other);
        let others = Tier::ALL.into_iter().filter(is_other);
        let wrong_tier = SkipCount {
            reason: SkipReason::WrongTier,
            count: others.map(|other| self[other].counters.total()).sum(),
        };
        by_state
            .chain([wrong_tier])
            .filter(|skip| skip.count > 0)
            .collect()
    }

    /// How many accounts that may serve the tier are in this state.
    pub(crate) fn count(&self, tier: Tier, state: State) -> usize {
        let candidates = tier.candidates().iter();
        candidates
            .map(|candidate| self[*candidate].counters.of(state))
            .sum()
    }
}

impl Index<Tier> for Tiers {
    type Output = TierIndex;

    fn index(&self, tier: Tier) -> &TierIndex {
        &self.0[tier as usize]
    }
}

impl IndexMut<Tier> for Tiers {
    fn index_mut(&mut self, tier: Tier) -> &mut TierIndex {
        &mut self.0[tier as usize]
    }
}
