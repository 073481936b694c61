//! A batch of writes, applied in one transaction.

use std::iter;

use pool::{AccountId, CheckResult};
use sqlx::{AssertSqlSafe, Error, SqliteConnection, query};

use crate::{
    account::AccountRow,
    patch::Patch,
    sql::{bind_account, bind_request, bind_sum, media_write, to_i64, video_job},
    writer::{Batch, Done, NewCredential, Op},
};

use super::{
    connection::Statement,
    documents,
    statements::{
        ADD_SUMS, BEGIN, CAP_VIDEO_JOBS, CAP_VIDEO_JOBS_IN, COMMIT, DELETE_ACCOUNT, INSERT_ACCOUNT,
        INSERT_MEDIA, INSERT_REQUESTS, INSERT_VIDEO_JOB, MEDIA, OPERATIONS, PATCH_ACCOUNT,
        PRUNE_REQUESTS, REPLACE_CREDENTIAL, SWEEP_VIDEO_JOBS, TAKE_LOCK, USE_QUOTA,
    },
};

/// Applies the batch and commits it. After an error the transaction may still be open.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    batch: &Batch<'_>,
) -> Result<Vec<Done>, Error> {
    let (uses, others): (Vec<_>, Vec<_>) = batch
        .patches
        .iter()
        .partition(|(_, patch)| patch.is_use_only());
    let records = Records { batch, uses };
    if batch.ops.is_empty() && others.is_empty() {
        records.execute(connection, BEGIN, COMMIT).await?;
        return Ok(Vec::new());
    }
    query(BEGIN).execute(&mut *connection).await?;
    let mut done = Vec::with_capacity(batch.ops.len());
    for ops in batch
        .ops
        .chunk_by(|one, next| documents::is_one_kind(one, next))
    {
        match ops {
            [op] => done.push(apply_op(connection, op).await?),
            several => done.extend(documents::apply(connection, several).await?),
        }
    }
    for (id, patch) in others {
        apply_patch(connection, id, patch).await?;
    }
    records.execute(connection, "", COMMIT).await?;
    Ok(done)
}

/// What usual requests leave behind.
struct Records<'a> {
    batch: &'a Batch<'a>,
    /// Changes of accounts that only take quota.
    uses: Vec<(&'a &'a AccountId, &'a Patch)>,
}

impl Records<'_> {
    /// Executes the statements between two others in one piece: a hand-over to SQLite's thread costs
    /// more than such a statement.
    async fn execute(
        &self,
        connection: &mut SqliteConnection,
        first: &str,
        last: &str,
    ) -> Result<(), Error> {
        let requests = || INSERT_REQUESTS.chunks(&self.batch.requests);
        let sums = || ADD_SUMS.chunks(&self.batch.sums);
        let uses = || USE_QUOTA.chunks(&self.uses);
        let texts = iter::once(first)
            .chain(requests().map(|(text, ..)| text))
            .chain(sums().map(|(text, ..)| text))
            .chain(uses().map(|(text, ..)| text))
            .chain(iter::once(last))
            .collect::<Vec<_>>();
        // The text consists of our own constants.
        let mut statements = query(AssertSqlSafe(texts.join(";")));
        for (_, rows, nulls) in requests() {
            statements = fill(
                rows.iter().fold(statements, |s, row| bind_request(s, row)),
                nulls,
            );
        }
        for (_, rows, nulls) in sums() {
            statements = fill(rows.iter().fold(statements, bind_sum), nulls);
        }
        for (_, rows, nulls) in uses() {
            statements = fill(
                rows.iter().fold(statements, |s, used| bind_use(s, *used)),
                nulls,
            );
        }
        statements.execute(connection).await?;
        Ok(())
    }
}

