//! How the server is connected to, and how long it may take to answer.
//!
//! The server ends what takes too long; what we wait ourselves is a little longer and is for a
//! server that does not answer at all. Then the connection is thrown away.

use std::{io, time::Duration};

use sqlx::{
    ConnectOptions, Error, Executor, PgConnection, PgPool, Postgres, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
};
use tokio::time::timeout;

use crate::{StoreError, sql::failed};

use super::dialect::Statement;

/// Connections that read.
const READERS: u32 = 8;
/// How long a new connection, or a free one of the readers, is waited for.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long an answer is waited for: more than the server's `statement_timeout`.
pub(super) const ANSWER_LIMIT: Duration = Duration::from_secs(12);

/// `idle_in_transaction_session_timeout`: an instance that stands still in a transaction holds up
/// the others no longer. The plans of our statements do not depend on their values, and making them
/// anew would cost more than executing them.
const WRITER_SETTINGS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
     SET idle_in_transaction_session_timeout = '10s'; SET idle_session_timeout = 0; \
     SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; \
     SET default_transaction_isolation = 'read committed'; SET plan_cache_mode = force_generic_plan";
const READER_SETTINGS: &str = "SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
     SET default_transaction_read_only = on; \
     SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";
/// Migrations of large tables take their time, and so does waiting for another instance's.
const MIGRATION_SETTINGS: &str = "SET statement_timeout = 0; SET lock_timeout = '10min'; \
     SET idle_in_transaction_session_timeout = 0";

/// What to say of a server that does not answer.
pub(super) fn no_answer(limit: Duration) -> Error {
    let reason = format!("no answer within {} s", limit.as_secs());
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, reason))
}

pub(super) async fn connect_writer(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    connect(options, WRITER_SETTINGS).await
}

pub(super) async fn connect_migrator(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    connect(options, MIGRATION_SETTINGS).await
}

async fn connect(
    options: &PgConnectOptions,
    settings: &'static str,
) -> Result<PgConnection, Error> {
    let connecting = async {
        let mut connection = options.connect().await?;
        connection.execute(settings).await?;
        Ok(connection)
    };
    let connected = timeout(CONNECT_LIMIT, connecting).await;
    connected.unwrap_or_else(|_| Err(no_answer(CONNECT_LIMIT)))
}

/// The connections that read, made when they are needed.
pub(super) struct Readers {
    pool: PgPool,
}

impl Readers {
    pub(super) fn new(options: &PgConnectOptions) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(CONNECT_LIMIT)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(READER_SETTINGS).await.map(drop) })
            })
            .connect_lazy_with(options.clone());
        Self { pool }
    }

    /// A transaction of its own.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.pool.begin().await.map_err(failed)
    }

    /// All rows of a query.
    pub(super) async fn rows(&self, query: Statement<'_>) -> Result<Vec<PgRow>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let read = timeout(ANSWER_LIMIT, query.fetch_all(&mut *connection)).await;
        settle(
            connection,
            read.unwrap_or_else(|_| Err(no_answer(ANSWER_LIMIT))),
        )
    }

    /// The only row of a query, if there is one.
    pub(super) async fn row(&self, query: Statement<'_>) -> Result<Option<PgRow>, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let read = timeout(ANSWER_LIMIT, query.fetch_optional(&mut *connection)).await;
        settle(
            connection,
            read.unwrap_or_else(|_| Err(no_answer(ANSWER_LIMIT))),
        )
    }

    pub(super) async fn close(&self) {
        // A connection whose server is gone need not be taken leave of.
        let _ = timeout(CONNECT_LIMIT, self.pool.close()).await;
    }
}

/// Gives the connection back, or throws it away when it may be broken.
fn settle<T>(
    connection: PoolConnection<Postgres>,
    read: Result<T, Error>,
) -> Result<T, StoreError> {
    if matches!(&read, Err(error) if !matches!(error, Error::Database(_))) {
        drop(connection.detach());
    }
    read.map_err(failed)
}
