//! Why accounts are not selectable: what errors, logs and the admin page report.

use std::fmt;

/// Why an account was not chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// In a cooldown, which ends at an instant.
    Cooling {
        /// Unix milliseconds.
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
    /// Of a tier that cannot serve the one asked for.
    WrongTier,
    /// Passed over for the next few selections after an upstream failure, while another one can
    /// serve.
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
    /// The earliest end of a cooldown among accounts that can serve the tier; unix milliseconds. An
    /// open lease that returns, or a sync, may free one sooner.
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
