//! Removes videos that can no longer be asked for (`video.keep_days`), and what made no video. The files
//! stay in the gallery. Goes on with those whose instance has died.

use std::{sync::Arc, time::Duration};

use store::Store;

use super::{Done, Job, JobContext};
use crate::{clock::now_ms, gateway::Gateway, snapshot::Current};

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

pub(super) struct Resume {
    gateway: Arc<Gateway>,
    current: Current,
}

impl Resume {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            gateway: context.gateway.clone(),
            current: context.current.clone(),
        }
    }
}

impl Job for Resume {
    const NAME: &'static str = "resume videos";
    const TIMEOUT: Duration = Duration::from_secs(30);
    // Each video has a lock of its own.
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        Duration::from_secs(15)
    }

    async fn run(&self) -> Done {
        let snapshot = self.current.load_full();
        let resumed = self.gateway.resume_videos(&snapshot).await?;
        Ok(format!("{resumed} video(s) taken up"))
    }
}
