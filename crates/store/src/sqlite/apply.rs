//! A batch of writes, applied in one transaction.

use std::{collections::BTreeSet, iter};

use pool::{AccountId, CheckResult};
use sqlx::{AssertSqlSafe, Error, SqliteConnection, query, query_as, query_scalar};

use crate::{
    MediaKind, MediaRow, VIDEO_JOB_PREFIX,
    account::AccountRow,
    patch::Patch,
    writer::{Batch, Done, NewCredential, Op},
};

use super::{
    document::{bind_content, bind_name, bind_revision},
    rows::{Statement, bind_account, bind_media, bind_request, bind_sum, read_media_kind, to_i64},
    statements::{
        ADD_SUMS, BEGIN, COMMIT, CREATE_SESSION, DELETE_ACCOUNT, DELETE_ALL_SESSIONS,
        DELETE_DOCUMENT, DELETE_DOCUMENTS, DELETE_MEDIA, DELETE_MEDIA_OF, DELETE_SESSION,
        DELETE_SETTING, DELETE_VIDEO_JOB, DELETE_VIDEO_JOBS_OF, FILES_OF_MEDIA, INSERT_ACCOUNT,
        INSERT_MEDIA, INSERT_REQUESTS, IS_MEDIA_FILE_USED, PATCH_ACCOUNT, POSTERS_OF_FILE,
        PRUNE_REQUESTS, PRUNE_SUMS, PUT_DOCUMENT, RELEASE_LOCK, RENEW_LOCK, REPLACE_CREDENTIAL,
        REPLACE_DOCUMENT, SAVE_SESSION, SET_SETTING, SWEEP_DOCUMENTS, SWEEP_SESSIONS, TAKE_LOCK,
        TOUCH_SESSION, UPDATE_VIDEO_JOB, USE_QUOTA,
    },
    video_job::{self, bind_video_job},
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
    for op in &batch.ops {
        done.push(apply_op(connection, op).await?);
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

fn fill(statement: Statement<'_>, nulls: usize) -> Statement<'_> {
    (0..nulls).fold(statement, |statement, _| statement.bind(None::<i64>))
}

async fn apply_op(connection: &mut SqliteConnection, op: &Op) -> Result<Done, Error> {
    let statement = match op {
        Op::InsertMedia(rows) => return insert_media(connection, rows).await,
        Op::DeleteMedia { owner, ids } => return delete_media(connection, owner, ids).await,
        Op::DeleteMediaOf(files) => return delete_media_of(connection, files).await,
        Op::InsertAccounts(accounts) => return insert_accounts(connection, accounts).await,
        Op::ReplaceCredential(new) => return replace_credential(connection, new).await,
        Op::DeleteAccounts(ids) => return delete_accounts(connection, ids).await,
        Op::InsertVideoJob(job) => return video_job::insert(connection, job).await,
        Op::SweepVideoJobs { now_ms } => return video_job::sweep(connection, *now_ms).await,
        Op::SetSetting { name, value } => query(SET_SETTING).bind(name).bind(value),
        Op::DeleteSetting { name } => query(DELETE_SETTING).bind(name),
        Op::CreateSession(session) => query(CREATE_SESSION)
            .bind(&session.id_hash)
            .bind(&session.data)
            .bind(session.expires_at_ms),
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
    };
    let rows = statement.execute(connection).await?.rows_affected();
    Ok(Done {
        rows,
        ..Done::default()
    })
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
    Ok(Done {
        rows,
        ..Done::default()
    })
}

async fn insert_media(connection: &mut SqliteConnection, rows: &[MediaRow]) -> Result<Done, Error> {
    let mut done = Done::default();
    for row in rows {
        let insert = bind_media(query(INSERT_MEDIA), row);
        done.rows += insert.execute(&mut *connection).await?.rows_affected();
    }
    Ok(done)
}

async fn delete_media(
    connection: &mut SqliteConnection,
    owner: &Option<String>,
    ids: &[String],
) -> Result<Done, Error> {
    let mut files = BTreeSet::new();
    let mut done = Done::default();
    for id in ids {
        let find = query_as(FILES_OF_MEDIA).bind(id).bind(owner);
        let found: Option<(String, String, Option<String>)> =
            find.fetch_optional(&mut *connection).await?;
        let Some((kind, file, poster)) = found else {
            continue;
        };
        let delete = query(DELETE_MEDIA).bind(id).execute(&mut *connection);
        done.rows += delete.await?.rows_affected();
        let kind = read_media_kind(&kind)?;
        if kind == MediaKind::Video {
            let job = query(DELETE_VIDEO_JOB).bind(format!("{VIDEO_JOB_PREFIX}{id}"));
            job.execute(&mut *connection).await?;
        }
        files.insert((kind.as_str(), file));
        files.extend(poster.map(|poster| (MediaKind::Image.as_str(), poster)));
    }
    done.unused_files = unused(connection, files).await?;
    Ok(done)
}

async fn delete_media_of(
    connection: &mut SqliteConnection,
    files: &[String],
) -> Result<Done, Error> {
    let mut posters = BTreeSet::new();
    let mut done = Done::default();
    for file in files {
        let find = query_scalar(POSTERS_OF_FILE).bind(file);
        let found: Vec<String> = find.fetch_all(&mut *connection).await?;
        posters.extend(
            found
                .into_iter()
                .map(|poster| (MediaKind::Image.as_str(), poster)),
        );
        let delete = query(DELETE_MEDIA_OF).bind(file);
        done.rows += delete.execute(&mut *connection).await?.rows_affected();
        let jobs = query(DELETE_VIDEO_JOBS_OF).bind(file);
        jobs.execute(&mut *connection).await?;
    }
    done.unused_files = unused(connection, posters).await?;
    Ok(done)
}

/// Those of these files that nothing has.
async fn unused(
    connection: &mut SqliteConnection,
    files: BTreeSet<(&'static str, String)>,
) -> Result<Vec<(MediaKind, String)>, Error> {
    let mut unused = Vec::new();
    for (kind, file) in files {
        let find = query_scalar(IS_MEDIA_FILE_USED).bind(&file).bind(kind);
        let is_used: bool = find.fetch_one(&mut *connection).await?;
        if !is_used {
            unused.push((read_media_kind(kind)?, file));
        }
    }
    Ok(unused)
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
