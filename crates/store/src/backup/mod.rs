//! A backup: one encrypted file with every row of every table, and the configuration.
//!
//! - `key`: the key of a file, from the master key or from a passphrase
//! - `seal`: the file's bytes: a header, then pieces that cannot be changed, moved or cut off
//! - `item`: what is in it, a line of JSON each
//!
//! Files of generated media are not in it.

mod item;
mod key;
mod seal;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
};

use crate::{
    Checksum, MasterKey, Store, StoreError, Table, Tables,
    moving::{Mark, Stage},
};
use item::Item;
pub use key::BackupSecret;
use seal::{Opener, Sealer};

/// Rows that are written at once.
const ROWS: usize = 100;

/// Why a backup cannot be made or used. Each is one sentence.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("the file is no backup of grok2api")]
    NotABackup,
    #[error("the backup was made by a newer version (format {0}); upgrade grok2api")]
    Newer(u32),
    #[error("the backup was made with a passphrase; it is needed to read it")]
    NeedsPassphrase,
    #[error("the backup was made with the master key, not with a passphrase")]
    NeedsMasterKey,
    #[error("the passphrase is not the one that the backup was made with")]
    WrongPassphrase,
    #[error(
        "the backup was made with another master key; restore that key, or set GROK2API_SECRET_KEY"
    )]
    WrongKey,
    #[error("the passphrase is too short: at least 8 characters are needed")]
    ShortPassphrase,
    #[error("the backup is cut off: its end is missing")]
    CutOff,
    #[error("the backup is damaged: piece {piece} was changed, moved or lost")]
    Damaged { piece: u32 },
    #[error("the backup is not what this version writes: {0}")]
    Content(&'static str),
    #[error("the store holds data already; --force replaces all of it")]
    NotEmpty,
    #[error("the table {} is not what the backup holds after it was restored", .0.as_str())]
    Differs(Table),
    #[error("the file cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a backup holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupSummary {
    /// Unix milliseconds.
    pub created_ms: i64,
    pub rows: BTreeMap<String, u64>,
    /// What does not decrypt and was left out.
    pub unreadable: Vec<String>,
}

/// What a backup holds beside the rows.
#[derive(Default)]
pub struct Restored {
    pub summary: BackupSummary,
    /// The text of `config.toml`.
    pub config: Option<String>,
    /// The master key of the machine that made it, if it was made with a passphrase.
    pub master_key: Option<MasterKey>,
}

/// Writes a backup of everything in `tables`.
///
/// # Errors
/// The store cannot be read, or the file not be written.
pub async fn write_backup(
    tables: &mut Tables<'_>,
    config: Option<String>,
    master: &MasterKey,
    secret: &BackupSecret,
    created_ms: i64,
    file: impl Write + Send,
) -> Result<BackupSummary, BackupError> {
    let mut sealer = Sealer::begin(file, master, secret, created_ms)?;
    let mut summary = BackupSummary {
        created_ms,
        ..BackupSummary::default()
    };
    if let Some(text) = config {
        sealer.write_all(&Item::Config(text).line())?;
    }
    if let BackupSecret::Passphrase(_) = secret {
        sealer.write_all(&Item::MasterKey(master.to_base64()).line())?;
    }
    for table in Table::ALL {
        let mut place = None;
        loop {
            let page = tables.page(table, place.as_deref()).await?;
            *summary.rows.entry(table.as_str().to_owned()).or_default() += page.rows.len() as u64;
            summary.unreadable.extend(page.unreadable);
            for row in page.rows {
                sealer.write_all(&Item::Row(Box::new(row)).line())?;
            }
            place = page.next;
            if place.is_none() {
                break;
            }
        }
    }
    sealer.write_all(&Item::End(summary.rows.clone()).line())?;
    sealer.finish()?;
    Ok(summary)
}

