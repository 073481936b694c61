//! One loop over accounts for any upstream operation.
//!
//! A request tries at most `retry.max_retry` accounts, each once, and only before its caller has
//! seen a byte. Whoever holds the lease holds the account: dropping it, for whatever reason, gives
//! the account back unharmed.

use std::time::{Duration, Instant};

use pool::{AccountId, Choice, Lease, SelectRequest, Tier};
use store::AttemptRow;

use super::{
    Gateway,
    backoff::Backoff,
    error::{ErrorKind, GatewayError, Tried},
    failure::Failure,
};
use crate::{
    clock::{hour_minute, now_ms},
    record::RequestRecord,
    snapshot::{Snapshot, models::Model},
};

/// Something that the upstream does with one account.
pub trait Operation: Sync {
    type Output: Send;

    /// The model that is asked for: its tier and cost decide which accounts can serve.
    fn model(&self) -> &Model;

    /// Chosen if it is selectable: the account that has the conversation.
    fn prefers(&self) -> Option<&AccountId> {
        None
    }

    /// A tier that serves it better than the model's own, if one of its accounts is selectable.
    fn better_tier(&self) -> Option<Tier> {
        None
    }

    /// One try with one account.
    fn attempt(&self, lease: &Lease) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// Accounts that one request has tried.
#[derive(Default)]
struct Tries {
    ids: Vec<AccountId>,
    tried: Vec<Tried>,
    last: Option<Failure>,
    has_other_than_rate_limits: bool,
}

impl Gateway {
    /// Tries accounts until one serves, and notes each try in the record. The lease comes with what
    /// the account did, since it is not finished yet.
    ///
    /// # Errors
    /// What the last account said, or why none could be chosen.
    ///
    /// # Cancellation
    /// Dropping the future ends the upstream call and returns the account unharmed.
    pub(super) async fn with_account<O: Operation>(
        &self,
        snapshot: &Snapshot,
        record: &RequestRecord,
        operation: &O,
    ) -> Result<(Lease, O::Output), GatewayError> {
        // Again: the store may have gone while the caller waited for its slot or its files.
        self.admit(record)?;
        let model = operation.model();
        let max_tries = snapshot.settings.config.retry.max_retry.max(1) as usize;
        let mut tries = Tries::default();
        let mut backoff = Backoff::new(&snapshot.settings.config.retry);
        while tries.ids.len() < max_tries {
            let host = snapshot.settings.config.upstream.web_url.host_str();
            let pass = match self.clearance.enter(host.unwrap_or_default()) {
                Ok(pass) => pass,
                Err(wait) => return Err(tries.paused(record, wait)),
            };
            let lease = match self.select(snapshot, record, operation, &tries.ids) {
                Ok(lease) => lease,
                Err(exhausted) => return Err(tries.exhausted(exhausted)),
            };
            tries.ids.push(lease.account_id().clone());
            let noted = Noted::of(&lease, snapshot, model.tier);
            let failure = match operation.attempt(&lease).await {
                Ok(output) => {
                    self.clearance.passed();
                    noted.write(record, "answered", None);
                    return Ok((lease, output));
                }
                Err(failure) => failure,
            };
            noted.write(record, failure.label(), failure.upstream_status());
            tracing::warn!(
                request_id = %record.id(), account.id = %lease.account_id(), model = model.id,
                attempt = tries.ids.len(), reason = failure.label(),
                "account …{} did not serve: {}", lease.credential().last_four(), failure.label()
            );
            tries.push(&lease, &failure);
            let is_worth_another = failure.is_worth_another_account();
            let needs_pause = failure.is_trouble() && tries.ids.len() < max_tries;
            self.account_for_failure(snapshot, lease, &failure, &model.upstream_name);
            drop(pass);
            tries.last = Some(failure);
            if !is_worth_another || (needs_pause && !backoff.pause().await) {
                break;
            }
        }
        Err(tries.failed())
    }

