//! Reading from the database.

use std::sync::LazyLock;

use sqlx::{
    AssertSqlSafe, Executor, Postgres, QueryBuilder, Row, Transaction, postgres::PgRow, query,
};

use crate::{
    Changes, Cursor, MediaRow, StoreError,
    sql::{
        Accounts, Connections, SqlReader, SqlTables, View, account_or_name, failed, read_all,
        read_media, select_accounts,
    },
    tables::TableReader,
};

use super::{connection::Readers, dialect::text, listener::Listener, statements::REQUESTS_SIZE};

/// Accounts that are read at once: few megabytes.
const ACCOUNTS: usize = 10_000;

/// Binds the place behind which they are, and how many.
static SELECT_ACCOUNTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE (created_at_ms, id) > ($1, $2) ORDER BY created_at_ms, id LIMIT $3",
        select_accounts()
    )
});

/// Binds ids.
static SELECT_ACCOUNTS_OF: LazyLock<String> =
    LazyLock::new(|| format!("{} WHERE id = ANY($1)", select_accounts()));

pub(crate) struct PostgresReader {
    readers: Readers,
    /// Absent where only requests are read.
    listener: Option<Listener>,
}

impl PostgresReader {
    pub(super) fn new(readers: Readers, listener: Option<Listener>) -> SqlReader<Self> {
        SqlReader::new(Self { readers, listener })
    }
}

impl Connections for PostgresReader {
    type Row = PgRow;
    type Select = QueryBuilder<Postgres>;

    const REQUESTS_SIZE: &'static str = REQUESTS_SIZE;

    async fn rows(&self, mut select: Self::Select) -> Result<Vec<PgRow>, StoreError> {
        self.readers.rows(select.build()).await
    }

    async fn row(&self, mut select: Self::Select) -> Result<Option<PgRow>, StoreError> {
        self.readers.row(select.build()).await
    }

    async fn accounts(&self) -> Result<Accounts, StoreError> {
        let mut read = Vec::new();
        let mut after = (i64::MIN, String::new());
        loop {
            // The text consists of our own constants.
            let select = query(AssertSqlSafe(SELECT_ACCOUNTS.as_str()))
                .bind(after.0)
                .bind(&after.1)
                .bind(ACCOUNTS as i64);
            let rows = self.readers.rows(select).await?;
            read.extend(rows.iter().map(account_or_name));
            match rows.last() {
                Some(last) if rows.len() == ACCOUNTS => {
                    let created_at_ms = last.try_get("created_at_ms").map_err(failed)?;
                    after = (created_at_ms, last.try_get("id").map_err(failed)?);
                }
                _ => return Ok(read),
            }
        }
    }

    async fn accounts_of(&self, ids: &[String]) -> Result<Accounts, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| text(id)).collect();
        // The text consists of our own constants.
        let select = query(AssertSqlSafe(SELECT_ACCOUNTS_OF.as_str())).bind(ids);
        let rows = self.readers.rows(select).await?;
        Ok(rows.iter().map(account_or_name).collect())
    }

    async fn many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| text(id)).collect();
        let select = query("SELECT * FROM media WHERE id = ANY($1)").bind(ids);
        read_all(&self.readers.rows(select).await?, read_media)
    }

    async fn changes_since(&self, cursor: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        let listener = self.listener.as_ref();
        Ok(listener.map(|listener| listener.since(cursor)))
    }

    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError> {
        let mut transaction = self.readers.begin().await?;
        let view = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        transaction.execute(view).await.map_err(failed)?;
        Ok(Box::new(SqlTables::new(PostgresView(transaction))))
    }

    async fn close(&self) {
        if let Some(listener) = &self.listener {
            listener.close().await;
        }
        self.readers.close().await;
    }
}

struct PostgresView(Transaction<'static, Postgres>);

impl View for PostgresView {
    type Row = PgRow;
    type Select = QueryBuilder<Postgres>;

    async fn rows(&mut self, mut select: Self::Select) -> Result<Vec<PgRow>, StoreError> {
        let rows = select.build().fetch_all(&mut *self.0).await;
        rows.map_err(failed)
    }
}
