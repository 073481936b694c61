//! What is done once, before the store works: is this a server that we can use, are the tables up to
//! date, is it our key.

use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::{Connection, Error, PgConnection, Row, postgres::PgConnectOptions, query, query_scalar};
use tokio::time::timeout;

use crate::{
    StoreError,
    crypto::{KEY_CHECK, Keys},
    sql::failed,
};

use super::{
    connection::{ANSWER_LIMIT, connect_migrator, no_answer},
    error::{READ_ONLY, migration_failed, unusable},
    url::server,
};

/// The oldest version that is used, as the server counts.
const OLDEST_VERSION: i32 = 150_000;
/// Marks of batches that are older belong to stores that were closed.
const MARKS_KEPT_MS: i64 = 30 * 24 * 3_600_000;

/// Makes the database ready, whoever else does the same at this moment.
pub(super) async fn prepare(options: &PgConnectOptions, keys: &Keys) -> Result<(), StoreError> {
    let connected = connect_migrator(options).await;
    let mut connection = connected.map_err(|error| unusable(options, error))?;
    let asked = timeout(ANSWER_LIMIT, ask(&mut connection)).await;
    let found = asked
        .unwrap_or_else(|_| Err(no_answer(ANSWER_LIMIT)))
        .map_err(|error| unusable(options, error))?;
    if let Some(reason) = found.objection() {
        let server = server(options);
        return Err(StoreError::Unusable { server, reason });
    }
    // One instance after the other: the migrator holds an advisory lock.
    sqlx::migrate!("../../migrations/postgres")
        .run(&mut connection)
        .await
        .map_err(|error| migration_failed(options, error))?;
    let checked = check_key(&mut connection, keys).await;
    if !checked.map_err(|error| unusable(options, error))? {
        return Err(StoreError::WrongKey);
    }
    forget_marks(&mut connection).await.map_err(failed)?;
    let _ = connection.close().await;
    Ok(())
}

/// What a server tells of itself.
struct Found {
    version: i32,
    is_read_only: bool,
    encoding: String,
}

async fn ask(connection: &mut PgConnection) -> Result<Found, Error> {
    let row = query(
        "SELECT current_setting('server_version_num')::int, \
         pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on', \
         pg_encoding_to_char(encoding)::text, \
         current_setting('synchronous_commit') = 'off' OR current_setting('fsync') = 'off' \
         FROM pg_database WHERE datname = current_database()",
    )
    .fetch_one(connection)
    .await?;
    if row.try_get::<bool, _>(3)? {
        tracing::warn!(
            "this PostgreSQL confirms writes that a crash of its machine may still take back \
             (synchronous_commit or fsync is off)"
        );
    }
    Ok(Found {
        version: row.try_get(0)?,
        is_read_only: row.try_get(1)?,
        encoding: row.try_get(2)?,
    })
}

impl Found {
    /// Why it cannot be used.
    fn objection(&self) -> Option<String> {
        if self.version < OLDEST_VERSION {
            return Some(format!(
                "it is PostgreSQL {}; 15 or newer is needed",
                self.version / 10_000
            ));
        }
        if self.is_read_only {
            return Some(READ_ONLY.to_owned());
        }
        (self.encoding != "UTF8").then(|| {
            format!(
                "its encoding is {}; make a database with: CREATE DATABASE grok2api ENCODING \
                 'UTF8' TEMPLATE template0",
                self.encoding
            )
        })
    }
}

/// Whether the key is the one of whoever came first.
async fn check_key(connection: &mut PgConnection, keys: &Keys) -> Result<bool, Error> {
    query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(KEY_CHECK)
        .bind(keys.check())
        .execute(&mut *connection)
        .await?;
    let stored: String = query_scalar("SELECT value FROM settings WHERE name = $1")
        .bind(KEY_CHECK)
        .fetch_one(connection)
        .await?;
    Ok(stored == keys.check())
}

async fn forget_marks(connection: &mut PgConnection) -> Result<(), Error> {
    let oldest = now_ms().saturating_sub(MARKS_KEPT_MS);
    let forget = query("DELETE FROM batches WHERE at_ms < $1").bind(oldest);
    forget.execute(connection).await.map(drop)
}

pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(version: i32, is_read_only: bool, encoding: &str) -> Option<String> {
        let encoding = encoding.to_owned();
        let found = Found {
            version,
            is_read_only,
            encoding,
        };
        found.objection()
    }

    #[test]
    fn servers_that_cannot_be_used_are_told_what_is_missing() {
        assert_eq!(found(150_000, false, "UTF8"), None);
        let old = found(140_012, false, "UTF8").unwrap();
        assert_eq!(old, "it is PostgreSQL 14; 15 or newer is needed");
        assert!(found(180_001, true, "UTF8").unwrap().contains("replica"));
        let ascii = found(170_000, false, "SQL_ASCII").unwrap();
        assert!(ascii.contains("CREATE DATABASE"), "{ascii}");
    }
}
