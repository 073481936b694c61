//! Finds out whether `app.app_url` leads here, once browsers come under another address.

use std::time::Duration;

use super::{Done, Job, JobContext};
use crate::reached::Reached;

pub(super) struct Check(Reached);

impl Check {
    pub(super) fn new(context: &JobContext) -> Self {
        Self(context.reached.clone())
    }
}

impl Job for Check {
    const NAME: &'static str = "check app_url";
    const TIMEOUT: Duration = Duration::from_secs(20);
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        Duration::from_secs(10)
    }

    async fn run(&self) -> Done {
        self.0.find_out().await.map(str::to_owned)
    }
}
