//! Everything that a store holds, table by table: what moves it to another store and into a backup.
//!
//! - `reader`: what an engine reads for it
//! - `row`: a row with its secrets in plain text, the same for every engine
//! - `checksum`: what two stores that hold the same rows have in common
//!
//! Locks are not copied: they belong to processes that are running. Neither are settings whose names
//! begin with `store.`, which each store writes for itself.

mod checksum;
mod reader;
mod row;

use async_trait::async_trait;

use crate::{StoreError, crypto::Keys};

pub use checksum::Checksum;
pub(crate) use reader::{StoredRow, StoredRows, TableReader};
pub use row::Row;
pub(crate) use row::copied;

/// What settings of the store's own begin with.
pub(crate) const OWN_SETTINGS: &str = "store.";

/// A kind of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Accounts,
    Settings,
    Sessions,
    Requests,
    Sums,
    Media,
    VideoJobs,
    Documents,
}

impl Table {
    /// In the order in which they are copied.
    pub const ALL: [Self; 8] = [
        Self::Accounts,
        Self::Settings,
        Self::Sessions,
        Self::Requests,
        Self::Sums,
        Self::Media,
        Self::VideoJobs,
        Self::Documents,
    ];

    /// Its name in SQL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Settings => "settings",
            Self::Sessions => "sessions",
            Self::Requests => "requests",
            Self::Sums => "request_sums",
            Self::Media => "media",
            Self::VideoJobs => "video_jobs",
            Self::Documents => "documents",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.as_str() == name)
    }

    /// Rows that are read and written at once: a few megabytes of the largest.
    pub(crate) fn page_rows(self) -> u32 {
        match self {
            Self::Accounts | Self::Settings | Self::Sessions | Self::Requests | Self::Sums => 500,
            Self::Media => 200,
            Self::VideoJobs => 50,
            Self::Documents => 20,
        }
    }
}

/// Rows of one table, and where the next ones begin.
#[derive(Debug, Default)]
pub struct RowPage {
    pub rows: Vec<Row>,
    /// Rows that do not decrypt: what each is, and why it is left out.
    pub unreadable: Vec<String>,
    /// The place that reads the next page; `None` behind the last row.
    pub next: Option<String>,
}

/// A view of everything that a store holds.
pub struct Tables<'a> {
    reader: Box<dyn TableReader>,
    keys: &'a Keys,
}

impl<'a> Tables<'a> {
    pub(crate) fn new(reader: Box<dyn TableReader>, keys: &'a Keys) -> Self {
        Self { reader, keys }
    }

    /// Rows behind a place of this table; every row of it comes once.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn page(&mut self, table: Table, after: Option<&str>) -> Result<RowPage, StoreError> {
        let read = self.reader.rows(table, after, table.page_rows()).await?;
        let mut page = RowPage {
            next: read.next,
            ..RowPage::default()
        };
        for row in read.rows {
            match row.open(self.keys) {
                Ok(Some(row)) => page.rows.push(row),
                Ok(None) => {}
                Err(reason) => page.unreadable.push(reason),
            }
        }
        Ok(page)
    }

    /// Number and checksum of the rows of a table.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn checksum(&mut self, table: Table) -> Result<Checksum, StoreError> {
        let mut sum = Checksum::default();
        let mut place = None;
        loop {
            let page = self.page(table, place.as_deref()).await?;
            page.rows.iter().for_each(|row| sum.add(row));
            place = page.next;
            if place.is_none() {
                return Ok(sum);
            }
        }
    }

    /// Whether there is nothing in any table.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn are_empty(&mut self) -> Result<bool, StoreError> {
        for table in Table::ALL {
            let page = self.page(table, None).await?;
            if !page.rows.is_empty() || !page.unreadable.is_empty() || page.next.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Reads and writes whole tables.
#[async_trait]
pub trait TableStore: Send + Sync {
    /// A view of everything, as it is now where the engine can hold it still. One at a time: it keeps
    /// a connection.
    async fn tables(&self) -> Result<Tables<'_>, StoreError>;

    /// Adds rows of another store and changes settings (`None` removes one), all or nothing. Totals of
    /// sums are added to those that are there, and accounts that are known are skipped; a request that
    /// is there refuses everything.
    ///
    /// # Errors
    /// [`StoreError::Constraint`] for rows that cannot be stored.
    async fn write_rows(
        &self,
        rows: Vec<Row>,
        settings: Vec<(String, Option<String>)>,
    ) -> Result<(), StoreError>;

    /// Removes every row that a copy may have brought, in transactions of a page each; settings of the
    /// store's own stay.
    async fn clear(&self) -> Result<(), StoreError>;
}
