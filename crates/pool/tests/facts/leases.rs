//! Leases: what they reserve, release and consume.

use pool::{
    Account, AccountEdit, AccountProxy, Change, Credential, Event, Outcome, QuotaReport,
    SelectRequest, SkipReason, Status, Tier,
};

use super::{BASIC, START, account, id, pool, quota_of, select, skip, with_quota};

const FOUR: SelectRequest<'static> = SelectRequest { cost: 4, ..BASIC };

#[test]
fn a_lease_dropped_on_a_panic_or_a_closed_connection_frees_the_account() {
    let pool = pool([with_quota(0, 1)]);
    let lease = pool.select(&FOUR, START).unwrap();
    assert_eq!(pool.open_leases(), 1);
    let exhausted = pool.select(&FOUR, START).unwrap_err();
    assert_eq!(exhausted.skips, [skip(SkipReason::Busy, 1)]);
    drop(lease);
    assert_eq!(pool.open_leases(), 0);
    assert!(pool.select(&FOUR, START).is_ok());
}

#[test]
fn a_cost_of_zero_reserves_one() {
    let pool = pool([with_quota(0, 2)]);
    let request = SelectRequest { cost: 0, ..BASIC };
    let leases: Vec<_> = (0..3)
        .filter_map(|_| pool.select(&request, START).ok())
        .collect();
    assert_eq!(leases.len(), 2);
}

#[test]
fn a_lease_knows_its_account() {
    let pool = pool([account(7)]);
    let lease = select(&pool);
    assert_eq!(lease.account_id(), &id(7));
    assert_eq!(*lease.credential(), account(7).credential);
    let text = format!("{lease:?}");
    assert_eq!(
        text,
        "Lease { account_id: AccountId(account-7), reserved: 1, \
         choice: MostQuota { available: 5 }, .. }"
    );
    assert_eq!(format!("{pool:?}"), "Pool { len: 1, open_leases: 1 }");
}

#[test]
fn a_success_consumes_no_more_than_other_leases_leave() {
    let pool = pool([account(0)]);
    let (first, second) = (pool.select(&FOUR, START).unwrap(), select(&pool));
    drop(first.finish(Outcome::Success { cost: 9 }, START));
    assert_eq!(quota_of(&pool, 0), 1, "one of five belongs to the other");
    drop(second.finish(Outcome::Success { cost: 1 }, START));
    assert_eq!(pool.counts(START).cooling, 1, "now it is used up");
}

#[test]
fn a_sync_that_shrinks_the_quota_leaves_a_lease_its_share() {
    let pool = pool([account(0)]);
    let (first, second) = (pool.select(&FOUR, START).unwrap(), select(&pool));
    let event = Event::Synced(QuotaReport {
        quota: 3,
        window: None,
        ..QuotaReport::default()
    });
    drop(pool.apply(&id(0), &event, START));
    let changes = first.finish(Outcome::Success { cost: 2 }, START);
    let used = Change::Used {
        used: 2,
        at_ms: START,
    };
    assert_eq!(changes[0].change, used);
    assert_eq!(quota_of(&pool, 0), 1);
    drop(second);
    assert!(pool.select(&BASIC, START).is_ok());
}

#[test]
fn the_lease_of_a_removed_account_ends_without_effect() {
    let pool = pool([account(0)]);
    let lease = select(&pool);
    let finish = Outcome::RateLimited;
    assert_eq!(pool.remove(&[id(0), id(1)]), [account(0)]);
    assert_eq!(pool.insert([account(0)]), 1);
    let successor = select(&pool);
    assert_eq!(lease.finish(finish, START), [], "another account by now");
    assert_eq!(pool.open_leases(), 1);
    let views = pool.snapshot(START);
    assert_eq!(views[0].account.status, Status::Active);
    assert_eq!(views[0].in_flight, 1, "that of the successor");
    drop(successor);
}