    fn select<O: Operation>(
        &self,
        snapshot: &Snapshot,
        record: &RequestRecord,
        operation: &O,
        tried: &[AccountId],
    ) -> Result<Lease, GatewayError> {
        let model = operation.model();
        let now = now_ms();
        let windows = model.quota_windows();
        let request = SelectRequest {
            tier: model.tier,
            cost: model.cost,
            exclude: tried,
            windows: &windows,
            prefer: operation.prefers(),
        };
        let better = operation
            .better_tier()
            .map(|tier| SelectRequest { tier, ..request });
        if let Some(better) = better
            && let Ok(lease) = snapshot.pool.select(&better, now)
        {
            return Ok(lease);
        }
        snapshot.pool.select(&request, now).map_err(|exhausted| {
            let used_up_until_ms = snapshot.pool.used_up_until_ms(&windows, now);
            let excluded = excluded_text(!tried.is_empty(), used_up_until_ms.is_some());
            let reasons = describe(&exhausted.skips, excluded);
            record.exhausted(AttemptRow {
                outcome: "no_account".to_owned(),
                skipped: skipped(exhausted.skips.iter()),
                ..AttemptRow::default()
            });
            tracing::warn!(
                model = model.id,
                "no account can serve {}: {reasons}",
                model.id
            );
            let retry_at = [retry_at(&exhausted, now), used_up_until_ms];
            match retry_at.into_iter().flatten().min() {
                Some(at_ms) => accounts_busy(&model.id, &reasons, at_ms, now),
                None => {
                    let serves_others = Tier::ALL.iter().any(|tier| snapshot.pool.serves(*tier));
                    no_accounts(&model.id, &reasons, serves_others)
                }
            }
        })
    }
}

impl Tries {
    fn push(&mut self, lease: &Lease, failure: &Failure) {
        self.has_other_than_rate_limits |= !failure.is_rate_limit();
        self.tried.push(Tried {
            account: lease.credential().last_four().to_owned(),
            reason: failure.label(),
        });
    }

    /// The pool has nobody left: what the tried accounts said, if any was tried. When all of them
    /// were rate limited, when the next one is free matters more.
    fn exhausted(mut self, exhausted: GatewayError) -> GatewayError {
        if self.last.is_some() && self.has_other_than_rate_limits {
            return self.failed();
        }
        GatewayError {
            tried: std::mem::take(&mut self.tried),
            ..exhausted
        }
    }

    /// The upstream's bot protection refuses this server: no account is shown to it for a while.
    fn paused(self, record: &RequestRecord, wait: Duration) -> GatewayError {
        record.exhausted(AttemptRow {
            outcome: "clearance_pause".to_owned(),
            ..AttemptRow::default()
        });
        GatewayError {
            tried: self.tried,
            ..GatewayError::clearance().retry_after(wait)
        }
    }

    fn failed(self) -> GatewayError {
        let failure = self.last.unwrap_or(Failure::Empty);
        GatewayError {
            tried: self.tried,
            ..failure.into_error(self.ids.len())
        }
    }
}

fn skipped<'a>(skips: impl Iterator<Item = &'a pool::SkipCount>) -> Vec<(String, u64)> {
    skips
        .map(|skip| (skip.reason.as_str().to_owned(), skip.count as u64))
        .collect()
}

/// One try, as the record keeps it: why this account, and why not the others.
struct Noted {
    account_id: AccountId,
    row: AttemptRow,
    started: Instant,
}

impl Noted {
    fn of(lease: &Lease, snapshot: &Snapshot, tier: Tier) -> Self {
        Self {
            account_id: lease.account_id().clone(),
            row: AttemptRow {
                account: lease.credential().last_four().to_owned(),
                choice: describe_choice(lease.choice()),
                outcome: String::new(),
                status: None,
                duration_ms: 0,
                skipped: skipped(snapshot.pool.skips(tier).iter()),
            },
            started: Instant::now(),
        }
    }

    fn write(self, record: &RequestRecord, outcome: &str, status: Option<u16>) {
        let row = AttemptRow {
            outcome: outcome.to_owned(),
            status,
            duration_ms: self.started.elapsed().as_millis() as u64,
            ..self.row
        };
        record.attempt(&self.account_id, row);
    }
}

fn describe_choice(choice: Choice) -> String {
    match choice {
        Choice::Preferred => "it has the conversation".to_owned(),
        Choice::MostQuota { available } => format!("most quota ({available} left)"),
        Choice::Ejected => "nobody else could serve".to_owned(),
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
