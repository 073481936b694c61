//! Keeps the files of generated media within `cache.limit_mb`, and rows and files together.

use std::{sync::Arc, time::Duration};

use store::Store;

use super::{Done, Job, JobContext};
use crate::{gateway::Gateway, snapshot::Current};

/// A clean-up goes down to this much of the limit, so that it does not run for every file.
const TARGET_PERCENT: u64 = 80;

pub(super) struct Clean {
    store: Arc<dyn Store>,
    gateway: Arc<Gateway>,
    current: Current,
}

impl Clean {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            store: context.store.clone(),
            gateway: context.gateway.clone(),
            current: context.current.clone(),
        }
    }
}

impl Job for Clean {
    const NAME: &'static str = "clean media";
    const TIMEOUT: Duration = Duration::from_secs(120);
    // Several instances may keep their files in one bucket.
    const IS_SHARED: bool = true;

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self) -> Done {
        let snapshot = self.current.load_full();
        let cache = &snapshot.settings.config.cache;
        if !cache.enable_auto_clean {
            return Ok("off (`cache.enable_auto_clean`)".to_owned());
        }
        let limit = cache.limit_mb.saturating_mul(1024 * 1024);
        let files = self.gateway.media_files();
        let cleaned = files.clean(limit, limit / 100 * TARGET_PERCENT).await?;
        self.store.delete_media_of(&cleaned.files).await?;
        let (count, left) = (cleaned.files.len(), cleaned.bytes_left / (1024 * 1024));
        Ok(format!("{count} file(s) removed, {left} MiB left"))
    }
}