#[test]
fn an_account_is_inserted_once_by_id_and_once_by_credential() {
    let pool = pool([account(0)]);
    let same_credential = Account {
        id: id(1),
        ..account(0)
    };
    let other = Credential::try_new("credential-of-another").unwrap();
    let same_id = Account {
        credential: other.clone(),
        ..account(0)
    };
    assert_eq!(pool.insert([same_credential.clone(), same_id]), 0);
    assert!(pool.contains_credential(&account(0).credential));
    assert!(!pool.contains_credential(&other));
    assert_eq!((pool.len(), pool.is_empty()), (1, false));
    drop(pool.remove(&[id(0)]));
    assert!(!pool.contains_credential(&account(0).credential));
    assert!(pool.is_empty());
    assert_eq!(pool.insert([same_credential]), 1);
}

#[test]
fn a_401_in_a_quota_question_counts_like_one_in_a_request() {
    let pool = pool([account(0)]);
    let event = Event::Outcome(Outcome::Unauthorized {
        reason: "rate_limits_auth_failed",
    });
    for count in 1..=5 {
        let changes = pool.apply(&id(0), &event, START);
        let failed = Change::Failed {
            fail_count: count,
            at_ms: START,
            reason: "rate_limits_auth_failed".to_owned(),
        };
        assert_eq!(changes[0].change, failed);
        assert_eq!(changes.len(), if count < 5 { 1 } else { 2 });
    }
    let views = pool.snapshot(START);
    assert_eq!(views[0].skipped, Some(SkipReason::Expired));
    assert!(!pool.serves(Tier::Basic));
    assert_eq!(pool.apply(&id(9), &event, START), [], "no such account");
}

#[test]
fn a_success_forgets_failures_and_stores_that_once() {
    let pool = pool([account(0)]);
    let refused = Outcome::Unauthorized { reason: "auth" };
    drop(select(&pool).finish(refused, START));
    let used = Change::Used {
        used: 1,
        at_ms: START,
    };
    let facts = |changes: Vec<pool::AccountChange>| {
        let changes = changes.into_iter();
        changes.map(|change| change.change).collect::<Vec<_>>()
    };
    let success = Outcome::Success { cost: 1 };
    let first = facts(select(&pool).finish(success, START));
    assert_eq!(first, [used.clone(), Change::FailuresCleared]);
    let second = facts(select(&pool).finish(success, START));
    assert_eq!(second, [used]);
}

#[test]
fn a_refusal_of_a_replaced_credential_does_not_count() {
    let pool = pool([account(0), account(1)]);
    let prefer = Some(&id(0));
    let request = SelectRequest { prefer, ..BASIC };
    let lease = pool.select(&request, START).unwrap();
    let old = lease.credential().clone();
    let new = Credential::try_new("another-cookie").unwrap();
    let taken = pool.replace_credential(&id(0), account(1).credential, START);
    assert!(taken.is_err(), "a duplicate");
    assert!(pool.replace_credential(&id(0), new.clone(), START).is_ok());
    assert!(pool.contains_credential(&new) && !pool.contains_credential(&old));
    let refused = Outcome::Unauthorized { reason: "auth" };
    assert_eq!(lease.finish(refused, START), []);
    let event = Event::Outcome(refused);
    assert_eq!(pool.apply_for(&id(0), &old, &event, START), []);
    assert_eq!(pool.get(&id(0)).unwrap().fail_count, 0);
    assert_eq!(pool.in_flight(&id(0)), 0);
    let lease = pool.select(&request, START).unwrap();
    assert_eq!(lease.credential(), &new);
    assert!(!lease.finish(refused, START).is_empty());
}

#[test]
fn a_lease_knows_the_proxy_that_its_account_had_when_it_was_selected() {
    let pool = pool([account(0)]);
    let proxy = |text| AccountProxy::try_new(text).unwrap();
    let edit = |proxy| {
        let edit = AccountEdit {
            proxy: Some(proxy),
            ..AccountEdit::default()
        };
        assert_eq!(pool.apply(&id(0), &Event::Edited(edit), START).len(), 1);
    };
    let before = select(&pool);
    edit(Some(proxy("http://one.test:1")));
    let between = select(&pool);
    edit(None);
    assert_eq!(before.proxy(), None);
    assert_eq!(between.proxy(), Some(&proxy("http://one.test:1")));
    assert_eq!(select(&pool).proxy(), None);
}
