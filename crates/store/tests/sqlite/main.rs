//! What only the SQLite file must do: survive a kill, keep secrets, refuse the wrong opener.
#![expect(clippy::unwrap_used, reason = "tests")]

mod durability;
mod files;
mod older;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use store::DATABASE_FILE;

fn options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(folder.join(DATABASE_FILE))
}

async fn connect(folder: &Path) -> SqliteConnection {
    options(folder).connect().await.unwrap()
}
