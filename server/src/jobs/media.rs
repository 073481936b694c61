//! Keeps the files of generated media within `cache.limit_mb` and off the reserve of the disk, and their
//! rows with them; removes those for which no row came, and what processes that died have left.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use store::Store;

use super::{Done, Job, JobContext};
use crate::{gateway::Gateway, media::unfinished_folder::LEFT_AFTER, snapshot::Current};

/// A clean-up goes down to this much of the limit, so that it does not run for every file.
const TARGET_PERCENT: u64 = 80;
/// Between two clean-ups, however much is stored.
const PAUSE: Duration = Duration::from_secs(1);
/// Nothing takes longer from a file to its row.
const UNCLAIMED_AFTER: Duration = Duration::from_secs(3600);

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
    // The lock is a row of the database, which cannot be written while the disk is full: then this is
    // what makes room. And each instance may have a folder of its own, which nobody else can clean.
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn due(&self) {
        tokio::time::sleep(PAUSE).await;
        self.gateway.media_files().clean_due().await;
    }

    async fn run(&self) -> Done {
        let snapshot = self.current.load_full();
        let (cache, store) = (&snapshot.settings.config.cache, self.store.as_ref());
        let files = self.gateway.media_files();
        let unclaimed = files.remove_unclaimed(store, UNCLAIMED_AFTER).await;
        let unclaimed = unclaimed.and(self.remove_left().await);
        if !cache.enable_auto_clean {
            unclaimed?;
            return Ok("off (`cache.enable_auto_clean`)".to_owned());
        }
        let limit = cache.limit_mb.saturating_mul(1024 * 1024);
        let target = limit / 100 * TARGET_PERCENT;
        let cleaned = files.clean(store, limit, target).await?;
        unclaimed?;
        let (count, left) = (cleaned.files, cleaned.bytes_left / (1024 * 1024));
        Ok(format!("{count} file(s) removed, {left} MiB left"))
    }
}

impl Clean {
    /// Whoever has the folder as well may be writing, so what was left is known by its age.
    async fn remove_left(&self) -> anyhow::Result<()> {
        let unfinished = self.gateway.media_files().sweep_unfinished().await;
        self.gateway.sweep_video_images(LEFT_AFTER).await?;
        unfinished.context("removing files that were left unfinished")?;
        Ok(())
    }
}
