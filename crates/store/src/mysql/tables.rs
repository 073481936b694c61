//! Whole tables, read in one transaction that sees everything as it was at its first read.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Error, Executor, Row, mysql::MySqlRow, query};

use super::{
    connection::{Loan, Pool, bounded},
    document::read_document,
    error::failed,
    rows::{read_account, read_media, read_request, read_sum},
    video_job::read_video_job,
};
use crate::{
    Span, StoreError,
    session::StoredSession,
    tables::{StoredRow, StoredRows, Table, TableReader},
};

pub(super) struct MySqlTables {
    loan: Loan,
}

impl MySqlTables {
    /// The connection is not given back: it has another isolation now.
    pub(super) async fn begin(pool: &Pool) -> Result<Self, StoreError> {
        let mut loan = pool.loan().await?;
        let connection = &mut *loan.connection;
        let isolation = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
        bounded(connection.execute(isolation))
            .await
            .map_err(failed)?;
        let view = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
        bounded(connection.execute(view)).await.map_err(failed)?;
        Ok(Self { loan })
    }
}

#[async_trait]
impl TableReader for MySqlTables {
    async fn rows(
        &mut self,
        table: Table,
        after: Option<&str>,
        limit: u32,
    ) -> Result<StoredRows, StoreError> {
        let after = after.and_then(|place| table.key_values(place));
        // The text consists of our own constants.
        let text = select(table, after.is_some());
        let mut statement = query(AssertSqlSafe(text));
        for value in after.unwrap_or_default() {
            statement = match value {
                Value::Number(number) => statement.bind(number.as_i64()),
                other => statement.bind(other.as_str().unwrap_or_default().to_owned()),
            };
        }
        let found = statement.bind(limit).fetch_all(&mut *self.loan.connection);
        let found = bounded(found).await.map_err(failed)?;
        let rows: Result<Vec<_>, _> = found.iter().map(|row| read(table, row)).collect();
        Ok(StoredRows::in_order_of_keys(rows.map_err(failed)?, limit))
    }
}

fn select(table: Table, is_behind: bool) -> String {
    let key = table.key().join(", ");
    let behind = match is_behind {
        true => {
            let values = vec!["?"; table.key().len()].join(", ");
            format!(" WHERE ({key}) > ({values})")
        }
        false => String::new(),
    };
    format!(
        "SELECT * FROM {}{behind} ORDER BY {key} LIMIT ?",
        table.as_str()
    )
}

fn read(table: Table, row: &MySqlRow) -> Result<StoredRow, Error> {
    Ok(match table {
        Table::Accounts => StoredRow::Account(Box::new(read_account(row)?)),
        Table::Settings => StoredRow::Setting {
            name: row.try_get("name")?,
            value: row.try_get("value")?,
        },
        Table::Sessions => StoredRow::Session(StoredSession {
            id_hash: row.try_get("id_hash")?,
            data: row.try_get("data")?,
            expires_at_ms: row.try_get("expires_at_ms")?,
        }),
        Table::Requests => StoredRow::Request(Box::new(read_request(row)?)),
        Table::Sums => {
            let name: &str = row.try_get("span")?;
            let span = Span::from_name(name).ok_or_else(|| Error::ColumnDecode {
                index: "span".to_owned(),
                source: format!("`{name}` is no span").into(),
            })?;
            StoredRow::Sum(read_sum(row, span)?)
        }
        Table::Media => StoredRow::Media(Box::new(read_media(row)?)),
        Table::VideoJobs => StoredRow::VideoJob(Box::new(read_video_job(row)?)),
        Table::Documents => StoredRow::Document(read_document(row)?),
    })
}
