//! What another installation left in its files (`requirements.md` 1.1, 2.18). The files are never
//! modified, and what is known already is left alone, so a second import changes nothing.

mod accounts;
mod conversations;
mod keys;
mod logs;
mod planned;
mod report;
mod source;
mod stats;

use std::path::Path;

use anyhow::{Context, bail};
use store::Store;

use super::first_account;
use crate::clock::now_ms;

pub(super) use logs::AHEAD_MINUTES;
use planned::Planned;
pub use report::{FileReport, Report};
use source::Source;
pub(super) use stats::IMPORTED_STATS;

/// The files, in the order in which they need each other: requests name keys, counts are by the clock
/// that the requests tell, conversations name accounts.
pub const FILES: [&str; 5] = [
    "token.json",
    "api_keys.json",
    "logs.json",
    "stats.json",
    "conversations.json",
];

/// What an import writes to.
#[derive(Clone, Copy)]
struct Target<'a> {
    store: &'a dyn Store,
    /// Nothing is written.
    is_dry: bool,
    planned: &'a Planned,
    now_ms: i64,
    /// How long conversations are kept.
    conversation_ttl_ms: i64,
}

/// How to import.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions {
    /// Only says what would happen.
    pub is_dry: bool,
    /// `conversation.ttl_seconds`.
    pub conversation_ttl_secs: u64,
}

/// Reads the files in `dir` that there are; one of them by its own path.
///
/// # Errors
/// There is none of them, `dir` is another file, or the store refused. A file that is not what its name says is in the report.
pub async fn from_dir(
    store: &dyn Store,
    dir: &Path,
    options: ImportOptions,
) -> anyhow::Result<Report> {
    if dir.is_file() {
        let name = FILES.into_iter().find(|name| dir.ends_with(name));
        let (Some(name), Some(folder)) = (name, dir.parent()) else {
            bail!(
                "{} is a file; a folder is expected, or one of {}",
                dir.display(),
                FILES.join(", ")
            );
        };
        return from_files(store, folder, options, &[name]).await;
    }
    let report = from_files(store, dir, options, &FILES).await?;
    if report.files.is_empty() {
        bail!("{} holds none of {}", dir.display(), FILES.join(", "));
    }
    Ok(report)
}

async fn from_files(
    store: &dyn Store,
    dir: &Path,
    options: ImportOptions,
    names: &[&'static str],
) -> anyhow::Result<Report> {
    let ttl_ms = options.conversation_ttl_secs.saturating_mul(1000);
    let planned = Planned::default();
    let target = Target {
        planned: &planned,
        store,
        is_dry: options.is_dry,
        now_ms: now_ms(),
        conversation_ttl_ms: i64::try_from(ttl_ms).unwrap_or(i64::MAX),
    };
    let mut report = Report {
        is_dry: options.is_dry,
        files: Vec::new(),
    };
    for name in names {
        let path = dir.join(name);
        let read = source::read(&path).await;
        let text = match read.with_context(|| format!("reading {}", path.display()))? {
            Source::Text(text) => text,
            Source::Missing => continue,
            Source::Refused(reason) => {
                report.files.push(FileReport {
                    name,
                    refused: Some(reason),
                    ..FileReport::default()
                });
                continue;
            }
        };
        let read = match *name {
            "token.json" => accounts::import(target, &text).await,
            "api_keys.json" => keys::import(target, &text).await,
            "logs.json" => logs::import(target, &text).await,
            "stats.json" => stats::import(target, &text).await,
            _ => conversations::import(target, &text).await,
        };
        let read = read.with_context(|| format!("importing {}", path.display()))?;
        report.files.push(FileReport { name, ..read });
    }
    Ok(report)
}

/// Setting with the time (unix milliseconds) of the start that looked for this file and found it.
fn found_setting(name: &str) -> String {
    format!("imported.{name}")
}

/// At a start: imports `token.json` from the data folder if there has never been an account, and each
/// of the other files the first time that it is there.
///
/// # Errors
/// `token.json` is not one, or the store refused.
pub async fn at_first_start(
    store: &dyn Store,
    data_dir: &Path,
    conversation_ttl_secs: u64,
) -> anyhow::Result<Option<Report>> {
    let mut wanted = Vec::new();
    for name in FILES {
        if !data_dir.join(name).is_file() {
            continue;
        }
        let is_done = match name {
            "token.json" => first_account::has_been(store).await?,
            _ => store.get_setting(&found_setting(name)).await?.is_some(),
        };
        if !is_done {
            wanted.push(name);
        }
    }
    if wanted.is_empty() {
        return Ok(None);
    }
    let options = ImportOptions {
        is_dry: false,
        conversation_ttl_secs,
    };
    let report = from_files(store, data_dir, options, &wanted).await?;
    if let Some(bad) = report
        .file("token.json")
        .and_then(|file| file.refused.as_ref())
    {
        bail!(
            "{} is not a token.json: {bad}",
            data_dir.join("token.json").display()
        );
    }
    for name in wanted {
        store
            .set_setting(&found_setting(name), &now_ms().to_string())
            .await
            .context("storing a setting")?;
    }
    Ok(Some(report))
}
