//! What an account may do, and what a model asks of an account.

use std::time::Duration;

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
    /// How many tiers there are.
    pub const COUNT: usize = 3;

    /// All tiers, in ascending order of what they can serve.
    pub const ALL: [Self; Self::COUNT] = [Self::Basic, Self::Super, Self::Heavy];

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_names_read_back_as_the_same_tier() {
        assert_eq!(
            Tier::ALL.map(Tier::as_str),
            ["ssoBasic", "ssoSuper", "ssoHeavy"]
        );
        assert_eq!(
            Tier::ALL.map(|tier| Tier::from_name(tier.as_str())),
            Tier::ALL.map(Some)
        );
        assert_eq!(Tier::from_name("basic"), None);
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
            [Tier::Basic; Tier::COUNT]
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
