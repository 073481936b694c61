//! Whether rows and files of generated media agree, and what makes them agree again.

use std::{collections::HashMap, fmt, io};

use anyhow::Context;
use store::{MediaKind, MediaQuery, MediaRow, Store};

use super::{files::MediaFiles, names::is_name};

/// Rows that are read at once.
const ROWS: u32 = 500;

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub struct Report {
    pub files: usize,
    pub rows: usize,
    pub differences: Vec<Difference>,
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
    NoFile { rows: usize },
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

/// What the rows say of one file.
pub(super) struct Told {
    pub(super) rows: usize,
    /// Not told of the first picture of a video.
    pub(super) bytes: Option<u64>,
}

/// Compares. Nothing may be being stored meanwhile.
///
/// # Errors
/// Rows or files cannot be read.
pub async fn verify(files: &MediaFiles, store: &dyn Store) -> anyhow::Result<Report> {
    let mut told = read_rows(store).await?;
    let mut report = Report {
        rows: told.values().map(|told| told.rows).sum(),
        ..Report::default()
    };
    let found = files.list().await.context("listing the files")?;
    for file in found {
        report.files += 1;
        let row = told.remove(&(file.kind, file.name.clone()));
        let what = if !is_name(&file.name) {
            Some(What::NotOurs)
        } else {
            match row {
                Some(Told {
                    bytes: Some(told), ..
                }) if told != file.bytes => Some(What::OtherLength {
                    is: file.bytes,
                    told,
                }),
                row => {
                    let digits = files.digits_of(file.kind, &file.name).await;
                    let is_whole = is_called(&file.name, digits)?;
                    match (is_whole, row) {
                        (false, _) => Some(What::OtherContent),
                        (true, None) => Some(What::NoRow),
                        (true, Some(_)) => None,
                    }
                }
            }
        };
        report.note(file.kind.as_str(), file.name, what);
    }
    // The first picture of a video may be missing: the video is whole without it.
    for ((kind, name), told) in told.into_iter().filter(|(_, told)| told.bytes.is_some()) {
        let what = What::NoFile { rows: told.rows };
        report.note(kind.as_str(), name, Some(what));
    }
    let unfinished = files.list_unfinished().await;
    for name in unfinished.context("listing unfinished files")? {
        report.note("unfinished", name, Some(What::Unfinished));
    }
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
    store
        .delete_media_of(&without_file)
        .await
        .context("deleting rows")?;
    first_error.context("deleting files")
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
    Ok(name.split('.').next() == Some(&digits))
}

pub(super) async fn read_rows(
    store: &dyn Store,
) -> anyhow::Result<HashMap<(MediaKind, String), Told>> {
    let mut all: HashMap<_, Told> = HashMap::new();
    let mut query = MediaQuery {
        owner: None,
        kind: None,
        before: None,
        limit: ROWS,
    };
    loop {
        let rows = store.list_media(&query).await.context("reading rows")?;
        let Some(last) = rows.last() else {
            return Ok(all);
        };
        query.before = Some((last.at_ms, last.id.clone()));
        for row in rows {
            if let Some(poster) = poster_of(&row) {
                let told = all.entry((MediaKind::Image, poster)).or_insert(Told {
                    rows: 0,
                    bytes: None,
                });
                told.rows += 1;
            }
            let told = all.entry((row.kind, row.file)).or_insert(Told {
                rows: 0,
                bytes: Some(row.bytes),
            });
            told.rows += 1;
        }
    }
}

/// The file of a video's first picture.
fn poster_of(row: &MediaRow) -> Option<String> {
    let params: serde_json::Value = serde_json::from_str(&row.params).ok()?;
    params.get("poster")?.as_str().map(str::to_owned)
}
