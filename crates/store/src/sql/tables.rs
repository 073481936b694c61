//! Whole tables, read in one transaction that sees everything as it was at its first read.

use async_trait::async_trait;
use serde_json::Value;
use sqlx::Error;

use super::{
    columns::Columns,
    document::read_document,
    error::failed,
    rows::{read_account, read_media, read_request, read_sum, select_accounts},
    select::Select,
    video_job::read_video_job,
};
use crate::{
    StoreError,
    session::StoredSession,
    tables::{StoredRow, StoredRows, Table, TableReader},
};

/// A transaction that reads.
pub(crate) trait View: Send {
    type Row: Columns + Columns<usize>;
    type Select: Select;

    fn rows(
        &mut self,
        select: Self::Select,
    ) -> impl Future<Output = Result<Vec<Self::Row>, StoreError>> + Send;
}

pub(crate) struct SqlTables<V>(V);

impl<V: View> SqlTables<V> {
    pub(crate) fn new(view: V) -> Self {
        Self(view)
    }
}

#[async_trait]
impl<V: View> TableReader for SqlTables<V> {
    async fn rows(
        &mut self,
        table: Table,
        after: Option<&str>,
        limit: u32,
    ) -> Result<StoredRows, StoreError> {
        let after = after.and_then(|place| table.key_values(place));
        let found = self.0.rows(select(table, after, limit)).await?;
        let rows: Result<Vec<_>, _> = found.iter().map(|row| read(table, row)).collect();
        Ok(StoredRows::in_order_of_keys(rows.map_err(failed)?, limit))
    }
}

fn select<S: Select>(table: Table, after: Option<Vec<Value>>, limit: u32) -> S {
    let key = table.key().join(", ");
    let [columns, group] = match table {
        Table::Sums => S::SUMS,
        _ => ["*", ""],
    };
    let mut select = match table {
        Table::Accounts => S::new(&select_accounts()),
        other => S::new(&format!("SELECT {columns} FROM {}", other.as_str())),
    };
    if let Some(values) = after {
        select.add(" WHERE (").add(&key).add(") > ");
        let mut before = "(";
        for value in values {
            select.add(before);
            match value.as_i64() {
                Some(number) => select.int(number),
                None => select.text(value.as_str().unwrap_or_default()),
            };
            before = ", ";
        }
        select.add(")");
    }
    select.add(group).add(" ORDER BY ").add(&key);
    select.add(" LIMIT ").int(limit.into());
    select
}

fn read<R: Columns + Columns<usize>>(table: Table, row: &R) -> Result<StoredRow, Error> {
    Ok(match table {
        Table::Accounts => StoredRow::Account(Box::new(read_account(row)?)),
        Table::Settings => StoredRow::Setting {
            name: row.text("name")?,
            value: row.text("value")?,
        },
        Table::Sessions => StoredRow::Session(StoredSession {
            id_hash: row.text("id_hash")?,
            data: row.text("data")?,
            expires_at_ms: row.int("expires_at_ms")?,
        }),
        Table::Requests => StoredRow::Request(Box::new(read_request(row)?)),
        Table::Sums => StoredRow::Sum(read_sum(row)?),
        Table::Media => StoredRow::Media(Box::new(read_media(row)?)),
        Table::VideoJobs => StoredRow::VideoJob(Box::new(read_video_job(row)?)),
        Table::Documents => StoredRow::Document(read_document(row)?),
    })
}
