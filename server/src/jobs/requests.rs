//! Keeps request records and their sums no longer, and no larger, than configured.

use std::{sync::Arc, time::Duration};

use store::{Retention, Store, SumRetention};

use super::{Done, Job, JobContext};
use crate::{clock::now_ms, snapshot::Current};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

pub(super) struct Prune {
    store: Arc<dyn Store>,
    current: Current,
}

impl Prune {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            store: context.store.clone(),
            current: context.current.clone(),
        }
    }
}

impl Job for Prune {
    const NAME: &'static str = "prune requests";
    const TIMEOUT: Duration = Duration::from_secs(120);
    const IS_SHARED: bool = true;

    fn interval(&self) -> Duration {
        Duration::from_secs(300)
    }

    async fn run(&self) -> Done {
        let snapshot = self.current.load_full();
        let (logs, stats) = (
            &snapshot.settings.config.logs,
            &snapshot.settings.config.stats,
        );
        let now = now_ms();
        let ago = |span_ms: i64, count: u32| now - span_ms * i64::from(count);
        let retention = Retention {
            before_ms: Some(ago(DAY_MS, logs.retention_days)),
            max_rows: None,
            max_bytes: Some(u64::from(logs.max_mb) * 1024 * 1024),
        };
        let sums = SumRetention {
            minute_before_ms: ago(MINUTE_MS, stats.minutely_keep),
            hour_before_ms: ago(HOUR_MS, stats.hourly_keep),
            day_before_ms: ago(DAY_MS, stats.daily_keep),
        };
        let (mut requests, mut sum_rows) = (0, 0);
        loop {
            let pruned = self.store.prune_requests(&retention).await?;
            let pruned_sums = self.store.prune_sums(&sums).await?;
            requests += pruned.removed;
            sum_rows += pruned_sums.removed;
            if !pruned.more && !pruned_sums.more {
                return Ok(format!(
                    "{requests} request(s) and {sum_rows} sum(s) removed"
                ));
            }
        }
    }
}
