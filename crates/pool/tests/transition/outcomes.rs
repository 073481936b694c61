//! What the end of a request does to an account.

use std::time::Duration;

use pool::{Account, Change, CooldownReason, Event, Outcome, Policy, Status, Tier, transition};

use super::{HOUR, NOW, REFUSED, account, after, changes, cooldown, ended, failed, success, with};

#[test]
fn success_consumes_its_cost_and_no_more_than_the_quota() {
    let (next, changes) = transition(
        &account(Tier::Basic),
        &Event::Outcome(Outcome::Success { cost: 4 }),
        NOW,
        &Policy::default(),
    );
    assert_eq!(
        changes,
        [Change::Used {
            used: 4,
            at_ms: NOW
        }]
    );
    assert_eq!(
        (next.quota, next.use_count, next.last_used_at_ms),
        (76, 4, Some(NOW))
    );
    assert_eq!(next.status, Status::Active);

    let last = ended(&with(Status::Active, 3, None), Outcome::Success { cost: 4 });
    assert_eq!(
        (last.quota, last.use_count),
        (0, 3),
        "used = min(cost, quota)"
    );
}

#[test]
fn a_used_up_account_cools_for_the_window_of_its_tier() {
    for (tier, hours) in [(Tier::Basic, 20), (Tier::Super, 2), (Tier::Heavy, 2)] {
        let last = Account {
            quota: 1,
            ..account(tier)
        };
        let next = ended(&last, Outcome::Success { cost: 1 });
        assert_eq!(next.status, Status::Cooling);
        assert_eq!(next.cooldown, cooldown(hours, CooldownReason::QuotaEmpty));
    }
}

#[test]
fn success_on_an_account_out_of_service_counts_but_does_not_bring_it_back() {
    for status in [Status::Expired, Status::Disabled] {
        let next = ended(&with(status, 1, None), Outcome::Success { cost: 1 });
        assert_eq!((next.status, next.quota, next.use_count), (status, 0, 1));
    }
}

#[test]
fn rate_limit_cools_one_hour_with_quota_left_and_ten_without() {
    for (quota, hours) in [(40, 1), (0, 10)] {
        let next = ended(&with(Status::Active, quota, None), Outcome::RateLimited);
        assert_eq!(next.status, Status::Cooling);
        assert_eq!(next.cooldown, cooldown(hours, CooldownReason::RateLimited));
        assert_eq!(next.quota, quota, "the quota is left to the next sync");
    }
}

#[test]
fn a_second_rate_limit_never_shortens_a_cooldown() {
    let long = with(
        Status::Cooling,
        40,
        cooldown(15, CooldownReason::QuotaEmpty),
    );
    let next = ended(&long, Outcome::RateLimited);
    assert_eq!(next.cooldown.map(|c| c.until_ms), Some(NOW + 15 * HOUR));
}

#[test]
fn unauthorized_answers_are_counted_until_the_account_expires() {
    let mut current = account(Tier::Basic);
    for count in 1..=5 {
        current = ended(
            &current,
            Outcome::Unauthorized {
                reason: "app_chat_auth_failed",
            },
        );
        assert_eq!(current.fail_count, count);
        assert_eq!(current.last_fail_at_ms, Some(NOW));
        assert_eq!(
            current.last_fail_reason.as_deref(),
            Some("app_chat_auth_failed")
        );
        let expected = if count < 5 {
            Status::Active
        } else {
            Status::Expired
        };
        assert_eq!(current.status, expected, "after {count}");
    }
    let cooling = Account {
        fail_count: 4,
        ..with(Status::Cooling, 0, cooldown(1, CooldownReason::QuotaEmpty))
    };
    let next = ended(&cooling, Outcome::Unauthorized { reason: "x" });
    assert_eq!((next.status, next.cooldown), (Status::Expired, None));
}

#[test]
fn a_blocked_account_expires_at_once_and_its_counter_stays() {
    let next = ended(
        &account(Tier::Super),
        Outcome::Blocked {
            reason: "blocked_user",
        },
    );
    assert_eq!((next.status, next.fail_count), (Status::Expired, 0));
    assert_eq!(next.last_fail_reason.as_deref(), Some("blocked_user"));
}

#[test]
fn upstream_failures_and_unharmed_leases_change_nothing_stored() {
    let before = account(Tier::Basic);
    for outcome in [
        Outcome::UpstreamFailure { reason: "http_502" },
        Outcome::Unharmed,
    ] {
        let event = Event::Outcome(outcome);
        let (next, changes) = transition(&before, &event, NOW, &Policy::default());
        assert_eq!((next, changes), (before.clone(), Vec::new()));
    }
}

#[test]
fn five_stray_refusals_in_a_lifetime_expire_nobody() {
    let mut current = account(Tier::Basic);
    for _ in 0..9 {
        current = after(&current, REFUSED);
        assert_eq!(current.fail_count, 1);
        current = after(&current, success(1));
    }
    assert_eq!(current.status, Status::Active);
    assert_eq!(
        (current.fail_count, current.last_fail_at_ms),
        (0, None),
        "the credential works"
    );
    assert_eq!(current.last_fail_reason, None);
}

