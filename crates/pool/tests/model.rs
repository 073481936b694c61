//! Random histories against a naive model: a list of accounts, scanned each time.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use pool::{
    Account, AccountChange, AccountId, AccountView, Credential, Event, Exhausted, Lease, Outcome,
    Policy, Pool, SelectRequest, SkipReason, Status, Tier, replay,
};
use proptest::prelude::*;

const START: i64 = 1_772_700_000_000;
const ACCOUNTS: u8 = 9;

#[derive(Clone, Debug)]
enum Step {
    Insert(u8),
    Remove(u8),
    Select {
        tier: Tier,
        cost: u32,
        exclude: Vec<u8>,
        prefer: Option<u8>,
    },
    Finish {
        lease: usize,
        outcome: Outcome,
    },
    Drop {
        lease: usize,
    },
    Apply(u8, Event),
    Wait(i64),
}

fn id(n: u8) -> AccountId {
    AccountId::new(format!("account-{n}"))
}

fn account(n: u8) -> Account {
    let kind = if n.is_multiple_of(3) {
        Tier::Super
    } else {
        Tier::Basic
    };
    let credential = Credential::try_new(&format!("credential-{n}")).unwrap();
    Account {
        quota: 1 + u32::from(n),
        ..Account::new(id(n), credential, kind, START)
    }
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => (0_u32..6).prop_map(|cost| Outcome::Success { cost }),
        2 => Just(Outcome::RateLimited),
        1 => Just(Outcome::Unauthorized { reason: "auth" }),
        1 => Just(Outcome::Blocked { reason: "blocked" }),
        2 => Just(Outcome::UpstreamFailure { reason: "http_502" }),
        1 => Just(Outcome::Unharmed),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..ACCOUNTS;
    let tier = prop_oneof![Just(Tier::Basic), Just(Tier::Super)];
    let exclude = proptest::collection::vec(n(), 0..4);
    let window = proptest::option::of(Just(std::time::Duration::from_secs(7200)));
    let event = prop_oneof![
        (0_u32..9, window).prop_map(|(quota, window)| Event::Synced { quota, window }),
        outcome().prop_map(Event::Outcome),
        Just(Event::Reset),
        Just(Event::Enable),
        Just(Event::Disable),
    ];
    prop_oneof![
        3 => n().prop_map(Step::Insert),
        1 => n().prop_map(Step::Remove),
        8 => (tier, 0_u32..6, exclude, proptest::option::of(n()))
            .prop_map(|(tier, cost, exclude, prefer)| Step::Select { tier, cost, exclude, prefer }),
        6 => (any::<usize>(), outcome()).prop_map(|(lease, outcome)| Step::Finish { lease, outcome }),
        1 => any::<usize>().prop_map(|lease| Step::Drop { lease }),
        2 => (n(), event).prop_map(|(n, event)| Step::Apply(n, event)),
        2 => (0_i64..80_000_000).prop_map(Step::Wait),
    ]
}

/// The pool under test beside what the model knows.
struct World {
    pool: Arc<Pool>,
    now: i64,
    selections: u64,
    /// Rows as a store would hold them, kept up by replaying changes alone.
    rows: BTreeMap<AccountId, Account>,
    /// Until which selection an account rests.
    rests: BTreeMap<AccountId, u64>,
    /// Open leases with what they reserved.
    leases: Vec<(Lease, u32)>,
}

