//! What is known of accounts' files, and how the run over them is doing.

use std::collections::HashMap;

use grok::Class;
use pool::AccountId;
use tokio_util::sync::CancellationToken;

use super::AssetWork;

/// Failures of a run that are kept one by one; the number of all is in [`AssetRun::failed`].
const MAX_FAILURES: usize = 200;

/// What is known of an account's files since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssetKnowledge {
    pub count: Option<AssetCount>,
    /// Unix milliseconds of the last time that all were deleted.
    pub cleared_at_ms: Option<i64>,
}

/// How many files an account had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetCount {
    pub files: usize,
    /// There are more, which were not counted.
    pub is_cut: bool,
    /// Unix milliseconds.
    pub at_ms: i64,
}

/// Why a run did not do an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetTrouble {
    Upstream(Class),
    /// It has requests under way, whose results would go as well.
    InUse,
    /// The upstream's bot protection refuses this server: no account is shown to it.
    Paused,
}

/// An account that a run did not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetFailure {
    pub id: AccountId,
    /// Of its credential.
    pub last_four: String,
    pub trouble: AssetTrouble,
}

/// How a run is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetRun {
    pub work: AssetWork,
    /// Accounts, those that failed among `done`.
    pub total: usize,
    pub done: usize,
    pub failed: usize,
    /// Files.
    pub deleted: u64,
    /// The first 200.
    pub failures: Vec<AssetFailure>,
    pub is_over: bool,
    /// It was told to stop, or the upstream lets nobody pass.
    pub is_stopped: bool,
}

/// Everything behind the lock.
#[derive(Default)]
pub(super) struct State {
    known: HashMap<AccountId, AssetKnowledge>,
    pub(super) run: Option<AssetRun>,
    /// Of the run under way.
    pub(super) stop: Option<CancellationToken>,
}

impl State {
    pub(super) fn begin(&mut self, work: AssetWork, total: usize, stop: CancellationToken) {
        self.stop = Some(stop);
        self.run = Some(AssetRun {
            work,
            total,
            done: 0,
            failed: 0,
            deleted: 0,
            failures: Vec::new(),
            is_over: false,
            is_stopped: false,
        });
    }

    pub(super) fn end(&mut self) {
        let stop = self.stop.take();
        if let Some(run) = &mut self.run {
            run.is_over = true;
            run.is_stopped = run.done < run.total && stop.is_some_and(|stop| stop.is_cancelled());
        }
    }

    pub(super) fn of(&self, id: &AccountId) -> AssetKnowledge {
        self.known.get(id).copied().unwrap_or_default()
    }

    pub(super) fn forget_all_but(&mut self, is_kept: impl Fn(&AccountId) -> bool) {
        self.known.retain(|id, _| is_kept(id));
    }

    pub(super) fn counted(&mut self, id: &AccountId, count: Option<AssetCount>) {
        self.known.entry(id.clone()).or_default().count = count;
    }

    pub(super) fn cleared(&mut self, id: &AccountId, at_ms: i64) {
        self.known.entry(id.clone()).or_default().cleared_at_ms = Some(at_ms);
    }

    pub(super) fn deleted(&mut self) {
        if let Some(run) = &mut self.run {
            run.deleted += 1;
        }
    }

    /// An account is through.
    pub(super) fn done(&mut self, failure: Option<AssetFailure>) {
        let Some(run) = &mut self.run else { return };
        run.done += 1;
        let Some(failure) = failure else { return };
        run.failed += 1;
        if run.failures.len() < MAX_FAILURES {
            run.failures.push(failure);
        }
    }
}
