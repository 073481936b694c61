//! Writes the files of the predecessor (`requirements.md` 1.1, 2.18) from a view of the store.

mod collect;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};
use store::StoreView;

use collect::Collected;

/// What ids of documents with imported conversations begin with.
pub(super) const IMPORTED_CONVERSATION: &str = "imported:";
/// File that names what an export wrote, so that the next one may replace it.
const LIST: &str = ".grok2api-export.json";

/// Names of files, and the SHA-256 of what was written to them.
type Written = BTreeMap<String, String>;

/// What an export wrote.
#[derive(Debug)]
pub struct ExportReport {
    lines: Vec<String>,
}

impl std::fmt::Display for ExportReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

/// Writes the five files to `dir`, which is made if need be.
///
/// # Errors
/// The store or the folder cannot be used; without `force` also when a file there was not written by
/// an export, or was changed since. Nothing is written then.
pub async fn to_dir(view: &StoreView, dir: &Path, force: bool) -> anyhow::Result<ExportReport> {
    let collected = Collected::read(view).await?;
    let lines = collected.lines();
    let files = collected.files();
    std::fs::create_dir_all(dir).with_context(|| format!("creating {}", dir.display()))?;
    let before = std::fs::read(dir.join(LIST)).unwrap_or_default();
    let before: Written = serde_json::from_slice(&before).unwrap_or_default();
    if !force {
        for (name, text) in &files {
            refuse_foreign(&dir.join(name), before.get(*name), text)?;
        }
    }
    let mut written = Written::new();
    for (name, text) in &files {
        write(dir, name, text).with_context(|| format!("writing {}", dir.join(name).display()))?;
        written.insert((*name).to_owned(), digest(text.as_bytes()));
    }
    let list = serde_json::to_string_pretty(&written)?;
    write(dir, LIST, &list).with_context(|| format!("writing {}", dir.join(LIST).display()))?;
    Ok(ExportReport { lines })
}

/// A file that is there must be the one that an export left, or say the same.
fn refuse_foreign(path: &Path, ours: Option<&String>, text: &str) -> anyhow::Result<()> {
    let there = match std::fs::read(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
    };
    if there == text.as_bytes() || ours == Some(&digest(&there)) {
        return Ok(());
    }
    bail!(
        "{} is there and was not written by an export, or was changed since; --force replaces it",
        path.display()
    );
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Complete on disk before it gets its name, for the owner alone.
fn write(dir: &Path, name: &str, text: &str) -> io::Result<()> {
    let mut draft = tempfile::NamedTempFile::new_in(dir)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    draft.persist(dir.join(name))?;
    Ok(())
}