/// Reads a whole backup and says what is in it; nothing is written. `master` is the key of this
/// machine, if there is one.
///
/// # Errors
/// Why it cannot be restored.
pub fn verify_backup(
    file: impl Read,
    master: Option<&MasterKey>,
    secret: &BackupSecret,
) -> Result<Restored, BackupError> {
    let mut reader = Items::begin(file, master, secret)?;
    let mut restored = Restored::default();
    let mut rows = BTreeMap::<String, u64>::new();
    for table in Table::ALL {
        rows.insert(table.as_str().to_owned(), 0);
    }
    while let Some(item) = reader.next()? {
        match item {
            Item::Config(text) => restored.config = Some(text),
            Item::MasterKey(text) => {
                let key = MasterKey::from_base64(&text);
                restored.master_key = Some(key.ok_or(BackupError::Content("its master key"))?);
            }
            Item::Row(row) => *rows.entry(row.table().as_str().to_owned()).or_default() += 1,
            Item::End(counted) if counted == rows => {}
            Item::End(_) => return Err(BackupError::Content("its number of rows")),
        }
    }
    restored.summary = BackupSummary {
        created_ms: reader.created_ms,
        rows,
        unreadable: Vec::new(),
    };
    Ok(restored)
}

/// Writes the rows of a backup, which [`verify_backup`] has read, to a store and compares. With
/// `replaces` everything that is there goes first.
///
/// # Errors
/// [`BackupError::NotEmpty`] before anything is written. After another error the store is half filled:
/// a server refuses it until a backup is restored with `replaces`.
pub async fn restore_backup(
    file: impl Read + Send,
    master: Option<&MasterKey>,
    secret: &BackupSecret,
    store: &dyn Store,
    replaces: bool,
) -> Result<(), BackupError> {
    let mut reader = Items::begin(file, master, secret)?;
    let mark = |stage| Mark {
        source: format!("backup {}", reader.created_ms),
        stage,
    };
    let (begun, done) = (
        mark(Stage::Comparing).setting(),
        mark(Stage::Done).setting(),
    );
    if !replaces && !store.tables().await?.are_empty().await? {
        return Err(BackupError::NotEmpty);
    }
    store.write_rows(Vec::new(), begun).await?;
    if replaces {
        store.clear().await?;
    }
    let mut sums = BTreeMap::<Table, Checksum>::new();
    let mut rows = Vec::with_capacity(ROWS);
    while let Some(item) = reader.next()? {
        let Item::Row(row) = item else { continue };
        sums.entry(row.table()).or_default().add(&row);
        rows.push(*row);
        if rows.len() == ROWS {
            store
                .write_rows(std::mem::take(&mut rows), Vec::new())
                .await?;
        }
    }
    store.write_rows(rows, Vec::new()).await?;
    let mut tables = store.tables().await?;
    for table in Table::ALL {
        let there = tables.checksum(table).await?;
        if there != sums.get(&table).copied().unwrap_or_default() {
            return Err(BackupError::Differs(table));
        }
    }
    drop(tables);
    store.write_rows(Vec::new(), done).await?;
    Ok(())
}

/// The items of a backup, one after the other.
struct Items<R: Read> {
    lines: BufReader<Opener<R>>,
    created_ms: i64,
    line: Vec<u8>,
    has_ended: bool,
}

impl<R: Read> Items<R> {
    fn begin(
        file: R,
        master: Option<&MasterKey>,
        secret: &BackupSecret,
    ) -> Result<Self, BackupError> {
        let opener = Opener::begin(file, master, secret)?;
        Ok(Self {
            created_ms: opener.created_ms,
            lines: BufReader::new(opener),
            line: Vec::new(),
            has_ended: false,
        })
    }

    /// `None` behind the end.
    fn next(&mut self) -> Result<Option<Item>, BackupError> {
        self.line.clear();
        let read = self.lines.read_until(b'\n', &mut self.line);
        if let Err(error) = read {
            return Err(self.lines.get_mut().failure(error));
        }
        if self.line.is_empty() {
            return match self.has_ended {
                true => Ok(None),
                false => Err(BackupError::CutOff),
            };
        }
        if self.has_ended {
            return Err(BackupError::Content("something behind its end"));
        }
        let item = serde_json::from_slice(&self.line);
        let item = item.map_err(|_| BackupError::Content("a row of another shape"))?;
        self.has_ended = matches!(item, Item::End(_));
        Ok(Some(item))
    }
}
