//! What a successful quota question does to an account.

use std::time::Duration;

use pool::{
    Account, Change, Check, CheckResult, CooldownReason, Event, Outcome, Policy, QuotaReport,
    QuotaWindow, Status, Tier, transition,
};

use super::{HOUR, NOW, account, after, changes, cooldown, ended, failed, synced, with};

#[test]
fn sync_with_quota_wakes_cooling_and_expired_accounts() {
    for before in [
        with(Status::Cooling, 0, cooldown(5, CooldownReason::QuotaEmpty)),
        with(Status::Cooling, 0, cooldown(5, CooldownReason::RateLimited)),
        with(
            Status::Cooling,
            9,
            cooldown(5, CooldownReason::UpstreamErrors),
        ),
        with(Status::Cooling, 0, None),
        with(Status::Expired, 0, None),
    ] {
        let next = synced(&before, 61);
        assert_eq!(
            (next.status, next.quota, next.cooldown),
            (Status::Active, 61, None)
        );
        assert_eq!(next.last_sync_at_ms, Some(NOW));
    }
}

#[test]
fn sync_with_quota_does_not_end_a_rate_limit_that_came_with_quota_left() {
    let limited = with(
        Status::Cooling,
        40,
        cooldown(1, CooldownReason::RateLimited),
    );
    let next = synced(&limited, 39);
    assert_eq!((next.status, next.quota), (Status::Cooling, 39));
    assert_eq!(next.cooldown, limited.cooldown);
}

#[test]
fn sync_without_quota_cools_and_stretches_a_short_rate_limit_once() {
    let emptied = synced(&account(Tier::Basic), 0);
    assert_eq!(emptied.cooldown, cooldown(20, CooldownReason::QuotaEmpty));

    let limited = ended(&account(Tier::Basic), Outcome::RateLimited);
    let stretched = synced(&limited, 0);
    assert_eq!(
        stretched.cooldown,
        cooldown(10, CooldownReason::RateLimited)
    );
    let later = Event::Synced(QuotaReport {
        quota: 0,
        window: None,
        ..QuotaReport::default()
    });
    let (again, _) = transition(&stretched, &later, NOW + HOUR, &Policy::default());
    assert_eq!(
        again.cooldown, stretched.cooldown,
        "the second report is no news"
    );

    assert_eq!(
        synced(&with(Status::Expired, 9, None), 0).status,
        Status::Expired
    );
}

#[test]
fn sync_clears_failures_and_leaves_a_disabled_account_disabled() {
    let failed = Account {
        fail_count: 3,
        last_fail_at_ms: Some(1),
        last_fail_reason: Some("x".to_owned()),
        ..with(Status::Disabled, 0, None)
    };
    let next = synced(&failed, 61);
    assert_eq!(
        (next.status, next.quota, next.fail_count),
        (Status::Disabled, 61, 0)
    );
    assert_eq!((next.last_fail_at_ms, next.last_fail_reason), (None, None));
}

#[test]
fn the_window_decides_the_tier() {
    for (from, secs, to) in [
        (Tier::Super, 14_400, Tier::Basic),
        (Tier::Basic, 14_399, Tier::Super),
        (Tier::Basic, 72_000, Tier::Basic),
        (Tier::Heavy, 7_200, Tier::Heavy),
    ] {
        let event = Event::Synced(QuotaReport {
            quota: 5,
            window: Some(Duration::from_secs(secs)),
            ..QuotaReport::default()
        });
        assert_eq!(after(&account(from), event).tier, to);
    }
    assert_eq!(
        synced(&account(Tier::Super), 5).tier,
        Tier::Super,
        "unknown window"
    );
    let told = Event::Synced(QuotaReport {
        empty_until_ms: Some(NOW + HOUR),
        ..QuotaReport::default()
    });
    assert_eq!(
        after(&account(Tier::Basic), told).cooldown,
        cooldown(1, CooldownReason::QuotaEmpty),
        "the end that was told"
    );
    let emptied = Event::Synced(QuotaReport {
        quota: 0,
        window: Some(Duration::from_secs(7_200)),
        ..QuotaReport::default()
    });
    let next = after(&account(Tier::Basic), emptied);
    assert_eq!(
        next.cooldown,
        cooldown(2, CooldownReason::QuotaEmpty),
        "the new tier's window"
    );
}

#[test]
fn a_sync_says_what_is_new_and_nothing_else() {
    let before = account(Tier::Basic);
    let same = Event::Synced(QuotaReport {
        quota: before.quota,
        window: Some(Duration::from_secs(72_000)),
        ..QuotaReport::default()
    });
    let fine = Change::Checked {
        check: Some(Check {
            at_ms: NOW,
            result: CheckResult::Fine,
        }),
    };
    let now = Change::Synced { at_ms: Some(NOW) };
    assert_eq!(changes(&before, &same), [now.clone(), fine.clone()]);
    let other = Event::Synced(QuotaReport {
        quota: 7,
        window: Some(Duration::from_secs(7_200)),
        ..QuotaReport::default()
    });
    let expected = [
        now,
        Change::Tier { tier: Tier::Super },
        Change::Quota { quota: 7 },
        Change::FailuresCleared,
        fine,
    ];
    assert_eq!(changes(&failed(before), &other), expected);
}

