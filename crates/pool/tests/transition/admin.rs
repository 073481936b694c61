//! What the operator and the configuration do.

use std::time::Duration;

use pool::{
    Account, Change, Cooldown, CooldownReason, Event, Outcome, Policy, Status, Tier, transition,
};

use super::{HOUR, NOW, REFUSED, account, after, changes, cooldown, ended, failed, with};

#[test]
fn a_threshold_of_zero_means_one() {
    let policy = Policy {
        fail_threshold: 0,
        ..Policy::default()
    };
    let event = Event::Outcome(Outcome::Unauthorized { reason: "x" });
    let (next, _) = transition(&account(Tier::Basic), &event, NOW, &policy);
    assert_eq!((next.status, next.fail_count), (Status::Expired, 1));
}

#[test]
fn reset_gives_a_fresh_active_account_from_any_state() {
    for status in [
        Status::Active,
        Status::Cooling,
        Status::Expired,
        Status::Disabled,
    ] {
        let before = Account {
            fail_count: 5,
            last_fail_reason: Some("x".to_owned()),
            use_count: 9,
            ..with(status, 0, cooldown(5, CooldownReason::QuotaEmpty))
        };
        let fresh = Account {
            use_count: 9,
            ..account(Tier::Basic)
        };
        assert_eq!(after(&before, Event::Reset), fresh);
    }
}

#[test]
fn disable_and_enable_resume_an_unfinished_cooldown() {
    let limited = ended(&account(Tier::Basic), Outcome::RateLimited);
    let disabled = after(&limited, Event::Disable);
    assert_eq!(disabled.status, Status::Disabled);
    assert_eq!(after(&disabled, Event::Enable), limited);
    let (later, _) = transition(&disabled, &Event::Enable, NOW + HOUR, &Policy::default());
    assert_eq!((later.status, later.cooldown), (Status::Active, None));
    let empty = after(&with(Status::Disabled, 0, None), Event::Enable);
    assert_eq!(empty.cooldown, cooldown(20, CooldownReason::QuotaEmpty));
}

#[test]
fn enabling_an_expired_account_starts_its_count_again() {
    let expired = Account {
        fail_count: 5,
        ..with(Status::Expired, 9, None)
    };
    let next = after(&expired, Event::Enable);
    assert_eq!((next.status, next.fail_count), (Status::Active, 0));
}

#[test]
fn resetting_a_fresh_account_changes_nothing() {
    assert_eq!(changes(&account(Tier::Heavy), &Event::Reset), []);
    let with_leftover = Account {
        cooldown: cooldown(1, CooldownReason::QuotaEmpty),
        ..account(Tier::Heavy)
    };
    assert_eq!(after(&with_leftover, Event::Reset), account(Tier::Heavy));
}

#[test]
fn enabling_is_for_accounts_out_of_service() {
    let cooling = with(Status::Cooling, 9, cooldown(1, CooldownReason::RateLimited));
    for before in [failed(account(Tier::Basic)), failed(cooling)] {
        assert_eq!(changes(&before, &Event::Enable), []);
    }
    let disabled = with(Status::Disabled, 9, None);
    let wake = Change::Status {
        status: Status::Active,
        cooldown: None,
    };
    assert_eq!(changes(&disabled, &Event::Enable), [wake]);
}

#[test]
fn a_cooldown_that_ends_now_is_over_when_the_account_is_enabled() {
    for (until_ms, status) in [(NOW, Status::Active), (NOW + 1, Status::Cooling)] {
        let reason = CooldownReason::RateLimited;
        let cooldown = Some(Cooldown { until_ms, reason });
        let next = after(&with(Status::Disabled, 9, cooldown), Event::Enable);
        assert_eq!(next.status, status);
    }
}

#[test]
fn disabling_twice_changes_nothing_more() {
    let disabled = after(&account(Tier::Basic), Event::Disable);
    assert_eq!(changes(&disabled, &Event::Disable), []);
}

#[test]
fn the_numbers_of_the_policy_are_used() {
    let policy = Policy {
        fail_threshold: 2,
        cooldown_429_quota: Duration::from_secs(60),
        cooldown_429_empty: Duration::from_secs(120),
        cooldown_error_requests: 5,
    };
    let until = |quota| {
        let limited = Event::Outcome(Outcome::RateLimited);
        let (next, _) = transition(&with(Status::Active, quota, None), &limited, NOW, &policy);
        next.cooldown.map(|cooldown| cooldown.until_ms - NOW)
    };
    assert_eq!((until(1), until(0)), (Some(60_000), Some(120_000)));
    let once = Account {
        fail_count: 1,
        ..account(Tier::Basic)
    };
    let (next, _) = transition(&once, &REFUSED, NOW, &policy);
    assert_eq!(next.status, Status::Expired);
}

#[test]
fn the_defaults_are_those_of_the_protocol() {
    let expected = Policy {
        fail_threshold: 5,
        cooldown_429_quota: Duration::from_secs(3_600),
        cooldown_429_empty: Duration::from_secs(36_000),
        cooldown_error_requests: 5,
    };
    assert_eq!(Policy::default(), expected);
}
