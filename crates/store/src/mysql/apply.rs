//! A batch of writes, applied in one transaction.
//!
//! What all instances write to comes last: the rows of the sums are locked until the commit.

use sqlx::query;

use super::{
    accounts, batches,
    connection::Session,
    dialect::Statement,
    error::{Failure, commit_failed, is_duplicate},
    media_write,
    multi_row::{ADD_SUMS, INSERT_REQUESTS, MultiRow},
    statements::{INSERT_MEDIA, OPERATIONS, PRUNE_REQUESTS, ROLLBACK, TAKE_LOCK, TAKE_OVER_LOCK},
    video_job,
};
use crate::{
    Outcome,
    request::StoredRequest,
    sql::{self, Values, bind_sum},
    writer::{Batch, Done, Op},
};

/// Bytes of a row of sums or of a use, generously.
const SMALL_ROW: usize = 1024;

/// Applies the batch and commits it, or finds that it was committed before. After an error the
/// transaction is still open.
pub(super) async fn commit(session: &mut Session, batch: &Batch<'_>) -> Result<Vec<Done>, Failure> {
    if let Some(done) = batches::begin(session, batch).await? {
        session.end(ROLLBACK).await?;
        return Ok(done);
    }
    let mut done = Vec::with_capacity(batch.ops.len());
    for op in &batch.ops {
        done.push(apply_op(session, op).await?);
    }
    if !done.is_empty() {
        batches::keep_done(session, batch.id, &done).await?;
    }
    let limit = session.statement_bytes;
    for piece in MultiRow::pieces(&batch.requests, limit, |row| request_bytes(row)) {
        let insert = INSERT_REQUESTS.statement(piece.len());
        let rows = piece.iter();
        let insert = rows.fold(insert, |insert, row| bind_request(insert, row));
        session.execute(insert).await?;
    }
    accounts::patch_all(session, &batch.patches).await?;
    for piece in MultiRow::pieces(&batch.sums, limit, |_| SMALL_ROW) {
        let add = ADD_SUMS.statement(piece.len());
        session.execute(piece.iter().fold(add, bind_sum)).await?;
    }
    session.commit().await.map_err(commit_failed)?;
    Ok(done)
}

async fn apply_op(session: &mut Session, op: &Op) -> Result<Done, Failure> {
    match op {
        Op::InsertAccounts(rows) => accounts::insert(session, rows).await,
        Op::DeleteAccounts(ids) => accounts::delete(session, ids).await,
        Op::ReplaceCredential(new) => accounts::replace_credential(session, new).await,
        Op::InsertMedia(rows) => Ok(sql::media_write::insert(session, INSERT_MEDIA, rows).await?),
        Op::DeleteMedia { owner, ids } => media_write::delete(session, owner.as_deref(), ids).await,
        Op::DeleteMediaOf(files) => media_write::delete_of(session, files).await,
        Op::InsertVideoJob(job) => video_job::insert(session, job).await,
        Op::SweepVideoJobs { now_ms } => video_job::sweep(session, *now_ms).await,
        Op::TakeLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => take_lock(session, name, holder, *now_ms, *until_ms).await,
        Op::PruneRequests { before, limit } => {
            let prune = query(PRUNE_REQUESTS).int(before.at_ms).int(before.at_ms);
            let prune = prune.text(&before.id).int((*limit).into());
            Ok(Done::of(session.execute(prune).await?))
        }
        Op::CreateSession(_) => {
            let create = OPERATIONS.of(op, query)?;
            unless_taken(session, create).await
        }
        other => {
            let statement = OPERATIONS.of(other, query)?;
            Ok(Done::of(session.execute(statement).await?))
        }
    }
}

/// About how much of a statement the row takes.
fn request_bytes(request: &StoredRequest) -> usize {
    /// Texts of at most 128 bytes, and numbers.
    const OTHERS: usize = 2048;
    request.attempts.len() + OTHERS
}

/// Failures have their time in a column of its own, which is last.
fn bind_request<'q>(insert: Statement<'q>, request: &StoredRequest) -> Statement<'q> {
    let row = &request.row;
    let failed_at_ms = (row.outcome != Outcome::Served).then_some(row.at_ms);
    sql::bind_request(insert, request).maybe_int(failed_at_ms)
}

/// Inserts a row unless its key is taken.
pub(super) async fn unless_taken(
    session: &mut Session,
    insert: Statement<'_>,
) -> Result<Done, Failure> {
    match session.execute(insert).await {
        Err(error) if is_duplicate(&error) => Ok(Done::of(0)),
        result => Ok(Done::of(result?)),
    }
}

async fn take_lock(
    session: &mut Session,
    name: &str,
    holder: &str,
    now_ms: i64,
    until_ms: i64,
) -> Result<Done, Failure> {
    let bind = |text| query(text).bind(holder).bind(until_ms).bind(name);
    let taken_over = session.execute(bind(TAKE_OVER_LOCK).bind(now_ms)).await?;
    match taken_over {
        0 => unless_taken(session, bind(TAKE_LOCK)).await,
        taken => Ok(Done::of(taken)),
    }
}
