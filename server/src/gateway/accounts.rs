//! One loop over accounts for any upstream operation.
//!
//! A request makes at most `retry.max_retry` tries, and only before its caller has seen a byte: each
//! on another account, and on the same one again only when no other can serve. Whoever holds the lease holds the account: dropping it, for whatever reason, gives
//! the account back unharmed.

mod choosing;
mod tries;

use pool::{AccountId, Lease, Tier};

use self::tries::{Noted, Tries};
use super::{
    Gateway,
    asking::web_host,
    backoff::Backoff,
    breakers::{Pass, Verdict},
    error::GatewayError,
    failure::Failure,
    judgement::Way,
    retry_budget::{Active, Retrying},
};
use crate::{
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
            pass.end(failure.verdict(Way::of(lease.proxy())), config);
            drop(next);
            noted.write(record, failure.label(), failure.upstream_status());
            tries.push(&lease, &failure);
            serving.log(&lease, &failure, tries.tried.len());
            next = self
                .next_turn(&serving, &mut tries, lease, failure, &mut backoff)
                .await;
            if next.is_none() {
                return Err(self.last_word(&serving, tries));
            }
        }
    }

    /// Nobody is asked any more. Where all have reached their limit, and nobody else is there, when the
    /// next one is free matters more than what the last one said.
    fn last_word<O: Operation>(&self, serving: &Serving<'_, O>, tries: Tries) -> GatewayError {
        if tries.are_rate_limits()
            && let Err(exhausted) = self.select(serving, &tries.ids)
        {
            return tries.exhausted(exhausted);
        }
        tries.failed()
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
        if may_repeat {
            let other = is_for_others.then(|| self.choose(serving, &tries.ids));
            next.lease = other.and_then(Result::ok);
            next.is_same = next.lease.is_none();
        }
        if next.is_same {
            next.lease = Some(lease);
        } else {
            self.account_for(serving, lease, &failure);
        }
        if next.lease.is_none() {
            next.lease = self.choose(serving, &tries.ids).ok();
        }
        // Without anybody to ask there is nothing to wait for.
        let needs_pause = next.lease.is_some() && (next.is_same || failure.is_trouble());
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
