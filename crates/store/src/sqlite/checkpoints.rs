//! Moves what the write-ahead log holds into the file while the writer goes on, so that what the writer has to do
//! itself, and all writes wait for, is little: the end of a log that has become long, which begins anew then.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{
    ConnectOptions, Connection, Error, Row, SqliteConnection, query, sqlite::SqliteConnectOptions,
};
use tokio_util::task::TaskTracker;

/// Transactions between two of them: so often that the log is not yet [`LONG`] after one of them, if responses are
/// kept (about 23 pages a transaction).
const TRANSACTIONS: u32 = 256;
/// Pages of a log that is to begin anew (32 MB).
const LONG: i64 = 8192;

pub(super) struct Checkpoints {
    options: SqliteConnectOptions,
    /// Since the last one.
    transactions: u32,
    /// The one under way.
    task: TaskTracker,
    /// The log is long, and all of it is in the file that no reader and no later write holds back.
    is_long: Arc<AtomicBool>,
}

impl Checkpoints {
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options,
            transactions: 0,
            task: TaskTracker::new(),
            is_long: Arc::default(),
        }
    }

    /// Told of each transaction: whether the writer is to move the end of the log itself, now.
    pub(super) fn committed(&mut self) -> bool {
        self.transactions += 1;
        if self.transactions >= TRANSACTIONS && self.task.is_empty() {
            self.transactions = 0;
            let (options, is_long) = (self.options.clone(), Arc::clone(&self.is_long));
            self.task.spawn(async move {
                match beside(options).await {
                    Ok(long) => is_long.store(long, Ordering::Relaxed),
                    Err(error) => tracing::debug!(%error, "the writer makes the checkpoint itself"),
                }
            });
        }
        self.is_long.swap(false, Ordering::Relaxed)
    }

    /// Waits for one under way.
    pub(super) async fn close(&mut self) {
        self.task.close();
        self.task.wait().await;
    }
}

/// On a connection of its own, which is seldom needed; whether the log is long.
async fn beside(options: SqliteConnectOptions) -> Result<bool, Error> {
    let mut connection = options.connect().await?;
    let mut pages = checkpoint(&mut connection).await;
    if let Ok(LONG..) = pages {
        // What has been written meanwhile.
        pages = checkpoint(&mut connection).await;
    }
    connection.close().await?;
    Ok(pages? >= LONG)
}

/// Moves what no reader holds back; pages of the log, moved or not.
pub(super) async fn checkpoint(connection: &mut SqliteConnection) -> Result<i64, Error> {
    let row = query("PRAGMA wal_checkpoint(PASSIVE)");
    row.fetch_one(connection).await?.try_get("log")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sqlite::connection::writer_options;

    /// A table with a row of so many bytes, all of it in the log, and the checkpoints of its writer.
    async fn written(file: &Path, bytes: usize) -> (SqliteConnection, Checkpoints) {
        let options = writer_options(file).create_if_missing(true);
        let mut writer = options.connect().await.unwrap();
        let fill = format!("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob({bytes}))");
        query(sqlx::AssertSqlSafe(fill))
            .execute(&mut writer)
            .await
            .unwrap();
        (writer, Checkpoints::new(options))
    }

    #[tokio::test]
    async fn what_the_log_holds_is_in_the_file_while_the_writer_is_connected() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        let (writer, mut checkpoints) = written(&file, 100_000).await;
        let bytes = || std::fs::metadata(&file).unwrap().len();
        assert!(bytes() < 100_000, "it is in the log");
        for _ in 1..TRANSACTIONS {
            checkpoints.committed();
        }
        assert!(checkpoints.task.is_empty(), "too early");
        checkpoints.committed();
        checkpoints.close().await;
        assert!(bytes() > 100_000);
        assert!(!checkpoints.committed(), "a short log goes on");
        writer.close().await.unwrap();
    }

    #[tokio::test]
    async fn a_long_log_begins_anew_when_the_writer_has_moved_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, mut checkpoints) = written(&folder.path().join("a.db"), 34_000_000).await;
        for _ in 0..TRANSACTIONS {
            assert!(!checkpoints.committed(), "too early");
        }
        checkpoints.close().await;
        assert!(checkpoints.committed());
        assert!(!checkpoints.committed(), "once");
        assert!(checkpoint(&mut writer).await.unwrap() >= LONG);
        let change = query("INSERT INTO t VALUES (1)");
        change.execute(&mut writer).await.unwrap();
        assert!(checkpoint(&mut writer).await.unwrap() < 10);
        writer.close().await.unwrap();
    }
}