#[test]
fn a_sync_without_quota_is_no_news_for_an_account_that_cools_for_it() {
    for reason in [CooldownReason::QuotaEmpty, CooldownReason::UpstreamErrors] {
        let before = with(Status::Cooling, 3, cooldown(1, reason));
        assert_eq!(synced(&before, 0).cooldown, before.cooldown);
    }
    let unknown = with(Status::Cooling, 3, None);
    assert_eq!(synced(&unknown, 0).cooldown, None);
}

#[test]
fn a_sync_stretches_a_rate_limit_and_never_shortens_it() {
    let limited = with(
        Status::Cooling,
        3,
        cooldown(11, CooldownReason::RateLimited),
    );
    assert_eq!(synced(&limited, 0).cooldown, limited.cooldown);
}

fn result(account: &Account) -> Option<CheckResult> {
    assert_eq!(account.last_check.map(|check| check.at_ms), Some(NOW));
    account.last_check.map(|check| check.result)
}

#[test]
fn a_sync_tells_whether_the_account_is_fine_or_cools_on() {
    assert_eq!(
        result(&synced(&account(Tier::Basic), 5)),
        Some(CheckResult::Fine)
    );
    let emptied = synced(&account(Tier::Basic), 0);
    let until_ms = NOW + 20 * HOUR;
    assert_eq!(result(&emptied), Some(CheckResult::Limited { until_ms }));
    let limited = with(
        Status::Cooling,
        40,
        cooldown(1, CooldownReason::RateLimited),
    );
    let until_ms = NOW + HOUR;
    assert_eq!(
        result(&synced(&limited, 39)),
        Some(CheckResult::Limited { until_ms })
    );
    let woken = synced(
        &with(Status::Cooling, 0, cooldown(5, CooldownReason::QuotaEmpty)),
        9,
    );
    assert_eq!(result(&woken), Some(CheckResult::Fine));
}

#[test]
fn a_question_without_an_answer_says_nothing_bad_about_the_account() {
    for answer in [
        CheckResult::Refused,
        CheckResult::Blocked,
        CheckResult::Clearance,
        CheckResult::Limited { until_ms: 7 },
        CheckResult::Unreachable,
    ] {
        let before = account(Tier::Basic);
        let next = after(&before, Event::Checked(answer));
        assert_eq!(result(&next), Some(answer));
        let same_but_for_the_check = Account {
            last_check: None,
            ..next
        };
        assert_eq!(same_but_for_the_check, before);
    }
}

#[test]
fn totals_tell_the_tier_before_the_window_does() {
    let event = Event::Synced(QuotaReport {
        quota: 5,
        window: Some(Duration::from_secs(7_200)),
        tier: Some(Tier::Heavy),
        ..QuotaReport::default()
    });
    assert_eq!(after(&account(Tier::Basic), event).tier, Tier::Heavy);
}

fn window(model: &str, asked_at_ms: i64) -> QuotaWindow {
    QuotaWindow {
        model: model.to_owned(),
        remaining: 0,
        total: Some(80),
        window_secs: Some(72_000),
        resets_at_ms: Some(NOW + HOUR),
        asked_at_ms,
    }
}

#[test]
fn windows_of_models_are_kept_until_newer_ones_come() {
    let told = |window| Event::WindowTold(window);
    let first = after(&account(Tier::Basic), told(window("b", 1)));
    let second = after(&first, told(window("a", 2)));
    assert_eq!(second.windows, [window("a", 2), window("b", 1)]);
    assert_eq!(changes(&second, &told(window("a", 2))), []);
    let event = Event::Synced(QuotaReport {
        quota: 80,
        windows: vec![window("b", 3)],
        ..QuotaReport::default()
    });
    let third = after(&second, event);
    assert_eq!(third.windows, [window("a", 2), window("b", 3)]);
}

fn refused(account: &Account, times: u32) -> Account {
    let reason = "rate_limits_auth_failed";
    after(account, Event::Refused { times, reason })
}

#[test]
fn three_refused_questions_in_a_row_expire_a_cooling_account() {
    let cooling = with(Status::Cooling, 0, cooldown(5, CooldownReason::QuotaEmpty));
    let twice = refused(&cooling, 2);
    assert_eq!((twice.status, twice.fail_count), (Status::Cooling, 2));
    let next = refused(&cooling, 3);
    assert_eq!((next.status, next.fail_count), (Status::Expired, 3));
    assert_eq!(next.cooldown, None);
    assert_eq!(result(&next), Some(CheckResult::Refused));
    let reason = next.last_fail_reason.as_deref();
    assert_eq!(reason, Some("rate_limits_auth_failed"));
}

#[test]
fn a_refused_question_counts_like_any_other_call_on_an_active_account() {
    let active = account(Tier::Basic);
    assert_eq!(refused(&active, 3).status, Status::Active);
    let fourth = failed(active);
    assert_eq!(refused(&fourth, 1).status, Status::Expired);
    let disabled = with(Status::Disabled, 0, None);
    assert_eq!(refused(&disabled, 3).status, Status::Disabled);
}
