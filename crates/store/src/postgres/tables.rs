//! Whole tables, read in one transaction that sees everything as it was at its first read.

use std::fmt::Write;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Error, Executor, Postgres, Row, Transaction, postgres::PgRow, query};

use super::{
    columns::{ACCOUNT, names},
    connection::Readers,
    document::read_document,
    error::failed,
    rows::{read_account, read_all, read_media, read_request, read_sum},
    video_job::read_video_job,
};
use crate::{
    Span, StoreError,
    session::StoredSession,
    tables::{StoredRow, StoredRows, Table, TableReader},
};

/// The parts of each sum, added up.
const SUMS: &str = "span, start_ms, model, client_key, outcome, SUM(requests)::bigint AS requests, \
     SUM(prompt_tokens)::bigint AS prompt_tokens, \
     SUM(completion_tokens)::bigint AS completion_tokens, \
     SUM(reasoning_tokens)::bigint AS reasoning_tokens, SUM(bytes)::bigint AS bytes, \
     SUM(cost)::bigint AS cost, SUM(duration_ms)::bigint AS duration_ms, \
     MAX(max_duration_ms) AS max_duration_ms, SUM(first_byte_ms)::bigint AS first_byte_ms, \
     SUM(first_bytes)::bigint AS first_bytes";

pub(super) struct PostgresTables {
    transaction: Transaction<'static, Postgres>,
}

impl PostgresTables {
    pub(super) async fn begin(readers: &Readers) -> Result<Self, StoreError> {
        let mut transaction = readers.begin().await?;
        let view = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        transaction.execute(view).await.map_err(failed)?;
        Ok(Self { transaction })
    }
}

#[async_trait]
impl TableReader for PostgresTables {
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
        let found = statement
            .bind(i64::from(limit))
            .fetch_all(&mut *self.transaction);
        let found = found.await.map_err(failed)?;
        let rows = read_all(&found, |row| read(table, row))?;
        Ok(StoredRows::in_order_of_keys(rows, limit))
    }
}

fn select(table: Table, is_behind: bool) -> String {
    let key = table.key().join(", ");
    let count = table.key().len();
    let columns = match table {
        Table::Accounts => names(&ACCOUNT),
        Table::Sums => SUMS.to_owned(),
        _ => "*".to_owned(),
    };
    let mut text = format!("SELECT {columns} FROM {}", table.as_str());
    let mut next = 1;
    if is_behind {
        let values: Vec<_> = (1..=count).map(|n| format!("${n}")).collect();
        let _ = write!(text, " WHERE ({key}) > ({})", values.join(", "));
        next = count + 1;
    }
    if table == Table::Sums {
        let _ = write!(text, " GROUP BY {key}");
    }
    let _ = write!(text, " ORDER BY {key} LIMIT ${next}");
    text
}

fn read(table: Table, row: &PgRow) -> Result<StoredRow, Error> {
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
