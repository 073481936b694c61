//! Spans of time, with and without a way to switch them off.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::declare::{Raw, Setting};

/// A time limit that can be switched off: written as seconds, 0 = no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(Option<Duration>);

impl Limit {
    /// No limit.
    pub const OFF: Self = Self(None);

    /// A limit of so many seconds; 0 = no limit.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        match secs {
            0 => Self::OFF,
            secs => Self(Some(Duration::from_secs(secs))),
        }
    }

    /// The time that is allowed; `None` = no limit.
    #[must_use]
    pub const fn as_duration(self) -> Option<Duration> {
        self.0
    }
}

/// Seconds that a span may have; fractions are allowed.
type Seconds = RangeInclusive<u32>;

fn within(seconds: f64, range: &Seconds) -> Option<Duration> {
    let is_within = f64::from(*range.start()) <= seconds && seconds <= f64::from(*range.end());
    is_within
        .then(|| Duration::try_from_secs_f64(seconds).ok())
        .flatten()
}

impl Setting for Duration {
    type Rule = Seconds;

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        within(raw.number()?, rule)
    }

    fn expected(rule: &Self::Rule) -> String {
        format!("{} to {} seconds", rule.start(), rule.end())
    }

    fn write(&self) -> String {
        match self.subsec_nanos() {
            0 => self.as_secs().to_string(),
            _ => self.as_secs_f64().to_string(),
        }
    }
}

impl Setting for Limit {
    type Rule = Seconds;

    fn read(raw: Raw<'_>, rule: &Self::Rule) -> Option<Self> {
        match raw.number()? {
            0.0 => Some(Self::OFF),
            seconds => within(seconds, rule).map(|limit| Self(Some(limit))),
        }
    }

    fn expected(rule: &Self::Rule) -> String {
        format!("{}, or 0 = no limit", Duration::expected(rule))
    }

    fn write(&self) -> String {
        self.0.map_or_else(|| "0".to_owned(), |limit| limit.write())
    }
}
