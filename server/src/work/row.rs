//! How a job stands, as it is stored.

use std::time::Duration;

use grok2api_app::dto::{JobFailure, JobKind, JobState, JobView};
use serde::{Deserialize, Serialize};
use store::{Document, DocumentKind};

use crate::clock::now_ms;

/// Failures that are kept with the job itself.
pub(super) const MAX_FAILURES: usize = 200;
/// How long a job is kept after it was last written.
const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);
/// The group of all jobs' documents.
pub(super) const GROUP: &str = "jobs";
/// Weight of the last step in the rate.
const NEWEST: f64 = 0.3;

/// A job's document.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) id: String,
    pub(super) revision: u64,
    pub(super) row: JobRow,
}

impl Stored {
    pub(super) fn into_document(self) -> Document {
        Document {
            kind: DocumentKind::Job,
            id: self.id,
            group: GROUP.to_owned(),
            at_ms: self.row.started_ms,
            expires_ms: now_ms().saturating_add(KEEP.as_millis() as i64),
            revision: self.revision,
            data: serde_json::to_string(&self.row).unwrap_or_default(),
        }
    }

    /// `None`, and a line in the log, for one that a later version wrote.
    pub(super) fn read(document: Document) -> Option<Self> {
        let id = document.id;
        match serde_json::from_str(&document.data) {
            Ok(row) => Some(Self {
                id,
                revision: document.revision,
                row,
            }),
            Err(error) => {
                tracing::warn!(job.id = id, %error, "job {id} cannot be read");
                None
            }
        }
    }
}

/// What a job's document says. The names are stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct JobRow {
    pub(super) kind: JobKind,
    /// What the kind needs to know beside its targets.
    pub(super) options: String,
    pub(super) state: JobState,
    pub(super) total: u64,
    pub(super) done: u64,
    pub(super) failed: u64,
    pub(super) amount: u64,
    pub(super) rate: f64,
    pub(super) started_ms: i64,
    pub(super) ended_ms: Option<i64>,
    pub(super) failures: Vec<JobFailure>,
    /// The instance that does it.
    pub(super) owner: String,
    /// Until when that instance is believed to be there.
    pub(super) lease_until_ms: i64,
    /// Its owner is to stop.
    pub(super) is_cancelled: bool,
}

/// What is through of a job's targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) done: u64,
    pub(super) failed: u64,
    /// The first ones.
    pub(super) failures: Vec<JobFailure>,
}

impl JobRow {
    pub(super) fn new(
        kind: JobKind,
        options: String,
        total: u64,
        owner: &str,
        lease: Duration,
    ) -> Self {
        let mut row = Self {
            kind,
            options,
            state: JobState::Running,
            total,
            done: 0,
            failed: 0,
            amount: 0,
            rate: 0.0,
            started_ms: now_ms(),
            ended_ms: None,
            failures: Vec::new(),
            owner: owner.to_owned(),
            lease_until_ms: 0,
            is_cancelled: false,
        };
        row.renew(lease);
        row
    }

    pub(super) fn take_up(&mut self, owner: &str, lease: Duration, counts: &Counts) {
        self.state = JobState::Running;
        self.done = counts.done;
        self.failed = counts.failed;
        self.failures.clone_from(&counts.failures);
        self.rate = 0.0;
        self.ended_ms = None;
        self.is_cancelled = false;
        owner.clone_into(&mut self.owner);
        self.renew(lease);
    }

    pub(super) fn renew(&mut self, lease: Duration) {
        self.lease_until_ms = now_ms().saturating_add(lease.as_millis() as i64);
    }

    /// Its owner has not been heard of for too long.
    pub(super) fn is_orphaned(&self, now_ms: i64) -> bool {
        self.state == JobState::Running && self.lease_until_ms < now_ms
    }

    /// Its owner is gone, whatever it was told.
    pub(super) fn interrupt(&mut self) {
        self.end(match self.is_cancelled {
            true => JobState::Cancelled,
            false => JobState::Interrupted,
        });
    }

    pub(super) fn end(&mut self, state: JobState) {
        self.state = state;
        self.ended_ms = Some(now_ms());
        self.rate = 0.0;
    }

    /// So many targets were through in this time.
    pub(super) fn note_rate(&mut self, count: u64, time: Duration) {
        let now = count as f64 / time.as_secs_f64().max(0.001);
        self.rate = match self.rate {
            rate if rate > 0.0 => rate + (now - rate) * NEWEST,
            _ => now,
        };
    }

    pub(super) fn note_failure(&mut self, failure: JobFailure) {
        if self.failures.len() < MAX_FAILURES {
            self.failures.push(failure);
        }
    }

    pub(super) fn view(&self, id: &str) -> JobView {
        let left = self.total.saturating_sub(self.done) as f64;
        let is_running = self.state == JobState::Running;
        let left_secs = (is_running && self.rate > 0.0).then(|| (left / self.rate).ceil() as u64);
        JobView {
            id: id.to_owned(),
            kind: self.kind,
            state: self.state,
            total: self.total,
            done: self.done,
            failed: self.failed,
            amount: self.amount,
            rate: self.rate,
            left_secs,
            started_ms: self.started_ms,
            ended_ms: self.ended_ms,
            failures: self.failures.clone(),
        }
    }
}

/// Whose limits a kind of work shares: one job at a time has them.
pub(super) fn section(kind: JobKind) -> &'static str {
    match kind {
        JobKind::ImportAccounts => "import",
        JobKind::RefreshAccounts => "usage",
        JobKind::CountAssets | JobKind::ClearAssets => "asset",
        JobKind::AccountSettings => "nsfw",
    }
}
