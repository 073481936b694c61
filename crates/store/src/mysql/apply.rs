//! A batch of writes, applied in one transaction.
//!
//! What all instances write to comes last: the rows of the sums are locked until the commit.

use sqlx::query;

use super::{
    accounts, batches,
    connection::Session,
    document::{bind_content, bind_name, bind_revision},
    error::{Failure, commit_failed, is_duplicate},
    media_write,
    multi_row::{ADD_SUMS, INSERT_REQUESTS, MultiRow},
    rows::{Statement, bind_request, bind_sum, request_bytes},
    statements::{
        CREATE_SESSION, DELETE_ALL_SESSIONS, DELETE_DOCUMENT, DELETE_DOCUMENTS, DELETE_SESSION,
        DELETE_SETTING, DELETE_VIDEO_JOB, PRUNE_REQUESTS, PRUNE_SUMS, PUT_DOCUMENT, RELEASE_LOCK,
        RENEW_LOCK, REPLACE_DOCUMENT, ROLLBACK, SAVE_SESSION, SET_SETTING, SWEEP_DOCUMENTS,
        SWEEP_SESSIONS, TAKE_LOCK, TAKE_OVER_LOCK, TOUCH_SESSION, UPDATE_VIDEO_JOB,
    },
    video_job::{self, bind_video_job},
};
use crate::writer::{Batch, Done, Op};

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
        let insert = piece
            .iter()
            .fold(insert, |insert, row| bind_request(insert, row));
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
        Op::InsertMedia(rows) => media_write::insert(session, rows).await,
        Op::DeleteMedia { owner, ids } => media_write::delete(session, owner, ids).await,
        Op::DeleteMediaOf(files) => media_write::delete_of(session, files).await,
        Op::InsertVideoJob(job) => video_job::insert(session, job).await,
        Op::SweepVideoJobs { now_ms } => video_job::sweep(session, *now_ms).await,
        Op::TakeLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => take_lock(session, name, holder, *now_ms, *until_ms).await,
        Op::CreateSession(stored) => {
            let create = query(CREATE_SESSION)
                .bind(&stored.id_hash)
                .bind(&stored.data)
                .bind(stored.expires_at_ms);
            unless_taken(session, create).await
        }
        other => match single(other) {
            Some(statement) => Ok(rows(session.execute(statement).await?)),
            None => Ok(Done::default()),
        },
    }
}

/// The statement of an operation that is one, and whose rows are its answer.
fn single(op: &Op) -> Option<Statement<'_>> {
    Some(match op {
        Op::SetSetting { name, value } => query(SET_SETTING).bind(name).bind(value),
        Op::DeleteSetting { name } => query(DELETE_SETTING).bind(name),
        Op::SaveSession(session) => query(SAVE_SESSION)
            .bind(&session.data)
            .bind(session.expires_at_ms)
            .bind(&session.id_hash),
        Op::TouchSession {
            id_hash,
            expires_at_ms,
        } => query(TOUCH_SESSION).bind(expires_at_ms).bind(id_hash),
        Op::DeleteSession { id_hash } => query(DELETE_SESSION).bind(id_hash),
        Op::DeleteAllSessions => query(DELETE_ALL_SESSIONS),
        Op::SweepSessions { now_ms } => query(SWEEP_SESSIONS).bind(now_ms),
        Op::RenewLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => query(RENEW_LOCK)
            .bind(until_ms)
            .bind(name)
            .bind(holder)
            .bind(now_ms),
        Op::ReleaseLock { name, holder } => query(RELEASE_LOCK).bind(name).bind(holder),
        Op::UpdateVideoJob(job) => bind_video_job(query(UPDATE_VIDEO_JOB), job),
        Op::DeleteVideoJob { id } => query(DELETE_VIDEO_JOB).bind(id),
        Op::PutDocument(document) => {
            bind_content(bind_name(query(PUT_DOCUMENT), document), document)
        }
        Op::ReplaceDocument(document) => {
            let content = bind_content(query(REPLACE_DOCUMENT), document);
            bind_revision(bind_name(content, document), document)
        }
        Op::DeleteDocument { kind, id } => query(DELETE_DOCUMENT).bind(kind.as_str()).bind(id),
        Op::DeleteDocuments { kind, group, limit } => query(DELETE_DOCUMENTS)
            .bind(kind.as_str())
            .bind(group)
            .bind(limit),
        Op::SweepDocuments { now_ms, limit } => query(SWEEP_DOCUMENTS).bind(now_ms).bind(limit),
        Op::PruneRequests { before, limit } => query(PRUNE_REQUESTS)
            .bind(before.at_ms)
            .bind(before.at_ms)
            .bind(&before.id)
            .bind(limit),
        Op::PruneSums {
            span,
            before_ms,
            limit,
        } => query(PRUNE_SUMS)
            .bind(span.as_str())
            .bind(before_ms)
            .bind(limit),
        Op::InsertAccounts(_)
        | Op::DeleteAccounts(_)
        | Op::ReplaceCredential(_)
        | Op::InsertMedia(_)
        | Op::DeleteMedia { .. }
        | Op::DeleteMediaOf(_)
        | Op::InsertVideoJob(_)
        | Op::SweepVideoJobs { .. }
        | Op::TakeLock { .. }
        | Op::CreateSession(_) => return None,
    })
}

/// An answer that is a number of rows.
pub(super) fn rows(rows: u64) -> Done {
    Done {
        rows,
        ..Done::default()
    }
}

/// Inserts a row unless its key is taken.
pub(super) async fn unless_taken(
    session: &mut Session,
    insert: Statement<'_>,
) -> Result<Done, Failure> {
    match session.execute(insert).await {
        Err(error) if is_duplicate(&error) => Ok(rows(0)),
        result => Ok(rows(result?)),
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
        taken => Ok(rows(taken)),
    }
}
