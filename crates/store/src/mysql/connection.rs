//! How the server is connected to, and how long it is waited for.
//!
//! Every statement has a time limit of its own, so that a host that is gone without a word is noticed
//! in seconds; a connection that was given up is closed and never used again.

use std::time::Duration;

use sqlx::{
    ConnectOptions, Connection, Error, Executor, MySqlConnection, MySqlPool, Row,
    mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlRow},
    pool::PoolConnection,
};
use tokio::time::{Instant, timeout};

use super::{dialect::Statement, statements::COMMIT};
use crate::{StoreError, sql::failed};

/// How long a connection may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long one statement, or the next row of an answer, may take. Longer than the server waits for
/// a lock (below).
const STATEMENT_LIMIT: Duration = Duration::from_secs(10);
/// Connections that read. Reads are rare (start, pages, the change feed), so few are enough.
const READERS: u32 = 5;
/// How long a read waits for a connection.
const READ_WAIT: Duration = Duration::from_secs(3);
/// A reading connection that was not used for so long is closed.
const READER_IDLE: Duration = Duration::from_secs(60);
/// The writing connection is made anew after so long without a batch, well before the server ends
/// it (`wait_timeout` below).
const WRITER_IDLE: Duration = Duration::from_secs(15);
/// Of a statement no more than this part of what the server takes is filled.
const PACKET_SHARE: usize = 2;

/// Data that does not fit is an error, whatever the server's mode. A read sees what is committed, and
/// a write locks only what it changes.
const SESSION: &str = "SET SESSION sql_mode = \
     'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', \
     innodb_lock_wait_timeout = 5, lock_wait_timeout = 5; \
     SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

/// A transaction begins with its first statement. One that we were cut off from is undone after half
/// a minute: until then it holds up everybody.
const WRITER_SESSION: &str = "SET SESSION autocommit = 0, wait_timeout = 30";

/// What the server answers in time.
pub(super) async fn bounded<T>(answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    within(STATEMENT_LIMIT, answer).await
}

async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, answer).await.unwrap_or_else(|_| {
        let late = format!("the database server did not answer within {limit:?}");
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, late).into())
    })
}

/// A connection of its own.
pub(super) async fn connect(options: &MySqlConnectOptions) -> Result<MySqlConnection, Error> {
    let mut connection = within(CONNECT_LIMIT, options.connect()).await?;
    bounded(connection.execute(SESSION)).await?;
    Ok(connection)
}

/// The writing connection.
pub(super) struct Session {
    connection: MySqlConnection,
    used: Instant,
    /// Bytes that a statement should not exceed.
    pub(super) statement_bytes: usize,
}

impl Session {
    pub(super) async fn open(options: &MySqlConnectOptions) -> Result<Self, Error> {
        let mut connection = connect(options).await?;
        bounded(connection.execute(WRITER_SESSION)).await?;
        let ask = connection.fetch_one("SELECT CAST(@@max_allowed_packet AS SIGNED)");
        let packet: i64 = bounded(ask).await?.try_get(0)?;
        let packet = usize::try_from(packet).unwrap_or(usize::MAX);
        Ok(Self {
            connection,
            used: Instant::now(),
            statement_bytes: packet / PACKET_SHARE,
        })
    }

    /// The server may end it at any moment.
    pub(super) fn is_stale(&self) -> bool {
        self.used.elapsed() > WRITER_IDLE
    }

    /// How many rows it concerned.
    pub(super) async fn execute(&mut self, statement: Statement<'_>) -> Result<u64, Error> {
        let done = bounded(statement.execute(&mut self.connection)).await?;
        Ok(done.rows_affected())
    }

    pub(super) async fn row(
        &mut self,
        statement: Statement<'_>,
    ) -> Result<Option<MySqlRow>, Error> {
        bounded(statement.fetch_optional(&mut self.connection)).await
    }

    pub(super) async fn rows(&mut self, statement: Statement<'_>) -> Result<Vec<MySqlRow>, Error> {
        bounded(statement.fetch_all(&mut self.connection)).await
    }

    /// Ends the transaction, one way or the other.
    pub(super) async fn end(&mut self, statement: &'static str) -> Result<(), Error> {
        bounded(self.connection.execute(statement)).await?;
        self.used = Instant::now();
        Ok(())
    }

    pub(super) async fn commit(&mut self) -> Result<(), Error> {
        self.end(COMMIT).await
    }

    pub(super) async fn close(self) {
        // The server notices either way.
        let _ = bounded(self.connection.close()).await;
    }
}

/// Connections that read, made when they are needed.
#[derive(Clone)]
pub(super) struct Pool(MySqlPool);

impl Pool {
    pub(super) fn new(options: MySqlConnectOptions) -> Self {
        let pool = MySqlPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(READ_WAIT)
            .idle_timeout(READER_IDLE)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(drop) })
            });
        Self(pool.connect_lazy_with(options))
    }

    /// All rows of an answer.
    pub(super) async fn rows(&self, statement: Statement<'_>) -> Result<Vec<MySqlRow>, StoreError> {
        let mut loan = self.loan().await?;
        let answer = bounded(statement.fetch_all(&mut *loan.connection)).await;
        loan.end(answer)
    }

    /// The first row of an answer, if there is one.
    pub(super) async fn row(
        &self,
        statement: Statement<'_>,
    ) -> Result<Option<MySqlRow>, StoreError> {
        let mut loan = self.loan().await?;
        let answer = bounded(statement.fetch_optional(&mut *loan.connection)).await;
        loan.end(answer)
    }

    pub(super) async fn loan(&self) -> Result<Loan, StoreError> {
        let connection = self.0.acquire().await.map_err(failed)?;
        Ok(Loan {
            connection,
            is_fit: false,
        })
    }

    pub(super) async fn close(&self) {
        self.0.close().await;
    }
}

/// A connection on loan. Unless [`end`](Self::end) finds it fit it is closed: also when its reader
/// went away in the middle of an answer.
pub(super) struct Loan {
    pub(super) connection: PoolConnection<sqlx::MySql>,
    is_fit: bool,
}

impl Loan {
    pub(super) fn end<T>(mut self, answer: Result<T, Error>) -> Result<T, StoreError> {
        self.is_fit = matches!(answer, Ok(_) | Err(Error::Database(_)));
        answer.map_err(failed)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if !self.is_fit {
            self.connection.close_on_drop();
        }
    }
}