pub(super) fn fill(statement: Statement<'_>, nulls: usize) -> Statement<'_> {
    (0..nulls).fold(statement, |statement, _| statement.bind(None::<i64>))
}

async fn apply_op(connection: &mut SqliteConnection, op: &Op) -> Result<Done, Error> {
    let statement = match op {
        Op::InsertMedia(rows) => {
            return media_write::insert(connection, INSERT_MEDIA, rows).await;
        }
        Op::DeleteMedia { owner, ids } => {
            return media_write::delete(connection, &MEDIA, owner.as_deref(), ids).await;
        }
        Op::DeleteMediaOf(files) => {
            return media_write::delete_of(connection, &MEDIA, files).await;
        }
        Op::InsertAccounts(accounts) => return insert_accounts(connection, accounts).await,
        Op::ReplaceCredential(new) => return replace_credential(connection, new).await,
        Op::DeleteAccounts(ids) => return delete_accounts(connection, ids).await,
        Op::InsertVideoJob(job) => {
            let texts = (INSERT_VIDEO_JOB, CAP_VIDEO_JOBS);
            return video_job::insert(connection, texts, job).await;
        }
        Op::SweepVideoJobs { now_ms } => {
            let texts = (SWEEP_VIDEO_JOBS, CAP_VIDEO_JOBS_IN);
            return video_job::sweep(connection, texts, *now_ms).await;
        }
        Op::TakeLock {
            name,
            holder,
            now_ms,
            until_ms,
        } => query(TAKE_LOCK)
            .bind(name)
            .bind(holder)
            .bind(until_ms)
            .bind(now_ms),
        Op::PruneRequests { before, limit } => query(PRUNE_REQUESTS)
            .bind(before.at_ms)
            .bind(&before.id)
            .bind(limit),
        other => OPERATIONS.of(other, query)?,
    };
    let rows = statement.execute(connection).await?.rows_affected();
    Ok(Done::of(rows))
}

async fn insert_accounts(
    connection: &mut SqliteConnection,
    accounts: &[AccountRow],
) -> Result<Done, Error> {
    let mut done = Done::default();
    for account in accounts {
        let inserted = bind_account(query(AssertSqlSafe(INSERT_ACCOUNT.as_str())), account)
            .execute(&mut *connection)
            .await?;
        if inserted.rows_affected() > 0 {
            done.rows += 1;
            done.ids.push(AccountId::new(account.id.as_str()));
        }
    }
    Ok(done)
}

async fn delete_accounts(
    connection: &mut SqliteConnection,
    ids: &[AccountId],
) -> Result<Done, Error> {
    let mut done = Done::default();
    for id in ids {
        let delete = query(DELETE_ACCOUNT).bind(id.as_str());
        done.rows += delete.execute(&mut *connection).await?.rows_affected();
    }
    Ok(done)
}

async fn replace_credential(
    connection: &mut SqliteConnection,
    new: &NewCredential,
) -> Result<Done, Error> {
    let replace = query(REPLACE_CREDENTIAL)
        .bind(&new.credential)
        .bind(&new.credential_hash)
        .bind(new.id.as_str())
        .bind(&new.credential_hash);
    let rows = replace.execute(&mut *connection).await?.rows_affected();
    if rows > 0 {
        apply_patch(connection, &new.id, &new.patch).await?;
    }
    Ok(Done::of(rows))
}

fn bind_use<'q>(statement: Statement<'q>, (id, patch): (&'q &AccountId, &Patch)) -> Statement<'q> {
    statement
        .bind(id.as_str())
        .bind(to_i64(patch.used))
        .bind(patch.last_used_at_ms)
}

async fn apply_patch(
    connection: &mut SqliteConnection,
    id: &AccountId,
    patch: &Patch,
) -> Result<(), Error> {
    let ended = patch.ended.as_ref();
    let cooldown = patch.status.as_ref().map(|(_, cooldown)| cooldown.as_ref());
    let failure = patch.failure.as_ref();
    let check = patch.check.flatten();
    let result = check.map(|check| check.result);
    query(PATCH_ACCOUNT)
        .bind(ended.is_some())
        .bind(ended.and_then(|ended| ended.until_ms))
        .bind(ended.and_then(|ended| ended.quota))
        .bind(patch.quota)
        .bind(ended.map_or(0, |ended| to_i64(ended.used)))
        .bind(to_i64(patch.used))
        .bind(to_i64(patch.uses))
        .bind(patch.last_used_at_ms)
        .bind(patch.status.as_ref().map(|(status, _)| status.as_str()))
        .bind(cooldown.is_some())
        .bind(cooldown.flatten().map(|cooldown| cooldown.until_ms))
        .bind(cooldown.flatten().map(|cooldown| cooldown.reason.as_str()))
        .bind(failure.map(|failure| failure.count))
        .bind(failure.is_some())
        .bind(failure.and_then(|failure| failure.at_ms))
        .bind(failure.and_then(|failure| failure.reason.as_deref()))
        .bind(patch.tier.map(|tier| tier.as_str()))
        .bind(patch.last_sync_at_ms.is_some())
        .bind(patch.last_sync_at_ms.flatten())
        .bind(patch.quota_windows.is_some())
        .bind(patch.quota_windows.as_ref().and_then(Option::as_deref))
        .bind(patch.check.is_some())
        .bind(check.map(|check| check.at_ms))
        .bind(result.map(CheckResult::as_str))
        .bind(result.and_then(CheckResult::until_ms))
        .bind(&patch.tags)
        .bind(&patch.note)
        .bind(patch.proxy.is_some())
        .bind(patch.proxy.as_ref().and_then(Option::as_deref))
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
