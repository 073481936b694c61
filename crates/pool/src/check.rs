//! What came of asking the upstream whether an account works.

/// The last time that the upstream was asked about an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    pub at_ms: i64,
    pub result: CheckResult,
}

/// What came of it. Only `Refused` and `Blocked` say something bad about the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// The upstream told the account's quota.
    Fine,
    /// 401: it does not accept the credential.
    Refused,
    /// 403 by a decision of the application: the upstream has blocked the account.
    Blocked,
    /// The bot protection stood before the upstream: nothing is known of the account.
    Clearance,
    /// The account works, and is limited until an instant in unix milliseconds.
    Limited { until_ms: i64 },
    /// No answer, or none that means anything: nothing is known of the account.
    Unreachable,
}

impl CheckResult {
    /// The name in stored rows and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Refused => "refused",
            Self::Blocked => "blocked",
            Self::Clearance => "clearance",
            Self::Limited { .. } => "limited",
            Self::Unreachable => "unreachable",
        }
    }

    /// The end of the limit, for the result that has one.
    pub fn until_ms(self) -> Option<i64> {
        match self {
            Self::Limited { until_ms } => Some(until_ms),
            _ => None,
        }
    }

    /// The result of that name and end, as [`CheckResult::as_str`] and [`CheckResult::until_ms`]
    /// tell them.
    pub fn from_name(name: &str, until_ms: Option<i64>) -> Option<Self> {
        Some(match name {
            "fine" => Self::Fine,
            "refused" => Self::Refused,
            "blocked" => Self::Blocked,
            "clearance" => Self::Clearance,
            "limited" => Self::Limited {
                until_ms: until_ms?,
            },
            "unreachable" => Self::Unreachable,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_read_back_as_the_same_result() {
        for result in [
            CheckResult::Fine,
            CheckResult::Refused,
            CheckResult::Blocked,
            CheckResult::Clearance,
            CheckResult::Limited { until_ms: 7 },
            CheckResult::Unreachable,
        ] {
            let read = CheckResult::from_name(result.as_str(), result.until_ms());
            assert_eq!(read, Some(result));
        }
        assert_eq!(CheckResult::from_name("limited", None), None);
        assert_eq!(CheckResult::from_name("Fine", None), None);
    }
}
