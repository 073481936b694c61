//! Removes contents of callers' files that are over, or of which nothing is known; what is known of them
//! goes with the other documents.

use std::{sync::Arc, time::Duration};

use super::{Done, Job, JobContext};
use crate::gateway::Gateway;

pub(super) struct Sweep {
    gateway: Arc<Gateway>,
}

impl Sweep {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            gateway: context.gateway.clone(),
        }
    }
}

impl Job for Sweep {
    const NAME: &'static str = "sweep files";
    const TIMEOUT: Duration = Duration::from_secs(120);
    // Each instance may have a folder of its own, which nobody else can clean.
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn run(&self) -> Done {
        let removed = self.gateway.sweep_files().await?;
        Ok(format!("{removed} file(s) removed"))
    }
}
