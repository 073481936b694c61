//! Why accounts are not selectable: what errors, logs and the admin page report.

use std::fmt;

use crate::Account;

/// Why an account was not chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Rests until an instant (unix milliseconds).
    Cooling {
        until_ms: i64,
    },
    /// Active, but nothing is left and nobody has synced it yet.
    NoQuota,
    Disabled,
    Expired,
    /// All of its remaining quota is reserved by open leases.
    Busy,
    /// The caller has tried it already.
    Excluded,
    /// In a pool that does not serve the wanted tier.
    WrongTier,
    /// Skipped for the next few requests after an upstream failure, while another one can serve.
    Ejected,
}

impl SkipReason {
    /// A word for messages, logs and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cooling { .. } => "cooling",
            Self::NoQuota => "no_quota",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Busy => "busy",
            Self::Excluded => "excluded",
            Self::WrongTier => "wrong_tier",
            Self::Ejected => "ejected",
        }
    }
}

/// How many accounts were skipped for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkipCount {
    /// For `Cooling`, with the earliest end among them.
    pub reason: SkipReason,
    /// At least 1.
    pub count: usize,
}

/// No account can be selected now. The counts add up to the number of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// The earliest end of a rest among accounts of the right tier; unix milliseconds. An open
    /// lease that returns, or a sync, may free one sooner.
    pub retry_at_ms: Option<i64>,
    pub skips: Vec<SkipCount>,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no account is available")?;
        for (index, skip) in self.skips.iter().enumerate() {
            let separator = if index == 0 { ": " } else { ", " };
            write!(f, "{separator}{} {}", skip.count, skip.reason.as_str())?;
        }
        Ok(())
    }
}

impl std::error::Error for Exhausted {}

/// An account as the admin page sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountView {
    pub account: Account,
    /// Open leases on it.
    pub in_flight: u32,
    /// `None` when it is selectable.
    pub skipped: Option<SkipReason>,
}
