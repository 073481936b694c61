//! Three tiers: who serves whom (`docs/upstream-protocol.md` 8.2).

use std::time::Duration;

use pool::{Account, Choice, Event, Pool, QuotaReport, SelectRequest, SkipReason, Tier};

use super::{BASIC, START, account, id, pool, skip};

fn of(tier: Tier) -> Account {
    Account {
        tier,
        ..account(tier as u8)
    }
}

/// The tiers of the accounts that serve one request after another, each trying all.
fn order(asked: Tier) -> Vec<Tier> {
    let pool = pool(Tier::ALL.map(of));
    let mut tried = Vec::new();
    loop {
        let request = SelectRequest {
            tier: asked,
            exclude: &tried,
            ..BASIC
        };
        match pool.select(&request, START) {
            Ok(lease) => tried.push(lease.account_id().clone()),
            Err(_) => break,
        }
    }
    let tier_of = |id_of: &pool::AccountId| Tier::ALL.into_iter().find(|t| id(*t as u8) == *id_of);
    tried.iter().filter_map(tier_of).collect()
}

#[test]
fn accounts_are_tried_in_ascending_order_from_the_tier_asked_for() {
    use Tier::{Basic, Heavy, Super};
    assert_eq!(order(Basic), [Basic, Super, Heavy]);
    assert_eq!(order(Super), [Super, Heavy]);
    assert_eq!(order(Heavy), [Heavy, Super], "and never a basic one");
}

#[test]
fn a_tier_is_served_by_the_accounts_that_may_be_tried() {
    let served = |account_tier| {
        let pool = pool([of(account_tier)]);
        Tier::ALL.map(|tier| pool.serves(tier))
    };
    assert_eq!(served(Tier::Basic), [true, false, false]);
    assert_eq!(served(Tier::Super), [true, true, true]);
    assert_eq!(served(Tier::Heavy), [true, true, true]);
    assert!(!pool([]).serves(Tier::Basic));
}

#[test]
fn accounts_of_other_tiers_are_reported_as_such() {
    let pool = pool([of(Tier::Basic)]);
    let skips = |pool: &Pool, tier| pool.skips(tier);
    assert_eq!(skips(&pool, Tier::Basic), []);
    let wrong = [skip(SkipReason::WrongTier, 1)];
    assert_eq!(skips(&pool, Tier::Super), wrong);
    let request = SelectRequest {
        tier: Tier::Heavy,
        ..BASIC
    };
    let exhausted = pool.select(&request, START).unwrap_err();
    assert_eq!(exhausted.skips, wrong);
    assert_eq!(exhausted.retry_at_ms, None);
}

#[test]
fn a_preferred_account_of_a_tier_that_cannot_serve_is_passed_over() {
    let pool = pool(Tier::ALL.map(of));
    let basic = id(Tier::Basic as u8);
    let request = SelectRequest {
        tier: Tier::Super,
        prefer: Some(&basic),
        ..BASIC
    };
    let lease = pool.select(&request, START).unwrap();
    assert_eq!(*lease.account_id(), id(Tier::Super as u8));
    assert_eq!(lease.choice(), Choice::MostQuota { available: 5 });
}

#[test]
fn an_account_that_changes_its_tier_is_found_counted_and_woken_there() {
    let pool = pool([of(Tier::Basic)]);
    let account = id(Tier::Basic as u8);
    let sync = |quota, hours: u64| {
        Event::Synced(QuotaReport {
            quota,
            window: Some(Duration::from_secs(hours * 3600)),
            ..QuotaReport::default()
        })
    };
    drop(pool.apply(&account, &sync(7, 2), START));
    let counts = pool.counts(START);
    assert_eq!(counts.by_tier.map(|tier| tier.active), [0, 1, 0]);
    assert_eq!(counts.by_tier.map(|tier| tier.quota_left), [0, 7, 0]);
    let request = SelectRequest {
        tier: Tier::Super,
        ..BASIC
    };
    assert!(pool.select(&request, START).is_ok());
    drop(pool.apply(&account, &sync(0, 2), START));
    drop(pool.apply(&account, &sync(0, 20), START));
    let counts = pool.counts(START);
    assert_eq!(counts.by_tier.map(|tier| tier.cooling), [1, 0, 0]);
    let exhausted = pool.select(&BASIC, START).unwrap_err();
    assert_eq!(exhausted.retry_at_ms, Some(START + 7_200_000));
    assert!(pool.select(&BASIC, START + 7_200_000).is_ok());
}
