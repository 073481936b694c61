//! Videos, as their page lists them from their queueing on.

use serde::{Deserialize, Serialize};

/// How far a video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VideoState {
    /// It waits for its turn, here.
    Queued,
    InProgress,
    /// Grok has made it; it is enlarged where that was asked for, and fetched.
    Finishing,
    Completed,
    Failed,
    Cancelled,
}

impl VideoState {
    /// Nothing changes any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// Why a video was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoFailure {
    /// A stable word of the API's.
    pub code: String,
    /// The server's sentence.
    pub message: String,
}

/// One video of the visitor's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoItem {
    pub id: String,
    /// Unix milliseconds of its queueing.
    pub at_ms: i64,
    pub state: VideoState,
    /// Percent.
    pub progress: u32,
    pub prompt: String,
    /// Id in the catalogue.
    pub model: String,
    /// 0 where it is not known.
    pub seconds: u32,
    /// Such as `16:9`; empty where it is not known.
    pub aspect_ratio: String,
    /// 720p instead of 480p.
    pub is_high_resolution: bool,
    pub preset: String,
    /// It began with a picture.
    pub has_reference: bool,
    /// Unix milliseconds of its end, however it ended.
    pub ended_ms: Option<i64>,
    /// Path of the file on this server.
    pub url: Option<String>,
    /// Path of its first picture.
    pub poster: Option<String>,
    /// Path of a smaller one of it.
    pub thumbnail: Option<String>,
    /// Path of a small form of the picture that it began with, where that is on this server.
    pub reference: Option<String>,
    pub failure: Option<VideoFailure>,
    /// The video that it is a remix of.
    pub parent: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoPage {
    /// The server's clock, Unix milliseconds.
    pub now_ms: i64,
    /// What addresses of this server's files begin with, where the operator says it, so that it knows
    /// them as its own. Empty: the address of the page.
    pub own_address: String,
    /// Newest first.
    pub items: Vec<VideoItem>,
    /// Older ones follow.
    pub has_more: bool,
}
