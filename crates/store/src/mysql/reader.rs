//! Reading from the server.

use async_trait::async_trait;
use futures::TryStreamExt;
use pool::AccountId;
use sqlx::{Error, MySql, QueryBuilder, Row, mysql::MySqlRow, query};

use crate::{
    Changes, Cursor, Document, DocumentKind, DocumentQuery, MediaFile, MediaFilter, MediaKind,
    MediaOwner, MediaQuery, MediaRow, MediaTotal, Page, RequestPosition, RequestQuery, RequestRow,
    StoreError, SumQuery, SumRow, Unreadable, VideoJobQuery, VideoJobRow, account::AccountRow,
    reader::Reader, request_store::TableSize, session::StoredSession, tables::TableReader,
};

use super::{
    connection::{Pool, bounded},
    document::{read_document, select_documents},
    feed::Feed,
    media, media_search,
    multi_row::{MultiRow, SOME_ACCOUNTS, push_beyond},
    page::{Place, read_page},
    rows::{read_account, read_media, read_request, read_sum, to_i64, to_u64},
    statements::REQUESTS_SIZE,
    tables::MySqlTables,
    video_job::{read_video_job, select_video_jobs},
};

pub(crate) struct MySqlReader {
    pool: Pool,
    feed: Feed,
}

impl MySqlReader {
    pub(super) fn new(pool: Pool, feed: Feed) -> Self {
        Self { pool, feed }
    }
}

type Accounts = Vec<Result<AccountRow, Unreadable>>;

#[async_trait]
impl Reader for MySqlReader {
    async fn accounts(&self) -> Result<Accounts, StoreError> {
        let mut loan = self.pool.loan().await?;
        let read = read_accounts(&mut loan.connection).await;
        loan.end(read)
    }

    async fn accounts_of(&self, ids: &[String]) -> Result<Accounts, StoreError> {
        let mut accounts = Accounts::new();
        for chunk in ids.chunks(MultiRow::LARGEST) {
            let chunk = chunk.iter().map(String::as_str);
            let select = SOME_ACCOUNTS.about(chunk);
            accounts.extend(self.pool.all(select, |row| Ok(read_or_name(row))).await?);
        }
        Ok(accounts)
    }

