//! One upstream identity, where it is in its life, and why it cools.

use std::time::Duration;

use crate::quota_window::LONGEST_WINDOW;
use crate::{AccountId, AccountProxy, Check, Credential, Policy, QuotaWindow, Tier};

/// Where an account is in its life. Only `Active` accounts with quota are selectable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Active,
    /// Serves nobody until an instant, then returns to `Active` by itself.
    Cooling,
    /// The upstream no longer accepts its credential.
    Expired,
    /// Switched off by the operator.
    Disabled,
}

impl Status {
    /// The name in stored rows and in `token.json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cooling => "cooling",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
        }
    }

    /// The status of that name, exactly as [`Status::as_str`] writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Active, Self::Cooling, Self::Expired, Self::Disabled]
            .into_iter()
            .find(|status| status.as_str() == name)
    }
}

/// Why an account cools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CooldownReason {
    /// The upstream answered 429.
    RateLimited,
    /// The quota window is used up.
    QuotaEmpty,
    /// The upstream failed on it (imported accounts only; ours are ejected, in memory alone).
    UpstreamErrors,
}

impl CooldownReason {
    /// The name in stored rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::QuotaEmpty => "quota_empty",
            Self::UpstreamErrors => "upstream_errors",
        }
    }

    /// The reason of that name, exactly as [`CooldownReason::as_str`] writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::RateLimited, Self::QuotaEmpty, Self::UpstreamErrors]
            .into_iter()
            .find(|reason| reason.as_str() == name)
    }
}

/// The time in which an account serves nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooldown {
    /// Unix milliseconds; at this instant the cooldown is over.
    pub until_ms: i64,
    pub reason: CooldownReason,
}

/// One upstream identity. Times are unix milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub id: AccountId,
    pub credential: Credential,
    pub tier: Tier,
    pub status: Status,
    /// Cost units left in the current window; a guess until the upstream was asked (see
    /// `last_sync_at_ms`).
    pub quota: u32,
    /// What the upstream said of single models, sorted by model; at most [`MAX_WINDOWS`].
    ///
    /// [`MAX_WINDOWS`]: crate::MAX_WINDOWS
    pub windows: Vec<QuotaWindow>,
    pub created_at_ms: i64,
    pub last_used_at_ms: Option<i64>,
    /// Cost units consumed in the account's whole life.
    pub use_count: u64,
    /// 401 answers since the last successful request or quota sync.
    pub fail_count: u32,
    pub last_fail_at_ms: Option<i64>,
    /// Short label such as `app_chat_auth_failed`.
    pub last_fail_reason: Option<String>,
    /// When the upstream last told the quota. `None`: it never did, or what it told is outdated
    /// (another credential, a reset, a window that has passed), so the quota is not known.
    pub last_sync_at_ms: Option<i64>,
    /// What came of the last question, whatever it was.
    pub last_check: Option<Check>,
    /// Set while `Cooling`; kept while `Disabled`, where it means nothing, until enabling ends it.
    pub cooldown: Option<Cooldown>,
    pub tags: Vec<String>,
    pub note: String,
    pub last_asset_clear_at_ms: Option<i64>,
    /// The proxy that it has for itself.
    pub proxy: Option<AccountProxy>,
}

impl Account {
    /// A fresh, active account with the default quota of its tier.
    pub fn new(id: AccountId, credential: Credential, tier: Tier, created_at_ms: i64) -> Self {
        Self {
            id,
            credential,
            tier,
            status: Status::Active,
            quota: tier.default_quota(),
            windows: Vec::new(),
            created_at_ms,
            last_used_at_ms: None,
            use_count: 0,
            fail_count: 0,
            last_fail_at_ms: None,
            last_fail_reason: None,
            last_sync_at_ms: None,
            last_check: None,
            cooldown: None,
            tags: Vec::new(),
            note: String::new(),
            last_asset_clear_at_ms: None,
            proxy: None,
        }
    }

    /// Shortens a cooldown, and used-up windows, that last longer than any rule could make them from
    /// now on: the clock was ahead when they began. Returns whether it shortened the cooldown.
    pub fn shorten_cooldown(&mut self, now_ms: i64, policy: &Policy) -> bool {
        let longest = policy
            .cooldown_429_quota
            .max(policy.cooldown_429_empty)
            .max(self.tier.window());
        let latest_ms = after(now_ms, longest);
        let longest_window_ms = after(now_ms, LONGEST_WINDOW);
        for window in &mut self.windows {
            let resets_at_ms = &mut window.resets_at_ms;
            *resets_at_ms = resets_at_ms.map(|at_ms| at_ms.min(longest_window_ms));
        }
        let too_long = self.cooldown.as_mut();
        let Some(cooldown) = too_long.filter(|cooldown| cooldown.until_ms > latest_ms) else {
            return false;
        };
        cooldown.until_ms = latest_ms;
        true
    }

    /// Whether any trace of an upstream failure is recorded.
    pub(crate) fn has_failures(&self) -> bool {
        self.fail_count > 0 || self.last_fail_at_ms.is_some() || self.last_fail_reason.is_some()
    }

    /// When a cooling account returns to `Active`, in unix milliseconds; `None` in other states.
    ///
    /// An imported cooling account may not say until when: it cools for one window of its
    /// tier from its last use (else its last sync, else its creation).
    pub(crate) fn cooling_until_ms(&self) -> Option<i64> {
        if self.status != Status::Cooling {
            return None;
        }
        Some(match self.cooldown {
            Some(cooldown) => cooldown.until_ms,
            None => {
                let since = self.last_used_at_ms.or(self.last_sync_at_ms);
                after(since.unwrap_or(self.created_at_ms), self.tier.window())
            }
        })
    }
}

/// The instant `span` after `at_ms`, in unix milliseconds; stays in range.
pub(crate) fn after(at_ms: i64, span: Duration) -> i64 {
    at_ms.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_read_back_as_the_same_value() {
        for name in ["active", "cooling", "expired", "disabled"] {
            assert_eq!(Status::from_name(name).map(Status::as_str), Some(name));
        }
        for name in ["rate_limited", "quota_empty", "upstream_errors"] {
            assert_eq!(
                CooldownReason::from_name(name).map(CooldownReason::as_str),
                Some(name)
            );
        }
        assert_eq!(Status::from_name("Active"), None);
    }
}
