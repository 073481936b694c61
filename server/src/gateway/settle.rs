//! Accounting: what an attempt's end means for the account, and the rows that must survive.

use std::time::Duration;

use pool::{AccountChange, Lease, Outcome, Pool};
use store::{Record, UsageRow};

use crate::{
    clock::now_ms,
    gateway::{Gateway, chat::Plan, failure::Failure, quota_check},
    http::error::ApiError,
};

/// How long a finished answer waits for its rows to be committed before it is reported as failed.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);

impl Gateway {
    /// Consumes the lease and commits usage and quota. Resolves when they are durable: only then
    /// may the caller see the end of the answer (decision 2).
    ///
    /// # Errors
    /// [`ApiError::StoreUnavailable`] when the store did not take the record in time.
    pub(super) async fn settle_success(
        &self,
        lease: Lease,
        plan: &Plan,
        usage: &openai::usage::Usage,
        ttft: Option<Duration>,
    ) -> Result<(), ApiError> {
        let at_ms = now_ms();
        let row = usage_row(&lease, plan, usage, ttft, at_ms);
        let changes = lease.finish(
            Outcome::Success {
                cost: plan.model.cost,
            },
            at_ms,
        );
        let commit = self.store.commit(Record {
            changes,
            usage: Some(row),
        });
        match tokio::time::timeout(COMMIT_PATIENCE, commit).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, "a usage record was not committed");
                Err(ApiError::StoreUnavailable)
            }
            Err(_) => {
                tracing::error!("a usage record was not committed within {COMMIT_PATIENCE:?}");
                Err(ApiError::StoreUnavailable)
            }
        }
    }

    /// Tells the pool how the attempt failed; rows follow in the background.
    pub(super) fn settle_failure(&self, lease: Lease, failure: &Failure, plan: &Plan) {
        let credential = lease.credential().clone();
        let account = lease.account_id().clone();
        let changes = lease.finish(failure.outcome(), now_ms());
        self.record_later(changes);
        if failure.is_rate_limit() {
            let check = quota_check::after_rate_limit(
                plan.live.clone(),
                self.store.clone(),
                account,
                credential,
                plan.model.upstream_name.clone(),
            );
            self.tasks.spawn(check);
        }
    }

    /// Cooldowns that ended by themselves.
    pub(super) fn record_elapsed(&self, pool: &Pool, now_ms: i64) {
        self.record_later(pool.take_elapsed(now_ms));
    }

    fn record_later(&self, changes: Vec<AccountChange>) {
        if changes.is_empty() {
            return;
        }
        let store = self.store.clone();
        self.tasks
            .spawn(async move { commit_changes(store.as_ref(), changes).await });
    }
}

/// Commits account changes that no caller waits for.
pub(super) async fn commit_changes(store: &dyn store::Store, changes: Vec<AccountChange>) {
    if changes.is_empty() {
        return;
    }
    if let Err(error) = store
        .commit(Record {
            changes,
            usage: None,
        })
        .await
    {
        tracing::error!(%error, "account changes were not committed");
    }
}

fn usage_row(
    lease: &Lease,
    plan: &Plan,
    usage: &openai::usage::Usage,
    ttft: Option<Duration>,
    at_ms: i64,
) -> UsageRow {
    UsageRow {
        id: plan.caller.request_id.to_string(),
        at_ms,
        account_id: lease.account_id().to_string(),
        client_key: plan.caller.key.as_deref().map(str::to_owned),
        model: plan.model.id.clone(),
        endpoint: plan.caller.endpoint.to_owned(),
        stream: plan.is_stream,
        status: 200,
        error_code: None,
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        reasoning_tokens: usage.reasoning_tokens,
        estimated: usage.estimated,
        cost: plan.model.cost,
        ttft_ms: ttft.map(|ttft| ttft.as_millis() as u64),
        duration_ms: plan.deadlines.started.elapsed().as_millis() as u64,
    }
}
