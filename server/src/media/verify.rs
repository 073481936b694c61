//! Whether rows and files of generated media agree, and what makes them agree again.

use std::{collections::HashMap, fmt, io};

use anyhow::Context;
use store::{MediaFile, MediaKind, Store};

use super::{
    files::MediaFiles,
    names::{is_name, stem_of},
    unfinished_folder::{LEFT_AFTER, is_older},
};

/// Rows that are written at once.
pub(super) const ROWS: usize = 500;

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub struct Report {
    pub files: usize,
    pub rows: u64,
    pub differences: Vec<Difference>,
    /// Files of the bucket that no row here names, which may be those of another server.
    pub others: Vec<String>,
    /// Files that are not in this folder, and may be in that of another instance.
    pub elsewhere: Vec<String>,
}

impl Report {
    /// Differences that a repair takes away: all but what others have put there.
    #[must_use]
    pub fn mendable(&self) -> usize {
        let differences = self.differences.iter();
        differences.filter(|one| one.what != What::NotOurs).count()
    }
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `image/<name>`, `video/<name>`, `unfinished/<name>`.
    folder: &'static str,
    name: String,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    NoFile { rows: u64 },
    NoRow,
    OtherLength { is: u64, told: u64 },
    OtherContent,
    Unfinished,
    NotOurs,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}: ", self.folder, self.name)?;
        match self.what {
            What::NoFile { rows } => write!(f, "the file is missing ({rows} row(s))"),
            What::NoRow => f.write_str("no row names the file"),
            What::OtherLength { is, told } => {
                write!(f, "the file has {is} bytes, its row says {told}")
            }
            What::OtherContent => f.write_str("the content is not what the name says"),
            What::Unfinished => f.write_str("left unfinished"),
            What::NotOurs => f.write_str("no file of this server; it is left alone"),
        }
    }
}

/// Compares. Nothing may be being stored meanwhile, unless it is by another instance. What lies in a
/// bucket without a row here is told and neither read nor a difference. Where other instances have the
/// rows as well and no bucket, neither is a file that is not here, nor a young one without a row.
///
/// # Errors
/// Rows or files cannot be read.
pub async fn verify(files: &MediaFiles, store: &dyn Store) -> anyhow::Result<Report> {
    let mut told = read_rows(store).await?;
    let mut report = Report {
        rows: own(&told).map(|(_, told)| told.rows).sum(),
        ..Report::default()
    };
    let has_others = files.has_others() && files.bucket().is_none();
    let found = files.list().await.context("listing the files")?;
    for file in found {
        let row = told.remove(&(file.kind, file.name.clone()));
        if row.is_none() && is_name(&file.name) && files.bucket().is_some() {
            let other = format!("{}/{}", file.kind.as_str(), file.name);
            report.others.push(other);
            continue;
        }
        report.files += 1;
        let what = if !is_name(&file.name) {
            Some(What::NotOurs)
        } else {
            match row {
                Some(told) if !told.is_poster && told.bytes != file.bytes => {
                    Some(What::OtherLength {
                        is: file.bytes,
                        told: told.bytes,
                    })
                }
                row => {
                    let digits = files.digits_of(file.kind, &file.name).await;
                    let is_whole = is_called(&file.name, digits)?;
                    match (is_whole, row) {
                        (false, _) => Some(What::OtherContent),
                        (true, None) if has_others && !is_older(file.modified, LEFT_AFTER) => None,
                        (true, None) => Some(What::NoRow),
                        (true, Some(_)) => None,
                    }
                }
            }
        };
        report.note(file.kind.as_str(), file.name, what);
    }
    for ((kind, name), told) in own(&told) {
        if has_others {
            report.rows -= told.rows;
            report.elsewhere.push(format!("{}/{name}", kind.as_str()));
            continue;
        }
        let what = What::NoFile { rows: told.rows };
        report.note(kind.as_str(), name.clone(), Some(what));
    }
    let unfinished = files.list_unfinished().await;
    for name in unfinished.context("listing unfinished files")? {
        report.note("unfinished", name, Some(What::Unfinished));
    }
    report.elsewhere.sort();
    report
        .differences
        .sort_by(|one, other| (one.folder, &one.name).cmp(&(other.folder, &other.name)));
    Ok(report)
}

/// Deletes rows without their file, and files that have no row or are not what they say.
///
/// # Errors
/// Something cannot be deleted; the others are.
pub async fn repair(
    files: &MediaFiles,
    store: &dyn Store,
    differences: &[Difference],
) -> anyhow::Result<()> {
    let mut first_error = Ok(());
    let mut without_file = Vec::new();
    for Difference { folder, name, what } in differences {
        let removed = match (what, MediaKind::from_name(folder)) {
            (What::NotOurs, _) => continue,
            (_, None) => files.remove_unfinished(name).await,
            (What::NoFile { .. }, _) => Ok(()),
            (_, Some(kind)) => files.remove(vec![(kind, name.clone())]).await,
        };
        match removed {
            Ok(()) if *what != What::Unfinished => without_file.push(name.clone()),
            Ok(()) => {}
            Err(error) => first_error = first_error.and(Err(error)),
        }
    }
    delete_rows(files, store, &without_file).await?;
    first_error.context("deleting files")
}

/// Deletes the rows of files that are gone, and the first pictures that were of these alone; how many.
pub(super) async fn delete_rows(
    files: &MediaFiles,
    store: &dyn Store,
    gone: &[String],
) -> anyhow::Result<u64> {
    let mut rows = 0;
    for gone in gone.chunks(ROWS) {
        let deleted = store.delete_media_of(gone).await;
        let deleted = deleted.context("deleting rows")?;
        rows += deleted.rows;
        let removed = files.remove(deleted.unused_files).await;
        removed.context("removing first pictures")?;
    }
    Ok(rows)
}

impl Report {
    fn note(&mut self, folder: &'static str, name: String, what: Option<What>) {
        let difference = what.map(|what| Difference { folder, name, what });
        self.differences.extend(difference);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            writeln!(f, "{difference}")?;
        }
        for other in &self.others {
            writeln!(
                f,
                "{other}: no row of this server names it; it is left alone, since servers may share \
                 the bucket"
            )?;
        }
        for elsewhere in &self.elsewhere {
            writeln!(
                f,
                "{elsewhere}: not in this folder; another instance may have it"
            )?;
        }
        let (files, rows) = (self.files, self.rows);
        match self.differences.len() {
            0 => write!(f, "{files} file(s) and {rows} row(s) agree."),
            count => write!(
                f,
                "{files} file(s) and {rows} row(s), {count} difference(s)."
            ),
        }
    }
}

fn is_called(name: &str, digits: io::Result<String>) -> anyhow::Result<bool> {
    let digits = digits.with_context(|| format!("reading {name}"))?;
    Ok(stem_of(name) == digits)
}

/// What rows say of files, by kind and name.
pub(super) type Told = HashMap<(MediaKind, String), MediaFile>;

pub(super) async fn read_rows(store: &dyn Store) -> anyhow::Result<Told> {
    let files = store.media_files().await.context("reading rows")?;
    let mut told = Told::with_capacity(files.len());
    for file in files {
        let key = (file.kind, file.file.clone());
        // What is a file of its own as well must be there.
        if !file.is_poster || !told.contains_key(&key) {
            told.insert(key, file);
        }
    }
    Ok(told)
}

/// Without the first pictures of videos: those are whole without them.
pub(super) fn own(told: &Told) -> impl Iterator<Item = (&(MediaKind, String), &MediaFile)> {
    told.iter().filter(|(_, file)| !file.is_poster)
}
