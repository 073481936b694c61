//! The writing connection.

use async_trait::async_trait;
use sqlx::{ConnectOptions, Connection, SqliteConnection, query, sqlite::SqliteConnectOptions};

use crate::{
    sql::outage,
    writer::{Batch, Done, Engine, WriteError},
};

use super::{
    apply::commit,
    checkpoints::{Checkpoints, checkpoint},
    error::classify,
    folder_lock::FolderLock,
    statements::ROLLBACK,
};

pub(super) struct SqliteEngine {
    options: SqliteConnectOptions,
    /// Absent after a failure, until the next batch opens it again.
    connection: Option<SqliteConnection>,
    checkpoints: Checkpoints,
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
            checkpoints: Checkpoints::new(options.clone()),
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
        match commit(connection, batch).await.map_err(classify) {
            Err(refused @ WriteError::Refused(_)) => {
                if query(ROLLBACK).execute(connection).await.is_err() {
                    self.disconnect();
                }
                Err(refused)
            }
            Ok(done) => {
                if self.checkpoints.committed() {
                    // What is written is safe without it.
                    let _ = checkpoint(connection).await;
                }
                Ok(done)
            }
            // After other errors the connection is thrown away, and the transaction with it.
            result => result,
        }
    }

    fn disconnect(&mut self) {
        self.connection = None;
    }

    async fn close(&mut self) {
        self.checkpoints.close().await;
        if let Some(mut connection) = self.connection.take() {
            // Leaves one tidy file; what is committed is safe without it.
            let _ = query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&mut connection)
                .await;
            let _ = connection.close().await;
        }
    }
}
