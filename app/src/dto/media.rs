//! Generated pictures and videos, as pages list them.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Image,
    Video,
}

/// One generated picture or video of the visitor's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaItem {
    /// `media_id` of the answer that it came with.
    pub id: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    pub kind: MediaKind,
    /// Path of the file on this server.
    pub url: String,
    /// Path of a smaller picture of it, at most 512 pixels on its longer side.
    pub thumbnail: String,
    pub mime: String,
    pub bytes: u64,
    /// Pixels; 0 where it is not known.
    pub width: u32,
    pub height: u32,
    /// Its first 8 KiB.
    pub prompt: String,
    /// Id in the catalogue.
    pub model: String,
    /// Such as `2:3`; empty where it is not known.
    pub aspect_ratio: String,
    /// The item that it was made from.
    pub parent: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaPage {
    /// Newest first.
    pub items: Vec<MediaItem>,
    /// The cursor of the next page, if there may be one.
    pub next: Option<String>,
}
