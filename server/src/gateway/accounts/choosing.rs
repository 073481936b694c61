//! Which account is asked next, and why there is none.

use std::time::Duration;

use pool::{AccountId, Lease, SelectRequest, Tier};
use store::AttemptRow;

use super::{Operation, Serving, tries::skipped};
use crate::{
    clock::{hour_minute, now_ms},
    gateway::{
        Gateway,
        error::{ErrorKind, GatewayError},
    },
};

/// Why no account was chosen.
pub(super) struct NotChosen {
    skips: Vec<pool::SkipCount>,
    /// What the word "excluded" means here.
    excluded: &'static str,
    retry_at_ms: Option<i64>,
}

impl Gateway {
    /// Chooses an account that was not tried yet, without a word to anybody when there is none.
    pub(super) fn choose<O: Operation>(
        &self,
        serving: &Serving<'_, O>,
        tried: &[AccountId],
    ) -> Result<Lease, NotChosen> {
        let (model, pool) = (serving.operation.model(), &serving.snapshot.pool);
        let now = now_ms();
        let windows = model.quota_windows();
        let request = SelectRequest {
            tier: model.tier,
            cost: model.cost,
            exclude: tried,
            windows: &windows,
            prefer: serving.operation.prefers(),
        };
        let better = serving.operation.better_tier();
        let better = better.map(|tier| SelectRequest { tier, ..request });
        if let Some(better) = better
            && let Ok(lease) = pool.select(&better, now)
        {
            return Ok(lease);
        }
        pool.select(&request, now).map_err(|exhausted| {
            let used_up_until_ms = pool.used_up_until_ms(&windows, now);
            NotChosen {
                excluded: excluded_text(!tried.is_empty(), used_up_until_ms.is_some()),
                retry_at_ms: [retry_at(&exhausted, now), used_up_until_ms]
                    .into_iter()
                    .flatten()
                    .min(),
                skips: exhausted.skips,
            }
        })
    }

    /// Chooses an account, and says in log and record why there is none.
    pub(super) fn select<O: Operation>(
        &self,
        serving: &Serving<'_, O>,
        tried: &[AccountId],
    ) -> Result<Lease, GatewayError> {
        let none = match self.choose(serving, tried) {
            Ok(lease) => return Ok(lease),
            Err(none) => none,
        };
        let model = serving.operation.model();
        let reasons = describe(&none.skips, none.excluded);
        serving.record.exhausted(AttemptRow {
            outcome: "no_account".to_owned(),
            skipped: skipped(none.skips.iter()),
            ..AttemptRow::default()
        });
        tracing::warn!(
            model = model.id,
            "no account can serve {}: {reasons}",
            model.id
        );
        Err(match none.retry_at_ms {
            Some(at_ms) => accounts_busy(&model.id, &reasons, at_ms, now_ms()),
            None => {
                let pool = &serving.snapshot.pool;
                let serves_others = Tier::ALL.iter().any(|tier| pool.serves(*tier));
                no_accounts(&model.id, &reasons, serves_others)
            }
        })
    }
}

/// When trying again makes sense, if ever. Soon where open requests hold the last of the quota.
fn retry_at(exhausted: &pool::Exhausted, now_ms: i64) -> Option<i64> {
    use pool::SkipReason::{Busy, Ejected};
    let is_soon = |skip: &pool::SkipCount| matches!(skip.reason, Busy | Ejected);
    if exhausted.skips.iter().any(is_soon) {
        Some(now_ms)
    } else {
        exhausted.retry_at_ms
    }
}

fn accounts_busy(model: &str, reasons: &str, retry_at_ms: i64, now_ms: i64) -> GatewayError {
    let wait_ms = u64::try_from(retry_at_ms - now_ms).unwrap_or(0);
    let message = format!("No account can serve `{model}` now: {reasons}.");
    GatewayError::new(ErrorKind::AccountsBusy, message).retry_after(Duration::from_millis(wait_ms))
}

/// `serves_others`: some account serves other models.
fn no_accounts(model: &str, reasons: &str, serves_others: bool) -> GatewayError {
    let (kind, what) = if serves_others {
        (ErrorKind::NoAccounts, "")
    } else {
        (ErrorKind::NoUsableAccount, " or any other model")
    };
    let message = format!(
        "No account can serve `{model}`{what}: {reasons}. Add or repair an account in the admin page."
    );
    GatewayError::new(kind, message).retry_after(Duration::from_secs(60))
}

/// Why accounts that could serve were left out.
fn excluded_text(has_tried: bool, has_used_up: bool) -> &'static str {
    match (has_tried, has_used_up) {
        (_, false) => "tried already",
        (false, true) => "without quota for this model",
        (true, true) => "tried already or without quota for this model",
    }
}

/// `3 cooling until 14:20 UTC, 1 expired`.
fn describe(skips: &[pool::SkipCount], excluded: &str) -> String {
    use pool::SkipReason;
    let part = |skip: &pool::SkipCount| {
        let n = skip.count;
        match skip.reason {
            SkipReason::Cooling { until_ms } => {
                format!("{n} cooling until {}", hour_minute(until_ms))
            }
            SkipReason::NoQuota => format!("{n} without quota"),
            SkipReason::Disabled => format!("{n} disabled"),
            SkipReason::Expired => format!("{n} expired"),
            SkipReason::Busy => format!("{n} busy"),
            SkipReason::Excluded => format!("{n} {excluded}"),
            SkipReason::WrongTier => format!("{n} without the needed plan"),
            SkipReason::Ejected => format!("{n} passed over after upstream errors"),
        }
    };
    if skips.is_empty() {
        return "there are no accounts".to_owned();
    }
    skips.iter().map(part).collect::<Vec<_>>().join(", ")
}
