//! The writing connection.

use async_trait::async_trait;
use sqlx::{ConnectOptions, Connection, SqliteConnection, query, sqlite::SqliteConnectOptions};

use crate::writer::{Batch, Done, Engine, WriteError};

use super::{
    apply::apply,
    error::{classify, outage},
    folder_lock::FolderLock,
};

pub(super) struct SqliteEngine {
    options: SqliteConnectOptions,
    /// Absent after a failure, until the next batch opens it again.
    connection: Option<SqliteConnection>,
    /// Held until the last write is on disk.
    _lock: FolderLock,
}

impl SqliteEngine {
    pub(super) fn new(
        options: SqliteConnectOptions,
        connection: SqliteConnection,
        lock: FolderLock,
    ) -> Self {
        Self {
            options,
            connection: Some(connection),
            _lock: lock,
        }
    }
}

#[async_trait]
impl Engine for SqliteEngine {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, WriteError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self
                .connection
                .insert(self.options.connect().await.map_err(outage)?),
        };
        // IMMEDIATE: take the write lock here, where failing costs nothing.
        let begun = connection.begin_with("BEGIN IMMEDIATE").await;
        let mut transaction = begun.map_err(outage)?;
        match apply(&mut transaction, batch).await {
            Ok(done) => {
                transaction.commit().await.map_err(outage)?;
                Ok(done)
            }
            Err(error) => {
                transaction.rollback().await.map_err(outage)?;
                Err(classify(error))
            }
        }
    }

    fn disconnect(&mut self) {
        self.connection = None;
    }

    async fn close(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // Leaves one tidy file; what is committed is safe without it.
            let _ = query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut connection)
                .await;
            let _ = connection.close().await;
        }
    }
}
