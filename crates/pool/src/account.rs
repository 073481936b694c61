//! One upstream identity and the closed sets that describe it.

use std::time::Duration;

use crate::{AccountId, Credential};

/// Upstream windows of at least this length belong to Basic accounts, shorter ones to paid ones.
/// Source: `docs/upstream-protocol.md` 4.2.
const BASIC_WINDOW_MIN: Duration = Duration::from_secs(14_400);

/// What an account may do, and what a model asks of an account: one scale for both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    #[default]
    Basic,
    Super,
    Heavy,
}

impl Tier {
    /// All tiers, in ascending order of what they can serve.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Super, Self::Heavy];

    /// The name in stored rows and in `token.json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "ssoBasic",
            Self::Super => "ssoSuper",
            Self::Heavy => "ssoHeavy",
        }
    }

    /// The tier of that name, exactly as [`Tier::as_str`] writes it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.as_str() == name)
    }

    /// Requests of cost 1 that a fresh window allows. Heavy: the total that the upstream reports
    /// for it (`docs/upstream-protocol.md` 8.6).
    pub fn default_quota(self) -> u32 {
        match self {
            Self::Basic => 80,
            Self::Super => 140,
            Self::Heavy => 150,
        }
    }

    /// Length of the upstream's quota window: 20 hours for Basic, 2 hours for the paid tiers.
    pub fn window(self) -> Duration {
        match self {
            Self::Basic => Duration::from_secs(72_000),
            Self::Super | Self::Heavy => Duration::from_secs(7_200),
        }
    }

    /// The tier of an account of tier `self` for which the upstream reports this window. A window
    /// tells paid from free, but not the paid tiers from each other.
    pub fn after_window(self, window: Duration) -> Self {
        match self {
            _ if window >= BASIC_WINDOW_MIN => Self::Basic,
            Self::Basic => Self::Super,
            paid => paid,
        }
    }

    /// The tiers of the accounts that can serve a model of this tier, in the order in which they
    /// are tried (`docs/upstream-protocol.md` 8.2). Heavy models fall back to Super accounts, which
    /// the older upstream served them with.
    pub fn candidates(self) -> &'static [Self] {
        match self {
            Self::Basic => &[Self::Basic, Self::Super, Self::Heavy],
            Self::Super => &[Self::Super, Self::Heavy],
            Self::Heavy => &[Self::Heavy, Self::Super],
        }
    }
}

/// Where an account is in its life. Only `Active` accounts with quota are selectable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Active,
    /// Rests until an instant, then returns to `Active` by itself.
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

/// Why an account rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CooldownReason {
    /// The upstream answered 429.
    RateLimited,
    /// The quota window is used up.
    QuotaEmpty,
    /// The upstream failed on it (imported accounts only; ours rest for N requests in memory).
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

/// A rest with its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cooldown {
    /// Unix milliseconds; at this instant the rest is over.
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
    /// Cost units left in the current window.
    pub quota: u32,
    pub created_at_ms: i64,
    pub last_used_at_ms: Option<i64>,
    /// Cost units consumed in the account's whole life.
    pub use_count: u64,
    /// 401 answers since the last successful quota sync.
    pub fail_count: u32,
    pub last_fail_at_ms: Option<i64>,
    /// Short label such as `app_chat_auth_failed`.
    pub last_fail_reason: Option<String>,
    pub last_sync_at_ms: Option<i64>,
    /// Set while `Cooling`; kept while `Disabled` so that enabling resumes the rest.
    pub cooldown: Option<Cooldown>,
    pub tags: Vec<String>,
    pub note: String,
    pub last_asset_clear_at_ms: Option<i64>,
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
            created_at_ms,
            last_used_at_ms: None,
            use_count: 0,
            fail_count: 0,
            last_fail_at_ms: None,
            last_fail_reason: None,
            last_sync_at_ms: None,
            cooldown: None,
            tags: Vec::new(),
            note: String::new(),
            last_asset_clear_at_ms: None,
        }
    }

    /// Whether any trace of an upstream failure is recorded.
    pub(crate) fn has_failures(&self) -> bool {
        self.fail_count > 0 || self.last_fail_at_ms.is_some() || self.last_fail_reason.is_some()
    }

    /// When a cooling account returns to `Active`, in unix milliseconds; `None` in other states.
    ///
    /// An imported cooling account may not say until when: it rests for one window of its pool
    /// from its last use (else its last sync, else its creation).
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
        for kind in Tier::ALL {
            assert_eq!(Tier::from_name(kind.as_str()), Some(kind));
        }
        for name in ["active", "cooling", "expired", "disabled"] {
            assert_eq!(Status::from_name(name).map(Status::as_str), Some(name));
        }
        for name in ["rate_limited", "quota_empty", "upstream_errors"] {
            assert_eq!(
                CooldownReason::from_name(name).map(CooldownReason::as_str),
                Some(name)
            );
        }
        assert_eq!(Tier::from_name("basic"), None);
        assert_eq!(Status::from_name("Active"), None);
    }

    #[test]
    fn tiers_have_the_documented_quota_and_window() {
        let quotas = Tier::ALL.map(Tier::default_quota);
        assert_eq!(quotas, [80, 140, 150]);
        let hours = Tier::ALL.map(|tier| tier.window().as_secs() / 3600);
        assert_eq!(hours, [20, 2, 2]);
    }

    #[test]
    fn a_long_window_means_basic_and_a_short_one_a_paid_tier() {
        let (long, short) = (Duration::from_secs(14_400), Duration::from_secs(14_399));
        assert_eq!(
            Tier::ALL.map(|tier| tier.after_window(long)),
            [Tier::Basic; 3]
        );
        assert_eq!(
            Tier::ALL.map(|tier| tier.after_window(short)),
            [Tier::Super, Tier::Super, Tier::Heavy]
        );
    }

    #[test]
    fn paid_models_never_fall_back_to_basic_accounts() {
        assert_eq!(
            Tier::Basic.candidates(),
            [Tier::Basic, Tier::Super, Tier::Heavy]
        );
        assert_eq!(Tier::Super.candidates(), [Tier::Super, Tier::Heavy]);
        assert_eq!(Tier::Heavy.candidates(), [Tier::Heavy, Tier::Super]);
    }
}
