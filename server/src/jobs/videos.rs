//! Removes videos that can no longer be asked for (`video.keep_days`), and what made no video. The files
//! stay in the gallery.

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
    const NAME: &'static str = "sweep videos";
    const TIMEOUT: Duration = Duration::from_secs(30);
    const IS_SHARED: bool = true;

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self) -> Done {
        let expired = self.store.sweep_video_jobs(now_ms()).await?;
        Ok(format!("{expired} video(s) forgotten"))
    }
}
