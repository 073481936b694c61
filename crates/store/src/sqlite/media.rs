//! Rows and files of generated media, read otherwise than page by page.

use sqlx::{AssertSqlSafe, Error, QueryBuilder, SqlitePool, query, query_as, query_scalar};

use crate::{MediaFile, MediaRow, StoreError};

use super::{
    error::failed,
    rows::{read_media, read_media_kind, to_u64},
};

/// Read from two indexes alone.
const FILES: &str = "SELECT kind, file, MAX(bytes) AS bytes, COUNT(*) AS count, 0 AS is_poster \
     FROM media GROUP BY file, kind UNION ALL \
     SELECT 'image', poster, MAX(poster_bytes), COUNT(*), 1 \
     FROM media WHERE poster IS NOT NULL GROUP BY poster";

pub(super) async fn many(pool: &SqlitePool, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
    let mut select = QueryBuilder::new("SELECT * FROM media WHERE id IN (");
    let mut list = select.separated(", ");
    for id in ids {
        list.push_bind(id.clone());
    }
    select.push(")");
    let rows = select.build().fetch_all(pool).await.map_err(failed)?;
    let rows: Result<_, _> = rows.iter().map(read_media).collect();
    rows.map_err(failed)
}

pub(super) async fn oldest(
    pool: &SqlitePool,
    after: Option<(i64, String)>,
    limit: u32,
) -> Result<Vec<MediaRow>, StoreError> {
    let (at_ms, id) = after.unwrap_or((i64::MIN, String::new()));
    let rows = query(
        "SELECT * FROM media AS one WHERE (at_ms, id) > (?, ?) AND NOT EXISTS \
         (SELECT 1 FROM media AS other WHERE other.file = one.file AND other.kind = one.kind \
         AND (other.at_ms, other.id) > (one.at_ms, one.id)) ORDER BY at_ms, id LIMIT ?",
    )
    .bind(at_ms)
    .bind(id)
    .bind(limit)
    .fetch_all(pool)
    .await
    .map_err(failed)?;
    let rows: Result<_, _> = rows.iter().map(read_media).collect();
    rows.map_err(failed)
}

pub(super) async fn files(pool: &SqlitePool) -> Result<Vec<MediaFile>, StoreError> {
    let rows: Vec<(String, String, i64, i64, bool)> =
        query_as(FILES).fetch_all(pool).await.map_err(failed)?;
    let read = |(kind, file, bytes, rows, is_poster): (String, String, i64, i64, bool)| {
        Ok::<_, Error>(MediaFile {
            kind: read_media_kind(&kind)?,
            file,
            bytes: to_u64(bytes),
            rows: to_u64(rows),
            is_poster,
        })
    };
    let files: Result<_, _> = rows.into_iter().map(read).collect();
    files.map_err(failed)
}

pub(super) async fn bytes(pool: &SqlitePool) -> Result<u64, StoreError> {
    // The text consists of our own constants.
    let sum = AssertSqlSafe(format!("SELECT COALESCE(SUM(bytes), 0) FROM ({FILES})"));
    let sum: i64 = query_scalar(sum).fetch_one(pool).await.map_err(failed)?;
    Ok(to_u64(sum))
}
