//! A database that another process holds for a moment.

use std::{path::Path, time::Duration};

use sqlx::{ConnectOptions, Connection, Executor, sqlite::SqliteConnectOptions};
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_secs(5);
const HELD: Duration = Duration::from_millis(500);

/// Holds its only place to write.
///
/// # Errors
/// It could not be had.
pub(crate) async fn lock(data_dir: &Path) -> Result<(), sqlx::Error> {
    sleep(PAUSE).await;
    let database = data_dir.join("grok2api.db");
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = options.connect().await?;
    connection.execute("BEGIN IMMEDIATE").await?;
    sleep(HELD).await;
    connection.execute("ROLLBACK").await?;
    connection.close().await
}
