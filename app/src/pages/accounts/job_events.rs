//! How a job goes on, as the server tells it.

use crate::dto::{JobState, JobView};
use serde::Deserialize;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

/// An event of `/v1/admin/batch/{id}/stream`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct JobEvent {
    status: String,
    total: u64,
    processed: u64,
    fail: u64,
    amount: u64,
    rate: f64,
    left_secs: Option<u64>,
    ended_at: Option<i64>,
}

impl JobEvent {
    fn state(&self) -> JobState {
        match self.status.as_str() {
            "running" => JobState::Running,
            "done" => JobState::Done,
            "cancelled" => JobState::Cancelled,
            "interrupted" => JobState::Interrupted,
            _ => JobState::Failed,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().is_over()
    }

    /// Brings a job to what the event tells.
    pub(super) fn apply(&self, job: &mut JobView) {
        job.state = self.state();
        (job.total, job.done, job.failed) = (self.total, self.processed, self.fail);
        (job.amount, job.rate, job.left_secs) = (self.amount, self.rate, self.left_secs);
        job.ended_ms = self.ended_at;
    }
}

/// A job that is followed. Dropping it ends that. The browser comes back by itself where the
/// connection breaks, and goes on behind the last event.
pub(super) struct Following {
    source: EventSource,
    _told: Closure<dyn FnMut(MessageEvent)>,
}

impl Following {
    /// `None` where the browser refuses.
    pub(super) fn new(id: &str, mut told: impl FnMut(JobEvent) + 'static) -> Option<Self> {
        let source = EventSource::new(&format!("/v1/admin/batch/{id}/stream")).ok()?;
        let own = source.clone();
        let closure = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let text = message.data().as_string().unwrap_or_default();
            if let Ok(event) = serde_json::from_str::<JobEvent>(&text) {
                if event.is_over() {
                    own.close();
                }
                told(event);
            }
        });
        source.set_onmessage(Some(closure.as_ref().unchecked_ref()));
        Some(Self {
            source,
            _told: closure,
        })
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.source.set_onmessage(None);
        self.source.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::JobKind;

    #[test]
    fn an_event_brings_a_job_up_to_date() {
        let mut job = JobView {
            id: "j".into(),
            kind: JobKind::RefreshAccounts,
            state: JobState::Running,
            total: 10,
            done: 0,
            failed: 0,
            amount: 0,
            rate: 0.0,
            left_secs: None,
            started_ms: 1,
            ended_ms: None,
            failures: Vec::new(),
        };
        let told = r#"{"task_id":"j","kind":"refresh_accounts","status":"done","total":10,
            "processed":10,"ok":9,"fail":1,"warning":null,"amount":0,"rate":2.5,"left_secs":0,
            "started_at":1,"ended_at":5,"type":"done","result":{}}"#;
        let event: JobEvent = serde_json::from_str(told).unwrap();
        assert!(event.is_over());
        event.apply(&mut job);
        assert_eq!((job.state, job.done, job.failed), (JobState::Done, 10, 1));
        assert_eq!((job.left_secs, job.ended_ms), (Some(0), Some(5)));
    }
}
