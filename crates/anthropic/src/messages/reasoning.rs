//! `thinking` and `output_config.effort`.

use chat::{Effort, Reasoning};
use serde_json::value::RawValue;

use super::output;
use crate::{
    Invalid,
    place::Place,
    read::{Object, integer, string},
};

/// The least budget that the API takes.
const MIN_BUDGET_TOKENS: u64 = 1024;
/// Budgets below think little: the "think" of common clients is 4,000.
const MEDIUM_FROM_TOKENS: u64 = 4096;
/// Budgets from here think much: the "think hard" of common clients is 10,000, their most 32,000.
const HIGH_FROM_TOKENS: u64 = 16_384;

/// Reads how much to think and whether the caller sees it. An effort that is named goes before one
/// that a budget stands for.
///
/// # Errors
/// The first mistake.
pub(super) fn read(fields: &Object<'_, '_>, max_tokens: Option<u64>) -> Result<Reasoning, Invalid> {
    let thinking = fields.optional("thinking", |at, raw| thinking(at, raw, max_tokens))?;
    let thinking = thinking.unwrap_or(Thinking {
        is_shown: false,
        effort: None,
    });
    Ok(Reasoning {
        effort: output::effort(fields)?.or(thinking.effort),
        is_shown: Some(thinking.is_shown),
    })
}

struct Thinking {
    is_shown: bool,
    effort: Option<Effort>,
}

fn thinking(
    place: &Place<'_>,
    raw: &RawValue,
    max_tokens: Option<u64>,
) -> Result<Thinking, Invalid> {
    let fields = Object::read(place, raw.get(), &["type", "budget_tokens", "display"])?;
    let kind = fields.required("type", string)?;
    let (can_show, effort) = match &*kind {
        "enabled" => {
            let budget = fields.required("budget_tokens", |at, raw| budget(at, raw, max_tokens))?;
            (true, Some(effort_of(budget)))
        }
        "adaptive" => (true, None),
        // An answer ends with its calls, so there is no thinking between them.
        "disabled" | "between_tools" => (false, None),
        _ => {
            let message = "Must be enabled, adaptive, between_tools or disabled.";
            return Err(fields.place_of("type").invalid(message));
        }
    };
    let is_omitted = fields.optional("display", is_omitted)?.unwrap_or(false);
    Ok(Thinking {
        is_shown: can_show && !is_omitted,
        effort,
    })
}

fn budget(place: &Place<'_>, raw: &RawValue, max_tokens: Option<u64>) -> Result<u64, Invalid> {
    let budget = integer(place, raw, MIN_BUDGET_TOKENS)?;
    if max_tokens.is_some_and(|max| budget >= max) {
        return Err(place.invalid("Must be less than `max_tokens`."));
    }
    Ok(budget)
}

fn effort_of(budget_tokens: u64) -> Effort {
    match budget_tokens {
        ..MEDIUM_FROM_TOKENS => Effort::Low,
        MEDIUM_FROM_TOKENS..HIGH_FROM_TOKENS => Effort::Medium,
        _ => Effort::High,
    }
}

fn is_omitted(place: &Place<'_>, raw: &RawValue) -> Result<bool, Invalid> {
    match &*string(place, raw)? {
        "omitted" => Ok(true),
        "summarized" => Ok(false),
        _ => Err(place.invalid("Must be summarized or omitted.")),
    }
}
