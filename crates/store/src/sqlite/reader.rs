//! Reading from the file.

use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite, SqlitePool, query, query_as, query_scalar};

use crate::{
    Changes, Cursor, Document, DocumentKind, DocumentQuery, MediaFile, MediaFilter, MediaKind,
    MediaOwner, MediaQuery, MediaRow, MediaTotal, Page, RequestPosition, RequestQuery, RequestRow,
    StoreError, SumQuery, SumRow, Unreadable, VideoJobQuery, VideoJobRow, account::AccountRow,
    reader::Reader, request_store::TableSize, session::StoredSession, tables::TableReader,
};

use super::{
    accounts,
    document::{read_document, select_documents},
    error::failed,
    media, media_search,
    page::{Place, read_page},
    rows::{read_media, read_request, read_sum, to_i64, to_u64},
    statements::{IS_MEDIA_FILE_USED, REQUESTS_SIZE},
    tables::SqliteTables,
    video_job::{read_video_job, select_video_jobs},
};

pub(crate) struct SqliteReader {
    pool: SqlitePool,
}

impl SqliteReader {
    pub(super) fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl Reader for SqliteReader {
    async fn accounts(&self) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError> {
        accounts::all(&self.pool).await
    }

    async fn accounts_of(
        &self,
        ids: &[String],
    ) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError> {
        accounts::some(&self.pool, ids).await
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        query_scalar("SELECT value FROM settings WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)
    }

    async fn session(
        &self,
        id_hash: &str,
        now_ms: i64,
    ) -> Result<Option<StoredSession>, StoreError> {
        let found: Option<(String, i64)> = query_as(
            "SELECT data, expires_at_ms FROM sessions WHERE id_hash = ? AND expires_at_ms > ?",
        )
        .bind(id_hash)
        .bind(now_ms)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed)?;
        Ok(found.map(|(data, expires_at_ms)| StoredSession {
            id_hash: id_hash.to_owned(),
            data,
            expires_at_ms,
        }))
    }

    async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        let row = query("SELECT * FROM requests WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        row.as_ref().map(read_request).transpose().map_err(failed)
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError> {
        let rows = select_requests(query)
            .build()
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        let rows: Result<_, _> = rows.iter().map(read_request).collect();
        rows.map_err(failed)
    }

    async fn sums(&self, sums: &SumQuery) -> Result<Vec<SumRow>, StoreError> {
        let rows = query(
            "SELECT * FROM request_sums WHERE span = ? AND start_ms >= ? AND start_ms < ? \
             ORDER BY start_ms, model, client_key, outcome",
        )
        .bind(sums.span.as_str())
        .bind(sums.since_ms)
        .bind(sums.until_ms)
        .fetch_all(&self.pool)
        .await
        .map_err(failed)?;
        let rows: Result<_, _> = rows.iter().map(|row| read_sum(row, sums.span)).collect();
        rows.map_err(failed)
    }

    async fn requests_size(&self) -> Result<TableSize, StoreError> {
        let (rows, row_bytes): (i64, f64) = query_as(REQUESTS_SIZE)
            .fetch_one(&self.pool)
            .await
            .map_err(failed)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an average of lengths"
        )]
        let row_bytes = row_bytes.ceil() as u64;
        let rows = to_u64(rows);
        Ok(TableSize {
            rows,
            bytes: rows.saturating_mul(row_bytes),
        })
    }

    async fn nth_oldest_request(&self, offset: u64) -> Result<Option<RequestPosition>, StoreError> {
        let found: Option<(i64, String)> =
            query_as("SELECT at_ms, id FROM requests ORDER BY at_ms, id LIMIT 1 OFFSET ?")
                .bind(to_i64(offset))
                .fetch_optional(&self.pool)
                .await
                .map_err(failed)?;
        Ok(found.map(|(at_ms, id)| RequestPosition { at_ms, id }))
    }

    async fn media_of(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        let row = query("SELECT * FROM media WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        row.as_ref().map(read_media).transpose().map_err(failed)
    }

    async fn many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
        media::many(&self.pool, ids).await
    }

    async fn media(&self, query: &MediaQuery) -> Result<Page<MediaRow>, StoreError> {
        let page = (query.before.clone(), query.limit);
        read_page(&self.pool, page, |before, limit| {
            select_media(query, before, limit)
        })
        .await
    }

