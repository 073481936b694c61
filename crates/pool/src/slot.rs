//! One occupied place of the pool's slab: the account and what only memory knows about it.
//!
//! It has two parts. [`Hot`] is one cache line with all that selecting and returning an account
//! reads; [`Slot`] is the rest. Where the two overlap, the account in the slot is the truth and
//! [`Hot::follow`] copies it.

use std::sync::Arc;

use crate::account::Account;
use crate::buckets::Place;
use crate::skip::SkipReason;
use crate::{AccountId, Credential, Status, Tier};

/// Names a slot's occupant; stale once the account is removed, even if the slot is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SlotRef {
    pub(crate) index: u32,
    pub(crate) stamp: u32,
}

/// Whether a slot can be selected, else why not: the classes that the pool keeps counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Selectable,
    Cooling,
    NoQuota,
    Disabled,
    Expired,
    Busy,
    Resting,
}

impl State {
    pub(crate) const COUNT: usize = 7;
    /// All states but `Selectable`, in the order in which errors report them.
    pub(crate) const SKIPPED: [Self; 6] = [
        Self::Cooling,
        Self::Resting,
        Self::Busy,
        Self::NoQuota,
        Self::Expired,
        Self::Disabled,
    ];

    /// The public reason; `until_ms` is the end of the rest for `Cooling`.
    pub(crate) fn reason(self, until_ms: i64) -> Option<SkipReason> {
        Some(match self {
            Self::Selectable => return None,
            Self::Cooling => SkipReason::Cooling { until_ms },
            Self::NoQuota => SkipReason::NoQuota,
            Self::Disabled => SkipReason::Disabled,
            Self::Expired => SkipReason::Expired,
            Self::Busy => SkipReason::Busy,
            Self::Resting => SkipReason::Ejected,
        })
    }
}

/// What a lease tells of its account.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) id: AccountId,
    pub(crate) credential: Credential,
}

/// What selection needs of an account.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Hot {
    /// What leases share: one reference count, whose memory lies close to that of its neighbours.
    pub(crate) identity: Arc<Identity>,
    quota: u32,
    /// Quota promised to open leases.
    pub(crate) reserved: u32,
    pub(crate) in_flight: u32,
    /// Of the present occupant; see [`SlotRef`].
    pub(crate) stamp: u32,
    /// The last selection whose caller excluded this account; 0 = none.
    pub(crate) excluded_at: u32,
    /// Where it is in the buckets.
    pub(crate) place: Place,
    /// Its pool, under which it is counted.
    pub(crate) kind: Tier,
    /// Its state but for reservations.
    ready: State,
    /// The state under which it is counted.
    pub(crate) counted: Option<State>,
}

/// Everything else about an account.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) account: Account,
    /// Skipped up to and including this selection; 0 when not resting.
    pub(crate) rest_until: u64,
    /// The end of its rest for which the heap has an entry.
    pub(crate) scheduled: Option<i64>,
}

impl Hot {
    pub(crate) fn new(account: &Account, stamp: u32) -> Self {
        Self {
            identity: Arc::new(Identity {
                id: account.id.clone(),
                credential: account.credential.clone(),
            }),
            quota: account.quota,
            reserved: 0,
            in_flight: 0,
            stamp,
            excluded_at: 0,
            place: Place::NOWHERE,
            kind: account.tier,
            ready: State::Disabled,
            counted: None,
        }
    }

    /// Takes over what the slot's account has become.
    pub(crate) fn follow(&mut self, slot: &Slot) {
        self.quota = slot.account.quota;
        self.kind = slot.account.tier;
        self.ready = slot.ready();
    }

    /// Quota that no open lease has reserved. A sync may report less than is reserved: then 0.
    pub(crate) fn available(&self) -> u32 {
        self.quota.saturating_sub(self.reserved)
    }

    pub(crate) fn state(&self) -> State {
        match self.ready {
            State::Selectable if self.available() == 0 => State::Busy,
            ready => ready,
        }
    }

    /// What a success may consume when its lease reserved `reserved`: what no other lease has
    /// reserved, and its own share even if a sync has shrunk the quota meanwhile.
    pub(crate) fn allowance(&self, reserved: u32) -> u32 {
        let others = self.reserved.saturating_sub(reserved);
        self.quota.saturating_sub(others).max(reserved)
    }
}

impl Slot {
    fn ready(&self) -> State {
        match self.account.status {
            Status::Disabled => State::Disabled,
            Status::Expired => State::Expired,
            Status::Cooling => State::Cooling,
            Status::Active if self.account.quota == 0 => State::NoQuota,
            Status::Active if self.rest_until > 0 => State::Resting,
            Status::Active => State::Selectable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_selection_reads_is_one_cache_line() {
        assert_eq!(size_of::<Option<Hot>>(), 64);
    }
}
