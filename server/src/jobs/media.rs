//! Keeps the files of generated media within `cache.limit_mb` and off the reserve of the disk, and their
//! rows with them; removes those for which no row came.

use std::{sync::Arc, time::Duration};

use store::Store;

use super::{Done, Job, JobContext};
use crate::{gateway::Gateway, snapshot::Current};

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
    // what makes room. A folder, and the rows that a server has, are its own.
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