    async fn oldest_media(
        &self,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError> {
        media::oldest(&self.pool, after, limit).await
    }

    async fn media_files(&self) -> Result<Vec<MediaFile>, StoreError> {
        media::files(&self.pool).await
    }

    async fn media_bytes(&self) -> Result<u64, StoreError> {
        media::bytes(&self.pool).await
    }

    async fn is_media_file_used(&self, kind: MediaKind, file: &str) -> Result<bool, StoreError> {
        let is_used = query_scalar(IS_MEDIA_FILE_USED)
            .bind(file)
            .bind(kind.as_str());
        is_used.fetch_one(&self.pool).await.map_err(failed)
    }

    async fn found_media(
        &self,
        filter: &MediaFilter,
        before: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Page<MediaRow>, StoreError> {
        media_search::find(&self.pool, filter, before, limit).await
    }

    async fn media_sums(&self, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError> {
        media_search::sum(&self.pool, filter).await
    }

    async fn media_owners(&self) -> Result<Vec<MediaOwner>, StoreError> {
        media_search::owners(&self.pool).await
    }

    async fn media_accounts(&self) -> Result<Vec<String>, StoreError> {
        media_search::accounts(&self.pool).await
    }

    async fn video_job(&self, id: &str) -> Result<Option<VideoJobRow>, StoreError> {
        let row = query("SELECT * FROM video_jobs WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        row.as_ref().map(read_video_job).transpose().map_err(failed)
    }

    async fn video_jobs(&self, query: &VideoJobQuery) -> Result<Page<VideoJobRow>, StoreError> {
        let page = (query.after.clone(), query.limit);
        read_page(&self.pool, page, |after, limit| {
            select_video_jobs(query, after, limit)
        })
        .await
    }

    async fn open_video_jobs(&self) -> Result<Vec<VideoJobRow>, StoreError> {
        let rows = query(
            "SELECT * FROM video_jobs WHERE status IN ('queued', 'in_progress') \
             ORDER BY created_ms, id",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(failed)?;
        let rows: Result<_, _> = rows.iter().map(read_video_job).collect();
        rows.map_err(failed)
    }

    async fn document(&self, kind: DocumentKind, id: &str) -> Result<Option<Document>, StoreError> {
        let row = query("SELECT * FROM documents WHERE kind = ? AND id = ?")
            .bind(kind.as_str())
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed)?;
        row.as_ref().map(read_document).transpose().map_err(failed)
    }

    async fn documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError> {
        let page = (query.after.clone(), query.limit);
        read_page(&self.pool, page, |after, limit| {
            select_documents(query, after, limit)
        })
        .await
    }

    /// This process has the folder to itself.
    async fn changes_since(&self, _: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        Ok(None)
    }

    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError> {
        Ok(Box::new(SqliteTables::begin(&self.pool).await?))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        query("SELECT 1")
            .execute(&self.pool)
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

fn select_requests(query: &RequestQuery) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new("SELECT * FROM requests WHERE TRUE");
    if let Some(since_ms) = query.since_ms {
        select.push(" AND at_ms >= ").push_bind(since_ms);
    }
    // One upper bound, the lower of the two: with both, SQLite would walk from the higher one.
    let until_ms = query.until_ms.unwrap_or(i64::MAX);
    match &query.before {
        Some(RequestPosition { at_ms, id }) if *at_ms < until_ms => {
            select.push(" AND (at_ms, id) < (").push_bind(*at_ms);
            select.push(", ").push_bind(id.clone()).push(")");
        }
        _ => {
            select.push(" AND at_ms < ").push_bind(until_ms);
        }
    }
    if query.only_failed {
        // As in the index of these rows, which is used for nothing else.
        select.push(" AND outcome <> 'served'");
    }
    if let Some(key) = &query.key {
        select.push(" AND client_key = ").push_bind(key.clone());
    }
    if let Some(model) = &query.model {
        select.push(" AND (model = ").push_bind(model.clone());
        select.push(" OR served_model = ").push_bind(model.clone());
        select.push(")");
    }
    if let Some(endpoint) = &query.endpoint {
        select.push(" AND endpoint = ").push_bind(endpoint.clone());
    }
    select.push(" ORDER BY at_ms DESC, id DESC LIMIT ");
    select.push_bind(query.limit);
    select
}

fn select_media(query: &MediaQuery, before: Option<&Place>, limit: u32) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new("SELECT * FROM media WHERE 1 = 1");
    if let Some(owner) = &query.owner {
        select.push(" AND owner = ").push_bind(owner.clone());
    }
    if let Some(kind) = query.kind {
        select.push(" AND kind = ").push_bind(kind.as_str());
    }
    media_search::push_page(&mut select, before, limit);
    select
}
