//! The reading half of every SQL engine.

use async_trait::async_trait;
use sqlx::Error;

use super::{
    columns::Columns,
    connections::{Accounts, Connections},
    document::{
        read_document, read_document_size, select_document_count, select_document_sizes,
        select_documents,
    },
    error::failed,
    media,
    numbers::to_i64,
    page::read_page,
    rows::{read_media, read_request, read_sum},
    select::{Place, Select},
    video_job::{read_video_job, select_video_jobs},
};
use crate::{
    Changes, Cursor, Document, DocumentKind, DocumentQuery, DocumentSize, MediaFile, MediaFilter,
    MediaKind, MediaOwner, MediaQuery, MediaRow, MediaTotal, Page, RequestPosition, RequestQuery,
    RequestRow, StoreError, SumQuery, SumRow, VideoJobQuery, VideoJobRow, reader::Reader,
    request_store::TableSize, session::StoredSession, tables::TableReader,
};

/// Reads over the connections of an engine.
pub(crate) struct SqlReader<C>(C);

impl<C: Connections> SqlReader<C> {
    pub(crate) fn new(connections: C) -> Self {
        Self(connections)
    }

    /// All rows of a query.
    async fn all<T>(
        &self,
        select: C::Select,
        read: impl Fn(&C::Row) -> Result<T, Error>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.0.rows(select).await?;
        read_all(&rows, read)
    }

    /// The first row of a query, if there is one.
    async fn one<T>(
        &self,
        select: C::Select,
        read: impl Fn(&C::Row) -> Result<T, Error>,
    ) -> Result<Option<T>, StoreError> {
        let row = self.0.row(select).await?;
        row.as_ref().map(read).transpose().map_err(failed)
    }

    /// The one row of a query that always has one.
    async fn only<T>(
        &self,
        select: C::Select,
        read: impl Fn(&C::Row) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        let row = self.one(select, read).await?;
        row.ok_or_else(|| failed(Error::RowNotFound))
    }
}

/// Reads rows, or fails with the first that cannot be read.
pub(crate) fn read_all<R, T>(
    rows: &[R],
    read: impl Fn(&R) -> Result<T, Error>,
) -> Result<Vec<T>, StoreError> {
    let rows: Result<_, _> = rows.iter().map(read).collect();
    rows.map_err(failed)
}

/// The row of a table that has this id.
fn by_id<S: Select>(table: &str, id: &str) -> S {
    let mut select = S::new(&format!("SELECT * FROM {table} WHERE id = "));
    select.text(id);
    select
}

#[async_trait]
impl<C: Connections> Reader for SqlReader<C> {
    async fn accounts(&self) -> Result<Accounts, StoreError> {
        self.0.accounts().await
    }

    async fn accounts_of(&self, ids: &[String]) -> Result<Accounts, StoreError> {
        self.0.accounts_of(ids).await
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let mut select = C::Select::new("SELECT value FROM settings WHERE name = ");
        select.text(name);
        self.one(select, |row| row.text("value")).await
    }

    async fn session(
        &self,
        id_hash: &str,
        now_ms: i64,
    ) -> Result<Option<StoredSession>, StoreError> {
        let mut select =
            C::Select::new("SELECT data, expires_at_ms FROM sessions WHERE id_hash = ");
        select
            .text(id_hash)
            .add(" AND expires_at_ms > ")
            .int(now_ms);
        let read = |row: &C::Row| {
            Ok(StoredSession {
                id_hash: id_hash.to_owned(),
                data: row.text("data")?,
                expires_at_ms: row.int("expires_at_ms")?,
            })
        };
        self.one(select, read).await
    }

    async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        self.one(by_id("requests", id), read_request).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError> {
        self.all(C::select_requests(query), read_request).await
    }

    async fn sums(&self, sums: &SumQuery) -> Result<Vec<SumRow>, StoreError> {
        let [columns, group] = C::Select::SUMS;
        let text = format!("SELECT {columns} FROM request_sums WHERE span = ");
        let mut select = C::Select::new(&text);
        select.text(sums.span.as_str());
        select.add(" AND start_ms >= ").int(sums.since_ms);
        select.add(" AND start_ms < ").int(sums.until_ms);
        select.add(group);
        select.add(" ORDER BY start_ms, model, client_key, outcome");
        self.all(select, read_sum).await
    }

    async fn requests_size(&self) -> Result<TableSize, StoreError> {
        let read = |row: &C::Row| {
            let (rows, row_bytes) = (row.count("total")?, row.count("row_bytes")?);
            Ok(TableSize {
                rows,
                bytes: rows.saturating_mul(row_bytes),
            })
        };
        self.only(C::Select::new(C::REQUESTS_SIZE), read).await
    }

