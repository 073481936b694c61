//! One loop over accounts for any upstream operation.
//!
//! A request makes at most `retry.max_retry` tries, and only before its caller has seen a byte: each
//! on another account, and on the same one again only when no other can serve. Whoever holds the lease holds the account: dropping it, for whatever reason, gives
//! the account back unharmed.

use std::time::{Duration, Instant};

use pool::{AccountId, Choice, Lease, SelectRequest, Tier};
use store::AttemptRow;

use super::{
    Gateway,
    asking::web_host,
    backoff::Backoff,
    breakers::{Pass, Paused, Verdict},
    error::{ErrorKind, GatewayError, Tried},
    failure::Failure,
    retry_budget::{Active, Retrying},
};
use crate::{
    clock::{hour_minute, now_ms},
    record::RequestRecord,
    snapshot::{Snapshot, models::Model},
};

/// Something that the upstream does with one account.
pub trait Operation: Sync {
    type Output: Send;

    /// Whether a 429 is repeated on the same account when no other can serve.
    const REPEATS_RATE_LIMITS: bool = true;

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

    /// When the request's total time ends: no pause goes beyond it.
    fn ends_at(&self) -> Option<tokio::time::Instant> {
        None
    }

    /// One try with one account. An answer that takes long tells `pass` once it has begun.
    fn attempt(
        &self,
        lease: &Lease,
        pass: &Pass<'_>,
    ) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// What one request has tried.
#[derive(Default)]
struct Tries {
    /// Accounts, each once.
    ids: Vec<AccountId>,
    tried: Vec<Tried>,
    last: Option<Failure>,
    has_other_than_rate_limits: bool,
}

/// A request that looks for an account.
struct Serving<'a, O> {
    snapshot: &'a Snapshot,
    record: &'a RequestRecord,
    operation: &'a O,
    active: Active<'a>,
}

