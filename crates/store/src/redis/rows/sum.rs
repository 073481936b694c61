//! Sums: totals in a row of numbers, under a place of its begin, model, key and outcome.

use crate::{Span, SumRow, Totals, request::read_outcome, sums::SumKey};

use super::super::keys::{id_of, place, time_of};

/// Between the names: below every character that is in one, so that places are ordered as the names.
const NUL: char = '\0';

pub(in super::super) fn sum_place(key: &SumKey<'_>) -> String {
    let names = [key.model, key.key, key.outcome.as_str()];
    place(key.start_ms, &names.join(&NUL.to_string()))
}

/// The longest time last.
pub(in super::super) fn totals_in_order(totals: &Totals) -> [u64; 10] {
    [
        totals.requests,
        totals.prompt_tokens,
        totals.completion_tokens,
        totals.reasoning_tokens,
        totals.bytes,
        totals.cost,
        totals.duration_ms,
        totals.first_byte_ms,
        totals.first_bytes,
        totals.max_duration_ms,
    ]
}

/// What [`totals_in_order`] made, and was added to.
pub(in super::super) fn read_sum(span: Span, place: &str, text: &str) -> Option<SumRow> {
    let mut names = id_of(place).split(NUL);
    let mut numbers = text.split(' ').map_while(|number| number.parse().ok());
    let mut next = || numbers.next();
    Some(SumRow {
        span,
        start_ms: time_of(place)?,
        model: names.next()?.to_owned(),
        key: names.next()?.to_owned(),
        outcome: read_outcome(names.next()?),
        totals: Totals {
            requests: next()?,
            prompt_tokens: next()?,
            completion_tokens: next()?,
            reasoning_tokens: next()?,
            bytes: next()?,
            cost: next()?,
            duration_ms: next()?,
            first_byte_ms: next()?,
            first_bytes: next()?,
            max_duration_ms: next()?,
        },
    })
}
