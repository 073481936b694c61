//! Random histories against a naive model: a list of accounts, scanned each time.
#![expect(clippy::unwrap_used, reason = "tests")]

mod checks;
mod world;

use std::time::Duration;

use pool::{
    Account, AccountId, Change, Credential, Event, Outcome, Policy, Pool, QuotaReport,
    SelectRequest, SortKey, Status, Tier,
};
use proptest::prelude::*;

use world::World;

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
    /// Another credential for the first; one that the second has is refused.
    Replace(u8, Option<u8>),
    Wait(i64),
    /// A new policy with this span of ejections.
    SetSpan(u32),
    Page {
        filter: Option<Status>,
        sort: SortKey,
        descending: bool,
        offset: usize,
        limit: usize,
    },
}

fn id(n: u8) -> AccountId {
    AccountId::new(format!("account-{n}"))
}

fn account(n: u8) -> Account {
    let tier = Tier::ALL[usize::from(n) % Tier::COUNT];
    let credential = Credential::try_new(&format!("credential-{n}")).unwrap();
    Account {
        quota: 1 + u32::from(n),
        ..Account::new(id(n), credential, tier, START)
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
        1 => Just(Outcome::Walled),
    ]
}

fn page() -> impl Strategy<Value = Step> {
    let statuses = [
        Status::Active,
        Status::Cooling,
        Status::Expired,
        Status::Disabled,
    ];
    let keys = [
        SortKey::CreatedAt,
        SortKey::LastUsed,
        SortKey::Quota,
        SortKey::UseCount,
        SortKey::Status,
    ];
    let filter = proptest::option::of(proptest::sample::select(statuses.to_vec()));
    let sort = proptest::sample::select(keys.to_vec());
    (filter, sort, any::<bool>(), 0_usize..6, 0_usize..9).prop_map(
        |(filter, sort, descending, offset, limit)| Step::Page {
            filter,
            sort,
            descending,
            offset,
            limit,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0..ACCOUNTS;
    let tier = proptest::sample::select(&Tier::ALL[..]);
    let exclude = proptest::collection::vec(n(), 0..4);
    let hours = proptest::sample::select(&[2, 20][..]);
    let window = proptest::option::of(hours.prop_map(|hours| Duration::from_secs(hours * 3600)));
    let event = prop_oneof![
        (0_u32..9, window).prop_map(|(quota, window)| Event::Synced(QuotaReport {
            quota,
            window,
            ..QuotaReport::default()
        })),
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
        1 => (n(), proptest::option::of(n())).prop_map(|(n, other)| Step::Replace(n, other)),
        2 => (0_i64..80_000_000).prop_map(Step::Wait),
        1 => (0_u32..8).prop_map(Step::SetSpan),
        2 => page(),
    ]
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
            let want = SelectRequest { tier: Tier::Basic, cost, exclude: &[], prefer: None, windows: &[] };
            let Ok(lease) = pool.select(&want, START) else { break };
            if keep {
                open.push(lease);
                continue;
            }
            for change in lease.finish(Outcome::Success { cost: spent }, START) {
                if let Change::Used { used: units, .. } = change.change {
                    used += units;
                }
            }
        }
        prop_assert!(used + open.len() as u32 <= total, "{used} used, {} open", open.len());
    }
}
