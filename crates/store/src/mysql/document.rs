//! Rows of documents.

use sqlx::{Error, MySql, QueryBuilder, Row, mysql::MySqlRow};

use super::{
    multi_row::push_beyond,
    page::{Listed, Place},
    rows::{Statement, to_i64, to_u64},
};
use crate::{Document, DocumentKind, DocumentQuery, page::json_bytes};

impl Listed for Document {
    fn read(row: &MySqlRow) -> Result<Self, Error> {
        read_document(row)
    }

    fn place(&self) -> Place {
        (self.at_ms, self.id.clone())
    }

    fn bytes(&self) -> usize {
        json_bytes(&self.data)
    }
}

/// Binds group, time, end and content.
pub(super) fn bind_content<'q>(statement: Statement<'q>, document: &'q Document) -> Statement<'q> {
    statement
        .bind(&document.group)
        .bind(document.at_ms)
        .bind(document.expires_ms)
        .bind(&document.data)
}

/// Binds what makes it the document that it is.
pub(super) fn bind_name<'q>(statement: Statement<'q>, document: &'q Document) -> Statement<'q> {
    statement.bind(document.kind.as_str()).bind(&document.id)
}

/// Binds the revision that is stored.
pub(super) fn bind_revision<'q>(statement: Statement<'q>, document: &Document) -> Statement<'q> {
    statement.bind(to_i64(document.revision))
}

pub(super) fn read_document(row: &MySqlRow) -> Result<Document, Error> {
    let kind: &str = row.try_get("kind")?;
    let kind = DocumentKind::from_name(kind).ok_or_else(|| Error::ColumnDecode {
        index: "kind".to_owned(),
        source: format!("`{kind}` is no kind of documents").into(),
    })?;
    Ok(Document {
        kind,
        id: row.try_get("id")?,
        group: row.try_get("group_id")?,
        at_ms: row.try_get("at_ms")?,
        expires_ms: row.try_get("expires_ms")?,
        revision: to_u64(row.try_get("revision")?),
        data: row.try_get("data")?,
    })
}

pub(super) fn select_documents(
    query: &DocumentQuery,
    after: Option<&Place>,
    limit: u32,
) -> QueryBuilder<MySql> {
    let mut select = QueryBuilder::new("SELECT * FROM documents WHERE kind = ");
    select.push_bind(query.kind.as_str());
    select
        .push(" AND group_id = ")
        .push_bind(query.group.clone());
    if let Some(place) = after {
        push_beyond(&mut select, ("at_ms", "id"), false, place);
    }
    select.push(" ORDER BY at_ms, id LIMIT ").push_bind(limit);
    select
}
