//! What other instances made of the accounts.

use pool::{Account, Credential, Event, Outcome, QuotaWindow, Status};

use crate::{BASIC, START, account, id, pool, select};

#[test]
fn what_others_made_of_an_account_is_taken_over_and_leases_stay() {
    let pool = pool([account(0)]);
    let lease = select(&pool);
    let seen = pool.revision(&id(0));
    let theirs = Account {
        quota: 10,
        note: "theirs".to_owned(),
        credential: Credential::try_new("replaced-by-another").unwrap(),
        ..account(0)
    };
    assert!(pool.absorb(theirs.clone(), seen));
    assert_eq!(pool.get(&id(0)).unwrap(), theirs);
    assert_eq!(pool.in_flight(&id(0)), 1);
    assert!(pool.contains_credential(&theirs.credential));
    assert!(!pool.contains_credential(&account(0).credential));
    let _ = lease.finish(Outcome::Success { cost: 1 }, START);
    assert_eq!(pool.get(&id(0)).unwrap().quota, 9);
    let disabled = Account {
        status: Status::Disabled,
        ..theirs
    };
    assert!(pool.absorb(disabled, pool.revision(&id(0))));
    assert!(pool.select(&BASIC, START).is_err());
}

#[test]
fn what_was_changed_here_meanwhile_is_not_overwritten() {
    let pool = pool([account(0)]);
    let seen = pool.revision(&id(0));
    let _ = pool.apply(&id(0), &Event::Disable, START);
    assert!(!pool.absorb(account(0), seen));
    assert!(!pool.absorb_removal(&id(0), seen));
    assert_eq!(pool.get(&id(0)).unwrap().status, Status::Disabled);
    assert!(pool.absorb_removal(&id(0), pool.revision(&id(0))));
    assert!(pool.is_empty());
}

#[test]
fn accounts_that_others_added_come_and_a_second_one_with_the_same_credential_does_not() {
    let pool = pool([account(0)]);
    assert!(pool.absorb(account(1), None));
    let double = Account {
        id: id(2),
        ..account(1)
    };
    assert!(pool.absorb(double, None));
    let mut ids = pool.ids();
    ids.sort();
    assert_eq!(ids, [id(0), id(1)]);
    assert!(!pool.absorb(account(1), None), "it is there already");
}

#[test]
fn an_account_that_came_back_is_not_the_one_that_was_seen() {
    let pool = pool([account(0)]);
    let seen = pool.revision(&id(0));
    let _ = pool.remove(&[id(0)]);
    pool.insert([account(0)]);
    assert_ne!(pool.revision(&id(0)), seen);
}

#[test]
fn windows_that_another_instance_was_told_keep_their_model_away() {
    let pool = pool([account(0)]);
    let window = QuotaWindow {
        model: "grok-4".to_owned(),
        remaining: 0,
        total: None,
        window_secs: None,
        resets_at_ms: Some(START + 10),
        asked_at_ms: START,
    };
    let told = Account {
        windows: vec![window],
        ..account(0)
    };
    for (stored, until_ms) in [(told, Some(START + 10)), (account(0), None)] {
        let seen = pool.revision(&id(0));
        assert!(pool.absorb(stored, seen));
        assert_eq!(pool.used_up_until_ms(&["grok-4"], START), until_ms);
    }
}
