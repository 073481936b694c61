//! Reading accounts.

use std::sync::LazyLock;

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, SqlitePool, query, query_as};

use crate::{
    StoreError,
    account::AccountRow,
    sql::{ACCOUNT_COLUMNS, Accounts, account_or_name, failed, select_accounts},
};

/// Accounts that are read at once: few megabytes.
const AT_ONCE: i64 = 5_000;

/// Accounts behind a place as one text: the driver takes 20 µs and three kilobytes for each row, which
/// is half a minute for a million. Binds the place and how many; the last place and the text.
static SELECT_AS_TEXT: LazyLock<String> = LazyLock::new(|| {
    // What [`AccountRow`] reads, in its order.
    let names = ACCOUNT_COLUMNS
        .into_iter()
        .filter(|name| *name != "credential_hash");
    let names = names.collect::<Vec<_>>().join(", ");
    format!(
        "SELECT max(place), json_group_array(json_array({names})) FROM \
         (SELECT rowid AS place, * FROM accounts WHERE rowid > ? ORDER BY rowid LIMIT ?)"
    )
});

/// Binds a place behind which they are, and the last place.
static SELECT_BETWEEN: LazyLock<String> =
    LazyLock::new(|| format!("{} WHERE rowid > ? AND rowid <= ?", select_accounts()));

/// Binds a JSON list of ids.
static SELECT_OF: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE id IN (SELECT value FROM json_each(?))",
        select_accounts()
    )
});

/// All of them, in any order.
pub(super) async fn all(pool: &SqlitePool) -> Result<Accounts, StoreError> {
    let mut accounts = Vec::new();
    let mut after = i64::MIN;
    let mut part = next_part(pool, after).await?;
    while let Some((last, text)) = part {
        // The database looks for the next ones while we read these.
        let (next, read) = tokio::join!(next_part(pool, last), async {
            serde_json::from_str::<Vec<AccountRow>>(&text)
        });
        match read {
            Ok(rows) => accounts.extend(rows.into_iter().map(Ok)),
            // One that cannot be read is named, and the others are read.
            Err(_) => accounts.extend(between(pool, (after, last)).await?),
        }
        after = last;
        part = next?;
    }
    Ok(accounts)
}

/// Those of these ids that are there.
pub(super) async fn some(pool: &SqlitePool, ids: &[String]) -> Result<Accounts, StoreError> {
    // The text consists of our own constants.
    let rows = query(AssertSqlSafe(SELECT_OF.as_str()))
        .bind(serde_json::Value::from(ids).to_string())
        .fetch_all(pool)
        .await
        .map_err(failed)?;
    Ok(rows.iter().map(account_or_name).collect())
}

async fn next_part(pool: &SqlitePool, after: i64) -> Result<Option<(i64, String)>, StoreError> {
    // The text consists of our own constants.
    let part: (Option<i64>, String) = query_as(AssertSqlSafe(SELECT_AS_TEXT.as_str()))
        .bind(after)
        .bind(AT_ONCE)
        .fetch_one(pool)
        .await
        .map_err(failed)?;
    let (last, text) = part;
    Ok(last.map(|last| (last, text)))
}

async fn between(pool: &SqlitePool, (after, last): (i64, i64)) -> Result<Accounts, StoreError> {
    // The text consists of our own constants.
    let rows = query(AssertSqlSafe(SELECT_BETWEEN.as_str()))
        .bind(after)
        .bind(last)
        .fetch(pool);
    let accounts = rows.map_ok(|row| account_or_name(&row)).try_collect();
    accounts.await.map_err(failed)
}
