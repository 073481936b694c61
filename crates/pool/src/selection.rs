//! Choosing an account, and what a lease does to it.

use std::sync::Arc;

use crate::entry::{Entry, EntryKey, Identity, State};
use crate::inner::Inner;
use crate::pool::SelectRequest;
use crate::{
    AccountChange, AccountId, Choice, Event, Exhausted, Outcome, SkipCount, SkipReason, Standing,
    Tier,
};

/// What a lease carries.
pub(crate) struct Grant {
    pub(crate) key: EntryKey,
    pub(crate) reserved: u32,
    pub(crate) identity: Arc<Identity>,
    pub(crate) choice: Choice,
    pub(crate) tier: Tier,
}

impl Inner {
    /// Chooses an account and reserves quota on it; see [`crate::Pool::select`].
    pub(crate) fn select(
        &mut self,
        request: &SelectRequest<'_>,
        now_ms: i64,
    ) -> Result<Grant, Exhausted> {
        self.selections += 1;
        self.end_ejections();
        self.mark_excluded(request.exclude);
        self.mark_used_up(request.windows, now_ms);
        loop {
            let has_more = self.end_cooldowns(now_ms);
            let found = self
                .find_preferred(request, now_ms)
                .or_else(|| self.find_best(request));
            if let Some(grant) = found.and_then(|(key, choice)| self.grant(key, request, choice)) {
                return Ok(grant);
            }
            if !has_more {
                break;
            }
        }
        let ejected = self.find_ejected(request);
        match ejected.and_then(|key| self.grant(key, request, Choice::Ejected)) {
            Some(grant) => Ok(grant),
            None => Err(self.exhausted(request.tier)),
        }
    }

    /// Ends a lease: releases its reservation and applies the outcome.
    pub(crate) fn finish(
        &mut self,
        grant: &Grant,
        outcome: Outcome,
        now_ms: i64,
    ) -> Vec<AccountChange> {
        let Grant { key, reserved, .. } = *grant;
        self.open_leases = self.open_leases.saturating_sub(1);
        let Some(entry) = self.entries.get_mut(key) else {
            return Vec::new();
        };
        let allowance = entry.release(reserved);
        let is_replaced = !Arc::ptr_eq(&entry.identity, &grant.identity);
        let outcome = match outcome {
            // What is said of a credential that the account no longer has.
            Outcome::Unauthorized { .. } | Outcome::Blocked { .. } if is_replaced => {
                self.relist(key);
                return Vec::new();
            }
            Outcome::Unharmed => {
                self.relist(key);
                return Vec::new();
            }
            Outcome::Success { cost } => Outcome::Success {
                cost: cost.min(allowance),
            },
            other => other,
        };
        self.change(key, &Event::Outcome(outcome), now_ms)
    }

    fn end_ejections(&mut self) {
        while let Some((until, key)) = self.ejections.first().copied() {
            if until >= self.selections {
                return;
            }
            self.eject(key, None);
            self.reindex(key);
        }
    }

    fn mark_excluded(&mut self, exclude: &[AccountId]) {
        for id in exclude {
            let key = self.by_id.get(id).copied();
            if let Some(entry) = key.and_then(|key| self.entries.get_mut(key)) {
                entry.excluded_at = self.selections;
            }
        }
    }

    fn mark_used_up(&mut self, windows: &[&str], now_ms: i64) {
        for model in windows {
            for key in self.used_up.of(model, now_ms) {
                if let Some(entry) = self.entries.get_mut(key) {
                    entry.excluded_at = self.selections;
                }
            }
        }
    }

    /// Whether the account is in this state, of a tier that can serve, and not tried yet.
    fn is_candidate(&self, entry: &Entry, request: &SelectRequest<'_>, state: State) -> bool {
        entry.state() == state
            && request.tier.candidates().contains(&entry.tier)
            && entry.excluded_at != self.selections
    }

    fn find_preferred(
        &mut self,
        request: &SelectRequest<'_>,
        now_ms: i64,
    ) -> Option<(EntryKey, Choice)> {
        let key = *self.by_id.get(request.prefer?)?;
        self.end_cooldown(key, now_ms);
        let is_able = self.is_candidate(self.entries.get(key)?, request, State::Selectable);
        is_able.then_some((key, Choice::Preferred))
    }

    fn find_best(&self, request: &SelectRequest<'_>) -> Option<(EntryKey, Choice)> {
        let is_free = |key: &EntryKey| {
            let entry = self.entries.get(*key);
            entry.is_some_and(|entry| entry.excluded_at != self.selections)
        };
        let best = |tier: &Tier| self.tiers[*tier].buckets.best().find(is_free);
        let mut best_of_tiers = request.tier.candidates().iter().filter_map(best);
        // A doubtful one comes after those of all tiers that are not.
        let mut doubtful = None;
        let key = best_of_tiers.find(|key| {
            let is_doubtful = self.is_doubtful(*key);
            doubtful = doubtful.or(Some(*key).filter(|_| is_doubtful));
            !is_doubtful
        });
        let key = key.or(doubtful)?;
        let available = self.entries.get(key)?.available();
        Some((key, Choice::MostQuota { available }))
    }

    fn is_doubtful(&self, key: EntryKey) -> bool {
        let entry = self.entries.get(key);
        entry.is_some_and(|entry| entry.standing() == Standing::Doubtful)
    }

    /// The account whose ejection ends first among those that could serve: one that failed lately
    /// is better than none. Ends its ejection.
    ///
    /// O(k) in the ejected accounts, which are those that failed in the last few selections.
    fn find_ejected(&mut self, request: &SelectRequest<'_>) -> Option<EntryKey> {
        let is_able = |key: &EntryKey| {
            let entry = self.entries.get(*key);
            entry.is_some_and(|entry| {
                entry.available() > 0 && self.is_candidate(entry, request, State::Ejected)
            })
        };
        let key = self.ejections.iter().map(|(_, key)| *key).find(is_able)?;
        self.eject(key, None);
        self.reindex(key);
        Some(key)
    }

    fn grant(
        &mut self,
        key: EntryKey,
        request: &SelectRequest<'_>,
        choice: Choice,
    ) -> Option<Grant> {
        let entry = self.entries.get_mut(key)?;
        let (tier, bucket) = (entry.tier, entry.bucket());
        let grant = Grant {
            key,
            reserved: entry.reserve(request.cost),
            identity: Arc::clone(&entry.identity),
            choice,
            tier,
        };
        if bucket == entry.bucket() {
            // Above the last bucket's quota: to the end of the same bucket.
            self.unlist(key);
        }
        self.open_leases += 1;
        self.relist(key);
        self.read_ahead(tier);
        Some(grant)
    }

    /// Called when nothing was found: selectable accounts can only be excluded ones then.
    fn exhausted(&self, tier: Tier) -> Exhausted {
        let mut skips = self.tiers.skips(tier);
        let count = self.tiers.count(tier, State::Selectable);
        if count > 0 {
            let reason = SkipReason::Excluded;
            skips.push(SkipCount { reason, count });
        }
        Exhausted {
            retry_at_ms: self.tiers.earliest_end_ms(tier),
            skips,
        }
    }
}
