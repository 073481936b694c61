//! Facts about selection, one by one.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use pool::{
    Account, AccountId, Cooldown, CooldownReason, Credential, Outcome, Policy, Pool, SelectRequest,
    SkipReason, Status, Tier,
};

const START: i64 = 1_772_700_000_000;

const ANY: SelectRequest<'static> = SelectRequest {
    tier: Tier::Basic,
    cost: 1,
    exclude: &[],
    prefer: None,
};

fn id(n: u8) -> AccountId {
    AccountId::new(format!("account-{n}"))
}

/// Of the paid pool, which serves every tier.
fn account(n: u8) -> Account {
    let credential = Credential::try_new(&format!("credential-{n}")).unwrap();
    Account {
        quota: 5,
        ..Account::new(id(n), credential, Tier::Super, START)
    }
}

#[test]
fn the_same_seed_gives_the_same_selections() {
    let run = |seed| {
        let pool = Pool::new(Policy::default(), seed);
        pool.insert((0..50).map(account));
        let leases: Vec<_> = (0..40).map(|_| pool.select(&ANY, START).unwrap()).collect();
        leases
            .iter()
            .map(|lease| lease.account_id().clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4), "ties are broken by the seed");
}

#[test]
fn an_imported_cooling_account_without_an_end_rests_for_one_window() {
    let pool = Pool::new(Policy::default(), 1);
    let cooling = Account {
        status: Status::Cooling,
        quota: 0,
        ..account(0)
    };
    pool.insert([cooling]);
    let exhausted = pool.select(&ANY, START).unwrap_err();
    assert_eq!(exhausted.retry_at_ms, Some(START + 7_200_000));
    assert_eq!(exhausted.to_string(), "no account is available: 1 cooling");
    assert!(pool.select(&ANY, START + 7_200_000).is_ok());
    assert_eq!(
        pool.take_elapsed(START).len(),
        2,
        "refill and wake are there to be stored"
    );
}

#[test]
fn many_rests_that_end_together_are_all_ended() {
    let pool = Pool::new(Policy::default(), 1);
    let cooldown = Some(Cooldown {
        until_ms: START,
        reason: CooldownReason::RateLimited,
    });
    pool.insert((0..200).map(|n| Account {
        status: Status::Cooling,
        cooldown,
        ..account(n)
    }));
    let prefer = Some(&id(199));
    let lease = pool
        .select(&SelectRequest { prefer, ..ANY }, START)
        .unwrap();
    assert_eq!(
        lease.account_id(),
        &id(199),
        "a preferred account need not wait its turn"
    );
    assert!(
        pool.snapshot(START)
            .iter()
            .all(|view| view.skipped.is_none())
    );
    assert_eq!(pool.take_elapsed(START).len(), 200);
}

#[test]
fn a_lease_dropped_on_a_panic_or_a_closed_connection_frees_the_account() {
    let pool = Pool::new(Policy::default(), 1);
    pool.insert([Account {
        quota: 1,
        ..account(0)
    }]);
    let want = SelectRequest { cost: 4, ..ANY };
    let lease = pool.select(&want, START).unwrap();
    let exhausted = pool.select(&want, START).unwrap_err();
    assert_eq!(exhausted.skips[0].reason, SkipReason::Busy);
    drop(lease);
    assert_eq!(pool.open_leases(), 0);
    assert!(pool.select(&want, START).is_ok());
}

fn fails(pool: &Arc<Pool>, want: &SelectRequest<'_>) -> AccountId {
    let lease = pool.select(want, START).unwrap();
    let id = lease.account_id().clone();
    let failure = Outcome::UpstreamFailure { reason: "http_502" };
    assert_eq!(lease.finish(failure, START), []);
    id
}

#[test]
fn an_account_rests_for_the_next_five_selections_after_an_upstream_failure() {
    let pool = Pool::new(Policy::default(), 1);
    pool.insert([account(1), account(2)]);
    let failed = fails(&pool, &ANY);
    for _ in 0..5 {
        let lease = pool.select(&ANY, START).unwrap();
        assert_ne!(*lease.account_id(), failed);
    }
    let prefer = Some(&failed);
    let lease = pool
        .select(&SelectRequest { prefer, ..ANY }, START)
        .unwrap();
    assert_eq!(*lease.account_id(), failed);
}

#[test]
fn the_account_that_has_rested_longest_serves_when_all_rest() {
    let pool = Pool::new(Policy::default(), 1);
    pool.insert([account(1), account(2)]);
    let (first, second) = (fails(&pool, &ANY), fails(&pool, &ANY));
    assert_ne!(first, second);
    let exclude = [first.clone()];
    let lease = pool.select(&ANY, START).unwrap();
    assert_eq!(*lease.account_id(), first);
    let want = SelectRequest {
        exclude: &exclude,
        ..ANY
    };
    assert_eq!(*pool.select(&want, START).unwrap().account_id(), second);
    let exclude = [first, second];
    let want = SelectRequest {
        exclude: &exclude,
        ..ANY
    };
    assert!(
        pool.select(&want, START).is_err(),
        "tried already is tried already"
    );
}
