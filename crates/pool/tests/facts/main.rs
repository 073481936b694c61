//! Facts about the pool, one by one.
#![expect(clippy::unwrap_used, reason = "tests")]

mod absorbing;
mod cooldowns;
mod ejections;
mod leases;
mod lists;
mod selection;
mod tiers;

use std::sync::Arc;

use pool::{
    Account, AccountId, Credential, Lease, Outcome, Policy, Pool, SelectRequest, SkipCount,
    SkipReason, Tier,
};

const START: i64 = 1_772_700_000_000;

const BASIC: SelectRequest<'static> = SelectRequest {
    tier: Tier::Basic,
    cost: 1,
    exclude: &[],
    prefer: None,
    windows: &[],
};

fn id(n: u8) -> AccountId {
    AccountId::new(format!("account-{n}"))
}

/// Of the tier that serves every model, with a quota of 5.
fn account(n: u8) -> Account {
    let credential = Credential::try_new(&format!("credential-{n}")).unwrap();
    Account {
        quota: 5,
        ..Account::new(id(n), credential, Tier::Super, START)
    }
}

fn with_quota(n: u8, quota: u32) -> Account {
    Account {
        quota,
        ..account(n)
    }
}

fn pool(accounts: impl IntoIterator<Item = Account>) -> Arc<Pool> {
    let pool = Pool::new(Policy::default(), 1);
    pool.insert(accounts);
    pool
}

fn select(pool: &Arc<Pool>) -> Lease {
    pool.select(&BASIC, START).unwrap()
}

/// The account that serves next, which then fails upstream.
fn fails(pool: &Arc<Pool>) -> AccountId {
    let lease = select(pool);
    let id = lease.account_id().clone();
    let failure = Outcome::UpstreamFailure { reason: "http_502" };
    assert_eq!(lease.finish(failure, START), []);
    id
}

fn skip(reason: SkipReason, count: usize) -> SkipCount {
    SkipCount { reason, count }
}

fn quota_of(pool: &Pool, n: u8) -> u32 {
    let views = pool.snapshot(START);
    let view = views.iter().find(|view| view.account.id == id(n));
    view.unwrap().account.quota
}
