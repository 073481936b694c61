//! Reading from the database.

use std::sync::LazyLock;

use async_trait::async_trait;
use pool::AccountId;
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder, Row, postgres::PgRow, query};

use crate::{
    Changes, Cursor, Document, DocumentKind, DocumentQuery, MediaFile, MediaFilter, MediaKind,
    MediaOwner, MediaQuery, MediaRow, MediaTotal, Page, RequestPosition, RequestQuery, RequestRow,
    StoreError, SumQuery, SumRow, Unreadable, VideoJobQuery, VideoJobRow, account::AccountRow,
    reader::Reader, request_store::TableSize, session::StoredSession, tables::TableReader,
};

use super::{
    columns::{ACCOUNT, names},
    connection::Readers,
    document::{read_document, select_documents},
    error::failed,
    listener::Listener,
    media, media_search,
    page::{Place, push_page, read_page},
    rows::{read_account, read_all, read_media, read_request, read_sum, text, to_i64, to_u64},
    statements::{IS_MEDIA_FILE_USED, REQUESTS_SIZE},
    tables::PostgresTables,
    video_job::{read_video_job, select_video_jobs},
};

/// Accounts that are read at once: few megabytes.
const ACCOUNTS: usize = 10_000;

/// Binds the place behind which they are, and how many.
static SELECT_ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {} FROM accounts WHERE (created_at_ms, id) > ($1, $2) \
         ORDER BY created_at_ms, id LIMIT $3",
        names(&ACCOUNT)
    )
});

/// Binds ids.
static SELECT_ACCOUNTS_OF: LazyLock<String> = LazyLock::new(|| {
    let names = names(&ACCOUNT);
    format!("SELECT {names} FROM accounts WHERE id = ANY($1)")
});

/// The parts of each sum, added up.
const SELECT_SUMS: &str = "SELECT start_ms, model, client_key, outcome, \
     SUM(requests)::bigint AS requests, SUM(prompt_tokens)::bigint AS prompt_tokens, \
     SUM(completion_tokens)::bigint AS completion_tokens, \
     SUM(reasoning_tokens)::bigint AS reasoning_tokens, SUM(bytes)::bigint AS bytes, \
     SUM(cost)::bigint AS cost, SUM(duration_ms)::bigint AS duration_ms, \
     MAX(max_duration_ms) AS max_duration_ms, SUM(first_byte_ms)::bigint AS first_byte_ms, \
     SUM(first_bytes)::bigint AS first_bytes FROM request_sums \
     WHERE span = $1 AND start_ms >= $2 AND start_ms < $3 \
     GROUP BY start_ms, model, client_key, outcome ORDER BY start_ms, model, client_key, outcome";

pub(crate) struct PostgresReader {
    readers: Readers,
    /// Absent where only requests are read.
    listener: Option<Listener>,
}

impl PostgresReader {
    pub(super) fn new(readers: Readers, listener: Option<Listener>) -> Self {
        Self { readers, listener }
    }
}

#[async_trait]
impl Reader for PostgresReader {
    async fn accounts(&self) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError> {
        let mut read = Vec::new();
        let mut after = (i64::MIN, String::new());
        loop {
            // The text consists of our own constants.
            let select = query(AssertSqlSafe(SELECT_ACCOUNTS.as_str()))
                .bind(after.0)
                .bind(&after.1)
                .bind(ACCOUNTS as i64);
            let rows = self.readers.rows(select).await?;
            read.extend(rows.iter().map(read_or_name));
            match rows.last() {
                Some(last) if rows.len() == ACCOUNTS => {
                    let created_at_ms = last.try_get("created_at_ms").map_err(failed)?;
                    after = (created_at_ms, last.try_get("id").map_err(failed)?);
                }
                _ => return Ok(read),
            }
        }
    }

