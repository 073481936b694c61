//! One occupied place of the pool's slab: the account and what only memory knows about it.

use crate::account::Account;
use crate::skip::SkipReason;
use crate::{PoolKind, Status};

/// Names a slot's occupant; stale once the account is removed, even if the slot is used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SlotRef {
    pub(crate) index: u32,
    pub(crate) stamp: u64,
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
            Self::Resting => SkipReason::Resting,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) account: Account,
    /// Of the present occupant; see [`SlotRef`].
    pub(crate) stamp: u64,
    /// Quota promised to open leases.
    pub(crate) reserved: u32,
    pub(crate) in_flight: u32,
    /// Skipped up to and including this selection; 0 when not resting.
    pub(crate) rest_until: u64,
    /// The last selection whose caller excluded this account.
    pub(crate) excluded_at: u64,
    /// Under what it is counted and indexed.
    pub(crate) counted: Option<(PoolKind, State)>,
    /// The end of its rest for which the heap has an entry.
    pub(crate) scheduled: Option<i64>,
}

impl Slot {
    pub(crate) fn new(account: Account, stamp: u64) -> Self {
        Self {
            account,
            stamp,
            reserved: 0,
            in_flight: 0,
            rest_until: 0,
            excluded_at: 0,
            counted: None,
            scheduled: None,
        }
    }

    /// Quota that no open lease has reserved. A sync may report less than is reserved: then 0.
    pub(crate) fn available(&self) -> u32 {
        self.account.quota.saturating_sub(self.reserved)
    }

    pub(crate) fn state(&self) -> State {
        match self.account.status {
            Status::Disabled => State::Disabled,
            Status::Expired => State::Expired,
            Status::Cooling => State::Cooling,
            Status::Active if self.account.quota == 0 => State::NoQuota,
            Status::Active if self.rest_until > 0 => State::Resting,
            Status::Active if self.available() == 0 => State::Busy,
            Status::Active => State::Selectable,
        }
    }

    /// What a success may consume when its lease reserved `reserved`: what no other lease has
    /// reserved, and its own share even if a sync has shrunk the quota meanwhile.
    pub(crate) fn allowance(&self, reserved: u32) -> u32 {
        let others = self.reserved.saturating_sub(reserved);
        self.account.quota.saturating_sub(others).max(reserved)
    }
}
