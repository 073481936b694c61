//! Rows of documents.

use sqlx::{Error, Postgres, QueryBuilder, Row, postgres::PgRow};

use super::{
    page::{Listed, Place},
    rows::{Statement, text, to_i64, to_u64},
};
use crate::{Document, DocumentKind, DocumentQuery, page::json_bytes};

impl Listed for Document {
    fn read(row: &PgRow) -> Result<Self, Error> {
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
        .bind(text(&document.group))
        .bind(document.at_ms)
        .bind(document.expires_ms)
        .bind(text(&document.data))
}

/// Binds what makes it the document that it is.
pub(super) fn bind_name<'q>(statement: Statement<'q>, document: &'q Document) -> Statement<'q> {
    statement
        .bind(document.kind.as_str())
        .bind(text(&document.id))
}

/// Binds the revision that is stored.
pub(super) fn bind_revision<'q>(statement: Statement<'q>, document: &Document) -> Statement<'q> {
    statement.bind(to_i64(document.revision))
}

pub(super) fn read_document(row: &PgRow) -> Result<Document, Error> {
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
) -> QueryBuilder<Postgres> {
    let mut select = QueryBuilder::new("SELECT * FROM documents WHERE kind = ");
    select.push_bind(query.kind.as_str());
    select
        .push(" AND group_id = ")
        .push_bind(text(&query.group).into_owned());
    if let Some((at_ms, id)) = after {
        select.push(" AND (at_ms, id) > (").push_bind(*at_ms);
        select.push(", ").push_bind(id.clone()).push(")");
    }
    select
        .push(" ORDER BY at_ms, id LIMIT ")
        .push_bind(i64::from(limit));
    select
}
