//! After a 429: does the account have quota left, or is a window used up?

use std::{sync::Arc, time::Duration};

use grok::{Class, RateLimits, UpstreamError};
use pool::{AccountId, AccountProxy, Credential, Event, Outcome, QuotaReport};
use store::Store;

use super::{
    asking::{Guards, Unanswered},
    model_windows::ModelWindows,
};
use crate::{clock::now_ms, snapshot::Snapshot};

/// One question to the upstream.
pub(super) struct QuotaCheck {
    pub(super) snapshot: Snapshot,
    pub(super) store: Arc<dyn Store>,
    pub(super) windows: Arc<ModelWindows>,
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
        let asked = self.guards.ask(&settings.config, ask).await;
        let account = &self.account;
        match asked {
            Ok(RateLimits {
                remaining: 0,
                window: Some(window),
                ..
            }) => self.note_window(window),
            Ok(RateLimits { remaining: 0, .. }) => self.apply(&Event::Synced(QuotaReport {
                quota: 0,
                window: None,
                ..QuotaReport::default()
            })),
            Ok(limits) => {
                tracing::info!(account.id = %account, remaining = limits.remaining, "account {account} is rate limited with quota left");
            }
            Err(Unanswered::Failed(error)) => self.failed(&error),
            Err(Unanswered::Paused(paused)) => {
                tracing::info!(account.id = %account, reason = paused.label(), "quota of account {account} is not asked for");
            }
        }
    }

    fn note_window(&self, window: Duration) {
        let (account, model) = (&self.account, &self.model_name);
        tracing::info!(
            account.id = %account, model, window_secs = window.as_secs(),
            "account {account} has no quota left for {model} in its window"
        );
        self.windows.note(model, account.clone(), window, now_ms());
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
        let changes = self.snapshot.pool.apply(&self.account, event, now_ms());
        super::submit_changes(self.store.as_ref(), changes);
    }
}
