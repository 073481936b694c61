//! Rows and files of generated media, read otherwise than page by page.

use sqlx::{AssertSqlSafe, Error, QueryBuilder, Row, mysql::MySqlRow, query};

use crate::{MediaFile, MediaKind, MediaRow, StoreError};

use super::{
    connection::Pool,
    rows::{Statement, read_media, read_media_kind, to_u64},
    statements::IS_MEDIA_FILE_USED,
};

/// Read from two indexes alone.
const FILES: &str = "SELECT kind, file, MAX(bytes) AS bytes, COUNT(*) AS total, 0 AS is_poster \
     FROM media GROUP BY file, kind UNION ALL \
     SELECT 'image', poster, MAX(poster_bytes), COUNT(*), 1 \
     FROM media WHERE poster IS NOT NULL GROUP BY poster";

/// Whether a row or a job has this file.
pub(super) fn is_file_used(kind: MediaKind, file: &str) -> Statement<'_> {
    query(IS_MEDIA_FILE_USED)
        .bind(file)
        .bind(kind.as_str())
        .bind(file)
        .bind(file)
        .bind(file)
}

pub(super) async fn many(pool: &Pool, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut select = QueryBuilder::new("SELECT * FROM media WHERE id IN (");
    let mut list = select.separated(", ");
    for id in ids {
        list.push_bind(id.clone());
    }
    select.push(")");
    // Every number of ids is another statement: not kept.
    pool.all(select.build().persistent(false), read_media).await
}

pub(super) async fn oldest(
    pool: &Pool,
    after: Option<(i64, String)>,
    limit: u32,
) -> Result<Vec<MediaRow>, StoreError> {
    let (at_ms, id) = after.unwrap_or((i64::MIN, String::new()));
    let select = query(
        "SELECT * FROM media AS one WHERE at_ms >= ? AND (at_ms > ? OR id > ?) AND NOT EXISTS \
         (SELECT 1 FROM media AS other WHERE other.file = one.file AND other.kind = one.kind \
         AND (other.at_ms > one.at_ms OR (other.at_ms = one.at_ms AND other.id > one.id))) \
         ORDER BY at_ms, id LIMIT ?",
    );
    let select = select.bind(at_ms).bind(at_ms).bind(id).bind(limit);
    pool.all(select, read_media).await
}

pub(super) async fn files(pool: &Pool) -> Result<Vec<MediaFile>, StoreError> {
    let read = |row: &MySqlRow| {
        Ok::<_, Error>(MediaFile {
            kind: read_media_kind(row.try_get(0)?)?,
            file: row.try_get(1)?,
            bytes: to_u64(row.try_get(2)?),
            rows: to_u64(row.try_get(3)?),
            is_poster: row.try_get(4)?,
        })
    };
    pool.all(query(FILES), read).await
}

pub(super) async fn bytes(pool: &Pool) -> Result<u64, StoreError> {
    let sum = format!("SELECT CAST(COALESCE(SUM(bytes), 0) AS SIGNED) FROM ({FILES}) AS files");
    // The text consists of our own constants.
    let sum = query(AssertSqlSafe(sum));
    pool.only(sum, |row| row.try_get(0).map(to_u64)).await
}
