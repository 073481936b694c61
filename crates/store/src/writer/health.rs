//! Whether writing works, as callers may ask without waiting.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// A group that takes longer hangs: in a locked file, or in a disk that does not answer.
const STUCK: Duration = Duration::from_secs(2);

/// Kept by the task, read by callers.
#[derive(Default)]
pub(super) struct Health(Mutex<State>);

#[derive(Default)]
struct State {
    /// Why the last transaction failed, for people.
    reason: Option<String>,
    /// Since when a group is being written.
    busy_since: Option<Instant>,
}

impl Health {
    /// A group is being written from now on.
    pub(super) fn begin(&self) {
        self.0.lock().busy_since = Some(Instant::now());
    }

    /// Every caller of the group has its answer.
    pub(super) fn end(&self) {
        self.0.lock().busy_since = None;
    }

    /// A transaction failed; true = the first one.
    pub(super) fn fail(&self, reason: &str) -> bool {
        self.0.lock().reason.replace(reason.to_owned()).is_none()
    }

    /// A transaction succeeded; what the trouble was, if there was some.
    pub(super) fn recover(&self) -> Option<String> {
        self.0.lock().reason.take()
    }

    /// Why a write would not be done soon. Short trouble is not worth a refusal: who waits is served
    /// when it is over.
    pub(super) fn trouble(&self) -> Option<String> {
        let state = self.0.lock();
        let elapsed = state.busy_since?.elapsed();
        let say = || format!("a write has taken {} s so far", elapsed.as_secs());
        (elapsed >= STUCK).then(|| state.reason.clone().unwrap_or_else(say))
    }
}
