//! What was generated: a row for each picture or video, beside its file.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Page, StoreError};

/// Longest prompt that is kept, in bytes.
const PROMPT_BYTES: usize = 8 * 1024;

/// One generated picture or video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaRow {
    /// Unique; made by the caller (UUID v7).
    pub id: String,
    /// Unix milliseconds.
    pub at_ms: i64,
    pub kind: MediaKind,
    /// Name of its file. Rows of the same content share it.
    pub file: String,
    pub mime: String,
    pub bytes: u64,
    /// Pixels; 0 where it is not known.
    pub width: u32,
    pub height: u32,
    /// Cut to 8 KiB when stored.
    pub prompt: String,
    /// Id in the catalogue.
    pub model: String,
    /// What else was asked for, as a JSON object.
    pub params: String,
    /// The first picture of a video.
    pub poster: Option<Poster>,
    /// The row that it was made from.
    pub parent: Option<String>,
    /// Last four characters of the credential of the account that made it.
    pub account: String,
    /// Who may list and delete it: `key:LABEL`, `open` for an API without keys, `visitor:HASH` for a
    /// browser.
    pub owner: String,
    /// Label of the API key of who asked.
    pub key: Option<String>,
    /// The request that asked for it.
    pub request_id: String,
}

impl MediaRow {
    /// Bounds what callers can make us keep.
    pub(crate) fn cut(&mut self) {
        let end = self.prompt.floor_char_boundary(PROMPT_BYTES);
        self.prompt.truncate(end);
    }
}

/// The file of a video's first picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poster {
    pub file: String,
    /// 0 where it is not known.
    pub bytes: u64,
}

/// A file that rows name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    pub kind: MediaKind,
    pub file: String,
    /// As the rows say.
    pub bytes: u64,
    pub rows: u64,
    /// It is the first picture of videos, which are whole without it.
    pub is_poster: bool,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Image,
    Video,
}

impl MediaKind {
    pub const ALL: [Self; 2] = [Self::Image, Self::Video];

    /// The name in stored rows, folders and addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Which rows to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaQuery {
    /// `None`: everybody's.
    pub owner: Option<String>,
    pub kind: Option<MediaKind>,
    /// Only rows before this one: the last row of a page, as time and id, begins the next page.
    pub before: Option<(i64, String)>,
    /// Rows at most.
    pub limit: u32,
}

/// What was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeletedMedia {
    pub rows: u64,
    /// Files that these rows had, as theirs or as a first picture, and that nothing has any more.
    pub unused_files: Vec<(MediaKind, String)>,
}

/// Keeps rows of generated media.
#[async_trait]
pub trait MediaStore: Send + Sync {
    /// Adds rows. Durable when it returns.
    async fn insert_media(&self, rows: Vec<MediaRow>) -> Result<(), StoreError>;

    /// The row of that id.
    async fn get_media(&self, id: &str) -> Result<Option<MediaRow>, StoreError>;

    /// The rows of those ids, each once, in no order.
    async fn get_many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError>;

    /// Rows, newest first. A page ends by bytes as well ([`PAGE_BYTES`](crate::PAGE_BYTES)).
    async fn list_media(&self, query: &MediaQuery) -> Result<Page<MediaRow>, StoreError>;

    /// The newest row of each file, oldest first, after the one of this time and id.
    async fn oldest_media(
        &self,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError>;

    /// Every file that rows name, each once as a file of its own and once as a first picture.
    async fn media_files(&self) -> Result<Vec<MediaFile>, StoreError>;

    /// Bytes of all those files.
    async fn media_bytes(&self) -> Result<u64, StoreError>;

    /// Whether any row or job has this file, as its own or as its first picture.
    async fn is_media_file_used(&self, kind: MediaKind, file: &str) -> Result<bool, StoreError>;

    /// Deletes the rows of these ids that this owner has; `None`: whoever has them. With a video goes
    /// the job that made it.
    async fn delete_media(
        &self,
        owner: Option<&str>,
        ids: &[String],
    ) -> Result<DeletedMedia, StoreError>;

    /// Deletes every row and every job of these files, which are gone themselves.
    async fn delete_media_of(&self, files: &[String]) -> Result<DeletedMedia, StoreError>;
}
