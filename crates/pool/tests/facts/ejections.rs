//! Ejections: an account that failed upstream is passed over for the next selections.

use std::sync::Arc;

use pool::{Choice, Event, Outcome, Policy, Pool, SelectRequest, SkipReason};

use super::{BASIC, START, account, fails, id, pool, select, skip};

fn policy(cooldown_error_requests: u32) -> Policy {
    Policy {
        cooldown_error_requests,
        ..Policy::default()
    }
}

fn eject(pool: &Pool, n: u8) {
    let failure = Outcome::UpstreamFailure { reason: "http_502" };
    assert_eq!(pool.apply(&id(n), &Event::Outcome(failure), START), []);
}

/// Selections on another account.
fn pass(pool: &Arc<Pool>, count: usize) {
    (0..count).for_each(|_| drop(select(pool)));
}

fn ejected(pool: &Pool) -> Vec<u8> {
    let is_ejected = |n: &u8| {
        let views = pool.snapshot(START);
        let view = views.iter().find(|view| view.account.id == id(*n));
        view.unwrap().skipped == Some(SkipReason::Ejected)
    };
    (0..pool.len() as u8).filter(is_ejected).collect()
}

#[test]
fn an_account_is_passed_over_for_the_next_five_selections_after_an_upstream_failure() {
    let pool = pool([account(1), account(2)]);
    let failed = fails(&pool);
    for _ in 0..5 {
        let lease = select(&pool);
        assert_ne!(*lease.account_id(), failed);
    }
    let prefer = Some(&failed);
    let request = SelectRequest { prefer, ..BASIC };
    let lease = pool.select(&request, START).unwrap();
    assert_eq!(*lease.account_id(), failed);
    assert_eq!(lease.choice(), Choice::Preferred);
}

#[test]
fn the_account_whose_ejection_ends_first_serves_when_all_are_ejected() {
    let pool = pool([account(1), account(2)]);
    let (first, second) = (fails(&pool), fails(&pool));
    assert_ne!(first, second);
    let exclude = [first.clone()];
    let lease = select(&pool);
    assert_eq!(*lease.account_id(), first);
    assert_eq!(lease.choice(), Choice::Ejected);
    let request = SelectRequest {
        exclude: &exclude,
        ..BASIC
    };
    assert_eq!(*pool.select(&request, START).unwrap().account_id(), second);
    let exclude = [first, second];
    let request = SelectRequest {
        exclude: &exclude,
        ..BASIC
    };
    assert!(
        pool.select(&request, START).is_err(),
        "tried already is tried already"
    );
}

#[test]
fn an_ejected_account_without_free_quota_cannot_serve() {
    let pool = pool([super::with_quota(0, 1)]);
    let lease = select(&pool);
    eject(&pool, 0);
    let exhausted = pool.select(&BASIC, START).unwrap_err();
    assert_eq!(exhausted.skips, [skip(SkipReason::Ejected, 1)]);
    drop(lease);
    assert_eq!(select(&pool).choice(), Choice::Ejected);
}

#[test]
fn enabling_and_resetting_end_an_ejection() {
    for event in [Event::Enable, Event::Reset] {
        let pool = pool([account(0), account(1)]);
        eject(&pool, 0);
        assert_eq!(ejected(&pool), [0]);
        drop(pool.apply(&id(0), &event, START));
        assert_eq!(ejected(&pool), [0; 0]);
        drop(pool.apply(&id(0), &Event::Disable, START));
        assert_eq!(ejected(&pool), [0; 0]);
    }
}

#[test]
fn a_shorter_span_ends_new_ejections_before_older_ones() {
    let pool = pool((0..3).map(account));
    pool.set_policy(policy(10));
    eject(&pool, 0);
    pool.set_policy(policy(2));
    eject(&pool, 1);
    pass(&pool, 2);
    assert_eq!(ejected(&pool), [0, 1]);
    pass(&pool, 1);
    assert_eq!(ejected(&pool), [0], "the later one is over");
    pass(&pool, 7);
    assert_eq!(ejected(&pool), [0], "what has begun keeps its end");
    pass(&pool, 1);
    assert_eq!(ejected(&pool), [0; 0]);
}

#[test]
fn a_longer_span_leaves_running_ejections_their_end() {
    let pool = pool((0..3).map(account));
    pool.set_policy(policy(1));
    eject(&pool, 0);
    pool.set_policy(policy(3));
    eject(&pool, 1);
    pass(&pool, 2);
    assert_eq!(ejected(&pool), [1]);
    pass(&pool, 2);
    assert_eq!(ejected(&pool), [0; 0]);
}

#[test]
fn the_end_of_an_ejection_decides_who_serves_after_the_span_has_changed() {
    let pool = pool((0..2).map(account));
    pool.set_policy(policy(9));
    eject(&pool, 0);
    pool.set_policy(policy(3));
    eject(&pool, 1);
    let lease = select(&pool);
    assert_eq!(
        (lease.account_id(), lease.choice()),
        (&id(1), Choice::Ejected)
    );
}

#[test]
fn another_failure_prolongs_an_ejection_and_never_shortens_it() {
    let pool = pool((0..2).map(account));
    pool.set_policy(policy(4));
    eject(&pool, 0);
    pass(&pool, 2);
    eject(&pool, 0);
    pass(&pool, 4);
    assert_eq!(ejected(&pool), [0], "until the sixth");
    pool.set_policy(policy(9));
    eject(&pool, 0);
    pool.set_policy(policy(1));
    eject(&pool, 0);
    pass(&pool, 9);
    assert_eq!(ejected(&pool), [0]);
    pass(&pool, 1);
    assert_eq!(ejected(&pool), [0; 0]);
}

#[test]
fn a_span_of_zero_ejects_nobody() {
    let pool = pool([account(0)]);
    pool.set_policy(policy(0));
    eject(&pool, 0);
    assert_eq!(ejected(&pool), [0; 0]);
}

#[test]
fn a_removed_account_leaves_no_ejection_behind() {
    let pool = pool((0..2).map(account));
    eject(&pool, 0);
    drop(pool.remove(&[id(0)]));
    pool.insert([account(0)]);
    assert_eq!(ejected(&pool), [0; 0]);
    pass(&pool, 9);
    assert_eq!(ejected(&pool), [0; 0]);
}

#[test]
fn who_is_passed_over_and_for_how_long_is_told() {
    let pool = pool([account(1), account(2), account(3)]);
    assert_eq!(pool.ejections(9), []);
    eject(&pool, 1);
    pass(&pool, 2);
    eject(&pool, 2);
    let told = |limit| {
        let ejections = pool.ejections(limit).into_iter();
        ejections
            .map(|one| (one.account, one.selections_left))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(9), [(id(1), 3), (id(2), 5)]);
    assert_eq!(told(1), [(id(1), 3)]);
    pass(&pool, 3);
    assert_eq!(told(9), [(id(2), 2)]);
}
