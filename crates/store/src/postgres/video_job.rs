//! Rows of video jobs.

use sqlx::{Error, PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow, query};

use super::{
    page::Place,
    rows::{Statement, text, to_u32},
    statements::{CAP_VIDEO_JOBS, CAP_VIDEO_JOBS_IN, INSERT_VIDEO_JOB, SWEEP_VIDEO_JOBS},
};
use crate::{
    MAX_JOBS_OF_OWNER, MAX_UNMADE_JOBS, VideoJobQuery, VideoJobRow, VideoStatus, writer::Done,
};

/// Adds a job; the oldest of its owner's make room for it.
pub(super) async fn insert(
    connection: &mut PgConnection,
    job: &VideoJobRow,
) -> Result<Done, Error> {
    let insert = bind_video_job(query(INSERT_VIDEO_JOB), job);
    let rows = insert.execute(&mut *connection).await?.rows_affected();
    let cap = query(CAP_VIDEO_JOBS)
        .bind(text(&job.owner))
        .bind(i64::from(MAX_JOBS_OF_OWNER));
    cap.execute(connection).await?;
    Ok(Done {
        rows,
        ..Done::default()
    })
}

/// Deletes what has expired, and the oldest of what is over without a video.
pub(super) async fn sweep(connection: &mut PgConnection, now_ms: i64) -> Result<Done, Error> {
    let sweep = query(SWEEP_VIDEO_JOBS).bind(now_ms);
    let mut rows = sweep.execute(&mut *connection).await?.rows_affected();
    for status in [VideoStatus::Cancelled, VideoStatus::Failed] {
        let cap = query(CAP_VIDEO_JOBS_IN)
            .bind(status.as_str())
            .bind(i64::from(MAX_UNMADE_JOBS));
        rows += cap.execute(&mut *connection).await?.rows_affected();
    }
    Ok(Done {
        rows,
        ..Done::default()
    })
}

/// The id last, as an update needs it.
pub(super) fn bind_video_job<'q>(statement: Statement<'q>, job: &'q VideoJobRow) -> Statement<'q> {
    let error = job.error.as_ref();
    statement
        .bind(job.created_ms)
        .bind(text(&job.owner))
        .bind(job.key.as_deref().map(text))
        .bind(text(&job.request_id))
        .bind(job.status.as_str())
        .bind(i64::from(job.progress))
        .bind(text(&job.prompt))
        .bind(text(&job.model))
        .bind(text(&job.params))
        .bind(job.parent.as_deref().map(text))
        .bind(job.account.as_deref().map(text))
        .bind(job.upstream.as_deref().map(text))
        .bind(job.file.as_deref().map(text))
        .bind(job.poster.as_deref().map(text))
        .bind(error.map(|(code, _)| text(code)))
        .bind(error.map(|(_, message)| text(message)))
        .bind(job.completed_ms)
        .bind(job.expires_ms)
        .bind(text(&job.id))
}

pub(super) fn read_video_job(row: &PgRow) -> Result<VideoJobRow, Error> {
    let status: &str = row.try_get("status")?;
    let status = VideoStatus::from_name(status).ok_or_else(|| Error::ColumnDecode {
        index: "status".to_owned(),
        source: format!("`{status}` is no status of a video").into(),
    })?;
    let code: Option<String> = row.try_get("error_code")?;
    let message: Option<String> = row.try_get("error_message")?;
    Ok(VideoJobRow {
        id: row.try_get("id")?,
        created_ms: row.try_get("created_ms")?,
        owner: row.try_get("owner")?,
        key: row.try_get("client_key")?,
        request_id: row.try_get("request_id")?,
        status,
        progress: to_u32(row.try_get("progress")?),
        prompt: row.try_get("prompt")?,
        model: row.try_get("model")?,
        params: row.try_get("params")?,
        parent: row.try_get("parent")?,
        account: row.try_get("account")?,
        upstream: row.try_get("upstream")?,
        file: row.try_get("file")?,
        poster: row.try_get("poster")?,
        error: code.map(|code| (code, message.unwrap_or_default())),
        completed_ms: row.try_get("completed_ms")?,
        expires_ms: row.try_get("expires_ms")?,
    })
}

pub(super) fn select_video_jobs(
    query: &VideoJobQuery,
    after: Option<&Place>,
    limit: u32,
) -> QueryBuilder<Postgres> {
    let mut select = QueryBuilder::new("SELECT * FROM video_jobs WHERE owner = ");
    select.push_bind(text(&query.owner).into_owned());
    let (behind, order) = match query.is_oldest_first {
        true => (" > (", " ORDER BY created_ms, id LIMIT "),
        false => (" < (", " ORDER BY created_ms DESC, id DESC LIMIT "),
    };
    if let Some((created_ms, id)) = after {
        select.push(" AND (created_ms, id)").push(behind);
        select.push_bind(*created_ms).push(", ");
        select.push_bind(id.clone()).push(")");
    }
    select.push(order).push_bind(i64::from(limit));
    select
}
