//! The pool under test beside what the model knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use pool::{
    Account, AccountChange, AccountId, Choice, Credential, Event, Lease, Outcome, PageQuery,
    Policy, Pool, SelectRequest, SkipReason, Standing, Status, Tier, replay,
};

use super::{START, Step, account, id};

/// The pool and, beside it, a list of accounts that is scanned for every answer.
pub(super) struct World {
    pub(super) pool: Arc<Pool>,
    pub(super) now: i64,
    selections: u64,
    /// For how many selections the policy ejects.
    span: u32,
    /// Rows as a store would hold them, kept up by replaying changes alone.
    pub(super) rows: BTreeMap<AccountId, Account>,
    /// Until which selection an account is ejected.
    ejections: BTreeMap<AccountId, u64>,
    /// Open leases with what they reserved.
    pub(super) leases: Vec<(Lease, u32)>,
}

impl World {
    pub(super) fn new() -> Self {
        let policy = Policy::default();
        let span = policy.cooldown_error_requests;
        let pool = Pool::new(policy, 7);
        let (rows, ejections) = Default::default();
        Self {
            pool,
            now: START,
            selections: 0,
            span,
            rows,
            ejections,
            leases: Vec::new(),
        }
    }

    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Insert(n) => {
                let new = !self.rows.contains_key(&id(n));
                assert_eq!(self.pool.insert([account(n)]), usize::from(new));
                self.rows.entry(id(n)).or_insert_with(|| account(n));
            }
            Step::Remove(n) => {
                let removed = self.pool.remove(&[id(n)]);
                assert_eq!(removed.into_iter().next(), self.rows.remove(&id(n)));
                self.ejections.remove(&id(n));
                // A new account of this name is another account: old leases mean nothing to it.
                let stale = |(lease, reserved): (Lease, u32)| match *lease.account_id() == id(n) {
                    true => (lease, 0),
                    false => (lease, reserved),
                };
                self.leases = std::mem::take(&mut self.leases)
                    .into_iter()
                    .map(stale)
                    .collect();
            }
            Step::Select {
                tier,
                cost,
                exclude,
                prefer,
            } => {
                let exclude: Vec<_> = exclude.into_iter().map(id).collect();
                self.select(tier, cost, &exclude, prefer.map(id).as_ref());
            }
            Step::Finish { lease, outcome } if !self.leases.is_empty() => {
                let (lease, reserved) = self.leases.swap_remove(lease % self.leases.len());
                let name = lease.account_id().clone();
                let changes = lease.finish(outcome, self.now);
                if reserved > 0 {
                    self.note_ejection(&name, outcome);
                } else {
                    assert_eq!(changes, [], "a removed account's lease changed something");
                }
                self.store(changes);
            }
            Step::Drop { lease } if !self.leases.is_empty() => {
                drop(self.leases.swap_remove(lease % self.leases.len()));
            }
            Step::Finish { .. } | Step::Drop { .. } => {}
            Step::Apply(n, event) => {
                let changes = self.pool.apply(&id(n), &event, self.now);
                match event {
                    Event::Outcome(outcome) if self.rows.contains_key(&id(n)) => {
                        self.note_ejection(&id(n), outcome);
                    }
                    Event::Reset | Event::Enable => drop(self.ejections.remove(&id(n))),
                    _ => {}
                }
                self.store(changes);
            }
            Step::Replace(n, other) => self.replace(n, other.map(id)),
            Step::Wait(ms) => self.now += ms,
            Step::Page {
                filter,
                sort,
                descending,
                offset,
                limit,
            } => self.check_page(&PageQuery {
                filter,
                matches: &|account| account.quota != 3,
                sort,
                descending,
                after: None,
                offset,
                limit,
            }),
            Step::SetSpan(span) => {
                self.span = span;
                self.pool.set_policy(Policy {
                    cooldown_error_requests: span,
                    ..Policy::default()
                });
            }
        }
    }

    /// Gives an account the credential of another one, or one that nobody has.
    fn replace(&mut self, n: u8, other: Option<AccountId>) {
        let taken = other.and_then(|other| self.rows.get(&other));
        let is_taken = taken.is_some_and(|other| other.id != id(n));
        let fresh = || Credential::try_new(&format!("replaced-{n}-{}", self.now)).unwrap();
        let credential = taken.map_or_else(fresh, |other| other.credential.clone());
        let replaced = self
            .pool
            .replace_credential(&id(n), credential.clone(), self.now);
        let Some(row) = self.rows.get_mut(&id(n)) else {
            assert_eq!(replaced, Ok(Vec::new()));
            return;
        };
        assert_eq!(replaced.is_err(), is_taken);
        if let Ok(changes) = replaced {
            row.credential = credential;
            self.ejections.remove(&id(n));
            self.store(changes);
        }
    }

    fn note_ejection(&mut self, id: &AccountId, outcome: Outcome) {
        if matches!(outcome, Outcome::UpstreamFailure { .. }) && self.span > 0 {
            let until = self.ejections.entry(id.clone()).or_default();
            *until = (*until).max(self.selections + u64::from(self.span));
        }
    }

    pub(super) fn store(&mut self, changes: Vec<AccountChange>) {
        for AccountChange { id, change } in changes {
            replay(self.rows.get_mut(&id).unwrap(), &change);
        }
    }

    fn reserved(&self, id: &AccountId) -> u32 {
        self.leases
            .iter()
            .filter(|(l, _)| l.account_id() == id)
            .map(|(_, reserved)| reserved)
            .sum()
    }

    fn available(&self, account: &Account) -> u32 {
        account.quota.saturating_sub(self.reserved(&account.id))
    }

    pub(super) fn skip(&self, account: &Account) -> Option<SkipReason> {
        let is_ejected = self
            .ejections
            .get(&account.id)
            .is_some_and(|until| *until >= self.selections);
        match account.status {
            Status::Disabled => Some(SkipReason::Disabled),
            Status::Expired => Some(SkipReason::Expired),
            Status::Cooling => Some(SkipReason::Cooling {
                until_ms: account.cooldown.unwrap().until_ms,
            }),
            Status::Active if account.quota == 0 => Some(SkipReason::NoQuota),
            Status::Active if is_ejected => Some(SkipReason::Ejected),
            Status::Active if self.available(account) == 0 => Some(SkipReason::Busy),
            Status::Active => None,
        }
    }

    /// What the scan may choose and why: the preferred account, else the fullest of the first tier.
    fn choices(
        &self,
        tier: Tier,
        exclude: &[AccountId],
        prefer: Option<&AccountId>,
    ) -> (Vec<AccountId>, Option<Choice>) {
        let able = |tier: Tier| {
            let fits = move |account: &&Account| {
                account.tier == tier
                    && self.skip(account).is_none()
                    && !exclude.contains(&account.id)
            };
            self.rows.values().filter(fits).collect::<Vec<_>>()
        };
        let tiers: Vec<_> = tier.candidates().iter().map(|tier| able(*tier)).collect();
        if tiers.iter().all(Vec::is_empty) {
            return (self.ejected_first(tier, exclude), Some(Choice::Ejected));
        }
        let preferred = tiers
            .iter()
            .flatten()
            .find(|account| Some(&account.id) == prefer);
        if let Some(account) = preferred {
            return (vec![account.id.clone()], Some(Choice::Preferred));
        }
        let is_known = |account: &&Account| account.standing() > Standing::Doubtful;
        let known = tiers.iter().find(|able| able.iter().any(is_known));
        let first = known.or(tiers.iter().find(|able| !able.is_empty()));
        let mut first = first.cloned().unwrap_or_default();
        let standing = first.iter().map(|account| account.standing()).max();
        first.retain(|account| Some(account.standing()) == standing);
        let most = first.iter().map(|account| self.available(account)).max();
        let fullest = first
            .into_iter()
            .filter(|account| Some(self.available(account)) == most);
        let choice = most.map(|available| Choice::MostQuota { available });
        (fullest.map(|account| account.id.clone()).collect(), choice)
    }

    /// What may serve when nothing else can.
    fn ejected_first(&self, tier: Tier, exclude: &[AccountId]) -> Vec<AccountId> {
        let fits = |account: &&Account| {
            tier.candidates().contains(&account.tier)
                && self.skip(account) == Some(SkipReason::Ejected)
                && self.available(account) > 0
                && !exclude.contains(&account.id)
        };
        let ejected: Vec<_> = self.rows.values().filter(fits).map(|row| &row.id).collect();
        let first = ejected.iter().map(|id| self.ejections[*id]).min();
        let is_first = |id: &&&AccountId| Some(self.ejections[**id]) == first;
        ejected.iter().filter(is_first).copied().cloned().collect()
    }

    fn select(&mut self, tier: Tier, cost: u32, exclude: &[AccountId], prefer: Option<&AccountId>) {
        self.selections += 1;
        let selected = self.pool.select(
            &SelectRequest {
                tier,
                cost,
                exclude,
                prefer,
                windows: &[],
            },
            self.now,
        );
        self.store(self.pool.take_elapsed(self.now));
        let (choices, choice) = self.choices(tier, exclude, prefer);
        match selected {
            Ok(lease) => {
                assert!(
                    choices.contains(lease.account_id()),
                    "{lease:?} not in {choices:?}"
                );
                let account = &self.rows[lease.account_id()];
                assert_eq!(lease.credential(), &account.credential);
                assert_eq!(Some(lease.choice()), choice);
                let reserved = cost.max(1).min(self.available(account));
                assert!(reserved > 0);
                if choice == Some(Choice::Ejected) {
                    self.ejections.remove(lease.account_id());
                }
                self.leases.push((lease, reserved));
            }
            Err(exhausted) => {
                assert_eq!(choices, []);
                self.check_exhausted(&exhausted, tier, exclude);
            }
        }
    }
}
