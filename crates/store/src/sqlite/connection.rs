//! How the file is connected to.

use std::{path::Path, time::Duration};

use sqlx::{
    ConnectOptions, Error, QueryBuilder, Sqlite, SqliteConnection, SqlitePool, query,
    query::Query,
    sqlite::{
        SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow,
        SqliteSynchronous,
    },
};

use crate::sql::{Dialect, WriteSession};

/// Connections that read. Reads are rare (start, pages), so few are enough.
const READERS: u32 = 3;
/// How long a read waits for a lock or for a free connection.
const READ_WAIT: Duration = Duration::from_secs(5);
/// How long the writer waits for a foreign lock before the group counts as failed and is retried.
const WRITE_WAIT: Duration = Duration::from_millis(500);
/// Pages in the write-ahead log that start a checkpoint within a commit (128 MB; SQLite's default is 1000), should
/// those of `checkpoints` not keep up.
const CHECKPOINT_PAGES: &str = "32768";
/// The write-ahead log shrinks to this many bytes after a checkpoint.
const WAL_LIMIT_BYTES: &str = "67108864";

/// Prepared statements that are kept: every statement of every size fits.
const STATEMENTS: usize = 128;

pub(super) fn writer_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .foreign_keys(true)
        .busy_timeout(WRITE_WAIT)
        .statement_cache_capacity(STATEMENTS)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("journal_size_limit", WAL_LIMIT_BYTES)
        // What a statement of many rows keeps to undo itself: a file in the system's folder otherwise, which is made
        // and removed with each larger group, and may not be writable at all.
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
}

/// Connects when first used.
pub(super) fn readers(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(READ_WAIT)
        .pragma("query_only", "ON")
        // Rows come from a thread: with the default of 50, ten thousand accounts wake it 200 times.
        .row_buffer_size(1024)
        .disable_statement_logging();
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(READ_WAIT)
        .test_before_acquire(false)
        .connect_lazy_with(options)
}

pub(super) type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

impl Dialect for Sqlite {
    const INTEGER: &'static str = "INTEGER";
    const PROMPT_LIKE: [&'static str; 2] = ["prompt LIKE ", ""];
    const COMPARES_ROWS: bool = true;
}

impl WriteSession for SqliteConnection {
    type Row = SqliteRow;
    type Select = QueryBuilder<Sqlite>;
    type Statement = Statement<'static>;

    fn query(text: &'static str) -> Self::Statement {
        query(text)
    }

    async fn execute(&mut self, statement: Self::Statement) -> Result<u64, Error> {
        Ok(statement.execute(self).await?.rows_affected())
    }

    async fn rows(&mut self, statement: Self::Statement) -> Result<Vec<SqliteRow>, Error> {
        statement.fetch_all(self).await
    }

    async fn find(&mut self, mut select: Self::Select) -> Result<SqliteRow, Error> {
        select.build().fetch_one(self).await
    }
}
