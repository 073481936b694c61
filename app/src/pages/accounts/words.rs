//! What is known of an account, in words.

use crate::{
    components::Tone,
    dto::{AccountRow, CheckResult, Condition, CooldownReason},
    i18n::{Text, text::accounts},
};

impl Condition {
    pub(in crate::pages) const fn tone(self) -> Tone {
        match self {
            Self::Active => Tone::Success,
            Self::Failing | Self::Cooling => Tone::Warning,
            Self::Refused | Self::Blocked => Tone::Danger,
            Self::Unknown | Self::Disabled => Tone::Neutral,
        }
    }

    pub(in crate::pages) const fn word(self) -> Text {
        match self {
            Self::Active => accounts::ACTIVE,
            Self::Unknown => accounts::UNKNOWN,
            Self::Failing => accounts::FAILING,
            Self::Cooling => accounts::COOLING,
            Self::Refused => accounts::REFUSED,
            Self::Blocked => accounts::BLOCKED,
            Self::Disabled => accounts::DISABLED,
        }
    }

    /// Serves nobody until somebody does something about it.
    pub(in crate::pages) const fn is_out(self) -> bool {
        matches!(self, Self::Refused | Self::Blocked | Self::Disabled)
    }
}

/// What the server notes of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Refused,
    Blocked,
    Late,
    Empty,
    /// Its own proxy, or none that works.
    Proxy,
    /// No answer, a cut one, or an error at Grok.
    Broken,
}

impl Failure {
    /// By the server's names, and by those of imported files.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "account_proxy" | "no_proxy" => Self::Proxy,
            "timeout" => Self::Late,
            "empty_answer" | "not_a_picture" | "not_a_video" => Self::Empty,
            _ if name.contains("blocked") => Self::Blocked,
            _ if name.contains("auth") || name.contains("401") => Self::Refused,
            _ => Self::Broken,
        }
    }

    pub(super) const fn word(self) -> Text {
        match self {
            Self::Refused => accounts::FAIL_REFUSED,
            Self::Blocked => accounts::FAIL_BLOCKED,
            Self::Late => accounts::FAIL_LATE,
            Self::Empty => accounts::FAIL_EMPTY,
            Self::Proxy => accounts::FAIL_PROXY,
            Self::Broken => accounts::FAIL_BROKEN,
        }
    }
}

pub(super) const fn reason(reason: CooldownReason) -> Text {
    match reason {
        CooldownReason::RateLimited => accounts::REASON_RATE_LIMITED,
        CooldownReason::QuotaEmpty => accounts::REASON_QUOTA_EMPTY,
        CooldownReason::UpstreamErrors => accounts::REASON_UPSTREAM_ERRORS,
    }
}

/// Why the account is as it is.
pub(super) fn why(row: &AccountRow) -> Option<Text> {
    let check = row.last_check.map(|check| check.result);
    Some(match row.condition {
        Condition::Active | Condition::Disabled => return None,
        Condition::Unknown => match check? {
            CheckResult::Clearance => accounts::CHECK_CLEARANCE,
            CheckResult::Unreachable => accounts::CHECK_UNREACHABLE,
            CheckResult::Fine
            | CheckResult::Limited
            | CheckResult::Refused
            | CheckResult::Blocked => return None,
        },
        Condition::Failing => match (&row.last_fail_reason, check) {
            (Some(name), _) => Failure::named(name).word(),
            (None, Some(CheckResult::Blocked)) => accounts::FAIL_BLOCKED,
            (None, _) => accounts::FAIL_REFUSED,
        },
        Condition::Cooling => reason(row.cooldown?.reason),
        Condition::Refused => accounts::REASON_EXPIRED,
        Condition::Blocked => accounts::REASON_BLOCKED,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        dto::{AccountCheck, AccountStatus, Cooldown, Tier},
        i18n::Language,
    };

    pub(in crate::pages::accounts) fn row(condition: Condition) -> AccountRow {
        let status = match condition {
            Condition::Active | Condition::Unknown | Condition::Failing => AccountStatus::Active,
            Condition::Cooling => AccountStatus::Cooling,
            Condition::Refused | Condition::Blocked => AccountStatus::Expired,
            Condition::Disabled => AccountStatus::Disabled,
        };
        AccountRow {
            id: "a".into(),
            masked: "…0001".into(),
            tier: Tier::Basic,
            status,
            condition,
            quota: 80,
            quota_limit: 80,
            cooldown: None,
            last_used_at_ms: None,
            created_at_ms: 0,
            use_count: 0,
            fail_count: 0,
            last_fail_at_ms: None,
            last_fail_reason: None,
            last_sync_at_ms: None,
            last_check: None,
            in_flight: 0,
            tags: Vec::new(),
            note: String::new(),
            is_demo: false,
        }
    }

    fn cooling(reason: CooldownReason) -> AccountRow {
        AccountRow {
            cooldown: Some(Cooldown {
                until_ms: 1,
                reason,
            }),
            ..row(Condition::Cooling)
        }
    }

    #[test]
    fn what_is_not_known_says_why_not() {
        for result in [CheckResult::Clearance, CheckResult::Unreachable] {
            let unanswered = AccountRow {
                last_check: Some(AccountCheck {
                    at_ms: 1,
                    result,
                    until_ms: None,
                }),
                ..row(Condition::Unknown)
            };
            assert!(why(&unanswered).is_some(), "{result:?}");
        }
        assert_eq!(why(&row(Condition::Unknown)), None);
        assert_eq!(why(&row(Condition::Active)), None);
    }

    #[test]
    fn every_cooldown_says_why_in_every_language() {
        let reasons = [
            CooldownReason::RateLimited,
            CooldownReason::QuotaEmpty,
            CooldownReason::UpstreamErrors,
        ];
        for language in Language::ALL {
            let told = reasons.map(|reason| why(&cooling(reason)).map(|text| text.get(language)));
            let mut texts = told.map(Option::unwrap_or_default);
            texts.sort_unstable();
            assert!(texts.iter().all(|text| !text.is_empty()));
            assert!(texts.windows(2).all(|pair| pair[0] != pair[1]), "{texts:?}");
        }
    }

    #[test]
    fn machine_words_become_failures() {
        let told = [
            ("app_chat_auth_failed", Failure::Refused),
            ("rate_limits_auth_failed", Failure::Refused),
            ("account_blocked", Failure::Blocked),
            ("user_blocked", Failure::Blocked),
            ("account_proxy", Failure::Proxy),
            ("timeout", Failure::Late),
            ("empty_answer", Failure::Empty),
            ("connect", Failure::Broken),
        ];
        for (name, failure) in told {
            assert_eq!(Failure::named(name), failure, "{name}");
        }
    }
}
