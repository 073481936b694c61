//! Ends answers that nobody reads.

use std::time::Duration;

use super::{Done, Job, JobContext};
use crate::{delivery::Deliveries, gateway::chat::unread::UnreadAnswers, snapshot::Current};

pub(super) struct End {
    current: Current,
    answers: UnreadAnswers,
    deliveries: Deliveries,
}

impl End {
    pub(super) fn new(context: &JobContext) -> Self {
        Self {
            current: context.current.clone(),
            answers: context.unread.clone(),
            deliveries: context.deliveries.clone(),
        }
    }

    fn limit(&self) -> Duration {
        let secs = self.current.load().settings.config.server.send_timeout_secs;
        Duration::from_secs(secs)
    }
}

impl Job for End {
    const NAME: &'static str = "end unread answers";
    const TIMEOUT: Duration = Duration::from_secs(5);
    const IS_SHARED: bool = false;

    fn interval(&self) -> Duration {
        (self.limit() / 4).min(Duration::from_secs(5))
    }

    async fn run(&self) -> Done {
        let limit = self.limit();
        let ended = self.answers.end_older_than(limit) + self.deliveries.end_older_than(limit);
        Ok(format!("{ended} answer(s) ended"))
    }
}
