//! Forgets conversations that nobody has continued for too long, or whose account was deleted.

use std::{sync::Arc, time::Duration};

use pool::AccountId;

use super::{Done, Job, JobContext};
use crate::{clock::now_ms, gateway::Gateway, snapshot::Current};

pub(super) struct Sweep {
    gateway: Arc<Gateway>,
    current: Current,
}

impl Sweep {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            gateway: context.gateway.clone(),
            current: context.current.clone(),
        }
    }
}

impl Job for Sweep {
    const NAME: &'static str = "sweep conversations";
    const TIMEOUT: Duration = Duration::from_secs(30);
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        let snapshot = self.current.load();
        let secs = snapshot.settings.config.conversation.cleanup_interval_sec;
        Duration::from_secs(secs)
    }

    async fn run(&self) -> Done {
        let snapshot = self.current.load();
        let limits = &snapshot.settings.config.conversation;
        let has_account = |account: &AccountId| snapshot.pool.contains(account);
        let conversations = self.gateway.conversations();
        let forgotten = conversations.sweep(limits, now_ms(), has_account);
        Ok(format!("{forgotten} conversation(s) forgotten"))
    }
}
