//! The pool's state behind its lock: slab, indexes, counters, rests.
//!
//! Every change of an account ends in [`Inner::settle`], every change of a reservation in
//! [`Inner::refile`]: they keep bucket, counters and the heap of rests in step.

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;
use std::sync::Arc;

use crate::buckets::Buckets;
use crate::cooling::Ends;
use crate::pool::SelectRequest;
use crate::rng::Rng;
use crate::skip::{AccountView, Exhausted};
use crate::slab::Slab;
use crate::slot::{Hot, Identity, Slot, SlotRef, State};
use crate::tally::Tally;
use crate::transition::{plan, plan_elapsed};
use crate::{
    Account, AccountChange, AccountId, Change, Credential, Event, Outcome, Policy, Status, Tier,
    replay,
};

/// Rests that one pass ends at most, so that the lock stays short when many end together.
const ENDS_PER_PASS: usize = 32;

/// Selections after which the accounts of the next ones are read ahead; see [`Inner::warm`].
const BLOCK: usize = 8;

/// What a lease carries.
pub(crate) struct Grant {
    pub(crate) slot: SlotRef,
    pub(crate) reserved: u32,
    pub(crate) identity: Arc<Identity>,
    pub(crate) kind: Tier,
}

/// A rest that ends by counting selections.
struct Rest {
    until: u64,
    slot: SlotRef,
}

pub(crate) struct Inner {
    policy: Policy,
    rng: Rng,
    /// Selections so far: the clock of rests.
    selections: u64,
    slab: Slab,
    by_id: HashMap<AccountId, u32>,
    by_credential: HashMap<Credential, u32>,
    buckets: Buckets,
    tally: Tally,
    ends: [Ends; 3],
    /// In order of `until`, since the span is one number for all.
    rests: VecDeque<Rest>,
    /// Changes made by time alone, until [`Inner::take_pending`].
    pending: Vec<AccountChange>,
    open_leases: usize,
}

impl Inner {
    pub(crate) fn new(policy: Policy, seed: u64) -> Self {
        Self {
            policy,
            rng: Rng::new(seed),
            selections: 0,
            slab: Slab::default(),
            by_id: HashMap::new(),
            by_credential: HashMap::new(),
            buckets: Buckets::new(),
            tally: Tally::default(),
            ends: Default::default(),
            rests: VecDeque::new(),
            pending: Vec::new(),
            open_leases: 0,
        }
    }

    /// Adds an account; false if its id or credential is already there.
    pub(crate) fn insert(&mut self, account: Account) -> bool {
        if self.by_id.contains_key(&account.id) || self.has_credential(&account.credential) {
            return false;
        }
        let (id, credential) = (account.id.clone(), account.credential.clone());
        let index = self.slab.insert(account);
        self.by_id.insert(id, index);
        self.by_credential.insert(credential, index);
        self.settle(index);
        self.buckets.shuffle(&mut self.slab, index, &mut self.rng);
        true
    }

    pub(crate) fn remove(&mut self, id: &AccountId) -> Option<Account> {
        let index = self.by_id.remove(id)?;
        self.buckets.remove(&mut self.slab, index);
        let (hot, slot) = self.slab.remove(index)?;
        self.by_credential.remove(&hot.identity.credential);
        if let Some(state) = hot.counted {
            self.tally.subtract(hot.kind, state);
        }
        Some(slot.account)
    }

    pub(crate) fn get(&self, id: &AccountId) -> Option<&Account> {
        Some(&self.slab.slot(*self.by_id.get(id)?)?.account)
    }

