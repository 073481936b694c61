//! The writing connection.

use async_trait::async_trait;
use sqlx::{Connection, Error, Executor, PgConnection, postgres::PgConnectOptions};
use tokio::time::{Duration, timeout};
use uuid::Uuid;

use crate::{
    sql::outage,
    writer::{Batch, Done, Engine, WriteError, recall, remember},
};

use super::{
    apply::apply_op,
    connection::{ANSWER_LIMIT, CONNECT_LIMIT, connect_writer, no_answer},
    error::{classify, classify_commit, is_conflict},
    news::payloads,
    records::{self, Place},
};

/// Tries of a batch that meets others on its way, before that counts as an outage. The server notices
/// a circle of waiting only after a second.
const CONFLICTS: u32 = 4;
/// For all operations of a batch; each of their statements is bounded by the server.
const OPERATIONS_LIMIT: Duration = Duration::from_secs(60);

pub(super) struct PostgresEngine {
    options: PgConnectOptions,
    /// Absent after a failure, until the next batch makes it again.
    connection: Option<PgConnection>,
    /// Who makes the changes, as others are told.
    instance: Uuid,
}

/// How far a transaction had come when it failed.
enum Failure {
    /// Nothing is committed.
    Before(Error),
    /// While it was committed.
    Committing(Error),
}

impl PostgresEngine {
    pub(super) fn new(options: PgConnectOptions, connection: PgConnection, instance: Uuid) -> Self {
        Self {
            options,
            connection: Some(connection),
            instance,
        }
    }
}

#[async_trait]
impl Engine for PostgresEngine {
    async fn apply(&mut self, batch: &Batch<'_>) -> Result<Vec<Done>, WriteError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self
                .connection
                .insert(connect_writer(&self.options).await.map_err(outage)?),
        };
        let mut conflicts = 0;
        loop {
            let result = match batch.ops.is_empty() {
                true => write_records(connection, batch, self.instance).await,
                false => write_all(connection, batch, self.instance).await,
            };
            let (error, is_conflict) = match result {
                Ok(done) => return Ok(done),
                Err(Failure::Before(error)) => {
                    let is_conflict = is_conflict(&error);
                    (classify(error), is_conflict)
                }
                Err(Failure::Committing(error)) => {
                    let is_conflict = is_conflict(&error);
                    (classify_commit(error), is_conflict)
                }
            };
            conflicts += u32::from(is_conflict);
            // After any other error the connection is thrown away, and the transaction with it.
            let is_kept = is_conflict || matches!(error, WriteError::Refused(_));
            if is_kept && !roll_back(connection).await {
                self.disconnect();
                return Err(error);
            }
            if !is_conflict || conflicts == CONFLICTS {
                return Err(error);
            }
        }
    }

    fn disconnect(&mut self) {
        self.connection = None;
    }

    async fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            let _ = timeout(CONNECT_LIMIT, connection.close()).await;
        }
    }
}

/// A batch of nothing but records: one statement, which is a transaction.
async fn write_records(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
    instance: Uuid,
) -> Result<Vec<Done>, Failure> {
    let news = (instance, payloads(instance, batch));
    let write = records::write(connection, batch, news, "[]", Place::Alone);
    within(ANSWER_LIMIT, write)
        .await
        .map_err(Failure::Committing)?;
    // Whether it was stored now or by an earlier try: there is nothing to tell of records.
    Ok(Vec::new())
}

async fn write_all(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
    instance: Uuid,
) -> Result<Vec<Done>, Failure> {
    let writing = write_before_commit(connection, batch, instance);
    let written = within(OPERATIONS_LIMIT, writing).await;
    let done = written.map_err(Failure::Before)?;
    within(ANSWER_LIMIT, connection.execute("COMMIT"))
        .await
        .map_err(Failure::Committing)?;
    Ok(done)
}

async fn write_before_commit(
    connection: &mut PgConnection,
    batch: &Batch<'_>,
    instance: Uuid,
) -> Result<Vec<Done>, Error> {
    if !records::begin(connection, batch.id).await? {
        return Ok(recall(&records::done_by(connection, batch.id).await?));
    }
    let mut done = Vec::with_capacity(batch.ops.len());
    for op in &batch.ops {
        done.push(apply_op(connection, op).await?);
    }
    let news = (instance, payloads(instance, batch));
    let told = remember(&done);
    records::write(connection, batch, news, &told, Place::AtTheEnd).await?;
    Ok(done)
}

/// Whether the connection can be used again.
async fn roll_back(connection: &mut PgConnection) -> bool {
    let rolled_back = within(ANSWER_LIMIT, connection.execute("ROLLBACK")).await;
    rolled_back.is_ok()
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let done = timeout(limit, work).await;
    done.unwrap_or_else(|_| Err(no_answer(limit)))
}
