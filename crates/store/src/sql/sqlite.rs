//! One SQLite file in WAL mode: who may open it, how, and the connections on it.

use std::{
    fs::{self, OpenOptions},
    path::Path,
    time::Duration,
};

use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    migrate::MigrateError,
    query, query_scalar,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{MasterKey, StoreError, crypto::Keys, lock::FolderLock, sql::writer::Writer};

/// Name of the database file in the data folder.
pub const DATABASE_FILE: &str = "grok2api.db";

/// Connections that read. Reads are rare (start, pages), so few are enough.
const READERS: u32 = 3;
/// How long a read waits for a lock or for a free connection.
const READ_WAIT: Duration = Duration::from_secs(5);
/// How long the writer waits for a foreign lock before the group counts as failed and is retried.
const WRITE_WAIT: Duration = Duration::from_millis(500);
/// Pages in the write-ahead log that start a checkpoint (32 MB; SQLite's default is 1000). The same
/// few pages are written again and again, so a longer log means fewer writes and syncs in all.
const CHECKPOINT_PAGES: &str = "8192";
/// The write-ahead log shrinks to this many bytes after a checkpoint.
const WAL_LIMIT_BYTES: &str = "67108864";
/// Setting that tells a wrong key from a right one.
const KEY_CHECK: &str = "store.key_check";

/// The store in one local file.
///
/// `synchronous = NORMAL`: a committed write is in the operating system's hands, so it survives a
/// `kill -9` of this process. A power cut may take the last moments before it (those after the last
/// checkpoint), never older data and never the file's integrity.
///
/// Call [`close`](Self::close) before the process ends.
pub struct SqliteStore {
    readers: SqlitePool,
    writer: Writer,
    keys: Keys,
}

impl SqliteStore {
    /// Opens the store in `data_dir`, creating folder, file and tables as needed.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it, [`StoreError::WrongKey`] when it was
    /// encrypted with another key, [`StoreError::Newer`] when a newer version wrote it.
    pub async fn open(data_dir: &Path, key: MasterKey) -> Result<Self, StoreError> {
        fs::create_dir_all(data_dir).map_err(|source| StoreError::Files {
            doing: "create the folder",
            path: data_dir.to_owned(),
            source,
        })?;
        let lock = FolderLock::take(data_dir)?;
        let path = data_dir.join(DATABASE_FILE);
        create_private(&path)?;
        let keys = Keys::new(&key);
        let options = writer_options(&path);
        let mut connection = options.connect().await?;
        migrate(&mut connection).await?;
        check_key(&mut connection, &keys).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(READ_WAIT)
            .test_before_acquire(false)
            .connect_lazy_with(reader_options(&path));
        Ok(Self {
            readers,
            writer: Writer::start(options, connection, lock),
            keys,
        })
    }

    /// Refuses new writes, commits the queued ones and lets go of the files.
    pub async fn close(&self) {
        // Readers first: then the writer is the last one out and leaves no write-ahead log behind.
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }
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
        .map_err(|source| StoreError::Files {
            doing: "open the database",
            path: path.to_owned(),
            source,
        })
}

fn writer_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(WRITE_WAIT)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("journal_size_limit", WAL_LIMIT_BYTES)
        .disable_statement_logging()
}

fn reader_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(READ_WAIT)
        .pragma("query_only", "ON")
        // Rows come from a thread: with the default of 50, ten thousand accounts wake it 200 times.
        .row_buffer_size(1024)
        .disable_statement_logging()
}

async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::migrate!("../../migrations/sqlite")
        .run(connection)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(migration) => StoreError::Newer { migration },
            other => StoreError::Migrate(other),
        })
}

async fn check_key(connection: &mut SqliteConnection, keys: &Keys) -> Result<(), StoreError> {
    let stored: Option<String> = query_scalar("SELECT value FROM settings WHERE name = ?")
        .bind(KEY_CHECK)
        .fetch_optional(&mut *connection)
        .await?;
    match stored {
        Some(check) if check == keys.check() => Ok(()),
        Some(_) => Err(StoreError::WrongKey),
        None => {
            let insert = query("INSERT INTO settings (name, value) VALUES (?, ?)");
            insert
                .bind(KEY_CHECK)
                .bind(keys.check())
                .execute(connection)
                .await?;
            Ok(())
        }
    }
}
