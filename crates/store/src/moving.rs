//! Moving everything from one store to another, whatever engines they have.
//!
//! Rows are read from one view of the source and written page by page. With each page goes a mark that
//! says where the next one begins, in the same transaction: whoever stops, however, goes on exactly
//! there. In the end both stores are read afresh and compared by number and checksum of each table, so
//! that what has changed in the source meanwhile is noticed too.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::{Checksum, Store, StoreError, Table};

/// Setting of a store that is being filled: a [`Mark`] as JSON.
pub(crate) const MARK: &str = "store.filling";

/// How far the filling of a store is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// What it is filled from.
    pub(crate) source: String,
    pub(crate) stage: Stage,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// This table is copied up to this place.
    Copying {
        table: String,
        after: Option<String>,
    },
    /// Every row is there, and nobody has compared yet.
    Comparing,
    Done,
}

impl Mark {
    /// As a change of settings.
    pub(crate) fn setting(&self) -> Vec<(String, Option<String>)> {
        // Texts only: this cannot fail.
        let json = serde_json::to_string(self).unwrap_or_default();
        vec![(MARK.to_owned(), Some(json))]
    }

    pub(crate) async fn read(store: &dyn Store) -> Result<Option<Self>, StoreError> {
        let json = store.get_setting(MARK).await?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }
}

/// Why everything is not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error("the target holds data already; name an empty store")]
    NotEmpty,
    #[error(
        "the target is half filled from another store; go on from that one, or empty the target"
    )]
    OtherSource,
    #[error("stopped; the same command goes on from here")]
    Stopped,
    #[error(
        "the table {} differs after the move ({} rows here, {} there): was the source in use? Empty \
         the target and move again while nobody uses either",
        .table.as_str(), .source_sum.rows, .target_sum.rows
    )]
    Differs {
        table: Table,
        source_sum: Checksum,
        target_sum: Checksum,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveProgress {
    /// So many rows of a table were copied by this run.
    Copied { table: Table, rows: u64 },
    /// A table is the same in both.
    Compared { table: Table, sum: Checksum },
}

/// What was moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Of every table, as compared.
    pub tables: Vec<(Table, Checksum)>,
    /// What does not decrypt and was left out.
    pub unreadable: Vec<String>,
}

/// Copies everything from `from` to `to`, or what an earlier run has left, and compares. `source` says
/// which store `from` is, so that nobody goes on from another one. `progress` may stop it after a page.
///
/// Secrets are decrypted with the key of the one and encrypted with that of the other.
///
/// # Errors
/// [`MoveError::NotEmpty`] and [`MoveError::OtherSource`] before anything is written.
pub async fn move_everything(
    from: &dyn Store,
    to: &dyn Store,
    source: &str,
    progress: &mut (dyn FnMut(MoveProgress) -> ControlFlow<()> + Send),
) -> Result<Moved, MoveError> {
    let mark = Mark::read(to).await?;
    let mut moved = Moved::default();
    let stage = match mark {
        Some(mark) if mark.stage != Stage::Done => {
            if mark.source != source {
                return Err(MoveError::OtherSource);
            }
            mark.stage
        }
        _ if !to.tables().await?.are_empty().await? => return Err(MoveError::NotEmpty),
        _ => Stage::Copying {
            table: Table::Accounts.as_str().to_owned(),
            after: None,
        },
    };
    if let Stage::Copying { table, after } = stage {
        copy(from, to, source, (&table, after), progress, &mut moved).await?;
    }
    compare(from, to, progress, &mut moved).await?;
    let done = Mark {
        source: source.to_owned(),
        stage: Stage::Done,
    };
    to.write_rows(Vec::new(), done.setting()).await?;
    Ok(moved)
}

async fn copy(
    from: &dyn Store,
    to: &dyn Store,
    source: &str,
    (first, mut place): (&str, Option<String>),
    progress: &mut (dyn FnMut(MoveProgress) -> ControlFlow<()> + Send),
    moved: &mut Moved,
) -> Result<(), MoveError> {
    let mut tables = from.tables().await?;
    let rest = Table::ALL
        .into_iter()
        .skip_while(|table| table.as_str() != first);
    for table in rest {
        let mut rows = 0;
        loop {
            let page = tables.page(table, place.as_deref()).await?;
            rows += page.rows.len() as u64;
            moved.unreadable.extend(page.unreadable);
            place = page.next;
            let mark = Mark {
                source: source.to_owned(),
                stage: stage_behind(table, place.as_ref()),
            };
            to.write_rows(page.rows, mark.setting()).await?;
            if progress(MoveProgress::Copied { table, rows }).is_break() {
                return Err(MoveError::Stopped);
            }
            if place.is_none() {
                break;
            }
        }
    }
    Ok(())
}

/// What comes behind a page of a table.
fn stage_behind(table: Table, next: Option<&String>) -> Stage {
    let place = |table: Table, after: Option<&String>| Stage::Copying {
        table: table.as_str().to_owned(),
        after: after.cloned(),
    };
    if next.is_some() {
        return place(table, next);
    }
    let mut behind = Table::ALL
        .into_iter()
        .skip_while(|one| *one != table)
        .skip(1);
    behind
        .next()
        .map_or(Stage::Comparing, |table| place(table, None))
}

async fn compare(
    from: &dyn Store,
    to: &dyn Store,
    progress: &mut (dyn FnMut(MoveProgress) -> ControlFlow<()> + Send),
    moved: &mut Moved,
) -> Result<(), MoveError> {
    let (mut source, mut target) = (from.tables().await?, to.tables().await?);
    for table in Table::ALL {
        let source_sum = source.checksum(table).await?;
        let target_sum = target.checksum(table).await?;
        if source_sum != target_sum {
            return Err(MoveError::Differs {
                table,
                source_sum,
                target_sum,
            });
        }
        moved.tables.push((table, source_sum));
        if progress(MoveProgress::Compared {
            table,
            sum: source_sum,
        })
        .is_break()
        {
            return Err(MoveError::Stopped);
        }
    }
    Ok(())
}

/// Whether somebody has begun to fill this store and has not come to the end: it must not be used.
///
/// # Errors
/// The store cannot be read.
pub async fn is_half_filled(store: &dyn Store) -> Result<bool, StoreError> {
    let mark = Mark::read(store).await?;
    Ok(mark.is_some_and(|mark| mark.stage != Stage::Done))
}
