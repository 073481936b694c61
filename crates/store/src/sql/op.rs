//! What can be written, and how a group of it is applied inside one transaction.

use pool::AccountId;
use sqlx::{SqliteConnection, query};

use crate::{
    Record, UsageRow,
    patch::{self, Patch},
    sql::{
        dialect::{
            CREATE_SESSION, INSERT_ACCOUNT, INSERT_USAGE, PATCH_ACCOUNT, SAVE_SESSION, SET_SETTING,
            USE_QUOTA,
        },
        rows::{SealedAccount, StoredSession, to_i64},
    },
};

/// One write.
#[derive(Debug)]
pub(crate) enum Op {
    Record(Record),
    InsertAccounts(Vec<SealedAccount>),
    DeleteAccounts(Vec<AccountId>),
    SetSetting { name: String, value: String },
    CreateSession(StoredSession),
    SaveSession(StoredSession),
    DeleteSession { id_hash: String },
    DeleteAllSessions,
    SweepSessions { now_ms: i64 },
}

/// What a write did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Rows added or removed.
    pub(crate) rows: u64,
    /// Accounts added.
    pub(crate) ids: Vec<AccountId>,
}

/// Applies a group; the answers are in the group's order.
///
/// Everything but records goes first, so that an account queued before a record of it is there.
/// Records then become few statements: usage rows in multi-row inserts, quota use folded into one
/// row for each account.
pub(crate) async fn apply<'a>(
    connection: &mut SqliteConnection,
    group: impl Iterator<Item = &'a Op> + Clone,
) -> Result<Vec<Done>, sqlx::Error> {
    let mut done = Vec::new();
    let mut records = Vec::new();
    for op in group {
        if let Op::Record(record) = op {
            records.push(record);
        }
        done.push(apply_one(connection, op).await?);
    }
    let usage: Vec<&UsageRow> = records
        .iter()
        .filter_map(|record| record.usage.as_ref())
        .collect();
    insert_usage(connection, &usage).await?;
    apply_changes(connection, &records).await?;
    Ok(done)
}

async fn apply_one(connection: &mut SqliteConnection, op: &Op) -> Result<Done, sqlx::Error> {
    let statement = match op {
        Op::Record(_) => return Ok(Done::default()),
        Op::InsertAccounts(accounts) => return insert_accounts(connection, accounts).await,
        Op::DeleteAccounts(ids) => return delete_accounts(connection, ids).await,
        Op::SetSetting { name, value } => query(SET_SETTING).bind(name).bind(value),
        Op::CreateSession(session) => session.bind(query(CREATE_SESSION)),
        Op::SaveSession(session) => session.bind(query(SAVE_SESSION)),
        Op::DeleteSession { id_hash } => {
            query("DELETE FROM sessions WHERE id_hash = ?").bind(id_hash)
        }
        Op::DeleteAllSessions => query("DELETE FROM sessions"),
        Op::SweepSessions { now_ms } => {
            query("DELETE FROM sessions WHERE expires_at_ms <= ?").bind(now_ms)
        }
    };
    let rows = statement.execute(connection).await?.rows_affected();
    Ok(Done {
        rows,
        ids: Vec::new(),
    })
}

async fn insert_accounts(
    connection: &mut SqliteConnection,
    accounts: &[SealedAccount],
) -> Result<Done, sqlx::Error> {
    let mut done = Done::default();
    for account in accounts {
        let inserted = account
            .bind(query(INSERT_ACCOUNT))
            .execute(&mut *connection)
            .await?;
        if inserted.rows_affected() > 0 {
            done.rows += 1;
            done.ids.push(account.id().clone());
        }
    }
    Ok(done)
}

async fn delete_accounts(
    connection: &mut SqliteConnection,
    ids: &[AccountId],
) -> Result<Done, sqlx::Error> {
    let mut done = Done::default();
    for id in ids {
        let delete = query("DELETE FROM accounts WHERE id = ?").bind(id.as_str());
        done.rows += delete.execute(&mut *connection).await?.rows_affected();
    }
    Ok(done)
}

async fn insert_usage(
    connection: &mut SqliteConnection,
    mut rows: &[&UsageRow],
) -> Result<(), sqlx::Error> {
    while !rows.is_empty() {
        let (text, size) = INSERT_USAGE.largest(rows.len());
        let (now, later) = rows.split_at(size);
        let mut insert = query(text);
        for row in now {
            insert = insert
                .bind(&row.id)
                .bind(row.at_ms)
                .bind(&row.account_id)
                .bind(&row.client_key)
                .bind(&row.model)
                .bind(&row.endpoint)
                .bind(row.stream)
                .bind(row.status)
                .bind(&row.error_code)
                .bind(to_i64(row.prompt_tokens))
                .bind(to_i64(row.completion_tokens))
                .bind(to_i64(row.reasoning_tokens))
                .bind(row.estimated)
                .bind(row.cost)
                .bind(row.ttft_ms.map(to_i64))
                .bind(to_i64(row.duration_ms));
        }
        insert.execute(&mut *connection).await?;
        rows = later;
    }
    Ok(())
}

async fn apply_changes(
    connection: &mut SqliteConnection,
    records: &[&Record],
) -> Result<(), sqlx::Error> {
    let patches = patch::fold(records.iter().flat_map(|record| &record.changes));
    let (uses, others): (Vec<_>, Vec<_>) =
        patches.iter().partition(|(_, patch)| patch.is_use_only());
    let mut uses = uses.as_slice();
    while !uses.is_empty() {
        let (text, size) = USE_QUOTA.largest(uses.len());
        let (now, later) = uses.split_at(size);
        let mut update = query(text);
        for (id, patch) in now {
            update = update
                .bind(id.as_str())
                .bind(to_i64(patch.used))
                .bind(patch.last_used_at_ms);
        }
        update.execute(&mut *connection).await?;
        uses = later;
    }
    for (id, patch) in others {
        apply_patch(connection, id, patch).await?;
    }
    Ok(())
}

async fn apply_patch(
    connection: &mut SqliteConnection,
    id: &AccountId,
    patch: &Patch,
) -> Result<(), sqlx::Error> {
    let cooldown = patch.status.as_ref().map(|(_, cooldown)| cooldown.as_ref());
    let failure = patch.failure.as_ref();
    query(PATCH_ACCOUNT)
        .bind(patch.quota)
        .bind(to_i64(patch.used))
        .bind(to_i64(patch.uses))
        .bind(patch.last_used_at_ms)
        .bind(patch.status.as_ref().map(|(status, _)| status.as_str()))
        .bind(cooldown.is_some())
        .bind(cooldown.flatten().map(|cooldown| cooldown.until_ms))
        .bind(cooldown.is_some())
        .bind(cooldown.flatten().map(|cooldown| cooldown.reason.as_str()))
        .bind(failure.map(|failure| failure.count))
        .bind(failure.is_some())
        .bind(failure.and_then(|failure| failure.at_ms))
        .bind(failure.is_some())
        .bind(failure.and_then(|failure| failure.reason.as_deref()))
        .bind(patch.tier.map(|tier| tier.as_str()))
        .bind(patch.last_sync_at_ms)
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