    async fn accounts_of(
        &self,
        ids: &[String],
    ) -> Result<Vec<Result<AccountRow, Unreadable>>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| text(id)).collect();
        // The text consists of our own constants.
        let select = query(AssertSqlSafe(SELECT_ACCOUNTS_OF.as_str())).bind(ids);
        let rows = self.readers.rows(select).await?;
        Ok(rows.iter().map(read_or_name).collect())
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let select = query("SELECT value FROM settings WHERE name = $1").bind(text(name));
        let row = self.readers.row(select).await?;
        row.map(|row| row.try_get(0)).transpose().map_err(failed)
    }

    async fn session(
        &self,
        id_hash: &str,
        now_ms: i64,
    ) -> Result<Option<StoredSession>, StoreError> {
        let select = query(
            "SELECT data, expires_at_ms FROM sessions WHERE id_hash = $1 AND expires_at_ms > $2",
        )
        .bind(id_hash)
        .bind(now_ms);
        let Some(row) = self.readers.row(select).await? else {
            return Ok(None);
        };
        Ok(Some(StoredSession {
            id_hash: id_hash.to_owned(),
            data: row.try_get(0).map_err(failed)?,
            expires_at_ms: row.try_get(1).map_err(failed)?,
        }))
    }

    async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        let select = query("SELECT * FROM requests WHERE id = $1").bind(text(id));
        let row = self.readers.row(select).await?;
        row.as_ref().map(read_request).transpose().map_err(failed)
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError> {
        let rows = self.readers.rows(select_requests(query).build()).await?;
        read_all(&rows, read_request)
    }

    async fn sums(&self, sums: &SumQuery) -> Result<Vec<SumRow>, StoreError> {
        let select = query(SELECT_SUMS)
            .bind(sums.span.as_str())
            .bind(sums.since_ms)
            .bind(sums.until_ms);
        let rows = self.readers.rows(select).await?;
        read_all(&rows, |row| read_sum(row, sums.span))
    }

    async fn requests_size(&self) -> Result<TableSize, StoreError> {
        let Some(row) = self.readers.row(query(REQUESTS_SIZE)).await? else {
            return Ok(TableSize::default());
        };
        let rows = to_u64(row.try_get(0).map_err(failed)?);
        let row_bytes = to_u64(row.try_get(1).map_err(failed)?);
        Ok(TableSize {
            rows,
            bytes: rows.saturating_mul(row_bytes),
        })
    }

    async fn nth_oldest_request(&self, offset: u64) -> Result<Option<RequestPosition>, StoreError> {
        let select = query("SELECT at_ms, id FROM requests ORDER BY at_ms, id LIMIT 1 OFFSET $1")
            .bind(to_i64(offset));
        let Some(row) = self.readers.row(select).await? else {
            return Ok(None);
        };
        Ok(Some(RequestPosition {
            at_ms: row.try_get(0).map_err(failed)?,
            id: row.try_get(1).map_err(failed)?,
        }))
    }

    async fn media_of(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        let select = query("SELECT * FROM media WHERE id = $1").bind(text(id));
        let row = self.readers.row(select).await?;
        row.as_ref().map(read_media).transpose().map_err(failed)
    }

    async fn many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
        media::many(&self.readers, ids).await
    }

    async fn media(&self, query: &MediaQuery) -> Result<Page<MediaRow>, StoreError> {
        let page = (query.before.clone(), query.limit);
        read_page(&self.readers, page, |before, limit| {
            select_media(query, before, limit)
        })
        .await
    }

    async fn oldest_media(
        &self,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Vec<MediaRow>, StoreError> {
        media::oldest(&self.readers, after, limit).await
    }

    async fn media_files(&self) -> Result<Vec<MediaFile>, StoreError> {
        media::files(&self.readers).await
    }

    async fn media_bytes(&self) -> Result<u64, StoreError> {
        media::bytes(&self.readers).await
    }

    async fn is_media_file_used(&self, kind: MediaKind, file: &str) -> Result<bool, StoreError> {
        let is_used = query(IS_MEDIA_FILE_USED)
            .bind(text(file))
            .bind(kind.as_str());
        let row = self.readers.row(is_used).await?;
        let is_used = row.map(|row| row.try_get(0)).transpose().map_err(failed)?;
        Ok(is_used.unwrap_or_default())
    }

    async fn found_media(
        &self,
        filter: &MediaFilter,
        before: Option<(i64, String)>,
        limit: u32,
    ) -> Result<Page<MediaRow>, StoreError> {
        media_search::find(&self.readers, filter, before, limit).await
    }

    async fn media_sums(&self, filter: &MediaFilter) -> Result<Vec<MediaTotal>, StoreError> {
        media_search::sum(&self.readers, filter).await
    }

    async fn media_owners(&self) -> Result<Vec<MediaOwner>, StoreError> {
        media_search::owners(&self.readers).await
    }

    async fn media_accounts(&self) -> Result<Vec<String>, StoreError> {
        media_search::accounts(&self.readers).await
    }

    async fn video_job(&self, id: &str) -> Result<Option<VideoJobRow>, StoreError> {
        let select = query("SELECT * FROM video_jobs WHERE id = $1").bind(text(id));
        let row = self.readers.row(select).await?;
        row.as_ref().map(read_video_job).transpose().map_err(failed)
    }

    async fn video_jobs(&self, query: &VideoJobQuery) -> Result<Page<VideoJobRow>, StoreError> {
        let page = (query.after.clone(), query.limit);
        read_page(&self.readers, page, |after, limit| {
            select_video_jobs(query, after, limit)
        })
        .await
    }

    async fn open_video_jobs(&self) -> Result<Vec<VideoJobRow>, StoreError> {
        let select = query(
            "SELECT * FROM video_jobs WHERE status IN ('queued', 'in_progress') \
             ORDER BY created_ms, id",
        );
        read_all(&self.readers.rows(select).await?, read_video_job)
    }

    async fn document(&self, kind: DocumentKind, id: &str) -> Result<Option<Document>, StoreError> {
        let select = query("SELECT * FROM documents WHERE kind = $1 AND id = $2")
            .bind(kind.as_str())
            .bind(text(id));
        let row = self.readers.row(select).await?;
        row.as_ref().map(read_document).transpose().map_err(failed)
    }

    async fn documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError> {
        let page = (query.after.clone(), query.limit);
        read_page(&self.readers, page, |after, limit| {
            select_documents(query, after, limit)
        })
        .await
    }

    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        Ok(self
            .listener
            .as_ref()
            .map(|listener| listener.since(cursor)))
    }

    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError> {
        Ok(Box::new(PostgresTables::begin(&self.readers).await?))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.readers.row(query("SELECT 1")).await.map(drop)
    }

    async fn close(&self) {
        if let Some(listener) = &self.listener {
            listener.close().await;
        }
        self.readers.close().await;
    }
}

