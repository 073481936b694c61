//! When the upstream should be asked about an account again, as a pure function.
//!
//! - Only accounts in service (active, cooling) are asked.
//! - Of whom the quota is not known: at once. That is who was never asked, who was reset, and whose
//!   empty window has passed by the clock.
//! - Everybody else: when the interval of the tier has passed since the quota was told.
//! - After a question without a good answer: when a pause has passed, so that neither a dead account
//!   nor an upstream in trouble is asked again and again, and whether the account can serve is known
//!   before long.
//!
//! Intervals and pauses are longer by up to a quarter, by a number that an account always has: ten
//! thousand accounts that were added at once spread out, and every instance spreads them alike.
//!
//! Source: `docs/upstream-protocol.md` 4.4.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::account::after;
use crate::{Account, AccountId, CheckResult, Status, Tier};

/// After a refused credential or a blocked account.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_secs(3600);
/// After no answer: the account is not at fault.
const PAUSE_AFTER_SILENCE: Duration = Duration::from_secs(600);
/// By this part an interval is longer at most.
const SPREAD: u64 = 4;

/// How often accounts are asked (section `[token]` of the configuration).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshPolicy {
    pub basic: Duration,
    /// Super and Heavy.
    pub paid: Duration,
}

impl RefreshPolicy {
    /// When the upstream should be asked about the account, in unix milliseconds: an instant that
    /// has passed means now; `None` means never.
    pub fn due_at_ms(&self, account: &Account, now_ms: i64) -> Option<i64> {
        if !matches!(account.status, Status::Active | Status::Cooling) {
            return None;
        }
        // What lies in the future was written while the clock was ahead.
        let told_at_ms = account.last_sync_at_ms.filter(|at_ms| *at_ms <= now_ms);
        let check = account.last_check.filter(|check| check.at_ms <= now_ms);
        let failed = check.filter(|check| Some(check.at_ms) != account.last_sync_at_ms);
        let by_interval = told_at_ms.map_or(i64::MIN, |at_ms| {
            after(at_ms, spread(self.interval(account.tier), &account.id))
        });
        let Some(check) = failed else {
            return Some(by_interval);
        };
        let pause = |span| after(check.at_ms, spread(span, &account.id));
        Some(match check.result {
            CheckResult::Fine => by_interval,
            CheckResult::Limited { until_ms } => by_interval.max(until_ms),
            CheckResult::Refused | CheckResult::Blocked => pause(PAUSE_AFTER_REFUSAL),
            CheckResult::Clearance | CheckResult::Unreachable => pause(PAUSE_AFTER_SILENCE),
        })
    }

    fn interval(&self, tier: Tier) -> Duration {
        match tier {
            Tier::Basic => self.basic,
            Tier::Super | Tier::Heavy => self.paid,
        }
    }
}

/// The span and up to a quarter of it, always the same for the same account.
fn spread(span: Duration, id: &AccountId) -> Duration {
    // Its keys are constants, so all instances agree.
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let share = u32::try_from(hasher.finish() >> 32).unwrap_or_default();
    let most = span.as_millis() as u64 / SPREAD;
    let more = (u128::from(most) * u128::from(share)) >> 32;
    span + Duration::from_millis(u64::try_from(more).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Check, Credential};

    const NOW: i64 = 1_772_700_000_000;
    const HOUR: i64 = 3_600_000;
    const POLICY: RefreshPolicy = RefreshPolicy {
        basic: Duration::from_secs(8 * 3600),
        paid: Duration::from_secs(2 * 3600),
    };

    fn account(name: &str) -> Account {
        let credential = Credential::try_new("credential-of-a").unwrap();
        Account::new(
            AccountId::new(name),
            credential,
            Tier::Basic,
            NOW - 9 * HOUR,
        )
    }

    fn is_due(account: &Account) -> bool {
        POLICY.due_at_ms(account, NOW).is_some_and(|at| at <= NOW)
    }

    fn synced(hours_ago: i64) -> Account {
        Account {
            last_sync_at_ms: Some(NOW - hours_ago * HOUR),
            ..account("a")
        }
    }

    fn checked(result: CheckResult, minutes_ago: i64) -> Account {
        let at_ms = NOW - minutes_ago * 60_000;
        Account {
            last_check: Some(Check { at_ms, result }),
            ..synced(20)
        }
    }

    #[test]
    fn who_was_never_asked_is_due_and_who_is_out_of_service_never() {
        assert!(is_due(&account("a")));
        for status in [Status::Expired, Status::Disabled] {
            let out = Account {
                status,
                ..account("a")
            };
            assert_eq!(POLICY.due_at_ms(&out, NOW), None);
        }
        let cooling = Account {
            status: Status::Cooling,
            ..account("a")
        };
        assert!(is_due(&cooling));
    }

    #[test]
    fn an_account_is_due_after_the_interval_of_its_tier() {
        assert!(!is_due(&synced(8)) && is_due(&synced(10)));
        for tier in [Tier::Super, Tier::Heavy] {
            let paid = |hours| Account {
                tier,
                ..synced(hours)
            };
            assert!(!is_due(&paid(2)) && is_due(&paid(3)));
        }
    }

    #[test]
    fn accounts_that_were_asked_together_are_due_one_after_the_other() {
        let due = |n: u32| {
            let one = Account {
                last_sync_at_ms: Some(NOW),
                ..account(&format!("account-{n}"))
            };
            POLICY.due_at_ms(&one, NOW).unwrap() - NOW
        };
        let mut all: Vec<_> = (0..10_000).map(due).collect();
        assert_eq!(all[17], due(17), "always the same");
        all.sort_unstable();
        assert!(all[0] >= 8 * HOUR && all[9_999] <= 10 * HOUR);
        let in_a_minute = |start: i64| {
            all.iter()
                .filter(move |at| (start..start + 60_000).contains(*at))
        };
        let most = (0..120).map(|minute| in_a_minute(8 * HOUR + minute * 60_000).count());
        assert!(most.max() < Some(150), "about 83 a minute");
    }

    #[test]
    fn a_question_without_a_good_answer_is_repeated_after_a_pause() {
        for (result, minutes) in [
            (CheckResult::Refused, 60),
            (CheckResult::Blocked, 60),
            (CheckResult::Clearance, 10),
            (CheckResult::Unreachable, 10),
        ] {
            assert!(!is_due(&checked(result, minutes)), "{result:?}");
            assert!(is_due(&checked(result, minutes * 5 / 4 + 1)), "{result:?}");
        }
        let limited = |until_ms| checked(CheckResult::Limited { until_ms }, 1);
        assert!(!is_due(&limited(NOW + 1)) && is_due(&limited(NOW)));
    }

    #[test]
    fn a_good_answer_is_not_taken_for_a_failure() {
        let at_ms = NOW - 10 * HOUR;
        let result = CheckResult::Limited {
            until_ms: NOW + HOUR,
        };
        let cooling = Account {
            last_check: Some(Check { at_ms, result }),
            ..synced(10)
        };
        assert!(is_due(&cooling), "it may have quota again before its end");
    }

    #[test]
    fn times_in_the_future_do_not_keep_an_account_from_being_asked() {
        assert!(is_due(&synced(-1)));
        assert!(is_due(&checked(CheckResult::Unreachable, -1)));
    }
}
