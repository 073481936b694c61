//! The pool's state behind its lock: slab, indexes, counters, rests.
//!
//! Every change of a slot ends in [`Inner::settle`], the one place that keeps bucket, counters and
//! the heap of rests in step with the account.

use std::collections::{HashMap, VecDeque};
use std::hint::black_box;

use crate::buckets::Buckets;
use crate::cooling::Ends;
use crate::pool::Want;
use crate::rng::Rng;
use crate::skip::{AccountView, Exhausted, SkipCount, SkipReason};
use crate::slot::{Slot, SlotRef, State};
use crate::transition::{plan, plan_elapsed};
use crate::{
    Account, AccountChange, AccountId, Change, Credential, Event, Outcome, Policy, PoolKind,
    Status, Tier, replay,
};

/// Rests that one pass ends at most, so that the lock stays short when many end together.
const ENDS_PER_PASS: usize = 32;

/// Selections after which the accounts of the next ones are read ahead; see [`Inner::warm`].
const BLOCK: usize = 8;

/// What a lease carries.
pub(crate) struct Grant {
    pub(crate) slot: SlotRef,
    pub(crate) reserved: u32,
    pub(crate) id: AccountId,
    pub(crate) credential: Credential,
    pub(crate) kind: PoolKind,
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
    /// Occupants so far: the source of stamps.
    stamps: u64,
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    by_id: HashMap<AccountId, u32>,
    by_credential: HashMap<Credential, u32>,
    buckets: Buckets,
    /// Accounts by pool and state.
    tallies: [[usize; State::COUNT]; 2],
    ends: [Ends; 2],
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
            stamps: 0,
            slots: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            by_credential: HashMap::new(),
            buckets: Buckets::new(),
            tallies: Default::default(),
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
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        self.by_id.insert(account.id.clone(), index);
        self.by_credential.insert(account.credential.clone(), index);
        self.stamps += 1;
        if let Some(place) = self.slots.get_mut(index as usize) {
            *place = Some(Slot::new(account, self.stamps));
        }
        self.settle(index);
        self.buckets.shuffle(index, &mut self.rng);
        true
    }

    pub(crate) fn remove(&mut self, id: &AccountId) -> Option<Account> {
        let index = self.by_id.remove(id)?;
        let slot = self.slots.get_mut(index as usize)?.take()?;
        self.by_credential.remove(&slot.account.credential);
        self.buckets.remove(index);
        if let Some((kind, state)) = slot.counted {
            self.tallies[kind as usize][state as usize] -= 1;
        }
        self.free.push(index);
        Some(slot.account)
    }

    pub(crate) fn get(&self, id: &AccountId) -> Option<&Account> {
        let index = *self.by_id.get(id)?;
        Some(&self.slots.get(index as usize)?.as_ref()?.account)
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
        tier.candidates().iter().any(|kind| {
            let tally = &self.tallies[*kind as usize];
            let out = tally[State::Disabled as usize] + tally[State::Expired as usize];
            tally.iter().sum::<usize>() > out
        })
    }

    /// Views of the slots in `range`, and whether there are slots beyond it.
    pub(crate) fn views(&self, range: std::ops::Range<usize>, out: &mut Vec<AccountView>) -> bool {
        let slots = self.slots.get(range.start..range.end.min(self.slots.len()));
        out.extend(
            slots
                .into_iter()
                .flatten()
                .flatten()
                .map(|slot| AccountView {
                    account: slot.account.clone(),
                    in_flight: slot.in_flight,
                    skipped: slot.state().reason(slot.scheduled.unwrap_or_default()),
                }),
        );
        range.end < self.slots.len()
    }

    /// Chooses an account and reserves quota on it; see [`crate::Pool::select`].
    pub(crate) fn select(&mut self, want: &Want<'_>, now_ms: i64) -> Result<Grant, Exhausted> {
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
                return Err(self.exhausted(want.tier));
            }
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
        let Some(slot) = occupant(&mut self.slots, lease) else {
            return Vec::new();
        };
        let outcome = match outcome {
            Outcome::Success { cost } => Outcome::Success {
                cost: cost.min(slot.allowance(reserved)),
            },
            other => other,
        };
        slot.reserved = slot.reserved.saturating_sub(reserved);
        slot.in_flight = slot.in_flight.saturating_sub(1);
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
        for kind in PoolKind::ALL {
            while left > 0 {
                let Some((until_ms, slot)) = self.ends[kind as usize].pop_due(now_ms) else {
                    break;
                };
                left -= 1;
                if holds(&self.slots, kind, until_ms, slot) {
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

    fn slot(&self, index: u32) -> Option<&Slot> {
        self.slots.get(index as usize)?.as_ref()
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
            let Some(slot) = occupant(&mut self.slots, rest.slot) else {
                continue;
            };
            if slot.rest_until == rest.until {
                slot.rest_until = 0;
                self.settle(rest.slot.index);
            }
        }
    }

    fn mark_excluded(&mut self, exclude: &[AccountId]) {
        for id in exclude {
            let Some(index) = self.by_id.get(id) else {
                continue;
            };
            if let Some(Some(slot)) = self.slots.get_mut(*index as usize) {
                slot.excluded_at = self.selections;
            }
        }
    }

    fn find(&mut self, want: &Want<'_>, now_ms: i64) -> Option<u32> {
        if let Some(preferred) = want.prefer.and_then(|id| self.by_id.get(id)).copied() {
            self.wake(preferred, now_ms);
            let slot = self.slot(preferred)?;
            if want.tier.candidates().contains(&slot.account.pool)
                && slot.state() == State::Selectable
                && slot.excluded_at != self.selections
            {
                return Some(preferred);
            }
        }
        let kinds = want.tier.candidates().iter();
        let any = |index: &u32| {
            want.exclude.is_empty()
                || self
                    .slot(*index)
                    .is_some_and(|slot| slot.excluded_at != self.selections)
        };
        kinds
            .filter_map(|kind| self.buckets.best(*kind).find(any))
            .next()
    }

    fn grant(&mut self, index: u32, cost: u32) -> Option<Grant> {
        let slot = self.slots.get_mut(index as usize)?.as_mut()?;
        let reserved = cost.max(1).min(slot.available());
        slot.reserved += reserved;
        slot.in_flight += 1;
        let grant = Grant {
            slot: SlotRef {
                index,
                stamp: slot.stamp,
            },
            reserved,
            id: slot.account.id.clone(),
            credential: slot.account.credential.clone(),
            kind: slot.account.pool,
        };
        self.open_leases += 1;
        // Out of the bucket first: an account that stays in its (last) bucket goes to its end.
        self.buckets.remove(index);
        self.settle(index);
        self.warm(grant.kind);
        Some(grant)
    }

    /// Reads what the coming picks will need, so that they find it in the cache.
    ///
    /// Beyond some ten thousand accounts every part of an account is a cache miss of 100 ns and
    /// more; read here, they overlap with each other and with whatever the caller does next.
    fn warm(&self, kind: PoolKind) {
        if !self.selections.is_multiple_of(BLOCK as u64) {
            return;
        }
        for slot in self
            .buckets
            .ahead(kind, 0)
            .take(BLOCK)
            .filter_map(|i| self.slot(i))
        {
            let Account { id, credential, .. } = &slot.account;
            black_box((
                id.as_str().as_bytes().first(),
                credential.expose().as_bytes().first(),
            ));
        }
        for slot in self
            .buckets
            .ahead(kind, BLOCK)
            .take(BLOCK)
            .filter_map(|i| self.slot(i))
        {
            black_box((
                slot.state(),
                slot.in_flight,
                slot.account.use_count,
                slot.account.last_used_at_ms,
            ));
        }
    }

    /// Called when nothing was found: every selectable account of the tier is an excluded one.
    fn exhausted(&mut self, tier: Tier) -> Exhausted {
        let mut counts = [0; State::COUNT];
        let mut wrong_tier = 0;
        let mut retry_at_ms: Option<i64> = None;
        for kind in PoolKind::ALL {
            let tally = &self.tallies[kind as usize];
            if !tier.candidates().contains(&kind) {
                wrong_tier += tally.iter().sum::<usize>();
                continue;
            }
            counts
                .iter_mut()
                .zip(tally)
                .for_each(|(sum, count)| *sum += count);
            let slots = &self.slots;
            let end = self.ends[kind as usize].earliest(|at, slot| holds(slots, kind, at, slot));
            retry_at_ms = [retry_at_ms, end].into_iter().flatten().min();
        }
        let by_state = State::SKIPPED.into_iter().filter_map(|state| {
            let reason = state.reason(retry_at_ms.unwrap_or_default())?;
            Some(SkipCount {
                reason,
                count: counts[state as usize],
            })
        });
        let excluded = counts[State::Selectable as usize];
        let skips = by_state
            .chain([
                SkipCount {
                    reason: SkipReason::Excluded,
                    count: excluded,
                },
                SkipCount {
                    reason: SkipReason::WrongTier,
                    count: wrong_tier,
                },
            ])
            .filter(|skip| skip.count > 0)
            .collect();
        Exhausted { retry_at_ms, skips }
    }

    fn change(&mut self, index: u32, event: &Event, now_ms: i64) -> Vec<AccountChange> {
        let Some(Some(slot)) = self.slots.get_mut(index as usize) else {
            return Vec::new();
        };
        match event {
            Event::Outcome(Outcome::UpstreamFailure { .. })
                if self.policy.cooldown_error_requests > 0 =>
            {
                let until = self.selections + u64::from(self.policy.cooldown_error_requests);
                slot.rest_until = until;
                let slot = SlotRef {
                    index,
                    stamp: slot.stamp,
                };
                self.rests.push_back(Rest { until, slot });
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
        let Some(Some(slot)) = self.slots.get_mut(index as usize) else {
            return;
        };
        if slot.account.status != Status::Cooling {
            return;
        }
        let changes = plan_elapsed(&slot.account, now_ms);
        let changes = adopt(slot, changes);
        self.pending.extend(changes);
        self.settle(index);
    }

    /// Brings bucket, counters and heap in step with the slot.
    fn settle(&mut self, index: u32) {
        let Some(Some(slot)) = self.slots.get_mut(index as usize) else {
            return;
        };
        let (kind, state, before) = (slot.account.pool, slot.state(), slot.counted);
        let until_ms = slot.account.cooling_until_ms();
        let moved = before.is_none_or(|(counted_kind, _)| counted_kind != kind);
        let schedule = until_ms.filter(|_| moved || slot.scheduled != until_ms);
        slot.scheduled = until_ms;
        slot.counted = Some((kind, state));
        let (available, slot) = (
            slot.available(),
            SlotRef {
                index,
                stamp: slot.stamp,
            },
        );
        if before != Some((kind, state)) {
            if let Some((kind, state)) = before {
                self.tallies[kind as usize][state as usize] -= 1;
            }
            self.tallies[kind as usize][state as usize] += 1;
        }
        if state == State::Selectable {
            self.buckets.place(index, kind, available);
        } else {
            self.buckets.remove(index);
        }
        if let Some(until_ms) = schedule {
            let cooling = self.tallies[kind as usize][State::Cooling as usize];
            let slots = &self.slots;
            self.ends[kind as usize].push(until_ms, slot, cooling, |at, slot| {
                holds(slots, kind, at, slot)
            });
        }
    }
}

/// The slot, if its occupant is still the one meant.
fn occupant(slots: &mut [Option<Slot>], of: SlotRef) -> Option<&mut Slot> {
    slots
        .get_mut(of.index as usize)?
        .as_mut()
        .filter(|slot| slot.stamp == of.stamp)
}

/// Whether a heap entry still tells the end of the slot's rest.
fn holds(slots: &[Option<Slot>], kind: PoolKind, until_ms: i64, of: SlotRef) -> bool {
    slots
        .get(of.index as usize)
        .and_then(Option::as_ref)
        .is_some_and(|slot| {
            slot.stamp == of.stamp && slot.account.pool == kind && slot.scheduled == Some(until_ms)
        })
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
