//! Rows of generated media, written.

use sqlx::{Error, Executor, PgConnection, Row, query, query_scalar};

use crate::{
    MediaKind, MediaRow, VIDEO_JOB_PREFIX,
    sql::{
        media_write::{self, Files, unused},
        read_media_kind,
    },
    writer::Done,
};

use super::{
    dialect::text,
    statements::{
        DELETE_MEDIA, DELETE_MEDIA_OF, DELETE_VIDEO_JOBS, DELETE_VIDEO_JOBS_OF, INSERT_MEDIA,
        LOCK_MEDIA, SHARE_MEDIA,
    },
};

pub(super) async fn insert(
    connection: &mut PgConnection,
    rows: &[MediaRow],
) -> Result<Done, Error> {
    connection.execute(SHARE_MEDIA).await?;
    media_write::insert(connection, INSERT_MEDIA, rows).await
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
    let (mut files, mut jobs) = (Files::new(), Vec::new());
    for row in &rows {
        let kind = read_media_kind(row)?;
        if kind == MediaKind::Video {
            let id: &str = row.try_get("id")?;
            jobs.push(format!("{VIDEO_JOB_PREFIX}{id}"));
        }
        files.insert((kind, row.try_get("file")?));
        let poster: Option<String> = row.try_get("poster")?;
        files.extend(poster.map(|poster| (MediaKind::Image, poster)));
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
    let posters = posters.map(|poster| (MediaKind::Image, poster));
    Ok(Done {
        rows,
        unused_files: unused(connection, posters.collect()).await?,
        ..Done::default()
    })
}
