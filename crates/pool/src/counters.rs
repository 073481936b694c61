//! How many accounts of a tier are in which state, kept up to date with every change.

use crate::Tier;
use crate::entry::State;

/// The accounts of one tier by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TierCounts {
    /// In status `Active`, whether or not they have quota that is not reserved.
    pub active: usize,
    pub cooling: usize,
    pub expired: usize,
    pub disabled: usize,
    /// Cost units that the active accounts have left, reserved ones included.
    pub quota_left: u64,
}

/// All accounts by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    pub total: usize,
    /// In status `Active`, whether or not they have quota that is not reserved.
    pub active: usize,
    pub cooling: usize,
    pub expired: usize,
    pub disabled: usize,
    /// Leases that are neither finished nor dropped, those of removed accounts included.
    pub open_leases: usize,
    /// Cost units that the active accounts have left, reserved ones included.
    pub quota_left: u64,
    /// The same per tier, in the order of [`Tier::ALL`].
    pub by_tier: [TierCounts; Tier::COUNT],
}

/// As what an account is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) state: State,
    pub(crate) quota: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    by_state: [usize; State::COUNT],
    /// Of the active accounts.
    quota_left: u64,
}

impl PoolCounts {
    pub(crate) fn new(by_tier: [TierCounts; Tier::COUNT], open_leases: usize) -> Self {
        let mut sum = Self {
            open_leases,
            by_tier,
            ..Self::default()
        };
        for tier in by_tier {
            sum.active += tier.active;
            sum.cooling += tier.cooling;
            sum.expired += tier.expired;
            sum.disabled += tier.disabled;
            sum.quota_left += tier.quota_left;
        }
        sum.total = sum.active + sum.cooling + sum.expired + sum.disabled;
        sum
    }
}

impl Counters {
    /// Counts an account as something else than before; `None` = not at all.
    pub(crate) fn replace(&mut self, before: Option<Counted>, now: Option<Counted>) {
        if let Some(before) = before {
            self.by_state[before.state as usize] -= 1;
            self.quota_left -= before.quota_left();
        }
        if let Some(now) = now {
            self.by_state[now.state as usize] += 1;
            self.quota_left += now.quota_left();
        }
    }

    pub(crate) fn of(&self, state: State) -> usize {
        self.by_state[state as usize]
    }

    pub(crate) fn total(&self) -> usize {
        self.by_state.iter().sum()
    }

    pub(crate) fn tier_counts(&self) -> TierCounts {
        let (cooling, expired) = (self.of(State::Cooling), self.of(State::Expired));
        let disabled = self.of(State::Disabled);
        TierCounts {
            active: self.total() - cooling - expired - disabled,
            cooling,
            expired,
            disabled,
            quota_left: self.quota_left,
        }
    }
}

impl Counted {
    /// What it adds to the quota left: its own while its account is active.
    fn quota_left(self) -> u64 {
        match self.state {
            State::Cooling | State::Expired | State::Disabled => 0,
            State::Selectable | State::Ejected | State::Busy | State::NoQuota => self.quota.into(),
        }
    }
}
