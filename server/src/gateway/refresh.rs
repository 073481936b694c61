//! When accounts are asked about next, and how the last time went: what the job that asks writes and
//! everybody may read.

use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::Notify;

/// One for the process.
pub struct Refresh {
    wake: Notify,
    status: Mutex<RefreshStatus>,
}

/// What is known of the questions that nobody asked for by hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RefreshStatus {
    /// `token.auto_refresh`, as the last look at it found it; on before the first look.
    pub is_on: bool,
    /// When the next account is due, in unix milliseconds; `None` if none will be, or before the
    /// first look.
    pub next_at_ms: Option<i64>,
    /// The last run in which somebody was due, or the one under way.
    pub last: Option<RefreshRun>,
}

/// One round over the accounts that are due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefreshRun {
    pub started_at_ms: i64,
    /// `None` while it is under way.
    pub ended_at_ms: Option<i64>,
    /// Accounts that were due, those added meanwhile included.
    pub due: usize,
    /// Accounts that were asked, or were no longer due when their turn came.
    pub done: usize,
    /// Of those: without a good answer.
    pub failed: usize,
    /// Why it ended before everybody was asked.
    pub ended_early: Option<&'static str>,
}

impl Default for Refresh {
    fn default() -> Self {
        let status = RefreshStatus {
            is_on: true,
            ..RefreshStatus::default()
        };
        Self {
            wake: Notify::new(),
            status: Mutex::new(status),
        }
    }
}

impl Refresh {
    /// Somebody may be due now: an account was added, or what is known of one is outdated.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends when somebody may be due.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    #[must_use]
    pub fn status(&self) -> RefreshStatus {
        self.status.lock().clone()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut RefreshStatus)) {
        change(&mut self.status.lock());
    }

    /// Changes the run that is under way.
    pub(crate) fn change_run(&self, change: impl FnOnce(&mut RefreshRun)) {
        if let Some(run) = &mut self.status.lock().last {
            change(run);
        }
    }
}