    pub(crate) fn has_credential(&self, credential: &Credential) -> bool {
        self.by_credential.contains_key(credential)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn open_leases(&self) -> usize {
        self.open_leases
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }

    /// Whether an account that is active or cooling is in one of the tier's pools.
    pub(crate) fn serves(&self, tier: Tier) -> bool {
        self.tally.serves(tier)
    }

    /// Views of the slots in `range`, and whether there are slots beyond it.
    pub(crate) fn views(&self, range: std::ops::Range<usize>, out: &mut Vec<AccountView>) -> bool {
        let end = range.end;
        let view = |index| {
            let (hot, slot) = (self.slab.hot(index)?, self.slab.slot(index)?);
            Some(AccountView {
                account: slot.account.clone(),
                in_flight: hot.in_flight,
                skipped: hot.state().reason(slot.scheduled.unwrap_or_default()),
            })
        };
        out.extend(range.filter_map(|index| view(index as u32)));
        end < self.slab.len()
    }

    /// Chooses an account and reserves quota on it; see [`crate::Pool::select`].
    pub(crate) fn select(
        &mut self,
        want: &SelectRequest<'_>,
        now_ms: i64,
    ) -> Result<Grant, Exhausted> {
        self.selections += 1;
        self.end_rests();
        self.mark_excluded(want.exclude);
        loop {
            let more = self.end_cooldowns(now_ms);
            if let Some(grant) = self
                .find(want, now_ms)
                .and_then(|i| self.grant(i, want.cost))
            {
                return Ok(grant);
            }
            if !more {
                break;
            }
        }
        let tired = self.end_one_rest(want);
        match tired.and_then(|index| self.grant(index, want.cost)) {
            Some(grant) => Ok(grant),
            None => Err(self.exhausted(want.tier)),
        }
    }

    /// Ends a lease: releases its reservation and applies the outcome.
    pub(crate) fn finish(
        &mut self,
        lease: SlotRef,
        reserved: u32,
        outcome: Outcome,
        now_ms: i64,
    ) -> Vec<AccountChange> {
        self.open_leases = self.open_leases.saturating_sub(1);
        if !self.slab.is_current(lease) {
            return Vec::new();
        }
        let Some(hot) = self.slab.hot_mut(lease.index) else {
            return Vec::new();
        };
        let allowance = hot.allowance(reserved);
        hot.reserved = hot.reserved.saturating_sub(reserved);
        hot.in_flight = hot.in_flight.saturating_sub(1);
        let outcome = match outcome {
            Outcome::Unharmed => {
                self.refile(lease.index);
                return Vec::new();
            }
            Outcome::Success { cost } => Outcome::Success {
                cost: cost.min(allowance),
            },
            other => other,
        };
        self.change(lease.index, &Event::Outcome(outcome), now_ms)
    }

    /// Applies an event that comes from outside a lease.
    pub(crate) fn apply(
        &mut self,
        id: &AccountId,
        event: &Event,
        now_ms: i64,
    ) -> Vec<AccountChange> {
        let Some(index) = self.by_id.get(id).copied() else {
            return Vec::new();
        };
        self.change(index, event, now_ms)
    }

    /// Ends up to [`ENDS_PER_PASS`] rests whose time has come; true if any entry was due.
    pub(crate) fn end_cooldowns(&mut self, now_ms: i64) -> bool {
        let mut left = ENDS_PER_PASS;
        for kind in Tier::ALL {
            while left > 0 {
                let Some((until_ms, slot)) = self.ends[kind as usize].pop_due(now_ms) else {
                    break;
                };
                left -= 1;
                if holds(&self.slab, kind, until_ms, slot) {
                    self.wake(slot.index, now_ms);
                }
            }
        }
        left < ENDS_PER_PASS
    }

    /// The changes that time has made since the last call.
    pub(crate) fn take_pending(&mut self) -> Vec<AccountChange> {
        std::mem::take(&mut self.pending)
    }

    fn end_rests(&mut self) {
        while self
            .rests
            .front()
            .is_some_and(|rest| rest.until < self.selections)
        {
            let Some(rest) = self.rests.pop_front() else {
                return;
            };
            if !self.slab.is_current(rest.slot) {
                continue;
            }
            let both = self.slab.both_mut(rest.slot.index);
            if let Some((_, slot)) = both.filter(|(_, slot)| slot.rest_until == rest.until) {
                slot.rest_until = 0;
                self.settle(rest.slot.index);
            }
        }
    }

    /// Ends the oldest rest of an account that could serve and returns it: an account that failed
    /// lately is better than none.
    ///
    /// O(k) in the failures of the last few selections, which is what is resting.
    fn end_one_rest(&mut self, want: &SelectRequest<'_>) -> Option<u32> {
        let (kinds, mark) = (want.tier.candidates(), self.mark());
        let can_serve = |rest: &&Rest| {
            let of = rest.slot;
            let slot = self.slab.slot(of.index);
            let is_resting = slot.is_some_and(|slot| slot.rest_until == rest.until);
            let is_able = |hot: &Hot| {
                hot.state() == State::Resting
                    && hot.available() > 0
                    && kinds.contains(&hot.kind)
                    && hot.excluded_at != mark
            };
            self.slab.is_current(of) && is_resting && self.slab.hot(of.index).is_some_and(is_able)
        };
        let index = self.rests.iter().find(can_serve)?.slot.index;
        self.slab.both_mut(index)?.1.rest_until = 0;
        self.settle(index);
        Some(index)
    }

    /// The present selection as a mark on excluded accounts; never 0.
    fn mark(&self) -> u32 {
        (self.selections % u64::from(u32::MAX)) as u32 + 1
    }

    fn mark_excluded(&mut self, exclude: &[AccountId]) {
        let mark = self.mark();
        for id in exclude {
            let index = self.by_id.get(id).copied();
            if let Some(hot) = index.and_then(|index| self.slab.hot_mut(index)) {
                hot.excluded_at = mark;
            }
        }
    }

    fn find(&mut self, want: &SelectRequest<'_>, now_ms: i64) -> Option<u32> {
        let kinds = want.tier.candidates();
        let mark = self.mark();
        if let Some(preferred) = want.prefer.and_then(|id| self.by_id.get(id)).copied() {
            self.wake(preferred, now_ms);
            let is_able = self.slab.hot(preferred).is_some_and(|hot| {
                kinds.contains(&hot.kind)
                    && hot.state() == State::Selectable
                    && hot.excluded_at != mark
            });
            if is_able {
                return Some(preferred);
            }
        }
        let is_free = |index: &u32| {
            want.exclude.is_empty()
                || self
                    .slab
                    .hot(*index)
                    .is_some_and(|hot| hot.excluded_at != mark)
        };
        kinds
            .iter()
            .find_map(|kind| self.buckets.best(*kind).find(is_free))
    }

    fn grant(&mut self, index: u32, cost: u32) -> Option<Grant> {
        let hot = self.slab.hot_mut(index)?;
        let reserved = cost.max(1).min(hot.available());
        hot.reserved += reserved;
        hot.in_flight += 1;
        let grant = Grant {
            slot: SlotRef {
                index,
                stamp: hot.stamp,
            },
            reserved,
            identity: Arc::clone(&hot.identity),
            kind: hot.kind,
        };
        self.open_leases += 1;
        // Out of the bucket first: an account that stays in its (last) bucket goes to its end.
        self.buckets.remove(&mut self.slab, index);
        self.refile(index);
        self.warm(grant.kind);
        Some(grant)
    }

    /// Reads what the coming picks will need, so that they find it in the cache: the reference
    /// counts of the next [`BLOCK`] accounts and the cache lines of as many after them.
    ///
    /// Beyond some ten thousand accounts each of these is a cache miss of 100 ns and more. Read in
    /// one go they overlap; met one by one they would not, since counting a reference waits for
    /// its memory.
    fn warm(&self, kind: Tier) {
        if !self.selections.is_multiple_of(BLOCK as u64) {
            return;
        }
        let hot = |index| self.slab.hot(index);
        for next in self.buckets.ahead(kind, 0).take(BLOCK).filter_map(hot) {
            black_box(Arc::strong_count(&next.identity));
        }
        for later in self.buckets.ahead(kind, BLOCK).take(BLOCK).filter_map(hot) {
            black_box(later.in_flight);
        }
    }

    /// Called when nothing was found.
    fn exhausted(&mut self, tier: Tier) -> Exhausted {
        let slab = &self.slab;
        let mut earliest = |kind: &Tier| {
            self.ends[*kind as usize].earliest(|at, slot| holds(slab, *kind, at, slot))
        };
        let retry_at_ms = tier.candidates().iter().filter_map(&mut earliest).min();
        let skips = self.tally.skips(tier, retry_at_ms);
        Exhausted { retry_at_ms, skips }
    }

    fn change(&mut self, index: u32, event: &Event, now_ms: i64) -> Vec<AccountChange> {
        let Some((hot, slot)) = self.slab.both_mut(index) else {
            return Vec::new();
        };
        let span = u64::from(self.policy.cooldown_error_requests);
        match event {
            Event::Outcome(Outcome::UpstreamFailure { .. }) if span > 0 => {
                let until = self.selections + span;
                slot.rest_until = until;
                let stamp = hot.stamp;
                self.rests.push_back(Rest {
                    until,
                    slot: SlotRef { index, stamp },
                });
            }
            Event::Reset | Event::Enable => slot.rest_until = 0,
            _ => {}
        }
        let changes = plan(&slot.account, event, now_ms, &self.policy);
        let changes = adopt(slot, changes);
        self.settle(index);
        changes
    }

    /// Ends the slot's rest if its time has come.
    fn wake(&mut self, index: u32, now_ms: i64) {
        let both = self.slab.both_mut(index);
        let Some((_, slot)) = both.filter(|(_, s)| s.account.status == Status::Cooling) else {
            return;
        };
        let changes = plan_elapsed(&slot.account, now_ms);
        let changes = adopt(slot, changes);
        self.pending.extend(changes);
        self.settle(index);
    }

    /// Brings everything in step with the slot's account.
    fn settle(&mut self, index: u32) {
        let Some((hot, slot)) = self.slab.both_mut(index) else {
            return;
        };
        let (kind, until_ms) = (slot.account.tier, slot.account.cooling_until_ms());
        let has_moved = hot.kind != kind;
        if let Some(state) = hot.counted.take() {
            self.tally.subtract(hot.kind, state);
        }
        hot.follow(slot);
        let is_new_end = slot.scheduled != until_ms || has_moved;
        slot.scheduled = until_ms;
        let stamp = hot.stamp;
        self.refile(index);
        if let Some(until_ms) = until_ms.filter(|_| is_new_end) {
            let (cooling, slab) = (self.tally.count(kind, State::Cooling), &self.slab);
            let holds = |at, slot| holds(slab, kind, at, slot);
            self.ends[kind as usize].push(until_ms, SlotRef { index, stamp }, cooling, holds);
        }
    }

    /// Brings bucket and counters in step with the slot's state and available quota.
    fn refile(&mut self, index: u32) {
        let Some(hot) = self.slab.hot_mut(index) else {
            return;
        };
        let (kind, state, available) = (hot.kind, hot.state(), hot.available());
        let before = hot.counted.replace(state);
        if before != Some(state) {
            if let Some(before) = before {
                self.tally.subtract(kind, before);
            }
            self.tally.add(kind, state);
        }
        if state == State::Selectable {
            self.buckets.place(&mut self.slab, index, kind, available);
        } else {
            self.buckets.remove(&mut self.slab, index);
        }
    }
}

/// Whether a heap entry still tells the end of the slot's rest.
fn holds(slab: &Slab, kind: Tier, until_ms: i64, of: SlotRef) -> bool {
    slab.is_current(of)
        && slab
            .slot(of.index)
            .is_some_and(|slot| slot.account.tier == kind && slot.scheduled == Some(until_ms))
}

/// Applies changes to the slot's account and signs them with its id.
fn adopt(slot: &mut Slot, changes: Vec<Change>) -> Vec<AccountChange> {
    let account = &mut slot.account;
    let sign = |change| {
        replay(account, &change);
        AccountChange {
            id: account.id.clone(),
            change,
        }
    };
    changes.into_iter().map(sign).collect()
}
