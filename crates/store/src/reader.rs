//! The reading half of an engine.

use async_trait::async_trait;

use crate::{
    Changes, Cursor, Document, DocumentKind, DocumentQuery, DocumentSize, MediaFile, MediaFilter,
    MediaKind, MediaOwner, MediaQuery, MediaRow, MediaTotal, Page, RequestPosition, RequestQuery,
    RequestRow, StoreError, SumQuery, SumRow, Unreadable, VideoJobQuery, VideoJobRow,
    account::AccountRow, request_store::TableSize, session::StoredSession, tables::TableReader,
};

/// What an engine reads. Reads see what is committed, also while writes fail.
///
/// A read that fails is [`StoreError::Database`], one after [`close`](Self::close)
/// [`StoreError::Closed`].
#[async_trait]
pub(crate) trait Reader: Send + Sync + 'static {
    /// Every account, in any order; those with columns of a wrong type are unreadable.
    async fn accounts(&self) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError>;

    /// Those of these ids, in any order.
    async fn accounts_of(
        &self,
        ids: &[String],
    ) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError>;

    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// The session, unless it is over at `now_ms`.
    async fn session(
        &self,
        id_hash: &str,
        now_ms: i64,
    ) -> Result<Option<StoredSession>, StoreError>;

    async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError>;

    /// Newest first.
    async fn requests(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError>;

    async fn sums(&self, query: &SumQuery) -> Result<Vec<SumRow>, StoreError>;

    async fn requests_size(&self) -> Result<TableSize, StoreError>;

    /// The request that has `offset` older ones.
    async fn nth_oldest_request(&self, offset: u64) -> Result<Option<RequestPosition>, StoreError>;

    async fn media_of(&self, id: &str) -> Result<Option<MediaRow>, StoreError>;

    /// As [`MediaStore::get_many_media`](crate::MediaStore::get_many_media).
    async fn many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError>;

    /// Newest first.
    async fn media(&self, query: &MediaQuery) -> Result<Page<MediaRow>, StoreError>;

    /// As [`MediaStore::oldest_media`](crate::MediaStore::oldest_media).
    async fn oldest_media(
        &self,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError>;

    async fn media_files(&self) -> Result<Vec<MediaFile>, StoreError>;

    async fn media_bytes(&self) -> Result<u64, StoreError>;

    async fn is_media_file_used(&self, kind: MediaKind, file: &str) -> Result<bool, StoreError>;

    /// As [`MediaSearch::find_media`](crate::MediaSearch::find_media).
    async fn found_media(
        &self,
        filter: &MediaFilter,
        before: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Page<MediaRow>, StoreError>;

    async fn media_sums(&self, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError>;

    async fn media_owners(&self) -> Result<Vec<MediaOwner>, StoreError>;

    async fn media_accounts(&self) -> Result<Vec<String>, StoreError>;

    async fn video_job(&self, id: &str) -> Result<Option<VideoJobRow>, StoreError>;

    async fn video_jobs(&self, query: &VideoJobQuery) -> Result<Page<VideoJobRow>, StoreError>;

    /// Those that are not over, oldest first.
    async fn open_video_jobs(&self) -> Result<Vec<VideoJobRow>, StoreError>;

    async fn document(&self, kind: DocumentKind, id: &str) -> Result<Option<Document>, StoreError>;

    /// In the order of time and id.
    async fn documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError>;

    async fn oldest_documents(
        &self,
        kind: DocumentKind,
        group: &str,
        limit: u32,
    ) -> Result<Vec<DocumentSize>, StoreError>;

    async fn count_documents(&self, kind: DocumentKind, group: &str) -> Result<u64, StoreError>;

    /// As [`ChangeFeed::changes_since`](crate::ChangeFeed::changes_since).
    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError>;

    /// A view of everything, as it is now where the engine can hold it still.
    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError>;

    /// See [`DocumentStore::reusable_bytes`](crate::DocumentStore::reusable_bytes).
    async fn reusable_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn ping(&self) -> Result<(), StoreError>;

    async fn close(&self);
}