impl World {
    fn new() -> Self {
        let pool = Pool::new(Policy::default(), 7);
        let (rows, rests) = Default::default();
        Self {
            pool,
            now: START,
            selections: 0,
            rows,
            rests,
            leases: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Insert(n) => {
                let new = !self.rows.contains_key(&id(n));
                assert_eq!(self.pool.insert([account(n)]), usize::from(new));
                self.rows.entry(id(n)).or_insert_with(|| account(n));
            }
            Step::Remove(n) => {
                let removed = self.pool.remove(&[id(n)]);
                assert_eq!(removed.into_iter().next(), self.rows.remove(&id(n)));
                self.rests.remove(&id(n));
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
                    self.note_rest(&name, outcome);
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
                        self.note_rest(&id(n), outcome);
                    }
                    Event::Reset | Event::Enable => drop(self.rests.remove(&id(n))),
                    _ => {}
                }
                self.store(changes);
            }
            Step::Wait(ms) => self.now += ms,
        }
    }

    fn note_rest(&mut self, id: &AccountId, outcome: Outcome) {
        if matches!(outcome, Outcome::UpstreamFailure { .. }) {
            self.rests.insert(id.clone(), self.selections + 5);
        }
    }

    fn store(&mut self, changes: Vec<AccountChange>) {
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

    fn skip(&self, account: &Account) -> Option<SkipReason> {
        let resting = self
            .rests
            .get(&account.id)
            .is_some_and(|until| *until >= self.selections);
        match account.status {
            Status::Disabled => Some(SkipReason::Disabled),
            Status::Expired => Some(SkipReason::Expired),
            Status::Cooling => Some(SkipReason::Cooling {
                until_ms: account.cooldown.unwrap().until_ms,
            }),
            Status::Active if account.quota == 0 => Some(SkipReason::NoQuota),
            Status::Active if resting => Some(SkipReason::Ejected),
            Status::Active if self.available(account) == 0 => Some(SkipReason::Busy),
            Status::Active => None,
        }
    }

    /// What the scan may choose: the preferred account, else the fullest of the first pool.
    fn choices(
        &self,
        tier: Tier,
        exclude: &[AccountId],
        prefer: Option<&AccountId>,
    ) -> Vec<AccountId> {
        let able = |kind: Tier| {
            let fits = move |account: &&Account| {
                account.tier == kind
                    && self.skip(account).is_none()
                    && !exclude.contains(&account.id)
            };
            self.rows.values().filter(fits).collect::<Vec<_>>()
        };
        let pools: Vec<_> = tier.candidates().iter().map(|kind| able(*kind)).collect();
        if pools.iter().all(Vec::is_empty) {
            return self.resting_longest(tier, exclude);
        }
        let preferred = pools
            .iter()
            .flatten()
            .find(|account| Some(&account.id) == prefer);
        if let Some(account) = preferred {
            return vec![account.id.clone()];
        }
        let first = pools
            .into_iter()
            .find(|able| !able.is_empty())
            .unwrap_or_default();
        let most = first.iter().map(|account| self.available(account)).max();
        first
            .into_iter()
            .filter(|account| Some(self.available(account)) == most)
            .map(|account| account.id.clone())
            .collect()
    }

    /// What may serve when nothing else can.
    fn resting_longest(&self, tier: Tier, exclude: &[AccountId]) -> Vec<AccountId> {
        let fits = |account: &&Account| {
            tier.candidates().contains(&account.tier)
                && self.skip(account) == Some(SkipReason::Ejected)
                && self.available(account) > 0
                && !exclude.contains(&account.id)
        };
        let resting: Vec<_> = self.rows.values().filter(fits).map(|row| &row.id).collect();
        let oldest = resting.iter().map(|id| self.rests[*id]).min();
        let is_oldest = |id: &&&AccountId| Some(self.rests[**id]) == oldest;
        resting.iter().filter(is_oldest).copied().cloned().collect()
    }

    fn select(&mut self, tier: Tier, cost: u32, exclude: &[AccountId], prefer: Option<&AccountId>) {
        self.selections += 1;
        let selected = self.pool.select(
            &SelectRequest {
                tier,
                cost,
                exclude,
                prefer,
            },
            self.now,
        );
        self.store(self.pool.take_elapsed(self.now));
        let choices = self.choices(tier, exclude, prefer);
        match selected {
            Ok(lease) => {
                assert!(
                    choices.contains(lease.account_id()),
                    "{lease:?} not in {choices:?}"
                );
                let account = &self.rows[lease.account_id()];
                assert_eq!(lease.credential(), &account.credential);
                assert_eq!(lease.tier(), account.tier);
                let reserved = cost.max(1).min(self.available(account));
                assert!(reserved > 0);
                self.rests.remove(lease.account_id());
                self.leases.push((lease, reserved));
            }
            Err(exhausted) => {
                assert_eq!(choices, []);
                self.check_exhausted(&exhausted, tier, exclude);
            }
        }
    }

    fn check_exhausted(&self, exhausted: &Exhausted, tier: Tier, exclude: &[AccountId]) {
        let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
        let mut ends = Vec::new();
        for account in self.rows.values() {
            let reason = match self.skip(account) {
                _ if !tier.candidates().contains(&account.tier) => SkipReason::WrongTier,
                Some(reason) => reason,
                None => {
                    assert!(exclude.contains(&account.id), "skipped without a reason");
                    SkipReason::Excluded
                }
            };
            if let SkipReason::Cooling { until_ms } = reason {
                ends.push(until_ms);
            }
            *expected.entry(reason.as_str()).or_default() += 1;
        }
        let counted: BTreeMap<_, _> = exhausted
            .skips
            .iter()
            .map(|skip| (skip.reason.as_str(), skip.count))
            .collect();
        assert_eq!(counted, expected);
        assert_eq!(exhausted.retry_at_ms, ends.into_iter().min());
        for skip in &exhausted.skips {
            if let SkipReason::Cooling { until_ms } = skip.reason {
                assert_eq!(Some(until_ms), exhausted.retry_at_ms);
            }
        }
    }

    fn check(&mut self) {
        assert_eq!(self.pool.open_leases(), self.leases.len());
        assert_eq!(self.pool.len(), self.rows.len());
        let views = self.pool.snapshot(self.now);
        self.store(self.pool.take_elapsed(self.now));
        assert_eq!(views.len(), self.rows.len());
        for AccountView {
            account,
            in_flight,
            skipped,
        } in views
        {
            assert_eq!(
                Some(&account),
                self.rows.get(&account.id),
                "replayed row differs"
            );
            assert_eq!(self.pool.get(&account.id).as_ref(), Some(&account));
            let open = |l: &&(Lease, u32)| l.0.account_id() == &account.id && l.1 > 0;
            assert_eq!(in_flight as usize, self.leases.iter().filter(open).count());
            // A counted rest ends at the next selection, not in between.
            if skipped != Some(SkipReason::Ejected) {
                assert_eq!(skipped, self.skip(&account));
            }
        }
        for tier in [Tier::Basic, Tier::Super] {
            let able = self.rows.values().any(|account| {
                tier.candidates().contains(&account.tier)
                    && matches!(account.status, Status::Active | Status::Cooling)
            });
            assert_eq!(self.pool.serves(tier), able);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_agrees_with_a_naive_model(steps in proptest::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for n in 0..4 {
            world.step(Step::Insert(n));
        }
        for step in steps {
            world.step(step);
            world.check();
        }
    }

    #[test]
    fn leases_never_promise_more_than_the_quota(
        costs in proptest::collection::vec((1_u32..6, 0_u32..9, any::<bool>()), 1..80)
    ) {
        let pool = Pool::new(Policy::default(), 1);
        pool.insert((0..3).map(account));
        let total: u32 = (0..3).map(|n| account(n).quota).sum();
        let (mut open, mut used) = (Vec::new(), 0);
        for (cost, spent, keep) in costs {
            let want = SelectRequest { tier: Tier::Basic, cost, exclude: &[], prefer: None };
            let Ok(lease) = pool.select(&want, START) else { break };
            if keep {
                open.push(lease);
                continue;
            }
            for change in lease.finish(Outcome::Success { cost: spent }, START) {
                if let pool::Change::Used { used: units, .. } = change.change {
                    used += units;
                }
            }
        }
        prop_assert!(used + open.len() as u32 <= total, "{used} used, {} open", open.len());
    }
}