#[test]
fn a_success_stores_that_failures_are_forgotten_only_if_there_are_any() {
    let used = Change::Used {
        used: 1,
        at_ms: NOW,
    };
    let fine = account(Tier::Basic);
    assert_eq!(changes(&fine, &success(1)), std::slice::from_ref(&used));
    for status in [Status::Active, Status::Cooling, Status::Disabled] {
        let before = failed(with(status, 9, None));
        let expected = [used.clone(), Change::FailuresCleared];
        assert_eq!(changes(&before, &success(1)), expected, "{status:?}");
    }
    let traces = [
        Account {
            last_fail_at_ms: Some(1),
            ..fine.clone()
        },
        Account {
            last_fail_reason: Some("x".to_owned()),
            ..fine.clone()
        },
        Account {
            fail_count: 1,
            ..fine
        },
    ];
    for before in traces {
        assert_eq!(changes(&before, &success(1)).len(), 2);
    }
}

#[test]
fn a_late_success_leaves_an_expired_account_the_reason_why() {
    let expired = failed(with(Status::Expired, 9, None));
    let next = after(&expired, success(1));
    let expected = Account {
        quota: 8,
        use_count: 1,
        last_used_at_ms: Some(NOW),
        ..expired
    };
    assert_eq!(next, expected);
}

#[test]
fn a_success_that_costs_nothing_does_not_empty_an_account() {
    let empty = with(Status::Active, 0, None);
    assert_eq!(after(&empty, success(1)).status, Status::Active);
    assert_eq!(after(&empty, success(0)).status, Status::Active);
    let left = ended(&with(Status::Active, 2, None), Outcome::Success { cost: 1 });
    assert_eq!((left.status, left.quota), (Status::Active, 1));
}

#[test]
fn a_cooling_account_that_is_used_up_cools_for_the_longer_of_both() {
    let limited = with(Status::Cooling, 1, cooldown(1, CooldownReason::RateLimited));
    let next = after(&limited, success(1));
    assert_eq!(next.cooldown, cooldown(20, CooldownReason::QuotaEmpty));
    let longer = with(
        Status::Cooling,
        1,
        cooldown(30, CooldownReason::RateLimited),
    );
    let next = after(&longer, success(1));
    assert_eq!(next.cooldown, cooldown(30, CooldownReason::QuotaEmpty));
}

#[test]
fn refusals_count_on_accounts_out_of_service_but_change_nothing_else() {
    for status in [Status::Expired, Status::Disabled] {
        let before = failed(with(status, 9, None));
        let next = after(&before, REFUSED);
        assert_eq!((next.status, next.fail_count), (status, 5));
        assert_eq!(next.last_fail_reason.as_deref(), Some("auth"));
    }
}

#[test]
fn other_outcomes_leave_accounts_out_of_service_alone() {
    for status in [Status::Expired, Status::Disabled] {
        let before = with(status, 9, None);
        for outcome in [
            Outcome::RateLimited,
            Outcome::Blocked { reason: "blocked" },
            Outcome::UpstreamFailure { reason: "http_502" },
            Outcome::Unharmed,
        ] {
            assert_eq!(changes(&before, &Event::Outcome(outcome)), []);
        }
    }
}

#[test]
fn a_cooling_account_that_is_blocked_expires() {
    let cooling = with(Status::Cooling, 9, cooldown(1, CooldownReason::RateLimited));
    let next = ended(&cooling, Outcome::Blocked { reason: "blocked" });
    assert_eq!((next.status, next.cooldown), (Status::Expired, None));
    assert_eq!(next.last_fail_at_ms, Some(NOW));
}

#[test]
fn a_cooldown_after_an_import_without_an_end_counts_from_the_last_use() {
    let window = 20 * HOUR;
    let imported = Account {
        created_at_ms: NOW - 30 * HOUR,
        ..with(Status::Cooling, 9, None)
    };
    let until_ms = |account: &Account| {
        let limited = Event::Outcome(Outcome::RateLimited);
        let policy = Policy {
            cooldown_429_quota: Duration::ZERO,
            ..Policy::default()
        };
        let (next, _) = transition(account, &limited, NOW - 99 * HOUR, &policy);
        next.cooldown.map(|cooldown| cooldown.until_ms)
    };
    assert_eq!(until_ms(&imported), Some(NOW - 30 * HOUR + window));
    let synced = Account {
        last_sync_at_ms: Some(NOW - 2 * HOUR),
        ..imported
    };
    assert_eq!(until_ms(&synced), Some(NOW - 2 * HOUR + window));
    let used = Account {
        last_used_at_ms: Some(NOW - 3 * HOUR),
        ..synced
    };
    assert_eq!(until_ms(&used), Some(NOW - 3 * HOUR + window));
}
