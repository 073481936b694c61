//! Removes documents whose time is over.

use std::{sync::Arc, time::Duration};

use store::Store;

use super::{Done, Job, JobContext};
use crate::clock::now_ms;

pub(super) struct Sweep {
    store: Arc<dyn Store>,
}

impl Sweep {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            store: context.store.clone(),
        }
    }
}

impl Job for Sweep {
    const NAME: &'static str = "sweep documents";
    const TIMEOUT: Duration = Duration::from_secs(60);
    const IS_SHARED: bool = true;

    fn interval(&self) -> Duration {
        Duration::from_secs(600)
    }

    async fn run(&self) -> Done {
        let ended = self.store.sweep_documents(now_ms()).await?;
        Ok(format!("{ended} document(s) removed"))
    }
}
