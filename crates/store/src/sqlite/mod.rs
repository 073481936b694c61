//! One SQLite file in WAL mode: opening it, and what this engine does for the store.
//!
//! `synchronous = NORMAL`: a committed write is in the operating system's hands, so it survives a
//! `kill -9` of this process. A power cut may take the last moments before it (those after the last
//! checkpoint), never older data and never the file's integrity.
//!
//! One process at a time works on the folder of a file, so nobody else changes it.

mod accounts;
mod apply;
mod checkpoints;
mod connection;
mod documents;
mod engine;
mod error;
mod folder_lock;
mod reader;
mod statements;

use std::{
    fs::{self, OpenOptions},
    path::Path,
};

use sqlx::{ConnectOptions, SqliteConnection, migrate::MigrateError, query, query_scalar};

use crate::{
    MasterKey, StoreError,
    backend::Backend,
    crypto::{KEY_CHECK, Keys},
    sql::{SqlReader, failed},
    writer::GroupWriter,
};
use engine::SqliteEngine;
use folder_lock::FolderLock;
use reader::SqliteReader;

/// Name of the database file in the data folder.
pub const DATABASE_FILE: &str = "grok2api.db";

/// Opens the database in `file`, creating folder, file and tables as needed.
pub(crate) async fn open(
    file: &Path,
    key: &MasterKey,
) -> Result<Backend<SqlReader<SqliteReader>>, StoreError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder).map_err(|cause| StoreError::Files {
        doing: "create the folder",
        path: folder.to_owned(),
        cause,
    })?;
    let lock = FolderLock::take(folder)?;
    create_private(file)?;
    let keys = Keys::new(key);
    let options = connection::writer_options(file);
    let mut connection = options.connect().await.map_err(failed)?;
    migrate(&mut connection).await?;
    check_key(&mut connection, &keys).await?;
    free_locks(&mut connection).await?;
    Ok(Backend {
        reader: SqliteReader::open(file),
        writer: GroupWriter::start(SqliteEngine::new(options, connection, lock)),
        keys,
    })
}

/// Opens the database in `file` for reading, whoever else has it.
pub(crate) fn open_reader(file: &Path) -> Result<SqlReader<SqliteReader>, StoreError> {
    fs::metadata(file).map_err(|cause| StoreError::Files {
        doing: "read the database",
        path: file.to_owned(),
        cause,
    })?;
    Ok(SqliteReader::open(file))
}

/// SQLite gives its side files the mode of the database file, so it must be private from birth.
fn create_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(drop)
        .map_err(|cause| StoreError::Files {
            doing: "open the database",
            path: path.to_owned(),
            cause,
        })
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::migrate!("../../migrations/sqlite")
        .run(connection)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(migration) => StoreError::Newer { migration },
            other => StoreError::Migrate(Box::new(other)),
        })
}

async fn check_key(connection: &mut SqliteConnection, keys: &Keys) -> Result<(), StoreError> {
    let stored: Option<String> = query_scalar("SELECT value FROM settings WHERE name = ?")
        .bind(KEY_CHECK)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    match stored {
        Some(check) if check == keys.check() => Ok(()),
        Some(_) => Err(StoreError::WrongKey),
        None => {
            let insert = query("INSERT INTO settings (name, value) VALUES (?, ?)");
            insert
                .bind(KEY_CHECK)
                .bind(keys.check())
                .execute(connection)
                .await
                .map_err(failed)?;
            Ok(())
        }
    }
}

/// Whoever held a lock was a process that is gone: this one has the folder now.
async fn free_locks(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    query("DELETE FROM locks")
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}