    async fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let select = query("SELECT value FROM settings WHERE name = ?").bind(name);
        self.pool.one(select, |row| row.try_get(0)).await
    }

    async fn session(
        &self,
        id_hash: &str,
        now_ms: i64,
    ) -> Result<Option<StoredSession>, StoreError> {
        let select = query(
            "SELECT data, expires_at_ms FROM sessions WHERE id_hash = ? AND expires_at_ms > ?",
        );
        let read = |row: &MySqlRow| {
            Ok::<_, Error>(StoredSession {
                id_hash: id_hash.to_owned(),
                data: row.try_get(0)?,
                expires_at_ms: row.try_get(1)?,
            })
        };
        self.pool.one(select.bind(id_hash).bind(now_ms), read).await
    }

    async fn request(&self, id: &str) -> Result<Option<RequestRow>, StoreError> {
        let select = query("SELECT * FROM requests WHERE id = ?").bind(id);
        self.pool.one(select, read_request).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<RequestRow>, StoreError> {
        let mut select = select_requests(query);
        self.pool.all(select.build(), read_request).await
    }

    async fn sums(&self, sums: &SumQuery) -> Result<Vec<SumRow>, StoreError> {
        let select = query(
            "SELECT * FROM request_sums WHERE span = ? AND start_ms >= ? AND start_ms < ? \
             ORDER BY start_ms, model, client_key, outcome",
        )
        .bind(sums.span.as_str())
        .bind(sums.since_ms)
        .bind(sums.until_ms);
        self.pool.all(select, |row| read_sum(row, sums.span)).await
    }

    async fn requests_size(&self) -> Result<TableSize, StoreError> {
        let read = |row: &MySqlRow| {
            let (rows, row_bytes): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            Ok::<_, Error>(TableSize {
                rows: to_u64(rows),
                bytes: to_u64(rows).saturating_mul(to_u64(row_bytes)),
            })
        };
        self.pool.only(query(REQUESTS_SIZE), read).await
    }

    async fn nth_oldest_request(&self, offset: u64) -> Result<Option<RequestPosition>, StoreError> {
        let select = query("SELECT at_ms, id FROM requests ORDER BY at_ms, id LIMIT 1 OFFSET ?")
            .bind(to_i64(offset));
        let read = |row: &MySqlRow| {
            Ok::<_, Error>(RequestPosition {
                at_ms: row.try_get(0)?,
                id: row.try_get(1)?,
            })
        };
        self.pool.one(select, read).await
    }

    async fn media_of(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        let select = query("SELECT * FROM media WHERE id = ?").bind(id);
        self.pool.one(select, read_media).await
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
        let select = media::is_file_used(kind, file);
        self.pool.only(select, |row| row.try_get(0)).await
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
        let select = query("SELECT * FROM video_jobs WHERE id = ?").bind(id);
        self.pool.one(select, read_video_job).await
    }

    async fn video_jobs(&self, query: &VideoJobQuery) -> Result<Page<VideoJobRow>, StoreError> {
        let page = (query.after.clone(), query.limit);
        read_page(&self.pool, page, |after, limit| {
            select_video_jobs(query, after, limit)
        })
        .await
    }

    async fn open_video_jobs(&self) -> Result<Vec<VideoJobRow>, StoreError> {
        let select = query(
            "SELECT * FROM video_jobs WHERE status IN ('queued', 'in_progress') \
             ORDER BY created_ms, id",
        );
        self.pool.all(select, read_video_job).await
    }

    async fn document(&self, kind: DocumentKind, id: &str) -> Result<Option<Document>, StoreError> {
        let select = query("SELECT * FROM documents WHERE kind = ? AND id = ?");
        let select = select.bind(kind.as_str()).bind(id);
        self.pool.one(select, read_document).await
    }

    async fn documents(&self, query: &DocumentQuery) -> Result<Page<Document>, StoreError> {
        let page = (query.after.clone(), query.limit);
        read_page(&self.pool, page, |after, limit| {
            select_documents(query, after, limit)
        })
        .await
    }

    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        self.feed.changes_since(&self.pool, cursor).await.map(Some)
    }

    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError> {
        Ok(Box::new(MySqlTables::begin(&self.pool).await?))
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.pool.only(query("SELECT 1"), |_| Ok(())).await
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

async fn read_accounts(connection: &mut sqlx::MySqlConnection) -> Result<Accounts, Error> {
    // Row by row: the server sends them as fast as they are taken, and a million are not held twice.
    let mut rows = query("SELECT * FROM accounts").fetch(connection);
    let mut accounts = Vec::new();
    while let Some(row) = bounded(rows.try_next()).await? {
        accounts.push(read_or_name(&row));
    }
    Ok(accounts)
}

fn read_or_name(row: &MySqlRow) -> Result<AccountRow, Unreadable> {
    read_account(row).map_err(|error| Unreadable {
        id: AccountId::new(row.try_get::<&str, _>("id").unwrap_or("?")),
        reason: error.to_string(),
    })
}

fn select_requests(query: &RequestQuery) -> QueryBuilder<MySql> {
    // Failures have an index of their own, of the same time under another name.
    let time = if query.only_failed {
        "failed_at_ms"
    } else {
        "at_ms"
    };
    let mut select = QueryBuilder::new("SELECT * FROM requests WHERE ");
    select.push(time).push(" >= ");
    select.push_bind(query.since_ms.unwrap_or(i64::MIN));
    if let Some(until_ms) = query.until_ms {
        select.push(" AND ").push(time).push(" < ");
        select.push_bind(until_ms);
    }
    if let Some(RequestPosition { at_ms, id }) = &query.before {
        push_beyond(&mut select, (time, "id"), true, &(*at_ms, id.clone()));
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
    select
        .push(" ORDER BY ")
        .push(time)
        .push(" DESC, id DESC LIMIT ");
    select.push_bind(query.limit);
    select
}

fn select_media(query: &MediaQuery, before: Option<&Place>, limit: u32) -> QueryBuilder<MySql> {
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
