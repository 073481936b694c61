//! Moves what the write-ahead log holds into the file while the writer goes on: the writer's own checkpoint,
//! which empties the log and which all writes wait for, finds little left to do.

use sqlx::{ConnectOptions, Connection, Error, query, sqlite::SqliteConnectOptions};
use tokio_util::task::TaskTracker;

/// Transactions between two of them: about a quarter of the pages that make the writer do it itself.
const TRANSACTIONS: u32 = 256;

pub(super) struct Checkpoints {
    options: SqliteConnectOptions,
    /// Since the last one.
    transactions: u32,
    /// The one under way.
    task: TaskTracker,
}

impl Checkpoints {
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options,
            transactions: 0,
            task: TaskTracker::new(),
        }
    }

    /// Counts a transaction, after which one may be due.
    pub(super) fn count(&mut self) {
        self.transactions += 1;
        if self.transactions < TRANSACTIONS || !self.task.is_empty() {
            return;
        }
        self.transactions = 0;
        let options = self.options.clone();
        self.task.spawn(async move {
            if let Err(error) = checkpoint(options).await {
                tracing::debug!(%error, "the writer makes the checkpoint itself");
            }
        });
    }

    /// Waits for one under way.
    pub(super) async fn close(&mut self) {
        self.task.close();
        self.task.wait().await;
    }
}

/// On a connection of its own, which is seldom needed.
async fn checkpoint(options: SqliteConnectOptions) -> Result<(), Error> {
    let mut connection = options.connect().await?;
    let done = query("PRAGMA wal_checkpoint(PASSIVE)")
        .execute(&mut connection)
        .await;
    connection.close().await?;
    done.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::connection::writer_options;

    #[tokio::test]
    async fn what_the_log_holds_is_in_the_file_while_the_writer_is_connected() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        let options = writer_options(&file).create_if_missing(true);
        let mut writer = options.connect().await.unwrap();
        let fill = "CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000))";
        query(fill).execute(&mut writer).await.unwrap();
        let bytes = || std::fs::metadata(&file).unwrap().len();
        assert!(bytes() < 100_000, "it is in the log");
        let mut checkpoints = Checkpoints::new(options);
        for _ in 1..TRANSACTIONS {
            checkpoints.count();
        }
        assert!(checkpoints.task.is_empty(), "too early");
        checkpoints.count();
        checkpoints.close().await;
        assert!(bytes() > 100_000);
        writer.close().await.unwrap();
    }
}
