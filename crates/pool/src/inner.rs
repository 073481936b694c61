//! The pool's state behind its lock: entries, indexes, ejections.
//!
//! Every change of an account ends in [`Inner::reindex`], every change of a reservation in
//! [`Inner::relist`]: they keep cooldowns, counters and buckets in step. Ejections are changed by
//! [`Inner::eject`] alone. How an account is selected is in [`crate::selection`], how lists are
//! made in [`crate::page`].

use std::collections::{BTreeSet, HashMap, HashSet};

use fastrand::Rng;
use slotmap::{SecondaryMap, SlotMap};

use crate::buckets::Place;
use crate::entry::{Entry, EntryKey, Identity, Record};
use crate::tier_index::Tiers;
use crate::transition::{plan, plan_elapsed};
use crate::used_up::UsedUp;
use crate::{
    Account, AccountChange, AccountId, Change, Credential, CredentialTaken, Event, Outcome, Policy,
    PoolCounts, SkipCount, Tier,
};

/// Cooldowns that one pass ends at most, so that the lock stays short when many end together.
const ENDS_PER_PASS: usize = 32;

pub(crate) struct Inner {
    pub(crate) policy: Policy,
    rng: Rng,
    /// Selections so far: the clock of ejections.
    pub(crate) selections: u64,
    pub(crate) entries: SlotMap<EntryKey, Entry>,
    /// One for each entry.
    pub(crate) records: SecondaryMap<EntryKey, Record>,
    /// All keys in a fixed order, so that a call over all accounts can go on where it stopped.
    pub(crate) keys: BTreeSet<EntryKey>,
    pub(crate) by_id: HashMap<AccountId, EntryKey>,
    credentials: HashSet<Credential>,
    pub(crate) tiers: Tiers,
    /// By the windows of all accounts.
    pub(crate) used_up: UsedUp,
    /// Ends of ejections, counted in selections, in order. It may not be kept as a queue: the next
    /// policy may eject for a shorter span.
    pub(crate) ejections: BTreeSet<(u64, EntryKey)>,
    /// Changes made by time alone, until [`Inner::take_elapsed`].
    elapsed: Vec<AccountChange>,
    pub(crate) open_leases: usize,
    /// The last revision that was given to an account.
    revisions: u64,
}

