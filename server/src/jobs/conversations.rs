//! Forgets conversations that nobody has continued for too long, or whose account was
//! deleted or has another credential.

use std::{sync::Arc, time::Duration};

use super::{Done, Job, JobContext};
use crate::{gateway::Gateway, snapshot::Current};

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
        let snapshot = self.current.load_full();
        let forgotten = self.gateway.sweep_conversations(&snapshot);
        Ok(format!("{forgotten} conversation(s) forgotten"))
    }
}
