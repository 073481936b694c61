//! One test per rule of the state machine (`docs/upstream-protocol.md` 4, `docs/requirements.md`
//! 2.5 and 2.18).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use pool::{
    Account, AccountId, Change, Cooldown, CooldownReason, Credential, Event, Outcome, Policy,
    Status, Tier, replay, transition,
};
use proptest::prelude::*;

const NOW: i64 = 1_772_700_000_000;
const HOUR: i64 = 3_600_000;

fn account(kind: Tier) -> Account {
    let credential = Credential::try_new("credential-of-a").unwrap();
    Account::new(AccountId::new("a"), credential, kind, NOW - 1000)
}

fn with(status: Status, quota: u32, cooldown: Option<Cooldown>) -> Account {
    Account {
        status,
        quota,
        cooldown,
        ..account(Tier::Basic)
    }
}

fn after(account: &Account, event: Event) -> Account {
    transition(account, &event, NOW, &Policy::default()).0
}

fn ended(account: &Account, outcome: Outcome) -> Account {
    after(account, Event::Outcome(outcome))
}

fn synced(account: &Account, quota: u32) -> Account {
    after(
        account,
        Event::Synced {
            quota,
            window: None,
        },
    )
}

fn rest(hours: i64, reason: CooldownReason) -> Option<Cooldown> {
    Some(Cooldown {
        until_ms: NOW + hours * HOUR,
        reason,
    })
}

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
fn a_used_up_account_rests_for_the_window_of_its_pool() {
    for (kind, hours) in [(Tier::Basic, 20), (Tier::Super, 2)] {
        let last = Account {
            quota: 1,
            ..account(kind)
        };
        let next = ended(&last, Outcome::Success { cost: 1 });
        assert_eq!(next.status, Status::Cooling);
        assert_eq!(next.cooldown, rest(hours, CooldownReason::QuotaEmpty));
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
fn rate_limit_rests_one_hour_with_quota_left_and_ten_without() {
    for (quota, hours) in [(40, 1), (0, 10)] {
        let next = ended(&with(Status::Active, quota, None), Outcome::RateLimited);
        assert_eq!(next.status, Status::Cooling);
        assert_eq!(next.cooldown, rest(hours, CooldownReason::RateLimited));
        assert_eq!(next.quota, quota, "the quota is left to the next sync");
    }
}

#[test]
fn a_second_rate_limit_never_shortens_a_rest() {
    let long = with(Status::Cooling, 40, rest(15, CooldownReason::QuotaEmpty));
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
        ..with(Status::Cooling, 0, rest(1, CooldownReason::QuotaEmpty))
    };
    let next = ended(&cooling, Outcome::Unauthorized { reason: "x" });
    assert_eq!((next.status, next.cooldown), (Status::Expired, None));
}

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
fn sync_with_quota_wakes_cooling_and_expired_accounts() {
    for before in [
        with(Status::Cooling, 0, rest(5, CooldownReason::QuotaEmpty)),
        with(Status::Cooling, 0, rest(5, CooldownReason::RateLimited)),
        with(Status::Cooling, 9, rest(5, CooldownReason::UpstreamErrors)),
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
    let limited = with(Status::Cooling, 40, rest(1, CooldownReason::RateLimited));
    let next = synced(&limited, 39);
    assert_eq!((next.status, next.quota), (Status::Cooling, 39));
    assert_eq!(next.cooldown, limited.cooldown);
}

#[test]
fn sync_without_quota_sends_to_rest_and_stretches_a_short_rate_limit_once() {
    let emptied = synced(&account(Tier::Basic), 0);
    assert_eq!(emptied.cooldown, rest(20, CooldownReason::QuotaEmpty));

    let limited = ended(&account(Tier::Basic), Outcome::RateLimited);
    let stretched = synced(&limited, 0);
    assert_eq!(stretched.cooldown, rest(10, CooldownReason::RateLimited));
    let later = Event::Synced {
        quota: 0,
        window: None,
    };
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
fn the_window_decides_the_pool() {
    for (from, secs, to) in [
        (Tier::Super, 14_400, Tier::Basic),
        (Tier::Basic, 14_399, Tier::Super),
        (Tier::Basic, 72_000, Tier::Basic),
    ] {
        let event = Event::Synced {
            quota: 5,
            window: Some(Duration::from_secs(secs)),
        };
        assert_eq!(after(&account(from), event).tier, to);
    }
    assert_eq!(
        synced(&account(Tier::Super), 5).tier,
        Tier::Super,
        "unknown window"
    );
    let emptied = Event::Synced {
        quota: 0,
        window: Some(Duration::from_secs(7_200)),
    };
    let next = after(&account(Tier::Basic), emptied);
    assert_eq!(
        next.cooldown,
        rest(2, CooldownReason::QuotaEmpty),
        "the new pool's window"
    );
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
            ..with(status, 0, rest(5, CooldownReason::QuotaEmpty))
        };
        let fresh = Account {
            use_count: 9,
            ..account(Tier::Basic)
        };
        assert_eq!(after(&before, Event::Reset), fresh);
    }
}

#[test]
fn disable_and_enable_resume_an_unfinished_rest() {
    let limited = ended(&account(Tier::Basic), Outcome::RateLimited);
    let disabled = after(&limited, Event::Disable);
    assert_eq!(disabled.status, Status::Disabled);
    assert_eq!(after(&disabled, Event::Enable), limited);
    let (later, _) = transition(&disabled, &Event::Enable, NOW + HOUR, &Policy::default());
    assert_eq!((later.status, later.cooldown), (Status::Active, None));
    let empty = after(&with(Status::Disabled, 0, None), Event::Enable);
    assert_eq!(empty.cooldown, rest(20, CooldownReason::QuotaEmpty));
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

fn any_event() -> impl Strategy<Value = Event> {
    let window = proptest::option::of((1_000_u64..80_000).prop_map(Duration::from_secs));
    prop_oneof![
        (0_u32..10).prop_map(|cost| Event::Outcome(Outcome::Success { cost })),
        Just(Event::Outcome(Outcome::RateLimited)),
        Just(Event::Outcome(Outcome::Unauthorized { reason: "auth" })),
        Just(Event::Outcome(Outcome::Blocked { reason: "blocked" })),
        Just(Event::Outcome(Outcome::UpstreamFailure {
            reason: "http_502"
        })),
        Just(Event::Outcome(Outcome::Unharmed)),
        (0_u32..5, window).prop_map(|(quota, window)| Event::Synced { quota, window }),
        Just(Event::Reset),
        Just(Event::Enable),
        Just(Event::Disable),
    ]
}

proptest! {
    #[test]
    fn any_history_replays_and_keeps_the_state_invariants(
        history in proptest::collection::vec((any_event(), 0_i64..(3 * HOUR)), 1..40)
    ) {
        let policy = Policy::default();
        let mut current = account(Tier::Basic);
        let mut now = NOW;
        for (event, wait) in history {
            now += wait;
            let (next, changes) = transition(&current, &event, now, &policy);
            let mut copy = current.clone();
            changes.iter().for_each(|change| replay(&mut copy, change));
            prop_assert_eq!(&copy, &next);
            prop_assert!(next.status != Status::Active || next.quota > 0, "active but empty");
            prop_assert!(next.status != Status::Active || next.cooldown.is_none());
            prop_assert!(next.status != Status::Cooling || next.cooldown.is_some());
            prop_assert!(next.use_count >= current.use_count);
            if current.status == Status::Disabled && !matches!(event, Event::Enable | Event::Reset) {
                prop_assert_eq!(next.status, Status::Disabled);
            }
            current = next;
        }
    }
}
