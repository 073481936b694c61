//! Requests summed by minute, hour and day.
//!
//! The sums are written in the transaction that writes the requests. Each group is folded in
//! memory first, so a group of any size costs a few rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Outcome, RequestRow};

/// The length of time that a sum covers. Spans begin at whole minutes, hours and days of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    Minute,
    Hour,
    Day,
}

impl Span {
    /// All spans, shortest first.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// The name in stored rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.as_str() == name)
    }

    /// Begin of the span that holds `at_ms`; both are unix milliseconds.
    #[must_use]
    pub fn start_ms(self, at_ms: i64) -> i64 {
        at_ms.saturating_sub(at_ms.rem_euclid(self.length_ms()))
    }

    fn length_ms(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

/// The requests of one span that have model, key and outcome in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumRow {
    pub span: Span,
    /// Begin of the span, unix milliseconds. A request counts where it came in.
    pub start_ms: i64,
    /// [`RequestRow::served_model`], or empty.
    pub model: String,
    /// [`RequestRow::key`], or empty.
    pub key: String,
    pub outcome: Outcome,
    pub totals: Totals,
}

/// What is summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// How many requests.
    pub requests: u64,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub reasoning_tokens: u64,
    /// Bytes of answers.
    pub bytes: u64,
    /// Quota taken.
    pub cost: u64,
    /// Milliseconds of all requests together.
    pub duration_ms: u64,
    /// Milliseconds of the longest request.
    pub max_duration_ms: u64,
    /// Milliseconds to the first byte, of all requests that had one together.
    pub first_byte_ms: u64,
    /// How many requests had a first byte.
    pub first_bytes: u64,
}

impl SumRow {
    /// What its requests have in common.
    pub(crate) fn key(&self) -> SumKey<'_> {
        SumKey {
            span: self.span,
            start_ms: self.start_ms,
            model: &self.model,
            key: &self.key,
            outcome: self.outcome,
        }
    }
}

impl Totals {
    /// These requests and others.
    pub(crate) fn merge(&mut self, other: &Self) {
        let add = |total: &mut u64, value: u64| *total = total.saturating_add(value);
        add(&mut self.requests, other.requests);
        add(&mut self.prompt_tokens, other.prompt_tokens);
        add(&mut self.completion_tokens, other.completion_tokens);
        add(&mut self.reasoning_tokens, other.reasoning_tokens);
        add(&mut self.bytes, other.bytes);
        add(&mut self.cost, other.cost);
        add(&mut self.duration_ms, other.duration_ms);
        self.max_duration_ms = self.max_duration_ms.max(other.max_duration_ms);
        add(&mut self.first_byte_ms, other.first_byte_ms);
        add(&mut self.first_bytes, other.first_bytes);
    }

    fn add(&mut self, row: &RequestRow) {
        let add = |total: &mut u64, value: u64| *total = total.saturating_add(value);
        add(&mut self.requests, 1);
        add(&mut self.prompt_tokens, row.prompt_tokens);
        add(&mut self.completion_tokens, row.completion_tokens);
        add(&mut self.reasoning_tokens, row.reasoning_tokens);
        add(&mut self.bytes, row.bytes);
        add(&mut self.cost, u64::from(row.cost));
        add(&mut self.duration_ms, row.duration_ms);
        self.max_duration_ms = self.max_duration_ms.max(row.duration_ms);
        if let Some(first_byte_ms) = row.first_byte_ms {
            add(&mut self.first_byte_ms, first_byte_ms);
            add(&mut self.first_bytes, 1);
        }
    }
}

/// What the requests of one [`SumRow`] have in common. Both names are from closed sets (catalogue,
/// configured keys), so that strangers cannot multiply the rows.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SumKey<'a> {
    pub(crate) span: Span,
    pub(crate) start_ms: i64,
    pub(crate) model: &'a str,
    pub(crate) key: &'a str,
    pub(crate) outcome: Outcome,
}

/// Sums requests for all three spans, sorted by key so that all instances lock rows in the same
/// order.
pub(crate) fn fold<'a>(
    rows: impl IntoIterator<Item = &'a RequestRow>,
) -> BTreeMap<SumKey<'a>, Totals> {
    let mut sums = BTreeMap::<_, Totals>::new();
    for row in rows {
        for span in Span::ALL {
            let key = SumKey {
                span,
                start_ms: span.start_ms(row.at_ms),
                model: row.served_model.as_deref().unwrap_or_default(),
                key: row.key.as_deref().unwrap_or_default(),
                outcome: row.outcome,
            };
            sums.entry(key).or_default().add(row);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_begin_at_whole_utc_units_also_before_1970() {
        let at_ms = 1_772_700_061_234;
        assert_eq!(Span::Minute.start_ms(at_ms), 1_772_700_060_000);
        assert_eq!(Span::Hour.start_ms(at_ms), 1_772_697_600_000);
        assert_eq!(Span::Day.start_ms(at_ms), 1_772_668_800_000);
        assert_eq!(Span::Minute.start_ms(-1), -60_000);
    }
}
