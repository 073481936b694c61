//! After a 429: does the account have quota left, or is its window used up?

use std::sync::Arc;

use grok::Class;
use pool::{AccountId, Credential, Event, Outcome};
use store::Store;

use crate::{clock::now_ms, snapshot::Snapshot};

/// Asks the upstream for the account's quota. Only "none left" is applied: it stretches the
/// cooldown to that of an empty window. With quota left the shorter cooldown stands, since the
/// upstream has just refused a request all the same. A refused credential counts like that of any
/// other call.
pub(super) async fn after_rate_limit(
    snapshot: Snapshot,
    store: Arc<dyn Store>,
    account: AccountId,
    credential: Credential,
    model_name: String,
) {
    let settings = &snapshot.settings;
    let timeout = settings.config.usage.timeout;
    let asked = settings
        .upstream
        .rate_limits(credential.expose(), &model_name, timeout)
        .await;
    let event = match asked {
        Ok(limits) if limits.remaining == 0 => Event::Synced {
            quota: 0,
            window: limits.window,
        },
        Ok(limits) => {
            tracing::info!(account.id = %account, remaining = limits.remaining, "account {account} is rate limited with quota left");
            return;
        }
        Err(error) => {
            tracing::warn!(account.id = %account, reason = error.label(), "quota of account {account} is unknown");
            if error.class() != Class::Unauthorized {
                return;
            }
            Event::Outcome(Outcome::Unauthorized {
                reason: "rate_limits_auth_failed",
            })
        }
    };
    let changes = snapshot.pool.apply(&account, &event, now_ms());
    super::submit_changes(store.as_ref(), changes);
}
