//! What the operator and the configuration do.

use std::time::Duration;

use pool::{
    Account, AccountEdit, AccountProxy, Change, Check, CheckResult, CooldownReason, Event, Outcome,
    Policy, QuotaWindow, Status, Tier, transition,
};

use super::{NOW, REFUSED, account, after, changes, cooldown, ended, failed, with};

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
            use_count: 9,
            ..known(with(status, 0, cooldown(5, CooldownReason::QuotaEmpty)))
        };
        let fresh = Account {
            use_count: 9,
            ..account(Tier::Basic)
        };
        assert_eq!(after(&before, Event::Reset), fresh);
    }
}

#[test]
fn enabling_ends_a_cooldown_and_refills_an_empty_account() {
    let limited = ended(&account(Tier::Basic), Outcome::RateLimited);
    let disabled = after(&limited, Event::Disable);
    assert_eq!(disabled.status, Status::Disabled);
    for before in [limited, disabled] {
        let next = after(&before, Event::Enable);
        assert_eq!((next.status, next.cooldown), (Status::Active, None));
        assert_eq!(next.quota, before.quota);
    }
    for status in [Status::Cooling, Status::Disabled, Status::Expired] {
        let next = after(&with(status, 0, None), Event::Enable);
        assert_eq!((next.status, next.quota), (Status::Active, 80));
    }
}

#[test]
fn a_cooldown_beyond_the_longest_rule_is_shortened_and_others_are_not() {
    let shortened = |hours| {
        let cooldown = cooldown(hours, CooldownReason::RateLimited);
        let mut account = with(Status::Cooling, 9, cooldown);
        let did = account.shorten_cooldown(NOW, &Policy::default());
        (did, account.cooldown)
    };
    let longest = cooldown(20, CooldownReason::RateLimited);
    assert_eq!(shortened(20), (false, longest));
    assert_eq!(shortened(21), (true, longest));
    let mut active = account(Tier::Basic);
    assert!(!active.shorten_cooldown(NOW, &Policy::default()));
    let mut paid = Account {
        cooldown: cooldown(21, CooldownReason::RateLimited),
        ..account(Tier::Super)
    };
    assert!(paid.shorten_cooldown(NOW, &Policy::default()));
    assert_eq!(paid.cooldown, cooldown(10, CooldownReason::RateLimited));
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
fn enabling_an_active_account_changes_nothing() {
    assert_eq!(changes(&failed(account(Tier::Basic)), &Event::Enable), []);
    let disabled = with(Status::Disabled, 9, None);
    let wake = Change::Status {
        status: Status::Active,
        cooldown: None,
    };
    assert_eq!(changes(&disabled, &Event::Enable), [wake]);
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

/// An account of which a lot is known, and nothing good.
fn known(account: Account) -> Account {
    Account {
        windows: vec![QuotaWindow {
            model: "grok-4".to_owned(),
            remaining: 0,
            total: None,
            window_secs: None,
            resets_at_ms: Some(NOW + 1),
            asked_at_ms: NOW,
        }],
        last_sync_at_ms: Some(NOW),
        last_check: Some(Check {
            at_ms: NOW,
            result: CheckResult::Refused,
        }),
        ..failed(account)
    }
}

#[test]
fn another_credential_makes_a_refused_account_active_and_unknown() {
    for status in [Status::Active, Status::Cooling, Status::Expired] {
        let before = known(with(status, 3, cooldown(5, CooldownReason::RateLimited)));
        assert_eq!(
            after(&before, Event::CredentialReplaced),
            account(Tier::Basic)
        );
    }
    let disabled = after(
        &known(with(Status::Disabled, 3, None)),
        Event::CredentialReplaced,
    );
    let still_disabled = Account {
        status: Status::Disabled,
        ..account(Tier::Basic)
    };
    assert_eq!(disabled, still_disabled);
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_that_is_so_already() {
    let proxy = AccountProxy::try_new("http://proxy.test:80").unwrap();
    let edit = AccountEdit {
        tags: Some(vec!["nsfw".to_owned()]),
        note: Some("team A".to_owned()),
        tier: Some(Tier::Heavy),
        proxy: Some(Some(proxy.clone())),
    };
    let before = account(Tier::Basic);
    let edited = after(&before, Event::Edited(edit.clone()));
    let expected = Account {
        tags: vec!["nsfw".to_owned()],
        note: "team A".to_owned(),
        tier: Tier::Heavy,
        proxy: Some(proxy),
        ..before
    };
    assert_eq!(edited, expected);
    assert_eq!(changes(&edited, &Event::Edited(edit)), []);
    assert_eq!(changes(&edited, &Event::Edited(AccountEdit::default())), []);
    let direct = AccountEdit {
        proxy: Some(None),
        ..AccountEdit::default()
    };
    let change = Change::Proxy { proxy: None };
    assert_eq!(changes(&edited, &Event::Edited(direct)), [change]);
}

#[test]
fn a_tag_comes_to_those_that_are_there_and_once() {
    let before = Account {
        tags: vec!["team".to_owned()],
        ..account(Tier::Basic)
    };
    let tagged = Event::Tagged("nsfw".to_owned());
    let both = after(&before, tagged.clone());
    assert_eq!(both.tags, ["team", "nsfw"]);
    assert_eq!(changes(&both, &tagged), []);
}
