//! Who is chosen, and why.

use pool::{
    CheckResult, Choice, Event, Outcome, Policy, Pool, QuotaReport, QuotaWindow, SelectRequest,
    SkipReason,
};

use super::{BASIC, START, account, id, pool, select, skip, with_quota};

#[test]
fn the_same_seed_gives_the_same_selections() {
    let run = |seed| {
        let pool = Pool::new(Policy::default(), seed);
        pool.insert((0..50).map(account));
        let leases: Vec<_> = (0..40).map(|_| select(&pool)).collect();
        leases
            .iter()
            .map(|lease| lease.account_id().clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4), "ties are broken by the seed");
}

#[test]
fn the_account_with_the_most_available_quota_serves() {
    let pool = pool([with_quota(1, 5), with_quota(2, 7), with_quota(3, 6)]);
    let request = SelectRequest { cost: 4, ..BASIC };
    let leases: Vec<_> = (0..4)
        .map(|_| pool.select(&request, START).unwrap())
        .collect();
    let chosen: Vec<_> = leases
        .iter()
        .map(|lease| (lease.account_id().clone(), lease.choice()))
        .collect();
    let most = |n, available| (id(n), Choice::MostQuota { available });
    assert_eq!(chosen, [most(2, 7), most(3, 6), most(1, 5), most(2, 3)]);
}

#[test]
fn whom_the_upstream_refused_or_walled_serves_only_where_nobody_else_can() {
    let told = QuotaReport {
        quota: 20,
        ..QuotaReport::default()
    };
    let pool = pool((0..5).map(account));
    drop(pool.apply(&id(0), &Event::Synced(told), START));
    let refused = Event::Refused {
        times: 1,
        reason: "rate_limits_auth_failed",
    };
    drop(pool.apply(&id(1), &refused, START));
    for (n, result) in [(2, CheckResult::Clearance), (3, CheckResult::Unreachable)] {
        drop(pool.apply(&id(n), &Event::Checked(result), START));
    }
    let leases: Vec<_> = (0..22).map(|_| select(&pool)).collect();
    let chosen = |range: std::ops::Range<usize>| {
        leases[range]
            .iter()
            .all(|lease| *lease.account_id() == id(0))
    };
    assert!(
        chosen(0..20),
        "the quota that was told comes before a larger guess"
    );
    for lease in &leases[20..] {
        assert_eq!(*lease.account_id(), id(4), "a guess comes before a refusal");
    }
}

#[test]
fn a_wall_in_a_request_lets_the_next_one_try_somebody_else() {
    let pool = pool([with_quota(1, 9), with_quota(2, 5)]);
    let lease = select(&pool);
    assert_eq!(*lease.account_id(), id(1));
    drop(lease.finish(Outcome::Walled, START));
    assert_eq!(*select(&pool).account_id(), id(2));
}

#[test]
fn a_preferred_account_serves_while_it_is_selectable() {
    let pool = pool([with_quota(1, 1), with_quota(2, 7)]);
    let preferred = id(1);
    let request = SelectRequest {
        prefer: Some(&preferred),
        ..BASIC
    };
    let lease = pool.select(&request, START).unwrap();
    assert_eq!(
        (lease.account_id(), lease.choice()),
        (&id(1), Choice::Preferred)
    );
    let other = pool.select(&request, START).unwrap();
    let choice = Choice::MostQuota { available: 7 };
    assert_eq!((other.account_id(), other.choice()), (&id(2), choice));
}

#[test]
fn excluded_accounts_do_not_serve_even_if_preferred() {
    let pool = pool([account(1), account(2)]);
    let tried = [id(1)];
    let request = SelectRequest {
        exclude: &tried,
        prefer: Some(&tried[0]),
        ..BASIC
    };
    for _ in 0..3 {
        assert_eq!(
            *pool.select(&request, START).unwrap().account_id(),
            id(2),
            "tried already"
        );
    }
    let both = [id(1), id(2)];
    let request = SelectRequest {
        exclude: &both,
        ..BASIC
    };
    let exhausted = pool.select(&request, START).unwrap_err();
    assert_eq!(exhausted.skips, [skip(SkipReason::Excluded, 2)]);
    assert_eq!(exhausted.retry_at_ms, None);
    assert!(
        pool.select(&BASIC, START).is_ok(),
        "excluded for one request only"
    );
}

#[test]
fn accounts_above_the_last_bucket_take_turns() {
    let pool = pool((0..3).map(|n| with_quota(n, 2000 + u32::from(n))));
    let mut chosen: Vec<_> = (0..6).map(|_| select(&pool).account_id().clone()).collect();
    assert_eq!(chosen[..3], chosen[3..]);
    chosen.sort();
    chosen.dedup();
    assert_eq!(chosen.len(), 3);
}

#[test]
fn an_account_whose_quota_stays_keeps_its_turn() {
    let pool = pool((0..3).map(account));
    let (quota, window) = (5, None);
    let event = Event::Synced(QuotaReport {
        quota,
        window,
        ..QuotaReport::default()
    });
    (0..3).for_each(|n| drop(pool.apply(&id(n), &event, START)));
    let first = select(&pool).account_id().clone();
    let next = select(&pool).account_id().clone();
    let third = (0..3).map(id).find(|id| *id != first && *id != next);
    // The queue is now third, first, next.
    drop(pool.apply(third.as_ref().unwrap(), &event, START));
    assert_eq!(Some(select(&pool).account_id().clone()), third);
    assert_eq!(*select(&pool).account_id(), first);
}

