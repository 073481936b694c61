//! Reads the operator's list of proxies (`proxy.pool_url`).

use std::time::Duration;

use anyhow::bail;

use super::{Done, Job, JobContext};
use crate::{
    media::{
        budget::MediaBudget,
        remote_file::{FetchPolicy, RemoteFiles},
    },
    snapshot::Current,
};

/// Far more than the 5,000 proxies that are taken need.
const MAX_LIST_BYTES: usize = 1024 * 1024;
/// What is read is held in memory once.
const LIST_MEMORY_MIB: u64 = 2;
const FETCH_TIMEOUT: Duration = Duration::from_secs(20);
/// Between two looks whether there is another address.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// A list that has never been read is asked for more often.
const RETRY_INTERVAL: Duration = Duration::from_secs(15);

pub(super) struct Refresh {
    current: Current,
    memory: MediaBudget,
}

impl Refresh {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            current: context.current.clone(),
            memory: MediaBudget::new(LIST_MEMORY_MIB),
        }
    }
}

impl Job for Refresh {
    const NAME: &'static str = "proxy list";
    const TIMEOUT: Duration = Duration::from_secs(30);
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        let snapshot = self.current.load();
        let settings = &snapshot.settings;
        let refresh = Duration::from_secs(settings.config.proxy.pool_refresh_sec);
        if settings.upstream.has_proxies() {
            refresh
        } else {
            refresh.min(RETRY_INTERVAL)
        }
    }

    /// At the start, and when the address has changed: calls wait for the list.
    async fn due(&self) {
        while !self.current.load().settings.upstream.awaits_proxies() {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }

    async fn run(&self) -> Done {
        let settings = self.current.load_full().settings.clone();
        let proxy = &settings.config.proxy;
        let url = proxy.pool_url.trim();
        if url.is_empty() {
            return Ok("there is no list".to_owned());
        }
        // The operator's own address: it may be inside.
        let files = RemoteFiles::new(FetchPolicy {
            allow_private: true,
            max_bytes: MAX_LIST_BYTES,
            timeout: FETCH_TIMEOUT,
            proxy: Some(proxy.base_proxy_url.clone()).filter(|url| !url.is_empty()),
        });
        let fetched = files.fetch(url, &mut self.memory.share()).await;
        let upstream = &settings.upstream;
        let list = match fetched {
            Ok(file) => upstream.set_proxies(&String::from_utf8_lossy(&file.content)),
            Err(error) => {
                upstream.no_proxies_yet();
                bail!("proxy.pool_url cannot be read: {error}");
            }
        };
        if list.taken == 0 {
            upstream.no_proxies_yet();
            bail!("proxy.pool_url has no proxies, one a line");
        }
        let left_out = match list.left_out {
            0 => String::new(),
            lines => format!(", {lines} lines left out"),
        };
        Ok(format!("{} proxies{left_out}", list.taken))
    }
}
