//! Whole tables. Redis cannot hold a view still: names are read first, then their rows, so what is written
//! meanwhile may be in it or not.

use std::mem;

use async_trait::async_trait;
use redis::cmd;

use super::{
    error::unreadable,
    keys::{key, time_of},
    link::Link,
    rows::{read_account, read_document, read_job, read_media, read_request, read_sum},
};
use crate::{
    Span, StoreError,
    session::StoredSession,
    tables::{StoredRow, StoredRows, Table, TableReader},
};

/// Hexadecimal digits of a session's end.
const TIME_DIGITS: usize = 16;

pub(super) struct RedisTables {
    link: Link,
    /// Names of the rows of one table, sorted.
    names: Option<(Table, Vec<String>)>,
}

impl RedisTables {
    pub(super) fn new(link: Link) -> Self {
        Self { link, names: None }
    }

    /// Names of all rows of a table; of sums behind their span.
    async fn load_names(&self, table: Table) -> Result<Vec<String>, StoreError> {
        let mut names = Vec::new();
        for hash in hashes(table) {
            let mut fields = cmd("HKEYS");
            fields.arg(key(&hash));
            let fields: Vec<String> = self.link.ask(fields).await?;
            names.extend(fields.into_iter().map(|field| format!("{hash}\n{field}")));
        }
        names.sort_unstable();
        Ok(names)
    }

    async fn read(&self, table: Table, names: &[String]) -> Result<Vec<StoredRow>, StoreError> {
        let mut get = redis::pipe();
        let parts = names.iter().filter_map(|name| name.split_once('\n'));
        let parts: Vec<_> = parts.collect();
        for (hash, field) in &parts {
            get.add_command(cmd("HGET").arg(key(hash)).arg(field).clone());
        }
        let texts: Vec<Option<String>> = match parts.is_empty() {
            true => Vec::new(),
            false => self.link.ask_all(&get).await?,
        };
        let found = parts.iter().zip(texts);
        let there = found.filter_map(|((hash, field), text)| Some((*hash, *field, text?)));
        there
            .map(|(hash, field, text)| {
                let row = read_row(table, hash, field, text);
                row.ok_or_else(|| unreadable(table.as_str(), field))
            })
            .collect()
    }
}

#[async_trait]
impl TableReader for RedisTables {
    async fn rows(
        &mut self,
        table: Table,
        after: Option<&str>,
        limit: u32,
    ) -> Result<StoredRows, StoreError> {
        let names = match mem::take(&mut self.names) {
            Some((loaded, names)) if loaded == table => names,
            _ => self.load_names(table).await?,
        };
        let start = after.map_or(0, |place| {
            names.partition_point(|name| name.as_str() <= place)
        });
        let end = names.len().min(start + limit as usize);
        let part = names.get(start..end).unwrap_or_default();
        let rows = self.read(table, part).await?;
        let next = part.last().filter(|_| end < names.len()).cloned();
        self.names = Some((table, names));
        Ok(StoredRows { rows, next })
    }
}

fn hashes(table: Table) -> Vec<String> {
    match table {
        Table::Sums => {
            let spans = Span::ALL.iter();
            spans
                .map(|span| format!("sums:{}", span.as_str()))
                .collect()
        }
        other => vec![other.as_str().to_owned()],
    }
}

fn read_row(table: Table, hash: &str, field: &str, text: String) -> Option<StoredRow> {
    Some(match table {
        Table::Accounts => {
            StoredRow::Account(Box::new(read_account(field.to_owned(), &text).ok()?))
        }
        Table::Settings => StoredRow::Setting {
            name: field.to_owned(),
            value: text,
        },
        Table::Sessions => {
            let (time, data) = text.split_at_checked(TIME_DIGITS)?;
            StoredRow::Session(StoredSession {
                id_hash: field.to_owned(),
                data: data.to_owned(),
                expires_at_ms: time_of(time)?,
            })
        }
        Table::Requests => StoredRow::Request(Box::new(read_request(field, &text)?)),
        Table::Sums => {
            let span = Span::from_name(hash.strip_prefix("sums:")?)?;
            StoredRow::Sum(read_sum(span, field, &text)?)
        }
        Table::Media => StoredRow::Media(Box::new(read_media(field, &text)?)),
        Table::VideoJobs => StoredRow::VideoJob(Box::new(read_job(field, &text)?)),
        Table::Documents => StoredRow::Document(read_document(field, &text)?),
    })
}
