//! One test per rule of the state machine (`docs/upstream-protocol.md` 4, `docs/requirements.md`
//! 2.5 and 2.18).
#![expect(clippy::unwrap_used, reason = "tests")]

mod admin;
mod outcomes;
mod sync;

use std::time::Duration;

use pool::{
    Account, AccountId, Change, CheckResult, Cooldown, CooldownReason, Credential, Event, Outcome,
    Policy, QuotaReport, Status, Tier, replay, transition,
};
use proptest::prelude::*;

const NOW: i64 = 1_772_700_000_000;
const HOUR: i64 = 3_600_000;

fn account(tier: Tier) -> Account {
    let credential = Credential::try_new("credential-of-a").unwrap();
    Account::new(AccountId::new("a"), credential, tier, NOW - 1000)
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
        Event::Synced(QuotaReport {
            quota,
            window: None,
            ..QuotaReport::default()
        }),
    )
}

fn cooldown(hours: i64, reason: CooldownReason) -> Option<Cooldown> {
    Some(Cooldown {
        until_ms: NOW + hours * HOUR,
        reason,
    })
}

fn changes(account: &Account, event: &Event) -> Vec<Change> {
    transition(account, event, NOW, &Policy::default()).1
}

fn failed(account: Account) -> Account {
    Account {
        fail_count: 4,
        last_fail_at_ms: Some(1),
        last_fail_reason: Some("x".to_owned()),
        ..account
    }
}

const fn success(cost: u32) -> Event {
    Event::Outcome(Outcome::Success { cost })
}

const REFUSED: Event = Event::Outcome(Outcome::Unauthorized { reason: "auth" });

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
        (0_u32..5, window).prop_map(|(quota, window)| Event::Synced(QuotaReport {
            quota,
            window,
            ..QuotaReport::default()
        })),
        Just(Event::Checked(CheckResult::Unreachable)),
        Just(Event::CredentialReplaced),
        Just(Event::Tagged("nsfw".to_owned())),
        (1_u32..4).prop_map(|times| Event::Refused {
            times,
            reason: "auth"
        }),
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