impl Inner {
    pub(crate) fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            rng: Rng::with_seed(seed),
            selections: 0,
            entries: SlotMap::with_key(),
            records: SecondaryMap::new(),
            keys: BTreeSet::new(),
            by_id: HashMap::new(),
            credentials: HashSet::new(),
            tiers: Tiers::default(),
            used_up: UsedUp::default(),
            ejections: BTreeSet::new(),
            elapsed: Vec::new(),
            open_leases: 0,
            revisions: 0,
        }
    }

    /// Makes room for so many accounts at once: tables that grow step by step hash all texts again and
    /// again.
    pub(crate) fn reserve(&mut self, accounts: usize) {
        self.entries.reserve(accounts);
        self.records.set_capacity(self.entries.capacity());
        self.by_id.reserve(accounts);
        self.credentials.reserve(accounts);
    }

    /// Adds an account; false if its id or credential is already there.
    pub(crate) fn insert(&mut self, account: Account) -> bool {
        if self.by_id.contains_key(&account.id) || self.has_credential(&account.credential) {
            return false;
        }
        let (id, credential) = (account.id.clone(), account.credential.clone());
        let key = self.entries.insert(Entry::new(&account));
        self.used_up.replace(key, &[], &account.windows);
        self.records.insert(key, Record::new(account));
        self.keys.insert(key);
        self.by_id.insert(id, key);
        self.credentials.insert(credential);
        self.reindex(key);
        self.shuffle(key);
        true
    }

    pub(crate) fn remove(&mut self, id: &AccountId) -> Option<Account> {
        let key = self.by_id.remove(id)?;
        self.eject(key, None);
        self.withdraw(key);
        self.keys.remove(&key);
        self.entries.remove(key);
        let account = self.records.remove(key)?.account;
        self.credentials.remove(&account.credential);
        self.used_up.replace(key, &account.windows, &[]);
        Some(account)
    }

    pub(crate) fn has_credential(&self, credential: &Credential) -> bool {
        self.credentials.contains(credential)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn counts(&self) -> PoolCounts {
        let by_tier = Tier::ALL.map(|tier| self.tiers[tier].counters.tier_counts());
        PoolCounts::new(by_tier, self.open_leases)
    }

    pub(crate) fn serves(&self, tier: Tier) -> bool {
        self.tiers.serves(tier)
    }

    pub(crate) fn skips(&self, tier: Tier) -> Vec<SkipCount> {
        self.tiers.skips(tier)
    }

    /// Applies an event that comes from outside a lease.
    pub(crate) fn apply(
        &mut self,
        id: &AccountId,
        event: &Event,
        now_ms: i64,
    ) -> Vec<AccountChange> {
        match self.by_id.get(id).copied() {
            Some(key) => self.change(key, event, now_ms),
            None => Vec::new(),
        }
    }

    pub(crate) fn is_credential_of(&self, id: &AccountId, credential: &Credential) -> bool {
        let entry = self.by_id.get(id).and_then(|key| self.entries.get(*key));
        entry.is_some_and(|entry| entry.identity.credential == *credential)
    }

    /// See [`crate::Pool::replace_credential`]. Leases keep the old identity, by which
    /// [`Inner::finish`](crate::selection) knows them.
    pub(crate) fn replace_credential(
        &mut self,
        id: &AccountId,
        credential: Credential,
        now_ms: i64,
    ) -> Result<Vec<AccountChange>, CredentialTaken> {
        let Some(key) = self.by_id.get(id).copied() else {
            return Ok(Vec::new());
        };
        if self.has_credential(&credential) && !self.is_credential_of(id, &credential) {
            return Err(CredentialTaken);
        }
        self.set_credential(key, credential);
        Ok(self.change(key, &Event::CredentialReplaced, now_ms))
    }

    fn set_credential(&mut self, key: EntryKey, credential: Credential) {
        let (entry, record) = (self.entries.get_mut(key), self.records.get_mut(key));
        let (Some(entry), Some(record)) = (entry, record) else {
            return;
        };
        let account = &mut record.account;
        let before = std::mem::replace(&mut account.credential, credential.clone());
        entry.identity = Identity::of(account);
        self.credentials.remove(&before);
        self.credentials.insert(credential);
    }

    /// See [`crate::Pool::revision`].
    pub(crate) fn revision(&self, id: &AccountId) -> Option<u64> {
        let record = self.records.get(*self.by_id.get(id)?)?;
        Some(record.revision)
    }

    /// See [`crate::Pool::absorb`].
    pub(crate) fn absorb(&mut self, account: Account, seen: Option<u64>) -> bool {
        if self.revision(&account.id) != seen {
            return false;
        }
        let Some(key) = self.by_id.get(&account.id).copied() else {
            self.insert(account);
            return true;
        };
        let Some(record) = self.records.get(key) else {
            return true;
        };
        if record.account == account {
            return true;
        }
        if record.account.credential != account.credential {
            if self.has_credential(&account.credential) {
                return true;
            }
            self.set_credential(key, account.credential.clone());
        }
        if let Some(record) = self.records.get_mut(key) {
            let before = std::mem::replace(&mut record.account, account);
            let windows = &record.account.windows;
            self.used_up.replace(key, &before.windows, windows);
        }
        self.reindex(key);
        true
    }

    /// Ends up to [`ENDS_PER_PASS`] cooldowns whose time has come; true if there are more.
    pub(crate) fn end_cooldowns(&mut self, now_ms: i64) -> bool {
        let mut left = ENDS_PER_PASS;
        for tier in Tier::ALL {
            while let Some(key) = self.tiers[tier].due(now_ms) {
                if left == 0 {
                    return true;
                }
                left -= 1;
                self.end_cooldown(key, now_ms);
            }
        }
        false
    }

    /// The changes that time has made since the last call.
    pub(crate) fn take_elapsed(&mut self) -> Vec<AccountChange> {
        std::mem::take(&mut self.elapsed)
    }

    /// Applies an event to the account, in memory and as changes to store.
    pub(crate) fn change(
        &mut self,
        key: EntryKey,
        event: &Event,
        now_ms: i64,
    ) -> Vec<AccountChange> {
        let Some(record) = self.records.get_mut(key) else {
            return Vec::new();
        };
        let changes = plan(&record.account, event, now_ms, &self.policy);
        let is_told = |change: &Change| matches!(change, Change::Windows { .. });
        let told = changes.iter().any(is_told);
        let before = told.then(|| record.account.windows.clone());
        let changes = record.adopt(changes);
        if let Some(before) = before {
            self.used_up.replace(key, &before, &record.account.windows);
        }
        let ejected_until = record.ejected_until;
        match event {
            Event::Outcome(Outcome::UpstreamFailure { .. }) => {
                let span = u64::from(self.policy.cooldown_error_requests);
                let until = (span > 0).then(|| self.selections + span);
                self.eject(key, ejected_until.max(until));
            }
            Event::Reset | Event::Enable | Event::CredentialReplaced => self.eject(key, None),
            _ => {}
        }
        self.reindex(key);
        if changes.is_empty() {
            return changes;
        }
        // First what time has done before it: a refill stored after a use would undo it.
        let mut all = self.take_elapsed();
        all.extend(changes);
        all
    }

    /// Ends the entry's cooldown if its time has come.
    pub(crate) fn end_cooldown(&mut self, key: EntryKey, now_ms: i64) {
        let Some(record) = self.records.get_mut(key) else {
            return;
        };
        let changes = plan_elapsed(&record.account, now_ms);
        if changes.is_empty() {
            return;
        }
        self.elapsed.extend(record.adopt(changes));
        self.reindex(key);
    }

    /// Ejects the account up to and including a selection, or ends its ejection.
    /// [`Inner::reindex`] must follow.
    pub(crate) fn eject(&mut self, key: EntryKey, until: Option<u64>) {
        let Some(record) = self.records.get_mut(key) else {
            return;
        };
        if let Some(before) = std::mem::replace(&mut record.ejected_until, until) {
            self.ejections.remove(&(before, key));
        }
        if let Some(until) = until {
            self.ejections.insert((until, key));
        }
    }

    /// Brings the indexes in step with what the account has become.
    pub(crate) fn reindex(&mut self, key: EntryKey) {
        let (Some(entry), Some(record)) = (self.entries.get(key), self.records.get(key)) else {
            return;
        };
        if entry.tier != record.account.tier {
            self.withdraw(key);
        }
        let Some(record) = self.records.get_mut(key) else {
            return;
        };
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        self.revisions += 1;
        record.revision = self.revisions;
        entry.follow(record);
        let end_ms = record.account.cooling_until_ms();
        let before = std::mem::replace(&mut record.indexed_end_ms, end_ms);
        self.tiers[entry.tier].move_end(key, before, end_ms);
        self.relist(key);
    }

    /// Brings counters and buckets in step with the entry's state and available quota.
    pub(crate) fn relist(&mut self, key: EntryKey) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let index = &mut self.tiers[entry.tier];
        let counted = entry.to_count();
        if entry.counted != Some(counted) {
            let before = entry.counted.replace(counted);
            index.counters.replace(before, Some(counted));
        }
        let (before, bucket) = (entry.place, entry.bucket());
        if before.map(Place::bucket) == bucket {
            return;
        }
        let moved = before.and_then(|place| index.buckets.remove(place));
        entry.place = bucket.and_then(|bucket| index.buckets.push(key, bucket));
        if let Some(moved) = moved.and_then(|moved| self.entries.get_mut(moved)) {
            moved.place = before;
        }
    }

    /// Takes the entry out of the indexes of its tier.
    fn withdraw(&mut self, key: EntryKey) {
        self.unlist(key);
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let index = &mut self.tiers[entry.tier];
        index.counters.replace(entry.counted.take(), None);
        if let Some(record) = self.records.get_mut(key) {
            index.move_end(key, record.indexed_end_ms.take(), None);
        }
    }

    /// Takes the entry out of its bucket, if it is in one.
    pub(crate) fn unlist(&mut self, key: EntryKey) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        let Some(place) = entry.place.take() else {
            return;
        };
        let moved = self.tiers[entry.tier].buckets.remove(place);
        if let Some(moved) = moved.and_then(|moved| self.entries.get_mut(moved)) {
            moved.place = Some(place);
        }
    }

    /// Swaps places with a random entry of the same bucket, itself included.
    fn shuffle(&mut self, key: EntryKey) {
        let Some(entry) = self.entries.get(key) else {
            return;
        };
        let buckets = &mut self.tiers[entry.tier].buckets;
        let swap = |place| Some((buckets.swap_random(place, &mut self.rng)?, place));
        let Some(((other, old), new)) = entry.place.and_then(swap) else {
            return;
        };
        for (key, place) in [(other, new), (key, old)] {
            if let Some(entry) = self.entries.get_mut(key) {
                entry.place = Some(place);
            }
        }
    }
}
