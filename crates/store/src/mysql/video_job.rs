//! Video jobs that are added, and those that make room. What does not stay is looked for first:
//! neither server deletes from behind an offset.

use sqlx::{Error, query};

use super::{
    connection::Session,
    dialect::Statement,
    error::Failure,
    statements::{
        CAP_VIDEO_JOBS, CAP_VIDEO_JOBS_IN, INSERT_VIDEO_JOB, SWEEP_VIDEO_JOBS, VIDEO_JOB_BEYOND,
        VIDEO_JOB_BEYOND_IN,
    },
};
use crate::{
    MAX_JOBS_OF_OWNER, MAX_UNMADE_JOBS, VideoJobRow, VideoStatus,
    sql::{Columns, Values, bind_video_job},
    writer::Done,
};

/// Adds a job; the oldest of its owner's make room for it.
pub(super) async fn insert(session: &mut Session, job: &VideoJobRow) -> Result<Done, Failure> {
    let insert = bind_video_job(query(INSERT_VIDEO_JOB), job);
    let added = session.execute(insert).await?;
    let beyond = query(VIDEO_JOB_BEYOND)
        .bind(&job.owner)
        .bind(MAX_JOBS_OF_OWNER);
    cap(session, beyond, query(CAP_VIDEO_JOBS).bind(&job.owner)).await?;
    Ok(Done::of(added))
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
    Ok(Done::of(deleted))
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
    let created_ms = row.int("created_ms")?;
    let delete = delete.int(created_ms).int(created_ms);
    let delete = delete.text(row.name("id")?);
    session.execute(delete).await
}
