//! After a 429: does the account have quota left, or is its window used up?

use std::sync::Arc;

use pool::{AccountId, Credential, Event};
use store::Store;

use crate::{clock::now_ms, gateway::settle::commit_changes, state::Live};

/// Asks the upstream for the account's quota. Only "none left" is applied: it stretches the
/// cooldown to that of an empty window. With quota left the shorter cooldown stands, since the
/// upstream has just refused a request all the same.
pub(super) async fn after_rate_limit(
    live: Arc<Live>,
    store: Arc<dyn Store>,
    account: AccountId,
    credential: Credential,
    model_name: String,
) {
    let timeout = live.config.usage.timeout;
    match live
        .upstream
        .rate_limits(credential.expose(), &model_name, timeout)
        .await
    {
        Ok(limits) if limits.remaining == 0 => {
            let event = Event::Synced {
                quota: 0,
                window: limits.window,
            };
            let changes = live.pool.apply(&account, &event, now_ms());
            commit_changes(store.as_ref(), changes).await;
        }
        Ok(limits) => {
            tracing::info!(account.id = %account, remaining = limits.remaining, "account {account} is rate limited with quota left");
        }
        Err(error) => {
            tracing::warn!(account.id = %account, reason = error.label(), "quota of account {account} is unknown");
        }
    }
}
