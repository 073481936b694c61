//! One account as the pool holds it: the account and what only memory knows about it.

use std::sync::Arc;

use crate::buckets::{Place, bucket_of};
use crate::counters::Counted;
use crate::{
    Account, AccountChange, AccountId, AccountProxy, Change, Credential, SkipReason, Standing,
    Status, Tier, replay,
};

slotmap::new_key_type! {
    /// Names an entry; stale once the account is removed, even if its memory is used again.
    pub(crate) struct EntryKey;
}

/// Whether an entry can be selected, else why not: the classes that the pool keeps counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Selectable,
    Cooling,
    Ejected,
    Busy,
    NoQuota,
    Expired,
    Disabled,
}

/// What a lease tells of its account.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) id: AccountId,
    pub(crate) credential: Credential,
    pub(crate) proxy: Option<AccountProxy>,
}

/// What selecting and returning an account reads and writes: no more than a cache line, since a
/// pool may be larger than the cache.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What leases share: counting one reference touches one place in memory, not two.
    pub(crate) identity: Arc<Identity>,
    /// Of the account, which is in its [`Record`].
    pub(crate) tier: Tier,
    quota: u32,
    /// Its state but for reservations.
    lasting: State,
    standing: Standing,
    /// As what it is counted, once it is.
    pub(crate) counted: Option<Counted>,
    /// Quota promised to open leases.
    reserved: u32,
    /// Open leases.
    in_flight: u32,
    /// The last selection whose caller excluded this account; 0 = none.
    pub(crate) excluded_at: u64,
    /// Where it is in the buckets of its tier, while selectable.
    pub(crate) place: Option<Place>,
}

/// The account itself and what only memory knows about it.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) account: Account,
    /// Ejected up to and including this selection.
    pub(crate) ejected_until: Option<u64>,
    /// The end of its cooldown as the index of its tier has it.
    pub(crate) indexed_end_ms: Option<i64>,
    /// Another one after each change, and never one that another account of this id had.
    pub(crate) revision: u64,
}

impl State {
    pub(crate) const COUNT: usize = 7;
    /// All states but `Selectable`, in the order in which errors report them.
    pub(crate) const SKIPPED: [Self; Self::COUNT - 1] = [
        Self::Cooling,
        Self::Ejected,
        Self::Busy,
        Self::NoQuota,
        Self::Expired,
        Self::Disabled,
    ];

    /// The public reason; `until_ms` is the end of the cooldown for `Cooling`.
    pub(crate) fn reason(self, until_ms: i64) -> Option<SkipReason> {
        Some(match self {
            Self::Selectable => return None,
            Self::Cooling => SkipReason::Cooling { until_ms },
            Self::Ejected => SkipReason::Ejected,
            Self::Busy => SkipReason::Busy,
            Self::NoQuota => SkipReason::NoQuota,
            Self::Expired => SkipReason::Expired,
            Self::Disabled => SkipReason::Disabled,
        })
    }
}

impl Identity {
    pub(crate) fn of(account: &Account) -> Arc<Self> {
        Arc::new(Self {
            id: account.id.clone(),
            credential: account.credential.clone(),
            proxy: account.proxy.clone(),
        })
    }
}

impl Entry {
    pub(crate) fn new(account: &Account) -> Self {
        Self {
            identity: Identity::of(account),
            tier: account.tier,
            quota: 0,
            lasting: State::Disabled,
            standing: account.standing(),
            counted: None,
            reserved: 0,
            in_flight: 0,
            excluded_at: 0,
            place: None,
        }
    }

    /// Takes over what the account has become.
    pub(crate) fn follow(&mut self, record: &Record) {
        if self.identity.proxy != record.account.proxy {
            self.identity = Identity::of(&record.account);
        }
        self.tier = record.account.tier;
        self.quota = record.account.quota;
        self.lasting = record.lasting_state();
        self.standing = record.account.standing();
    }

    /// Quota that no open lease has reserved. A sync may report less than is reserved: then 0.
    pub(crate) fn available(&self) -> u32 {
        self.quota.saturating_sub(self.reserved)
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    pub(crate) fn state(&self) -> State {
        match self.lasting {
            State::Selectable if self.available() == 0 => State::Busy,
            lasting => lasting,
        }
    }

    /// As what it must be counted now.
    pub(crate) fn to_count(&self) -> Counted {
        Counted {
            state: self.state(),
            quota: self.quota,
        }
    }

    /// The bucket in which it must be now.
    pub(crate) fn bucket(&self) -> Option<u16> {
        (self.state() == State::Selectable).then(|| bucket_of(self.standing, self.available()))
    }

    /// Opens a lease; returns the quota that it reserves: `cost`, at least 1, at most what is left.
    pub(crate) fn reserve(&mut self, cost: u32) -> u32 {
        let reserved = cost.max(1).min(self.available());
        self.reserved += reserved;
        self.in_flight += 1;
        reserved
    }

    /// Closes a lease; returns what its request may consume: what no other lease has reserved, and
    /// its own share even if a sync has shrunk the quota meanwhile.
    pub(crate) fn release(&mut self, reserved: u32) -> u32 {
        self.reserved = self.reserved.saturating_sub(reserved);
        self.in_flight = self.in_flight.saturating_sub(1);
        self.available().max(reserved)
    }
}

impl Record {
    pub(crate) fn new(account: Account) -> Self {
        Self {
            account,
            ejected_until: None,
            indexed_end_ms: None,
            revision: 0,
        }
    }

    /// Applies changes to the account and signs them with its id.
    pub(crate) fn adopt(&mut self, changes: Vec<Change>) -> Vec<AccountChange> {
        let account = &mut self.account;
        let sign = |change| {
            replay(account, &change);
            AccountChange {
                id: account.id.clone(),
                change,
            }
        };
        changes.into_iter().map(sign).collect()
    }

    fn lasting_state(&self) -> State {
        match self.account.status {
            Status::Disabled => State::Disabled,
            Status::Expired => State::Expired,
            Status::Cooling => State::Cooling,
            Status::Active if self.account.quota == 0 => State::NoQuota,
            Status::Active if self.ejected_until.is_some() => State::Ejected,
            Status::Active => State::Selectable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_and_its_generation_fit_a_cache_line() {
        assert!(size_of::<Entry>() + size_of::<u32>() <= 64);
    }
}