#[test]
fn an_account_of_a_used_quota_is_passed_over_until_it_is_the_fullest_again() {
    let pool = pool([with_quota(1, 5), with_quota(2, 4)]);
    let lease = select(&pool);
    assert_eq!(*lease.account_id(), id(1));
    let changes = lease.finish(Outcome::Success { cost: 2 }, START);
    assert_eq!(changes.len(), 1, "the hot path stores one fact");
    let choice = Choice::MostQuota { available: 4 };
    assert_eq!(select(&pool).choice(), choice);
    let event = Event::Synced(QuotaReport {
        quota: 9,
        window: None,
        ..QuotaReport::default()
    });
    drop(pool.apply(&id(1), &event, START));
    assert_eq!(*select(&pool).account_id(), id(1));
}

#[test]
fn the_reasons_of_all_others_are_known_beside_a_selection() {
    let pool = pool((0..4).map(account));
    drop(pool.apply(&id(0), &Event::Disable, START));
    drop(pool.apply(&id(1), &Event::Outcome(Outcome::RateLimited), START));
    let tier = BASIC.tier;
    let until_ms = START + 3_600_000;
    let expected = [
        skip(SkipReason::Cooling { until_ms }, 1),
        skip(SkipReason::Disabled, 1),
    ];
    assert_eq!(pool.skips(tier), expected, "selectable ones are not in it");
    let exclude = [id(2), id(3)];
    let request = SelectRequest {
        exclude: &exclude,
        ..BASIC
    };
    let exhausted = pool.select(&request, START).unwrap_err();
    assert_eq!(exhausted.skips[..2], expected);
    assert_eq!(exhausted.skips[2..], [skip(SkipReason::Excluded, 2)]);
    assert_eq!(
        exhausted.to_string(),
        "no account is available: 1 cooling, 1 disabled, 2 excluded"
    );
}

#[test]
fn an_active_account_without_quota_is_not_busy_but_empty() {
    let pool = pool([with_quota(0, 0)]);
    let failure = Outcome::UpstreamFailure { reason: "http_502" };
    let exhausted = pool.select(&BASIC, START).unwrap_err();
    assert_eq!(exhausted.skips, [skip(SkipReason::NoQuota, 1)]);
    drop(pool.apply(&id(0), &Event::Outcome(failure), START));
    assert_eq!(
        pool.skips(BASIC.tier),
        exhausted.skips,
        "ejected or not, it could not serve"
    );
}

#[test]
fn skip_reasons_have_words_for_logs() {
    let reasons = [
        SkipReason::Cooling { until_ms: 1 },
        SkipReason::NoQuota,
        SkipReason::Disabled,
        SkipReason::Expired,
        SkipReason::Busy,
        SkipReason::Excluded,
        SkipReason::WrongTier,
        SkipReason::Ejected,
    ];
    let words = "cooling no_quota disabled expired busy excluded wrong_tier ejected";
    assert_eq!(reasons.map(SkipReason::as_str).join(" "), words);
}

fn told(model: &str, remaining: u32, resets_at_ms: i64) -> Event {
    Event::WindowTold(QuotaWindow {
        model: model.to_owned(),
        remaining,
        total: None,
        window_secs: None,
        resets_at_ms: Some(resets_at_ms),
        asked_at_ms: START,
    })
}

#[test]
fn an_account_that_has_used_up_a_window_serves_everything_else() {
    let pool = pool([with_quota(0, 9), with_quota(1, 5)]);
    drop(pool.apply(&id(0), &told("grok-4", 0, START + 10), START));
    let of = |windows| SelectRequest { windows, ..BASIC };
    let chosen = |windows, now| {
        let lease = pool.select(&of(windows), now).unwrap();
        lease.account_id().clone()
    };
    assert_eq!(chosen(&["grok-3"], START), id(0));
    assert_eq!(chosen(&["auto", "grok-4"], START), id(1));
    assert_eq!(pool.used_up_until_ms(&["grok-4"], START), Some(START + 10));
    drop(pool.apply(&id(1), &told("grok-4", 0, START + 20), START));
    let nobody = pool.select(&of(&["grok-4"]), START).unwrap_err();
    assert_eq!(nobody.skips[0].reason, SkipReason::Excluded);
    assert_eq!(
        chosen(&["grok-4"], START + 10),
        id(0),
        "its window has passed"
    );
    assert_eq!(pool.used_up_until_ms(&["grok-4"], START + 20), None);
}

#[test]
fn news_of_a_window_a_reset_and_a_removal_end_what_was_used_up() {
    let windows: &[&str] = &["grok-4"];
    let request = SelectRequest { windows, ..BASIC };
    let pool = pool([with_quota(0, 9)]);
    let empty = told("grok-4", 0, START + 10);
    for end in [told("grok-4", 1, START + 10), Event::Reset] {
        drop(pool.apply(&id(0), &empty, START));
        assert!(pool.select(&request, START).is_err());
        drop(pool.apply(&id(0), &end, START));
        assert!(pool.select(&request, START).is_ok());
    }
    drop(pool.apply(&id(0), &empty, START));
    let removed = pool.remove(&[id(0)]);
    assert_eq!(pool.used_up_until_ms(windows, START), None);
    pool.insert(removed);
    assert_eq!(
        pool.used_up_until_ms(windows, START),
        Some(START + 10),
        "it is stored with it"
    );
}
