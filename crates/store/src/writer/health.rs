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

    /// Why a write would not be done soon.
    pub(super) fn trouble(&self) -> Option<String> {
        let state = self.0.lock();
        let stuck_for = state.busy_since.map(|since| since.elapsed());
        let stuck = || stuck_for.filter(|elapsed| *elapsed >= STUCK);
        let say = |elapsed: Duration| format!("a write has taken {} s so far", elapsed.as_secs());
        state.reason.clone().or_else(|| stuck().map(say))
    }
}
