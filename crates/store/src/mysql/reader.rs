//! Reading from the server.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Error, Executor, MySql, QueryBuilder, mysql::MySqlRow, query};

use crate::{
    Changes, Cursor, MediaRow, RequestPosition, RequestQuery, StoreError,
    sql::{
        Accounts, Connections, Select, SqlReader, SqlTables, View, account_or_name, failed, finish,
        read_all, read_media, select_accounts,
    },
    tables::TableReader,
};

use super::{
    connection::{Loan, Pool, bounded},
    feed::Feed,
    multi_row::{MultiRow, SOME_ACCOUNTS},
    statements::REQUESTS_SIZE,
};

pub(crate) struct MySqlReader {
    pool: Pool,
    feed: Feed,
}

impl MySqlReader {
    pub(super) fn new(pool: Pool, feed: Feed) -> SqlReader<Self> {
        SqlReader::new(Self { pool, feed })
    }
}

impl Connections for MySqlReader {
    type Row = MySqlRow;
    type Select = QueryBuilder<MySql>;

    const REQUESTS_SIZE: &'static str = REQUESTS_SIZE;

    async fn rows(&self, mut select: Self::Select) -> Result<Vec<MySqlRow>, StoreError> {
        self.pool.rows(select.build()).await
    }

    async fn row(&self, mut select: Self::Select) -> Result<Option<MySqlRow>, StoreError> {
        self.pool.row(select.build()).await
    }

    async fn accounts(&self) -> Result<Accounts, StoreError> {
        let mut loan = self.pool.loan().await?;
        let read = read_accounts(&mut loan.connection).await;
        loan.end(read)
    }

    async fn accounts_of(&self, ids: &[String]) -> Result<Accounts, StoreError> {
        let mut accounts = Accounts::new();
        for chunk in ids.chunks(MultiRow::LARGEST) {
            let chunk = chunk.iter().map(String::as_str);
            let rows = self.pool.rows(SOME_ACCOUNTS.about(chunk)).await?;
            accounts.extend(rows.iter().map(account_or_name));
        }
        Ok(accounts)
    }

    fn select_requests(query: &RequestQuery) -> Self::Select {
        // Failures have an index of their own, of the same time under another name.
        let time = if query.only_failed {
            "failed_at_ms"
        } else {
            "at_ms"
        };
        let mut select = Self::Select::new("SELECT * FROM requests WHERE ");
        select.add(time).add(" >= ");
        select.int(query.since_ms.unwrap_or(i64::MIN));
        if let Some(until_ms) = query.until_ms {
            select.add(" AND ").add(time).add(" < ").int(until_ms);
        }
        if let Some(RequestPosition { at_ms, id }) = &query.before {
            select.beyond((time, "id"), true, (*at_ms, id));
        }
        finish(&mut select, (time, "id"), query);
        select
    }

    async fn many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = Self::Select::new("SELECT * FROM media WHERE id IN (");
        let mut list = select.separated(", ");
        for id in ids {
            list.push_bind(id);
        }
        select.add(")");
        // Every number of ids is another statement: not kept.
        let rows = self.pool.rows(select.build().persistent(false)).await?;
        read_all(&rows, read_media)
    }

    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        self.feed.changes_since(&self.pool, cursor).await.map(Some)
    }

    /// The connection is not given back: it has another isolation now.
    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError> {
        let mut loan = self.pool.loan().await?;
        for text in [
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ] {
            let set = loan.connection.execute(text);
            bounded(set).await.map_err(failed)?;
        }
        Ok(Box::new(SqlTables::new(MySqlView(loan))))
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

struct MySqlView(Loan);

impl View for MySqlView {
    type Row = MySqlRow;
    type Select = QueryBuilder<MySql>;

    async fn rows(&mut self, mut select: Self::Select) -> Result<Vec<MySqlRow>, StoreError> {
        let rows = select.build().fetch_all(&mut *self.0.connection);
        bounded(rows).await.map_err(failed)
    }
}

async fn read_accounts(connection: &mut sqlx::MySqlConnection) -> Result<Accounts, Error> {
    // Row by row: the server sends them as fast as they are taken, and a million are not held twice.
    // The text consists of our own constants.
    let select = query(AssertSqlSafe(select_accounts()));
    let mut rows = select.fetch(connection);
    let mut accounts = Vec::new();
    while let Some(row) = bounded(rows.try_next()).await? {
        accounts.push(account_or_name(&row));
    }
    Ok(accounts)
}
