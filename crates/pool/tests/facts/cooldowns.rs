//! Cooldowns end by time alone, and every end is there to be stored.

use pool::{Account, Change, Cooldown, CooldownReason, SelectRequest, SkipReason, Status, Tier};

use super::{BASIC, START, account, id, pool, select, skip};

fn cooling(n: u8, until_ms: i64) -> Account {
    let reason = CooldownReason::RateLimited;
    Account {
        status: Status::Cooling,
        cooldown: Some(Cooldown { until_ms, reason }),
        ..account(n)
    }
}

#[test]
fn an_imported_cooling_account_without_an_end_cools_for_one_window() {
    let pool = pool([Account {
        cooldown: None,
        quota: 0,
        ..cooling(0, 0)
    }]);
    let exhausted = pool.select(&BASIC, START).unwrap_err();
    assert_eq!(exhausted.retry_at_ms, Some(START + 7_200_000));
    assert_eq!(exhausted.to_string(), "no account is available: 1 cooling");
    assert!(pool.select(&BASIC, START + 7_200_000).is_ok());
    let refilled = Change::CooldownEnded {
        until_ms: None,
        quota: Some(140),
    };
    assert_eq!(pool.take_elapsed(START)[0].change, refilled);
    assert_eq!(pool.take_elapsed(START), []);
}

#[test]
fn a_cooldown_ends_at_its_instant_and_not_before() {
    let pool = pool([cooling(0, START)]);
    assert!(pool.select(&BASIC, START - 1).is_err());
    assert_eq!(pool.take_elapsed(START - 1), []);
    let changes = pool.take_elapsed(START);
    let wake = Change::CooldownEnded {
        until_ms: Some(START),
        quota: None,
    };
    assert_eq!(changes[0].change, wake, "quota was left: no refill");
    assert_eq!(changes.len(), 1);
}

#[test]
fn many_cooldowns_that_end_together_are_all_ended() {
    let pool = pool((0..200).map(|n| cooling(n, START)));
    let prefer = Some(&id(199));
    let request = SelectRequest { prefer, ..BASIC };
    let lease = pool.select(&request, START).unwrap();
    assert_eq!(
        lease.account_id(),
        &id(199),
        "a preferred account need not wait its turn"
    );
    let views = pool.snapshot(START);
    assert!(views.iter().all(|view| view.skipped.is_none()));
    assert_eq!(pool.take_elapsed(START).len(), 200);
}

#[test]
fn a_selection_ends_at_most_32_cooldowns_while_somebody_can_serve() {
    let pool = pool((0..40).map(|n| cooling(n, START)).chain([account(40)]));
    drop(select(&pool));
    let reason = SkipReason::Cooling { until_ms: START };
    assert_eq!(pool.skips(Tier::Basic), [skip(reason, 8)]);
    drop(select(&pool));
    assert_eq!(pool.skips(Tier::Basic), []);
}

#[test]
fn a_selection_ends_as_many_cooldowns_as_it_takes_to_find_an_account() {
    // Basic accounts are looked at first, but cannot serve the request.
    let basic = (0..100).map(|n| Account {
        tier: Tier::Basic,
        ..cooling(n, START)
    });
    let pool = pool(basic.chain([cooling(100, START)]));
    let request = SelectRequest {
        tier: Tier::Super,
        ..BASIC
    };
    let lease = pool.select(&request, START).unwrap();
    assert_eq!(*lease.account_id(), id(100));
}

#[test]
fn the_earliest_end_is_that_of_the_accounts_that_can_serve() {
    let basic = Account {
        tier: Tier::Basic,
        ..cooling(0, START + 1)
    };
    let pool = pool([basic, cooling(1, START + 3), cooling(2, START + 2)]);
    let retry_at = |tier| {
        let request = SelectRequest { tier, ..BASIC };
        pool.select(&request, START).unwrap_err().retry_at_ms
    };
    assert_eq!(retry_at(Tier::Basic), Some(START + 1));
    assert_eq!(retry_at(Tier::Heavy), Some(START + 2));
}

#[test]
fn a_prolonged_cooldown_counts_by_its_new_end_and_a_removed_one_not_at_all() {
    let pool = pool([cooling(0, START + 1), cooling(1, START + 2)]);
    let limited = pool::Event::Outcome(pool::Outcome::RateLimited);
    drop(pool.apply(&id(0), &limited, START));
    let earliest = || pool.select(&BASIC, START).unwrap_err().retry_at_ms;
    assert_eq!(earliest(), Some(START + 2));
    drop(pool.remove(&[id(1)]));
    assert_eq!(earliest(), Some(START + 3_600_000));
    assert_eq!(pool.take_elapsed(START + 2), []);
    assert_eq!(pool.take_elapsed(START + 3_600_000).len(), 1);
}

#[test]
fn a_refilled_account_has_its_window_back() {
    let pool = pool([Account {
        quota: 0,
        ..cooling(0, START)
    }]);
    let changes = pool.take_elapsed(START);
    let refill = Change::CooldownEnded {
        until_ms: Some(START),
        quota: Some(140),
    };
    assert_eq!(changes[0].change, refill);
    assert_eq!(
        select(&pool).choice(),
        pool::Choice::MostQuota { available: 140 }
    );
}

#[test]
fn what_the_upstream_said_of_an_empty_window_is_outdated_at_its_end() {
    let synced = |quota| Account {
        quota,
        last_sync_at_ms: Some(START - 1),
        ..cooling(0, START)
    };
    let ended = |quota| {
        let pool = pool([synced(quota)]);
        drop(pool.take_elapsed(START));
        pool.get(&id(0)).unwrap()
    };
    let refilled = ended(0);
    assert_eq!((refilled.quota, refilled.last_sync_at_ms), (140, None));
    let limited = ended(9);
    assert_eq!(
        (limited.quota, limited.last_sync_at_ms),
        (9, Some(START - 1))
    );
}
