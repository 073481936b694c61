//! Reading from the file.

use std::path::Path;

use sqlx::{QueryBuilder, Sqlite, SqlitePool, Transaction, query_scalar, sqlite::SqliteRow};

use crate::{
    Changes, Cursor, MediaRow, StoreError,
    sql::{
        Accounts, Connections, Select, SqlReader, SqlTables, View, failed, read_all, read_media,
    },
    tables::TableReader,
};

use super::{
    accounts, connection,
    statements::{REQUESTS_SIZE, REUSABLE_BYTES},
};

pub(crate) struct SqliteReader {
    pool: SqlitePool,
}

impl SqliteReader {
    pub(super) fn open(file: &Path) -> SqlReader<Self> {
        let pool = connection::readers(file);
        SqlReader::new(Self { pool })
    }
}

impl Connections for SqliteReader {
    type Row = SqliteRow;
    type Select = QueryBuilder<Sqlite>;

    const REQUESTS_SIZE: &'static str = REQUESTS_SIZE;

    async fn rows(&self, mut select: Self::Select) -> Result<Vec<SqliteRow>, StoreError> {
        let rows = select.build().fetch_all(&self.pool).await;
        rows.map_err(failed)
    }

    async fn row(&self, mut select: Self::Select) -> Result<Option<SqliteRow>, StoreError> {
        let row = select.build().fetch_optional(&self.pool).await;
        row.map_err(failed)
    }

    async fn accounts(&self) -> Result<Accounts, StoreError> {
        accounts::all(&self.pool).await
    }

    async fn accounts_of(&self, ids: &[String]) -> Result<Accounts, StoreError> {
        accounts::some(&self.pool, ids).await
    }

    async fn many_media(&self, ids: &[String]) -> Result<Vec<MediaRow>, StoreError> {
        let mut select = Self::Select::new("SELECT * FROM media WHERE id IN (");
        let mut list = select.separated(", ");
        for id in ids {
            list.push_bind(id);
        }
        select.add(")");
        read_all(&self.rows(select).await?, read_media)
    }

    /// This process has the folder to itself.
    async fn changes_since(&self, _: Option<Cursor>) -> Result<Option<Changes>, StoreError> {
        Ok(None)
    }

    async fn reusable_bytes(&self) -> Result<u64, StoreError> {
        let bytes = query_scalar::<_, i64>(REUSABLE_BYTES).fetch_one(&self.pool);
        Ok(bytes.await.map_err(failed)?.unsigned_abs())
    }

    async fn tables(&self) -> Result<Box<dyn TableReader>, StoreError> {
        let transaction = self.pool.begin().await.map_err(failed)?;
        Ok(Box::new(SqlTables::new(SqliteView(transaction))))
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

/// Whatever is written meanwhile, beside it or by another process, it does not see.
struct SqliteView(Transaction<'static, Sqlite>);

impl View for SqliteView {
    type Row = SqliteRow;
    type Select = QueryBuilder<Sqlite>;

    async fn rows(&mut self, mut select: Self::Select) -> Result<Vec<SqliteRow>, StoreError> {
        let rows = select.build().fetch_all(&mut *self.0).await;
        rows.map_err(failed)
    }
}
