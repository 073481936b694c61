//! What an import did, file by file.

use std::fmt;

use store::legacy::{BadEntry, LegacyError};

/// What an import did, or would do.
#[derive(Debug, Default)]
pub struct Report {
    /// Nothing was written.
    pub is_dry: bool,
    /// The files that are there.
    pub files: Vec<FileReport>,
}

/// What one file gave.
#[derive(Debug, Default)]
pub struct FileReport {
    pub name: &'static str,
    /// What its entries are.
    pub entries: &'static str,
    pub added: usize,
    /// Entries that were there before.
    pub known: usize,
    /// Position and reason of entries that cannot be used.
    pub bad: Vec<String>,
    /// What else people should know.
    pub notes: Vec<String>,
    /// Why nothing of it can be read.
    pub refused: Option<String>,
}

impl FileReport {
    pub(super) fn of(entries: &'static str, bad: &[BadEntry]) -> Self {
        Self {
            entries,
            bad: bad.iter().map(BadEntry::to_string).collect(),
            ..Self::default()
        }
    }

    pub(super) fn refused(error: &LegacyError) -> Self {
        Self {
            refused: Some(error.to_string()),
            ..Self::default()
        }
    }
}

impl Report {
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&FileReport> {
        self.files.iter().find(|file| file.name == name)
    }

    /// A file cannot be read at all.
    #[must_use]
    pub fn has_refused(&self) -> bool {
        self.files.iter().any(|file| file.refused.is_some())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = match self.is_dry {
            true => "would be imported",
            false => "imported",
        };
        for (at, file) in self.files.iter().enumerate() {
            if at > 0 {
                writeln!(formatter)?;
            }
            if let Some(reason) = &file.refused {
                write!(formatter, "{}: {reason}", file.name)?;
                continue;
            }
            write!(
                formatter,
                "{}: {} {}(s) {done}, {} already known, {} unusable",
                file.name,
                file.added,
                file.entries,
                file.known,
                file.bad.len()
            )?;
            let mut lines = file.bad.iter().chain(&file.notes);
            lines.try_for_each(|line| write!(formatter, "\n  {line}"))?;
        }
        Ok(())
    }
}
