//! Rows of video jobs.

use sqlx::Error;

use super::{
    columns::Columns,
    select::{Place, Select},
    session::WriteSession,
    values::Values,
};
use crate::{
    MAX_JOBS_OF_OWNER, MAX_UNMADE_JOBS, VideoJobQuery, VideoJobRow, VideoStatus, writer::Done,
};

/// Adds a job; the oldest of its owner's make room for it. `cap` binds the owner and how many of its
/// jobs stay.
pub(crate) async fn insert<S: WriteSession>(
    session: &mut S,
    (insert, cap): (&'static str, &'static str),
    job: &VideoJobRow,
) -> Result<Done, Error> {
    let rows = session
        .execute(bind_video_job(S::query(insert), job))
        .await?;
    let cap = S::query(cap).text(&job.owner).int(MAX_JOBS_OF_OWNER.into());
    session.execute(cap).await?;
    Ok(Done::of(rows))
}

/// Deletes what has expired, and the oldest of what is over without a video. `cap` binds a status and
/// how many of its jobs stay.
pub(crate) async fn sweep<S: WriteSession>(
    session: &mut S,
    (sweep, cap): (&'static str, &'static str),
    now_ms: i64,
) -> Result<Done, Error> {
    let mut rows = session.execute(S::query(sweep).int(now_ms)).await?;
    for status in [VideoStatus::Cancelled, VideoStatus::Failed] {
        let cap = S::query(cap)
            .text(status.as_str())
            .int(MAX_UNMADE_JOBS.into());
        rows += session.execute(cap).await?;
    }
    Ok(Done::of(rows))
}

/// The id last, as an update needs it.
pub(crate) fn bind_video_job<S: Values>(statement: S, job: &VideoJobRow) -> S {
    let error = job.error.as_ref();
    statement
        .int(job.created_ms)
        .text(&job.owner)
        .maybe_text(job.key.as_deref())
        .text(&job.request_id)
        .text(job.status.as_str())
        .int(job.progress.into())
        .text(&job.prompt)
        .text(&job.model)
        .text(&job.params)
        .maybe_text(job.parent.as_deref())
        .maybe_text(job.account.as_deref())
        .maybe_text(job.upstream.as_deref())
        .maybe_text(job.file.as_deref())
        .maybe_text(job.poster.as_deref())
        .maybe_text(error.map(|(code, _)| code.as_str()))
        .maybe_text(error.map(|(_, message)| message.as_str()))
        .maybe_int(job.completed_ms)
        .int(job.expires_ms)
        .text(&job.id)
}

pub(super) fn read_video_job(row: &impl Columns) -> Result<VideoJobRow, Error> {
    let code = row.maybe_text("error_code")?;
    let message = row.maybe_text("error_message")?;
    Ok(VideoJobRow {
        id: row.text("id")?,
        created_ms: row.int("created_ms")?,
        owner: row.text("owner")?,
        key: row.maybe_text("client_key")?,
        request_id: row.text("request_id")?,
        status: row.named("status", VideoStatus::from_name, "status of a video")?,
        progress: row.small_count("progress")?,
        prompt: row.text("prompt")?,
        model: row.text("model")?,
        params: row.text("params")?,
        parent: row.maybe_text("parent")?,
        account: row.maybe_text("account")?,
        upstream: row.maybe_text("upstream")?,
        file: row.maybe_text("file")?,
        poster: row.maybe_text("poster")?,
        error: code.map(|code| (code, message.unwrap_or_default())),
        completed_ms: row.maybe_int("completed_ms")?,
        expires_ms: row.int("expires_ms")?,
    })
}

pub(super) fn select_video_jobs<S: Select>(
    query: &VideoJobQuery,
    after: Option<&Place>,
    limit: u32,
) -> S {
    let mut select = S::new("SELECT * FROM video_jobs WHERE owner = ");
    select.text(&query.owner);
    select.page(("created_ms", "id"), !query.is_oldest_first, after, limit);
    select
}