fn select_requests(query: &RequestQuery) -> QueryBuilder<Postgres> {
    let mut select = QueryBuilder::new("SELECT * FROM requests WHERE TRUE");
    if let Some(since_ms) = query.since_ms {
        select.push(" AND at_ms >= ").push_bind(since_ms);
    }
    if let Some(until_ms) = query.until_ms {
        select.push(" AND at_ms < ").push_bind(until_ms);
    }
    if query.only_failed {
        // As in the index of these rows.
        select.push(" AND outcome <> 'served'");
    }
    let mut push = |condition: &str, value: &Option<String>| {
        if let Some(value) = value {
            select.push(condition).push_bind(text(value).into_owned());
        }
    };
    push(" AND client_key = ", &query.key);
    push(" AND endpoint = ", &query.endpoint);
    if let Some(model) = &query.model {
        let model = text(model).into_owned();
        select.push(" AND (model = ").push_bind(model.clone());
        select.push(" OR served_model = ").push_bind(model);
        select.push(")");
    }
    let before = query.before.as_ref();
    let before = before.map(|place| (place.at_ms, place.id.clone()));
    push_page(&mut select, before.as_ref(), query.limit);
    select
}

fn select_media(query: &MediaQuery, before: Option<&Place>, limit: u32) -> QueryBuilder<Postgres> {
    let mut select = QueryBuilder::new("SELECT * FROM media WHERE TRUE");
    if let Some(owner) = &query.owner {
        select
            .push(" AND owner = ")
            .push_bind(text(owner).into_owned());
    }
    if let Some(kind) = query.kind {
        select.push(" AND kind = ").push_bind(kind.as_str());
    }
    push_page(&mut select, before, limit);
    select
}

fn read_or_name(row: &PgRow) -> Result<AccountRow, Unreadable> {
    read_account(row).map_err(|error| Unreadable {
        id: AccountId::new(row.try_get::<&str, _>(0).unwrap_or("?")),
        reason: error.to_string(),
    })
}
