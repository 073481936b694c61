//! What is known of whether an account can serve, as a pure function.

use crate::{Account, CheckResult};

/// The worst first: an account is chosen before all that are worse, whatever their quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The last answer refused it, or it had none.
    Doubtful,
    /// The upstream has not told its quota: what it has is a guess.
    Unknown,
    /// Its quota is what the upstream has told.
    Told,
}

impl Standing {
    pub(crate) const COUNT: usize = 3;
}

impl Account {
    /// Refusals that no success has followed, and checks that found it refused, walled or out of
    /// reach after its last use, make it doubtful.
    pub fn standing(&self) -> Standing {
        let is_bad = |result| match result {
            CheckResult::Fine | CheckResult::Limited { .. } => false,
            CheckResult::Refused
            | CheckResult::Blocked
            | CheckResult::Clearance
            | CheckResult::Unreachable => true,
        };
        let used_at_ms = self.last_used_at_ms.unwrap_or(i64::MIN);
        let check = self.last_check.filter(|check| check.at_ms > used_at_ms);
        if self.fail_count > 0 || check.is_some_and(|check| is_bad(check.result)) {
            Standing::Doubtful
        } else if self.last_sync_at_ms.is_some() {
            Standing::Told
        } else {
            Standing::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Check, Credential, Tier};

    fn account() -> Account {
        let credential = Credential::try_new("credential-of-a").unwrap();
        Account::new(AccountId::new("a"), credential, Tier::Basic, 0)
    }

    fn checked(result: CheckResult) -> Account {
        Account {
            last_check: Some(Check { at_ms: 10, result }),
            last_sync_at_ms: Some(5),
            ..account()
        }
    }

    #[test]
    fn a_quota_that_was_told_is_better_than_a_guess() {
        assert_eq!(account().standing(), Standing::Unknown);
        assert_eq!(checked(CheckResult::Fine).standing(), Standing::Told);
    }

    #[test]
    fn what_refused_or_did_not_answer_last_is_in_doubt_until_a_success() {
        for result in [
            CheckResult::Refused,
            CheckResult::Blocked,
            CheckResult::Clearance,
            CheckResult::Unreachable,
        ] {
            assert_eq!(checked(result).standing(), Standing::Doubtful);
            let served = Account {
                last_used_at_ms: Some(11),
                ..checked(result)
            };
            assert_eq!(served.standing(), Standing::Told);
        }
        let refused = Account {
            fail_count: 1,
            ..account()
        };
        assert_eq!(refused.standing(), Standing::Doubtful);
    }
}
