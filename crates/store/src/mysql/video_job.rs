//! Rows of video jobs.

use sqlx::{Error, MySql, QueryBuilder, Row, mysql::MySqlRow, query};

use super::{
    apply::rows,
    connection::Session,
    error::Failure,
    multi_row::push_beyond,
    page::Place,
    rows::Statement,
    statements::{
        CAP_VIDEO_JOBS, CAP_VIDEO_JOBS_IN, INSERT_VIDEO_JOB, SWEEP_VIDEO_JOBS, VIDEO_JOB_BEYOND,
        VIDEO_JOB_BEYOND_IN,
    },
};
use crate::{
    MAX_JOBS_OF_OWNER, MAX_UNMADE_JOBS, VideoJobQuery, VideoJobRow, VideoStatus, writer::Done,
};

/// Adds a job; the oldest of its owner's make room for it.
pub(super) async fn insert(session: &mut Session, job: &VideoJobRow) -> Result<Done, Failure> {
    let insert = bind_video_job(query(INSERT_VIDEO_JOB), job);
    let added = session.execute(insert).await?;
    let beyond = query(VIDEO_JOB_BEYOND)
        .bind(&job.owner)
        .bind(MAX_JOBS_OF_OWNER);
    cap(session, beyond, query(CAP_VIDEO_JOBS).bind(&job.owner)).await?;
    Ok(rows(added))
}

/// Deletes what has expired, and the oldest of what is over without a video.
pub(super) async fn sweep(session: &mut Session, now_ms: i64) -> Result<Done, Failure> {
    let sweep = query(SWEEP_VIDEO_JOBS).bind(now_ms);
    let mut deleted = session.execute(sweep).await?;
    for status in [VideoStatus::Cancelled, VideoStatus::Failed] {
        let beyond = query(VIDEO_JOB_BEYOND_IN)
            .bind(status.as_str())
            .bind(MAX_UNMADE_JOBS);
        let delete = query(CAP_VIDEO_JOBS_IN).bind(status.as_str());
        deleted += cap(session, beyond, delete).await?;
    }
    Ok(rows(deleted))
}

/// Deletes from the place on that the first statement finds, if there is one.
async fn cap(
    session: &mut Session,
    beyond: Statement<'_>,
    delete: Statement<'_>,
) -> Result<u64, Error> {
    let Some(row) = session.row(beyond).await? else {
        return Ok(0);
    };
    let (created_ms, id): Place = (row.try_get(0)?, row.try_get(1)?);
    let delete = delete.bind(created_ms).bind(created_ms).bind(id);
    session.execute(delete).await
}

/// The id last, as an update needs it.
pub(super) fn bind_video_job<'q>(statement: Statement<'q>, job: &'q VideoJobRow) -> Statement<'q> {
    let error = job.error.as_ref();
    statement
        .bind(job.created_ms)
        .bind(&job.owner)
        .bind(&job.key)
        .bind(&job.request_id)
        .bind(job.status.as_str())
        .bind(job.progress)
        .bind(&job.prompt)
        .bind(&job.model)
        .bind(&job.params)
        .bind(&job.parent)
        .bind(&job.account)
        .bind(&job.upstream)
        .bind(&job.file)
        .bind(&job.poster)
        .bind(error.map(|(code, _)| code))
        .bind(error.map(|(_, message)| message))
        .bind(job.completed_ms)
        .bind(job.expires_ms)
        .bind(&job.id)
}

pub(super) fn read_video_job(row: &MySqlRow) -> Result<VideoJobRow, Error> {
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
        progress: u32::try_from(row.try_get::<i64, _>("progress")?).unwrap_or_default(),
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
) -> QueryBuilder<MySql> {
    let mut select = QueryBuilder::new("SELECT * FROM video_jobs WHERE owner = ");
    select.push_bind(query.owner.clone());
    if let Some(place) = after {
        push_beyond(
            &mut select,
            ("created_ms", "id"),
            !query.is_oldest_first,
            place,
        );
    }
    let order = match query.is_oldest_first {
        true => " ORDER BY created_ms, id LIMIT ",
        false => " ORDER BY created_ms DESC, id DESC LIMIT ",
    };
    select.push(order).push_bind(limit);
    select
}
