//! Operations, each within the transaction of its batch.

use std::collections::HashSet;

use pool::AccountId;
use sqlx::{AssertSqlSafe, Error, PgConnection, Row, query};

use crate::{
    account::AccountRow,
    writer::{Done, NewCredential, Op},
};

use super::{
    columns::bind_accounts,
    document::{bind_content, bind_name, bind_revision},
    media, records,
    rows::text,
    statements::{
        CREATE_SESSION, DELETE_ACCOUNTS, DELETE_ALL_SESSIONS, DELETE_DOCUMENT, DELETE_DOCUMENTS,
        DELETE_SESSION, DELETE_SETTING, DELETE_VIDEO_JOB, INSERT_ACCOUNTS, PRUNE_REQUESTS,
        PRUNE_SUMS, PUT_DOCUMENT, RELEASE_LOCK, RENEW_LOCK, REPLACE_CREDENTIAL, REPLACE_DOCUMENT,
        SAVE_SESSION, SET_SETTING, SWEEP_DOCUMENTS, SWEEP_SESSIONS, TAKE_LOCK, TOUCH_SESSION,
        UPDATE_VIDEO_JOB,
    },
    video_job::{self, bind_video_job},
};

/// Accounts that one statement adds.
const ACCOUNTS: usize = 2_000;

pub(super) async fn apply_op(connection: &mut PgConnection, op: &Op) -> Result<Done, Error> {
    let statement = match op {
        Op::InsertMedia(rows) => return media::insert(connection, rows).await,
        Op::DeleteMedia { owner, ids } => {
            return media::delete(connection, owner.as_deref(), ids).await;
        }
        Op::DeleteMediaOf(files) => return media::delete_of(connection, files).await,
        Op::InsertAccounts(accounts) => return insert_accounts(connection, accounts).await,
        Op::ReplaceCredential(new) => return replace_credential(connection, new).await,
        Op::InsertVideoJob(job) => return video_job::insert(connection, job).await,
        Op::SweepVideoJobs { now_ms } => return video_job::sweep(connection, *now_ms).await,
        Op::DeleteAccounts(ids) => {
            let ids: Vec<_> = ids.iter().map(|id| text(id.as_str())).collect();
            query(DELETE_ACCOUNTS).bind(ids)
        }
        Op::SetSetting { name, value } => query(SET_SETTING).bind(text(name)).bind(text(value)),
        Op::DeleteSetting { name } => query(DELETE_SETTING).bind(text(name)),
        Op::CreateSession(session) => query(CREATE_SESSION)
            .bind(&session.id_hash)
            .bind(text(&session.data))
            .bind(session.expires_at_ms),
        Op::SaveSession(session) => query(SAVE_SESSION)
            .bind(text(&session.data))
            .bind(session.expires_at_ms)
            .bind(&session.id_hash),
        Op::TouchSession {
            id_hash,
            expires_at_ms,
        } => query(TOUCH_SESSION).bind(expires_at_ms).bind(id_hash),
        Op::DeleteSession { id_hash } => query(DELETE_SESSION).bind(id_hash),
        Op::DeleteAllSessions => query(DELETE_ALL_SESSIONS),
        Op::SweepSessions { now_ms } => query(SWEEP_SESSIONS).bind(now_ms),
        Op::TakeLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => query(TAKE_LOCK)
            .bind(text(name))
            .bind(text(holder))
            .bind(until_ms)
            .bind(now_ms),
        Op::RenewLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => query(RENEW_LOCK)
            .bind(until_ms)
            .bind(text(name))
            .bind(text(holder))
            .bind(now_ms),
        Op::ReleaseLock { name, holder } => query(RELEASE_LOCK).bind(text(name)).bind(text(holder)),
        Op::UpdateVideoJob(job) => bind_video_job(query(UPDATE_VIDEO_JOB), job),
        Op::DeleteVideoJob { id } => query(DELETE_VIDEO_JOB).bind(text(id)),
        Op::PutDocument(document) => {
            bind_content(bind_name(query(PUT_DOCUMENT), document), document)
        }
        Op::ReplaceDocument(document) => {
            let content = bind_content(query(REPLACE_DOCUMENT), document);
            bind_revision(bind_name(content, document), document)
        }
        Op::DeleteDocument { kind, id } => {
            query(DELETE_DOCUMENT).bind(kind.as_str()).bind(text(id))
        }
        Op::DeleteDocuments { kind, group, limit } => query(DELETE_DOCUMENTS)
            .bind(kind.as_str())
            .bind(text(group))
            .bind(i64::from(*limit)),
        Op::SweepDocuments { now_ms, limit } => {
            query(SWEEP_DOCUMENTS).bind(now_ms).bind(i64::from(*limit))
        }
        Op::PruneRequests { before, limit } => query(PRUNE_REQUESTS)
            .bind(before.at_ms)
            .bind(text(&before.id))
            .bind(i64::from(*limit)),
        Op::PruneSums {
            span,
            before_ms,
            limit,
        } => query(PRUNE_SUMS)
            .bind(span.as_str())
            .bind(before_ms)
            .bind(i64::from(*limit)),
    };
    let rows = statement.execute(connection).await?.rows_affected();
    Ok(Done {
        rows,
        ..Done::default()
    })
}

async fn insert_accounts(
    connection: &mut PgConnection,
    accounts: &[AccountRow],
) -> Result<Done, Error> {
    let mut done = Done::default();
    for chunk in accounts.chunks(ACCOUNTS) {
        // The text consists of our own constants.
        let insert = bind_accounts(query(AssertSqlSafe(INSERT_ACCOUNTS.as_str())), chunk);
        let rows = insert.fetch_all(&mut *connection).await?;
        let added: Result<HashSet<&str>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        let mut added = added?;
        done.rows += rows.len() as u64;
        // Of two with the same id the first was added.
        let ids = chunk.iter().map(|account| account.id.as_str());
        let ids = ids.filter(|id| added.remove(&*text(id)));
        done.ids.extend(ids.map(AccountId::new));
    }
    Ok(done)
}

async fn replace_credential(
    connection: &mut PgConnection,
    new: &NewCredential,
) -> Result<Done, Error> {
    let replace = query(REPLACE_CREDENTIAL)
        .bind(&new.credential)
        .bind(&new.credential_hash)
        .bind(text(new.id.as_str()));
    let rows = replace.execute(&mut *connection).await?.rows_affected();
    if rows > 0 {
        records::apply_patch(connection, &new.id, &new.patch).await?;
    }
    Ok(Done {
        rows,
        ..Done::default()
    })
}
