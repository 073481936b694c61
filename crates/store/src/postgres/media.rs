//! Rows and files of generated media, written, and read otherwise than page by page.

use std::collections::BTreeSet;

use sqlx::{Error, Executor, PgConnection, Row, postgres::PgRow, query, query_scalar};

use crate::{MediaFile, MediaKind, MediaRow, StoreError, VIDEO_JOB_PREFIX, writer::Done};

use super::{
    connection::Readers,
    error::failed,
    page::Place,
    rows::{bind_media, read_all, read_media, read_media_kind, text, to_u64},
    statements::{
        DELETE_MEDIA, DELETE_MEDIA_OF, DELETE_VIDEO_JOBS, DELETE_VIDEO_JOBS_OF, INSERT_MEDIA,
        IS_MEDIA_FILE_USED, LOCK_MEDIA, SHARE_MEDIA,
    },
};

/// Read from two indexes alone.
macro_rules! files {
    () => {
        "SELECT kind, file, MAX(bytes) AS bytes, COUNT(*) AS count, FALSE AS is_poster \
         FROM media GROUP BY file, kind UNION ALL \
         SELECT 'image', poster, MAX(poster_bytes), COUNT(*), TRUE \
         FROM media WHERE poster IS NOT NULL GROUP BY poster"
    };
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    rows: &[MediaRow],
) -> Result<Done, Error> {
    connection.execute(SHARE_MEDIA).await?;
    let mut done = Done::default();
    for row in rows {
        let insert = bind_media(query(INSERT_MEDIA), row);
        done.rows += insert.execute(&mut *connection).await?.rows_affected();
    }
    Ok(done)
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    owner: Option<&str>,
    ids: &[String],
) -> Result<Done, Error> {
    connection.execute(LOCK_MEDIA).await?;
    let ids: Vec<_> = ids.iter().map(|id| text(id)).collect();
    let delete = query(DELETE_MEDIA).bind(ids).bind(owner.map(text));
    let rows = delete.fetch_all(&mut *connection).await?;
    let (mut files, mut jobs) = (BTreeSet::new(), Vec::new());
    for row in &rows {
        let kind = read_media_kind(row.try_get("kind")?)?;
        if kind == MediaKind::Video {
            let id: &str = row.try_get("id")?;
            jobs.push(format!("{VIDEO_JOB_PREFIX}{id}"));
        }
        files.insert((kind.as_str(), row.try_get("file")?));
        let poster: Option<String> = row.try_get("poster")?;
        files.extend(poster.map(|poster| (MediaKind::Image.as_str(), poster)));
    }
    query(DELETE_VIDEO_JOBS)
        .bind(jobs)
        .execute(&mut *connection)
        .await?;
    Ok(Done {
        rows: rows.len() as u64,
        unused_files: unused(connection, files).await?,
        ..Done::default()
    })
}

pub(super) async fn delete_of(
    connection: &mut PgConnection,
    files: &[String],
) -> Result<Done, Error> {
    connection.execute(LOCK_MEDIA).await?;
    let files: Vec<_> = files.iter().map(|file| text(file)).collect();
    let delete = query_scalar(DELETE_MEDIA_OF).bind(&files);
    let posters: Vec<Option<String>> = delete.fetch_all(&mut *connection).await?;
    query(DELETE_VIDEO_JOBS_OF)
        .bind(&files)
        .execute(&mut *connection)
        .await?;
    let rows = posters.len() as u64;
    let posters = posters.into_iter().flatten();
    let posters = posters.map(|poster| (MediaKind::Image.as_str(), poster));
    Ok(Done {
        rows,
        unused_files: unused(connection, posters.collect()).await?,
        ..Done::default()
    })
}

/// Those of these files that nothing has.
async fn unused(
    connection: &mut PgConnection,
    files: BTreeSet<(&'static str, String)>,
) -> Result<Vec<(MediaKind, String)>, Error> {
    let mut unused = Vec::new();
    for (kind, file) in files {
        let find = query_scalar(IS_MEDIA_FILE_USED).bind(&file).bind(kind);
        let is_used: bool = find.fetch_one(&mut *connection).await?;
        if !is_used {
            unused.push((read_media_kind(kind)?, file));
        }
    }
    Ok(unused)
}

pub(super) async fn many(readers: &Readers, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| text(id)).collect();
    let select = query("SELECT * FROM media WHERE id = ANY($1)").bind(ids);
    read_all(&readers.rows(select).await?, read_media)
}

pub(super) async fn oldest(
    readers: &Readers,
    after: Option<Place>,
    limit: u32,
) -> Result<Vec<MediaRow>, StoreError> {
    let (at_ms, id) = after.unwrap_or((i64::MIN, String::new()));
    let select = query(
        "SELECT * FROM media AS one WHERE (at_ms, id) > ($1, $2) AND NOT EXISTS \
         (SELECT 1 FROM media AS other WHERE other.file = one.file AND other.kind = one.kind \
         AND (other.at_ms, other.id) > (one.at_ms, one.id)) ORDER BY at_ms, id LIMIT $3",
    )
    .bind(at_ms)
    .bind(id)
    .bind(i64::from(limit));
    read_all(&readers.rows(select).await?, read_media)
}

pub(super) async fn files(readers: &Readers) -> Result<Vec<MediaFile>, StoreError> {
    let read = |row: &PgRow| {
        Ok(MediaFile {
            kind: read_media_kind(row.try_get("kind")?)?,
            file: row.try_get("file")?,
            bytes: to_u64(row.try_get("bytes")?),
            rows: to_u64(row.try_get("count")?),
            is_poster: row.try_get("is_poster")?,
        })
    };
    read_all(&readers.rows(query(files!())).await?, read)
}

pub(super) async fn bytes(readers: &Readers) -> Result<u64, StoreError> {
    const SUM: &str = concat!(
        "SELECT COALESCE(SUM(bytes), 0)::bigint FROM (",
        files!(),
        ") AS files"
    );
    let row = readers.row(query(SUM)).await?;
    let sum = row.map(|row| row.try_get::<i64, _>(0)).transpose();
    Ok(to_u64(sum.map_err(failed)?.unwrap_or_default()))
}