    async fn nth_oldest_request(&self, offset: u64) -> Result<Option<RequestPosition>, StoreError> {
        let mut select =
            C::Select::new("SELECT at_ms, id FROM requests ORDER BY at_ms, id LIMIT 1 OFFSET ");
        select.int(to_i64(offset));
        let read = |row: &C::Row| {
            Ok(RequestPosition {
                at_ms: row.int("at_ms")?,
                id: row.text("id")?,
            })
        };
        self.one(select, read).await
    }

    async fn media_of(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        self.one(by_id("media", id), read_media).await
    }

    async fn many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
        self.0.many_media(ids).await
    }

    async fn media(&self, query: &MediaQuery) -> Result<Page<MediaRow>, StoreError> {
        let page = (query.before.clone(), query.limit);
        read_page(&self.0, page, |before, limit| {
            media::select_media(query, before, limit)
        })
        .await
    }

    async fn oldest_media(
        &self,
        after: Option<Place>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError> {
        let select = media::select_oldest(after.as_ref(), limit);
        self.all(select, read_media).await
    }

    async fn media_files(&self) -> Result<Vec<MediaFile>, StoreError> {
        self.all(media::select_files(), media::read_file).await
    }

    async fn media_bytes(&self) -> Result<u64, StoreError> {
        self.only(media::select_bytes(), |row| row.count("total"))
            .await
    }

    async fn is_media_file_used(&self, kind: MediaKind, file: &str) -> Result<bool, StoreError> {
        let select = media::select_is_used(kind, file);
        self.only(select, |row| row.flag("is_used")).await
    }

    async fn found_media(
        &self,
        filter: &MediaFilter,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Page<MediaRow>, StoreError> {
        read_page(&self.0, (before, limit), |before, limit| {
            media::select_found(filter, before, limit)
        })
        .await
    }

    async fn media_sums(&self, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError> {
        self.all(media::select_totals(filter), media::read_total)
            .await
    }

    async fn media_owners(&self) -> Result<Vec<MediaOwner>, StoreError> {
        self.all(media::select_owners(), media::read_owner).await
    }

    async fn media_accounts(&self) -> Result<Vec<String>, StoreError> {
        self.all(media::select_accounts(), |row| row.text("account"))
            .await
    }

    async fn video_job(&self, id: &str) -> Result<Option<VideoJobRow>, StoreError> {
        self.one(by_id("video_jobs", id), read_video_job).await
    }

    async fn video_jobs(&self, query: &VideoJobQuery) -> Result<Page<VideoJobRow>, StoreError> {
        let page = (query.after.clone(), query.limit);
        read_page(&self.0, page, |after, limit| {
            select_video_jobs(query, after, limit)
        })
        .await
    }

    async fn open_video_jobs(&self) -> Result<Vec<VideoJobRow>, StoreError> {
        let select = C::Select::new(
            "SELECT * FROM video_jobs WHERE status IN ('queued', 'in_progress') \
             ORDER BY created_ms, id",
        );
        self.all(select, read_video_job).await
    }

    async fn document(&self, kind: DocumentKind, id: &str) -> Result<Option<Document>, StoreError> {
        let mut select = C::Select::new("SELECT * FROM documents WHERE kind = ");
        select.text(kind.as_str()).add(" AND id = ").text(id);
        self.one(select, read_document).await
    }

    async fn documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError> {
        let page = (query.after.clone(), query.limit);
        read_page(&self.0, page, |after, limit| {
            select_documents(query, after, limit)
        })
        .await
    }

    async fn oldest_documents(
        &self,
        kind: DocumentKind,
        group: &str,
        limit: u32,
    ) -> Result<Vec<DocumentSize>, StoreError> {
        let select = select_document_sizes(kind, group, limit);
        self.all(select, read_document_size).await
    }

    async fn count_documents(&self, kind: DocumentKind, group: &str) -> Result<u64, StoreError> {
        self.only(select_document_count(kind, group), |row| row.count("total"))
            .await
    }

    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        self.0.changes_since(cursor).await
    }

    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError> {
        self.0.tables().await
    }

    async fn reusable_bytes(&self) -> Result<u64, StoreError> {
        self.0.reusable_bytes().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.only(C::Select::new("SELECT 1"), |_| Ok(())).await
    }

    async fn close(&self) {
        self.0.close().await;
    }
}
