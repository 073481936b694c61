//! Videos that were asked for: a row each, from its queueing to its end.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Page, StoreError};

/// What ids of jobs begin with; the rest is the id of the row in the media of the finished video.
pub const VIDEO_JOB_PREFIX: &str = "video_";
/// Longest prompt that is kept, in bytes.
const PROMPT_BYTES: usize = 32 * 1024;
/// Jobs of one owner that are kept: of older ones only those that are not over.
pub const MAX_JOBS_OF_OWNER: u32 = 1_000;
/// Jobs of all owners that have failed, and as many that were cancelled, that a sweep leaves.
pub const MAX_UNMADE_JOBS: u32 = 2_000;

/// One video that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoJobRow {
    /// Unique; made by the caller.
    pub id: String,
    /// Unix milliseconds.
    pub created_ms: i64,
    /// Who may see it, in the words of the caller.
    pub owner: String,
    /// Label of the API key of who asked.
    pub key: Option<String>,
    /// The request that asked for it.
    pub request_id: String,
    pub status: VideoStatus,
    /// Percent.
    pub progress: u32,
    /// Cut to 32 KiB when stored.
    pub prompt: String,
    /// Id in the catalogue.
    pub model: String,
    /// What else was asked for, as a JSON object.
    pub params: String,
    /// The job whose video it was made from.
    pub parent: Option<String>,
    /// Last four characters of the credential of the account that makes it.
    pub account: Option<String>,
    /// What it takes to ask the upstream again, as a JSON object.
    pub upstream: Option<String>,
    /// Name of the finished file.
    pub file: Option<String>,
    /// Name of the file of its first picture.
    pub poster: Option<String>,
    /// A stable word and a sentence.
    pub error: Option<(String, String)>,
    /// Unix milliseconds of its end, however it ended.
    pub completed_ms: Option<i64>,
    /// Unix milliseconds from which the row may go.
    pub expires_ms: i64,
}

impl VideoJobRow {
    /// Bounds what callers can make us keep.
    pub(crate) fn cut(&mut self) {
        let end = self.prompt.floor_char_boundary(PROMPT_BYTES);
        self.prompt.truncate(end);
    }
}

/// How far a video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoStatus {
    Queued,
    InProgress,
    Completed,
    Failed,
    Cancelled,
}

impl VideoStatus {
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::InProgress,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The name in stored rows and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Nothing changes any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// Which jobs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoJobQuery {
    pub owner: String,
    /// Only jobs behind this one in the order: the last of a page, as time and id, begins the next.
    pub after: Option<(i64, String)>,
    pub is_oldest_first: bool,
    /// Jobs at most.
    pub limit: u32,
}

/// Keeps video jobs.
#[async_trait]
pub trait VideoJobStore: Send + Sync {
    /// Adds a job; the oldest of its owner's that are over make room ([`MAX_JOBS_OF_OWNER`]). Durable
    /// when it returns.
    async fn insert_video_job(&self, job: VideoJobRow) -> Result<(), StoreError>;

    /// Changes a job to what this row says; false when it is no longer there.
    async fn update_video_job(&self, job: VideoJobRow) -> Result<bool, StoreError>;

    /// Deletes a job; false when it is no longer there.
    async fn delete_video_job(&self, id: &str) -> Result<bool, StoreError>;

    /// Deletes the jobs that have expired at `now_ms`, and the oldest that have made no video
    /// ([`MAX_UNMADE_JOBS`]); how many.
    async fn sweep_video_jobs(&self, now_ms: i64) -> Result<u64, StoreError>;

    /// The job of that id.
    async fn get_video_job(&self, id: &str) -> Result<Option<VideoJobRow>, StoreError>;

    /// Jobs of one owner, newest first unless asked otherwise. A page ends by bytes as well
    /// ([`PAGE_BYTES`](crate::PAGE_BYTES)).
    async fn list_video_jobs(&self, query: &VideoJobQuery)
    -> Result<Page<VideoJobRow>, StoreError>;

    /// The jobs that are not over, oldest first.
    async fn open_video_jobs(&self) -> Result<Vec<VideoJobRow>, StoreError>;
}
