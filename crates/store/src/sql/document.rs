//! Rows of documents.

use sqlx::Error;

use super::{
    columns::Columns,
    select::{Place, Select},
    values::Values,
};
use crate::{Document, DocumentKind, DocumentQuery, DocumentSize};

/// Binds group, time, end and content.
pub(crate) fn bind_content<S: Values>(statement: S, document: &Document) -> S {
    statement
        .text(&document.group)
        .int(document.at_ms)
        .int(document.expires_ms)
        .text(&document.data)
}

/// Binds what makes it the document that it is.
pub(crate) fn bind_name<S: Values>(statement: S, document: &Document) -> S {
    statement.text(document.kind.as_str()).text(&document.id)
}

pub(super) fn read_document(row: &impl Columns) -> Result<Document, Error> {
    Ok(Document {
        kind: row.named("kind", DocumentKind::from_name, "kind of documents")?,
        id: row.text("id")?,
        group: row.text("group_id")?,
        at_ms: row.int("at_ms")?,
        expires_ms: row.int("expires_ms")?,
        revision: row.count("revision")?,
        data: row.text("data")?,
    })
}

pub(super) fn select_documents<S: Select>(
    query: &DocumentQuery,
    after: Option<&Place>,
    limit: u32,
) -> S {
    let mut select = S::new("SELECT * FROM documents WHERE kind = ");
    select.text(query.kind.as_str());
    select.add(" AND group_id = ").text(&query.group);
    select.page(("at_ms", "id"), false, after, limit);
    select
}

/// The first of a group, by id, time and length.
pub(super) fn select_document_sizes<S: Select>(kind: DocumentKind, group: &str, limit: u32) -> S {
    let mut select = S::new(&format!(
        "SELECT id, at_ms, CAST(OCTET_LENGTH(data) AS {}) AS bytes FROM documents WHERE kind = ",
        S::INTEGER
    ));
    select.text(kind.as_str());
    select.add(" AND group_id = ").text(group);
    select.page(("at_ms", "id"), false, None, limit);
    select
}

pub(super) fn read_document_size(row: &impl Columns) -> Result<DocumentSize, Error> {
    Ok(DocumentSize {
        id: row.text("id")?,
        at_ms: row.int("at_ms")?,
        bytes: row.count("bytes")?,
    })
}

pub(super) fn select_document_count<S: Select>(kind: DocumentKind, group: &str) -> S {
    let mut select = S::new("SELECT COUNT(*) AS total FROM documents WHERE kind = ");
    select.text(kind.as_str());
    select.add(" AND group_id = ").text(group);
    select
}
