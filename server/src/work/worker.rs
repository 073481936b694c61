//! What a kind of work does with one target.

use std::sync::Arc;

use async_trait::async_trait;
use grok2api_app::dto::{JobKind, JobNote, JobTrouble};

/// How much is done at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Targets at once.
    pub concurrent: usize,
    /// Targets that are handed out and stored together.
    pub batch_size: usize,
}

/// A target is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemDone {
    /// Id of the account, where the target was something else; it takes the target's place.
    pub id: Option<String>,
    /// What was done beside it, see [`JobView::amount`](grok2api_app::dto::JobView::amount).
    pub amount: u64,
    /// What is to be said of it.
    pub note: Option<JobNote>,
}

/// A target is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFailure {
    pub trouble: JobTrouble,
    /// `…` and the last four characters of the credential.
    pub masked: String,
    /// As with [`ItemDone`].
    pub amount: u64,
}

/// Does one job's targets.
#[async_trait]
pub trait Worker: Send + Sync + 'static {
    /// How much at once; asked again with each step, since settings change.
    fn pace(&self) -> Pace;

    /// Does one target.
    ///
    /// # Cancellation
    /// The future is dropped when the job is stopped: nothing may be left behind, and the target may
    /// come again.
    async fn work(&self, target: &str) -> Result<ItemDone, ItemFailure>;
}

/// Makes the worker of a job when it begins and when it is resumed.
pub trait Workers: Send + Sync + 'static {
    /// `options` are what the job was begun with.
    fn worker(&self, kind: JobKind, options: &str) -> Arc<dyn Worker>;
}
