//! The writing connection.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use sqlx::mysql::MySqlConnectOptions;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{
    sql::outage,
    writer::{Batch, Done, Engine, WriteError},
};

use super::{
    apply::commit,
    batches::{self, SWEEP_INTERVAL},
    connection::Session,
    error::Failure,
    statements::ROLLBACK,
};

/// Tries of a batch that others were in the way of. Each loser of a deadlock lets a winner through.
const TRIES: u32 = 8;
/// Pause before the second try; grows by as much with each.
const PAUSE: Duration = Duration::from_millis(5);

pub(super) struct MySqlEngine {
    options: MySqlConnectOptions,
    /// Absent after a failure, until the next batch opens it again.
    session: Option<Session>,
    /// Who writes here, once it has written.
    writer: Arc<OnceLock<Uuid>>,
    swept: Instant,
}

impl MySqlEngine {
    pub(super) fn new(options: MySqlConnectOptions, writer: Arc<OnceLock<Uuid>>) -> Self {
        Self {
            options,
            session: None,
            writer,
            swept: Instant::now(),
        }
    }

    async fn try_apply(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, Failure> {
        let session = match self.session.take_if(|session| !session.is_stale()) {
            Some(session) => session,
            None => {
                let opened = Session::open(&self.options).await;
                opened.map_err(|error| Failure::Write(outage(error)))?
            }
        };
        let session = self.session.insert(session);
        let result = commit(session, batch).await;
        // After other errors the writer throws the connection away, and the transaction with it.
        let is_open = matches!(
            result,
            Err(Failure::Contended(_) | Failure::Write(WriteError::Refused(_)))
        );
        if is_open && session.end(ROLLBACK).await.is_err() {
            self.session = None;
        }
        result
    }

    /// Removes old batches now and then.
    async fn sweep(&mut self) {
        let Some(session) = &mut self.session else {
            return;
        };
        if self.swept.elapsed() < SWEEP_INTERVAL {
            return;
        }
        self.swept = Instant::now();
        if let Err(error) = batches::sweep(session, self.writer.get()).await {
            tracing::debug!(%error, "old batches stay for now: {error}");
            self.session = None;
        }
    }
}

#[async_trait]
impl Engine for MySqlEngine {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, WriteError> {
        self.writer.get_or_init(|| batch.id.writer);
        let mut tries = 1;
        loop {
            match self.try_apply(batch).await {
                Ok(done) => {
                    self.sweep().await;
                    return Ok(done);
                }
                Err(Failure::Write(error)) => return Err(error),
                Err(Failure::Contended(reason)) if tries == TRIES => {
                    return Err(WriteError::Outage(reason));
                }
                Err(Failure::Contended(_)) => sleep(PAUSE * tries).await,
            }
            tries += 1;
        }
    }

    fn disconnect(&mut self) {
        self.session = None;
    }

    async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }
}
