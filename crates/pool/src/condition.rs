//! How an account is, as far as anybody knows: finer than its status, and what people are shown.

use crate::{Account, CheckResult, Status};

/// In the order in which lists are sorted by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// In service, and the upstream has said so or has answered with it.
    Active,
    /// In service, and nothing is known of it.
    Unknown,
    /// In service, but the last thing that was heard of it is a failure.
    Failing,
    /// It serves nobody until an instant.
    Cooling,
    /// The upstream does not accept its credential.
    Refused,
    /// By the upstream.
    Blocked,
    /// By the operator.
    Disabled,
}

impl Condition {
    pub fn of(account: &Account) -> Self {
        match account.status {
            Status::Disabled => Self::Disabled,
            Status::Cooling => Self::Cooling,
            Status::Expired if is_blocked(account) => Self::Blocked,
            Status::Expired => Self::Refused,
            Status::Active if account.fail_count > 0 => Self::Failing,
            Status::Active => match account.last_check.map(|check| check.result) {
                Some(CheckResult::Refused | CheckResult::Blocked) => Self::Failing,
                Some(CheckResult::Fine | CheckResult::Limited { .. }) => Self::Active,
                _ if has_answered(account) => Self::Active,
                _ => Self::Unknown,
            },
        }
    }
}

fn is_blocked(account: &Account) -> bool {
    let by_check = account.last_check.map(|check| check.result) == Some(CheckResult::Blocked);
    let reason = account.last_fail_reason.as_deref();
    by_check || reason.is_some_and(|reason| reason.contains("blocked"))
}

/// The uses are those of the account's whole life, also with other credentials: only what is gone of
/// its quota was used since the last reset or replacement.
fn has_answered(account: &Account) -> bool {
    let is_used = account.quota < account.tier.default_quota();
    account.last_sync_at_ms.is_some() || (is_used && account.last_used_at_ms.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Check, Credential, Event, Outcome, Policy, Tier, transition};

    fn account() -> Account {
        let credential = Credential::try_new("keeper-basic-0001").unwrap();
        Account::new(AccountId::new("a"), credential, Tier::Basic, 0)
    }

    fn checked(status: Status, result: CheckResult) -> Account {
        Account {
            status,
            last_check: Some(Check { at_ms: 1, result }),
            ..account()
        }
    }

    fn after(account: &Account, event: &Event) -> Account {
        transition(account, event, 1, &Policy::default()).0
    }

    #[test]
    fn nobody_is_active_without_having_been_heard_of() {
        assert_eq!(Condition::of(&account()), Condition::Unknown);
        for result in [CheckResult::Clearance, CheckResult::Unreachable] {
            let unanswered = checked(Status::Active, result);
            assert_eq!(Condition::of(&unanswered), Condition::Unknown, "{result:?}");
        }
        for result in [CheckResult::Fine, CheckResult::Limited { until_ms: 1 }] {
            let answered = checked(Status::Active, result);
            assert_eq!(Condition::of(&answered), Condition::Active, "{result:?}");
        }
    }

    #[test]
    fn an_answer_counts_until_the_credential_is_replaced() {
        let success = Event::Outcome(Outcome::Success { cost: 1 });
        let used = after(&account(), &success);
        assert_eq!(Condition::of(&used), Condition::Active);
        let replaced = after(&used, &Event::CredentialReplaced);
        assert_eq!(Condition::of(&replaced), Condition::Unknown);
    }

    #[test]
    fn who_fails_is_not_active() {
        let failing = Account {
            use_count: 9,
            fail_count: 1,
            last_sync_at_ms: Some(1),
            ..account()
        };
        assert_eq!(Condition::of(&failing), Condition::Failing);
        let refused = checked(Status::Active, CheckResult::Refused);
        assert_eq!(Condition::of(&refused), Condition::Failing);
    }

    #[test]
    fn refused_and_blocked_are_told_apart() {
        let blocked = Account {
            last_fail_reason: Some("account_blocked".into()),
            ..checked(Status::Expired, CheckResult::Refused)
        };
        assert_eq!(Condition::of(&blocked), Condition::Blocked);
        for (result, told) in [
            (CheckResult::Refused, Condition::Refused),
            (CheckResult::Blocked, Condition::Blocked),
        ] {
            assert_eq!(Condition::of(&checked(Status::Expired, result)), told);
        }
    }
}