/// What comes after a failed try.
struct Next<'a> {
    /// Who is asked, where that is known.
    lease: Option<Lease>,
    /// It is the account that has just failed, and its failure is not accounted for yet.
    is_same: bool,
    _retrying: Retrying<'a>,
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
        let serving = Serving {
            snapshot,
            record,
            operation,
            active: self.guards.retries.enter(),
        };
        let config = &snapshot.settings.config;
        let mut tries = Tries::default();
        let mut backoff = Backoff::new(&config.retry, operation.ends_at());
        let mut next: Option<Next<'_>> = None;
        loop {
            let pass = match self.guards.breakers.enter(web_host(config)) {
                Ok(pass) => pass,
                Err(paused) => {
                    self.give_up(&serving, next, &tries);
                    return Err(tries.paused(record, paused));
                }
            };
            let lease = match next.as_mut().and_then(|next| next.lease.take()) {
                Some(lease) => lease,
                None => match self.select(&serving, &tries.ids) {
                    Ok(lease) => lease,
                    Err(exhausted) => return Err(tries.exhausted(exhausted)),
                },
            };
            let noted = Noted::of(&lease, snapshot, operation.model().tier);
            let failure = match operation.attempt(&lease, &pass).await {
                Ok(output) => {
                    pass.end(Verdict::Passed, config);
                    noted.write(record, "answered", None);
                    return Ok((lease, output));
                }
                Err(failure) => failure,
            };
            pass.end(failure.verdict(), config);
            drop(next);
            noted.write(record, failure.label(), failure.upstream_status());
            tries.push(&lease, &failure);
            serving.log(&lease, &failure, tries.tried.len());
            next = self
                .next_turn(&serving, &mut tries, lease, failure, &mut backoff)
                .await;
            if next.is_none() {
                return Err(tries.failed());
            }
        }
    }

    /// Who is asked after a failure, when its pause is over. Another account rather than the same
    /// again; nobody when the tries, the retries of the process or the time for pauses are used up.
    async fn next_turn<'a, O: Operation>(
        &self,
        serving: &Serving<'a, O>,
        tries: &mut Tries,
        lease: Lease,
        failure: Failure,
        backoff: &mut Backoff,
    ) -> Option<Next<'a>> {
        let retry = &serving.snapshot.settings.config.retry;
        let may_repeat = failure.may_repeat(&retry.retry_status_codes, O::REPEATS_RATE_LIMITS);
        let is_for_others = failure.is_worth_another_account();
        let is_over =
            tries.tried.len() >= retry.max_retry.max(1) as usize || !(may_repeat || is_for_others);
        let retrying = if is_over {
            None
        } else {
            serving.active.retry()
        };
        let Some(retrying) = retrying else {
            self.account_for(serving, lease, &failure);
            tries.last = Some(failure);
            return None;
        };
        let mut next = Next {
            lease: None,
            is_same: false,
            _retrying: retrying,
        };
        let mut other = None;
        if may_repeat && is_for_others {
            other = self.choose(serving, &tries.ids).ok();
        }
        next.is_same = may_repeat && other.is_none();
        if next.is_same {
            next.lease = Some(lease);
        } else {
            self.account_for(serving, lease, &failure);
            next.lease = other;
        }
        let needs_pause = next.is_same || failure.is_trouble();
        let cause = failure.cause();
        tries.last = Some(failure);
        if needs_pause && !backoff.pause(cause).await {
            self.give_up(serving, Some(next), tries);
            return None;
        }
        Some(next)
    }

    /// Nobody is asked again: a failure that waited for that is accounted for.
    fn give_up<O: Operation>(
        &self,
        serving: &Serving<'_, O>,
        next: Option<Next<'_>>,
        tries: &Tries,
    ) {
        if let Some(Next {
            lease: Some(lease),
            is_same: true,
            ..
        }) = next
            && let Some(failure) = &tries.last
        {
            self.account_for(serving, lease, failure);
        }
    }

    fn account_for<O: Operation>(&self, serving: &Serving<'_, O>, lease: Lease, failure: &Failure) {
        let model = &serving.operation.model().upstream_name;
        self.account_for_failure(serving.snapshot, lease, failure, model);
    }

    /// Chooses an account that was not tried yet, without a word to anybody when there is none.
    fn choose<O: Operation>(
        &self,
        serving: &Serving<'_, O>,
        tried: &[AccountId],
    ) -> Result<Lease, NotChosen> {
        let (model, pool) = (serving.operation.model(), &serving.snapshot.pool);
        let now = now_ms();
        let mut used_up = self.model_windows.used_up(&model.upstream_name, now);
        let has_used_up = !used_up.accounts.is_empty();
        used_up.accounts.extend_from_slice(tried);
        let request = SelectRequest {
            tier: model.tier,
            cost: model.cost,
            exclude: &used_up.accounts,
            prefer: serving.operation.prefers(),
        };
        let better = serving.operation.better_tier();
        let better = better.map(|tier| SelectRequest { tier, ..request });
        if let Some(better) = better
            && let Ok(lease) = pool.select(&better, now)
        {
            return Ok(lease);
        }
        pool.select(&request, now).map_err(|exhausted| NotChosen {
            excluded: excluded_text(!tried.is_empty(), has_used_up),
            retry_at_ms: [retry_at(&exhausted, now), used_up.until_ms]
                .into_iter()
                .flatten()
                .min(),
            skips: exhausted.skips,
        })
    }

    /// Chooses an account, and says in log and record why there is none.
    fn select<O: Operation>(
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

/// Why no account was chosen.
struct NotChosen {
    skips: Vec<pool::SkipCount>,
    /// What the word "excluded" means here.
    excluded: &'static str,
    retry_at_ms: Option<i64>,
}

impl<O: Operation> Serving<'_, O> {
    fn log(&self, lease: &Lease, failure: &Failure, attempt: usize) {
        tracing::warn!(
            request_id = %self.record.id(), account.id = %lease.account_id(),
            model = self.operation.model().id, attempt, reason = failure.label(),
            "account …{} did not serve: {}", lease.credential().last_four(), failure.label()
        );
    }
}

impl Tries {
    fn push(&mut self, lease: &Lease, failure: &Failure) {
        if !self.ids.contains(lease.account_id()) {
            self.ids.push(lease.account_id().clone());
        }
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

    /// The upstream's host is left alone for a while: no account is shown to it.
    fn paused(self, record: &RequestRecord, paused: Paused) -> GatewayError {
        record.exhausted(AttemptRow {
            outcome: paused.label().to_owned(),
            ..AttemptRow::default()
        });
        GatewayError {
            tried: self.tried,
            ..paused.into_error()
        }
    }

    fn failed(self) -> GatewayError {
        let failure = self.last.unwrap_or(Failure::Empty);
        let error = failure.into_error(self.tried.len());
        GatewayError {
            tried: self.tried,
            ..error
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
