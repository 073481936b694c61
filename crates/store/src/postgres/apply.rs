//! Operations, each within the transaction of its batch.

use std::collections::HashSet;

use pool::AccountId;
use sqlx::{AssertSqlSafe, Error, PgConnection, Row, query};

use crate::{
    account::AccountRow,
    sql::{Values, video_job},
    writer::{Done, NewCredential, Op},
};

use super::{
    columns::bind_accounts,
    dialect::text,
    media, records,
    statements::{
        CAP_VIDEO_JOBS, CAP_VIDEO_JOBS_IN, DELETE_ACCOUNTS, INSERT_ACCOUNTS, INSERT_VIDEO_JOB,
        OPERATIONS, PRUNE_REQUESTS, REPLACE_CREDENTIAL, SWEEP_VIDEO_JOBS, TAKE_LOCK,
    },
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
        Op::InsertVideoJob(job) => {
            let texts = (INSERT_VIDEO_JOB, CAP_VIDEO_JOBS);
            return video_job::insert(connection, texts, job).await;
        }
        Op::SweepVideoJobs { now_ms } => {
            let texts = (SWEEP_VIDEO_JOBS, CAP_VIDEO_JOBS_IN);
            return video_job::sweep(connection, texts, *now_ms).await;
        }
        Op::DeleteAccounts(ids) => {
            let ids: Vec<_> = ids.iter().map(|id| text(id.as_str())).collect();
            query(DELETE_ACCOUNTS).bind(ids)
        }
        Op::TakeLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => query(TAKE_LOCK)
            .text(name)
            .text(holder)
            .int(*until_ms)
            .int(*now_ms),
        Op::PruneRequests { before, limit } => query(PRUNE_REQUESTS)
            .int(before.at_ms)
            .text(&before.id)
            .int((*limit).into()),
        other => OPERATIONS.of(other, query)?,
    };
    let rows = statement.execute(connection).await?.rows_affected();
    Ok(Done::of(rows))
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
    Ok(Done::of(rows))
}
