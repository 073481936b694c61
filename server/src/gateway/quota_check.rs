//! After a 429: does the account have quota left, or is a window used up?

use std::sync::Arc;

use grok::{Class, RateLimits, UpstreamError};
use pool::{AccountId, AccountProxy, Credential, Event, Outcome, QuotaReport};
use store::Store;

use super::{
    asking::{Guards, Unanswered},
    quota_report,
};
use crate::{clock::now_ms, snapshot::Snapshot};

/// One question to the upstream.
pub(super) struct QuotaCheck {
    pub(super) snapshot: Snapshot,
    pub(super) store: Arc<dyn Store>,
    pub(super) guards: Arc<Guards>,
    pub(super) account: AccountId,
    pub(super) credential: Credential,
    pub(super) proxy: Option<AccountProxy>,
    pub(super) model_name: String,
}

impl QuotaCheck {
    /// Asks for the quota of the model that was refused. The cooldown of the 429 stands whatever the
    /// answer, since the upstream has just refused a request.
    ///
    /// - None left, in a window that the upstream names: the window is the model's. The model stays
    ///   away from this account until it has passed; other models come back after the cooldown.
    /// - None left, and no window: the account's cooldown becomes that of an empty account.
    /// - A refused credential counts like that of any other call.
    pub(super) async fn run(self) {
        let settings = &self.snapshot.settings;
        let timeout = settings.config.usage.timeout;
        let (credential, model) = (self.credential.expose(), &self.model_name);
        let upstream = settings.upstream_by(self.proxy.as_ref());
        let ask = || upstream.rate_limits(credential, model, timeout);
        let limits = match self.guards.ask(&settings.config, ask).await {
            Ok(limits) => limits,
            Err(Unanswered::Failed(error)) => return self.failed(&error),
            Err(Unanswered::Paused(paused)) => {
                let account = &self.account;
                tracing::info!(account.id = %account, reason = paused.label(), "quota of account {account} is not asked for");
                return;
            }
        };
        if limits.remaining == 0 && limits.window.is_none() {
            self.apply(&Event::Synced(QuotaReport::default()));
            return;
        }
        self.note(&limits);
    }

    fn note(&self, limits: &RateLimits) {
        let (account, model) = (&self.account, &self.model_name);
        let remaining = limits.remaining;
        tracing::info!(
            account.id = %account, model, remaining,
            "account {account} is rate limited with {remaining} left for {model}"
        );
        let window = quota_report::of_limits(model, limits, now_ms());
        self.apply(&Event::WindowTold(window));
    }

    fn failed(&self, error: &UpstreamError) {
        let account = &self.account;
        tracing::warn!(account.id = %account, reason = error.label(), "quota of account {account} is unknown");
        if error.class() == Class::Unauthorized {
            self.apply(&Event::Outcome(Outcome::Unauthorized {
                reason: "rate_limits_auth_failed",
            }));
        }
    }

    fn apply(&self, event: &Event) {
        let pool = &self.snapshot.pool;
        let changes = pool.apply_for(&self.account, &self.credential, event, now_ms());
        super::submit_changes(self.store.as_ref(), changes);
    }
}
