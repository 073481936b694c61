//! What is looked at and brought up to date before the store is open.
//!
//! Instances that start at once do this one after the other, under a lock of the server that ends
//! with its connection.

use std::time::Duration;

use sqlx::{
    Connection, Error, MySqlConnection, Row,
    migrate::{MigrateError, Migrator},
    query,
};
use tokio::time::timeout;

use super::{
    address::Address,
    connection::{bounded, connect},
    error::number,
};
use crate::{
    StoreError,
    crypto::{KEY_CHECK, Keys},
};

/// The lock is of the whole server, so its name holds that of the database.
const LOCK: &str = "SELECT GET_LOCK(CONCAT('grok2api.', MD5(DATABASE())), 5)";
const UNLOCK: &str = "SELECT RELEASE_LOCK(CONCAT('grok2api.', MD5(DATABASE())))";
/// How often five seconds are waited for another instance that brings the tables up to date.
const LOCK_TRIES: u32 = 12;
/// How long bringing the tables up to date may take.
const MIGRATION_LIMIT: Duration = Duration::from_secs(1800);
/// Oldest versions that are known to do.
const OLDEST_MYSQL: (u32, u32) = (8, 0);
const OLDEST_MARIADB: (u32, u32) = (10, 11);

/// Checks the server and its database.
pub(super) async fn prepare(address: &Address, keys: &Keys) -> Result<(), StoreError> {
    let trouble = |error| address.trouble(error);
    let mut connection = connect(&address.options).await.map_err(trouble)?;
    check_version(&mut connection, address).await?;
    look_at_durability(&mut connection, address).await?;
    lock(&mut connection, address).await?;
    migrate(&mut connection, address).await?;
    check_key(&mut connection, keys, address).await?;
    bounded(query(UNLOCK).execute(&mut connection))
        .await
        .map_err(trouble)?;
    // The server notices either way.
    let _ = bounded(connection.close()).await;
    Ok(())
}

async fn check_version(
    connection: &mut MySqlConnection,
    address: &Address,
) -> Result<(), StoreError> {
    let version: Result<String, Error> = bounded(query("SELECT VERSION()").fetch_one(connection))
        .await
        .and_then(|row| row.try_get(0));
    let version = version.map_err(|error| address.trouble(error))?;
    if is_too_old(&version) {
        return Err(address.unusable(format!(
            "it has version {version}; MySQL 8.0 and MariaDB 10.11 are the oldest that do"
        )));
    }
    Ok(())
}

/// What cannot be read as a version is let through.
fn is_too_old(version: &str) -> bool {
    let oldest = match version.contains("MariaDB") {
        true => OLDEST_MARIADB,
        false => OLDEST_MYSQL,
    };
    let mut parts = version.split(['.', '-']).map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < oldest,
        _ => false,
    }
}

/// Tells where a commit is not on disk when it is confirmed.
async fn look_at_durability(
    connection: &mut MySqlConnection,
    address: &Address,
) -> Result<(), StoreError> {
    let ask = query("SELECT CAST(@@innodb_flush_log_at_trx_commit AS SIGNED)");
    let level: Result<i64, Error> = bounded(ask.fetch_one(connection))
        .await
        .and_then(|row| row.try_get(0));
    let lost = match level.map_err(|error| address.trouble(error))? {
        1 | 3 => return Ok(()),
        0 => "the server crashes",
        _ => "the machine crashes",
    };
    tracing::warn!(
        "the last second of confirmed writes may be lost when {lost}: \
         innodb_flush_log_at_trx_commit is not 1 at {}",
        address.server
    );
    Ok(())
}

async fn lock(connection: &mut MySqlConnection, address: &Address) -> Result<(), StoreError> {
    for _ in 0..LOCK_TRIES {
        let answer = bounded(query(LOCK).fetch_one(&mut *connection)).await;
        let taken: Result<Option<i64>, Error> = answer.and_then(|row| row.try_get(0));
        if taken.map_err(|error| address.trouble(error))? == Some(1) {
            return Ok(());
        }
    }
    Err(address.unusable("another instance is bringing it up to date; start again later"))
}

async fn migrate(connection: &mut MySqlConnection, address: &Address) -> Result<(), StoreError> {
    // Tables cannot be made in a transaction, so a start that was cut off left a mark; whoever left
    // it has no lock any more. Migrations are written so that they can be repeated.
    let forget = query("DELETE FROM _sqlx_migrations WHERE success = FALSE");
    if let Err(error) = bounded(forget.execute(&mut *connection)).await {
        const NO_SUCH_TABLE: u16 = 1146;
        if number(&error) != Some(NO_SUCH_TABLE) {
            return Err(address.trouble(error));
        }
    }
    let mut migrator: Migrator = sqlx::migrate!("../../migrations/mysql");
    migrator.set_locking(false);
    let run = timeout(MIGRATION_LIMIT, migrator.run(connection));
    let done = run.await.unwrap_or_else(|_| {
        let late = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Err(MigrateError::Execute(late.into()))
    });
    done.map_err(|error| address.migration_trouble(error))
}

/// Compares the key with the one that the database was made with. Writes in any case, so that a
/// server that takes no writes is told now.
async fn check_key(
    connection: &mut MySqlConnection,
    keys: &Keys,
    address: &Address,
) -> Result<(), StoreError> {
    let trouble = |error| address.trouble(error);
    let insert = query(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = value",
    );
    let insert = insert.bind(KEY_CHECK).bind(keys.check());
    bounded(insert.execute(&mut *connection))
        .await
        .map_err(trouble)?;
    let select = query("SELECT value FROM settings WHERE name = ?").bind(KEY_CHECK);
    let stored: String = bounded(select.fetch_one(connection))
        .await
        .and_then(|row| row.try_get(0))
        .map_err(trouble)?;
    match stored == keys.check() {
        true => Ok(()),
        false => Err(StoreError::WrongKey),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_told_apart_by_their_version() {
        for version in ["5.7.44-log", "10.6.23-MariaDB-1", "5.5.5-10.1-MariaDB"] {
            assert!(is_too_old(version), "{version}");
        }
        for version in [
            "8.0.36",
            "8.4.0-1",
            "10.11.6-MariaDB-0+deb12u1",
            "11.4-MariaDB",
            "x",
        ] {
            assert!(!is_too_old(version), "{version}");
        }
    }
}
