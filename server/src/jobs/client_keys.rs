//! Reads the keys that the store keeps again: another instance, or the command line, may have changed
//! them.

use std::{sync::Arc, time::Duration};

use store::Store;

use super::{Done, Job, JobContext};
use crate::snapshot::{Current, api_keys::ApiKeys, client_keys};

pub(super) struct Refresh {
    store: Arc<dyn Store>,
    current: Current,
}

impl Refresh {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            store: context.store.clone(),
            current: context.current.clone(),
        }
    }
}

impl Job for Refresh {
    const NAME: &'static str = "read client keys";
    const TIMEOUT: Duration = Duration::from_secs(30);
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn run(&self) -> Done {
        let keys = client_keys::load(self.store.as_ref()).await?;
        let is_new = self.current.set_client_keys(ApiKeys::of_clients(&keys));
        let changed = if is_new { ", changed" } else { "" };
        Ok(format!("{} key(s){changed}", keys.len()))
    }
}
