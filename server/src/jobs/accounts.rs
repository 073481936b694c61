//! Stores cooldowns that have ended, also while nobody asks for an account.

use std::{sync::Arc, time::Duration};

use super::{Done, Job, JobContext};
use crate::{gateway::Gateway, snapshot::Current};

pub(super) struct Elapsed {
    gateway: Arc<Gateway>,
    current: Current,
}

impl Elapsed {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            gateway: context.gateway.clone(),
            current: context.current.clone(),
        }
    }
}

impl Job for Elapsed {
    const NAME: &'static str = "end cooldowns";
    const TIMEOUT: Duration = Duration::from_secs(30);
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn run(&self) -> Done {
        let pool = self.current.load().pool.clone();
        let changes = self.gateway.store_elapsed(&pool).await?;
        Ok(format!("{changes} change(s) stored"))
    }
}
