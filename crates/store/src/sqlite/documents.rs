//! Several documents that are written or deleted side by side, in one statement: a hand-over to SQLite's
//! thread costs more than what most of them need there.

use std::collections::HashSet;

use sqlx::{Error, Row, SqliteConnection, query};

use crate::{
    Document,
    sql::{bind_content, bind_name},
    writer::{Done, Op},
};

use super::{
    apply::fill,
    statements::{DELETE_DOCUMENTS, PUT_DOCUMENTS},
};

/// Documents of one statement, whose values are copied for it.
const AT_ONCE: usize = 64;

/// Whether both go into one statement.
pub(super) fn is_one_kind(one: &Op, next: &Op) -> bool {
    matches!(
        (one, next),
        (Op::PutDocument(_), Op::PutDocument(_))
            | (Op::DeleteDocument { .. }, Op::DeleteDocument { .. })
    )
}

/// Applies operations that are [one kind](is_one_kind).
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    ops: &[&Op],
) -> Result<Vec<Done>, Error> {
    let (mut added, mut deleted) = (Vec::new(), Vec::new());
    for op in ops {
        match op {
            Op::PutDocument(document) => added.push(document.as_ref()),
            Op::DeleteDocument { kind, id } => deleted.push((kind.as_str(), id.as_str())),
            _ => {}
        }
    }
    match deleted.is_empty() {
        true => put(connection, &added).await,
        false => delete(connection, &deleted).await,
    }
}

async fn put(
    connection: &mut SqliteConnection,
    documents: &[&Document],
) -> Result<Vec<Done>, Error> {
    let several = documents.chunks(AT_ONCE);
    for (text, rows, nulls) in several.flat_map(|some| PUT_DOCUMENTS.chunks(some)) {
        let statement = rows.iter().fold(query(text), |statement, document| {
            bind_content(bind_name(statement, document), document)
        });
        fill(statement, nulls).execute(&mut *connection).await?;
    }
    Ok(vec![Done::of(1); documents.len()])
}

async fn delete(
    connection: &mut SqliteConnection,
    names: &[(&str, &str)],
) -> Result<Vec<Done>, Error> {
    let mut gone = HashSet::new();
    for (text, rows, nulls) in DELETE_DOCUMENTS.chunks(names) {
        let statement = rows.iter().fold(query(text), |statement, (kind, id)| {
            statement.bind(*kind).bind(*id)
        });
        for row in fill(statement, nulls).fetch_all(&mut *connection).await? {
            gone.insert((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?));
        }
    }
    // Of two that are the same the second deletes nothing.
    let count = |(kind, id): &(&str, &str)| u64::from(gone.remove(&((*kind).into(), (*id).into())));
    Ok(names.iter().map(count).map(Done::of).collect())
}
