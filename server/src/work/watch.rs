//! A job as it changes, for whoever looks on.
//!
//! Events are made when they are asked for, from how the job stands then: whoever reads slowly gets
//! fewer of them and never an old one, and nothing waits in memory. The id of an event is how many
//! targets were through (and that it was the last one), so a stream that broke off goes on behind
//! the event that came last, at any instance.

use std::time::Duration;

use grok2api_app::dto::JobView;
use store::StoreError;
use tokio::time::{Instant, sleep, sleep_until};

use super::Work;

/// Between two looks at a job of this instance, and at one of another, which the store tells.
const HERE: Duration = Duration::from_millis(200);
const ELSEWHERE: Duration = Duration::from_secs(1);
/// After so much silence a comment keeps proxies from ending the stream.
const SILENCE: Duration = Duration::from_secs(15);

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEvent {
    /// How the job stands, to who knows nothing of it yet.
    Snapshot(JobView),
    Progress(JobView),
    /// The last event.
    Over(JobView),
    /// Nothing has happened for a while.
    Silence,
}

/// Looks on a job.
pub struct Watch {
    work: Work,
    id: String,
    /// Id of the last event.
    last: Option<String>,
    spoken: Instant,
    is_over: bool,
}

/// The id of the event that tells of a job as it stands.
#[must_use]
pub fn event_id(job: &JobView) -> String {
    match job.state.is_over() {
        true => format!("{}.end", job.done),
        false => job.done.to_string(),
    }
}

impl Watch {
    pub(super) fn new(work: Work, id: String, last: Option<String>) -> Self {
        Self {
            work,
            id,
            last,
            spoken: Instant::now(),
            is_over: false,
        }
    }

    /// The next event; `None` after the last one, and for a job that is not there.
    ///
    /// # Errors
    /// The store failed.
    ///
    /// # Cancellation
    /// Nothing is lost: the next call tells it.
    pub async fn next(&mut self) -> Result<Option<WatchEvent>, StoreError> {
        while !self.is_over {
            let Some(job) = self.work.view(&self.id).await? else {
                return Ok(None);
            };
            let id = event_id(&job);
            if self.last.as_ref() != Some(&id) {
                return Ok(Some(self.tell(id, job)));
            }
            if job.state.is_over() {
                return Ok(None);
            }
            let pause = match self.work.local(&self.id) {
                Some(_) => HERE,
                None => ELSEWHERE,
            };
            tokio::select! {
                () = sleep(pause) => {}
                () = sleep_until(self.spoken + SILENCE) => {
                    self.spoken = Instant::now();
                    return Ok(Some(WatchEvent::Silence));
                }
            }
        }
        Ok(None)
    }

    fn tell(&mut self, id: String, job: JobView) -> WatchEvent {
        self.spoken = Instant::now();
        let is_first = self.last.is_none();
        if is_first {
            // The snapshot of a job that is over is followed by its end.
            self.last = Some(job.done.to_string());
            return WatchEvent::Snapshot(job);
        }
        self.last = Some(id);
        if job.state.is_over() {
            self.is_over = true;
            return WatchEvent::Over(job);
        }
        WatchEvent::Progress(job)
    }
}
