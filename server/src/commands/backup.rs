//! `grok2api backup` and `restore`: everything in the store, and the configuration, in one file.

use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, bail};
use settings::CONFIG_FILE;
use store::{
    KEY_ENV, KEY_FILE, MasterKey,
    backup::{BackupSecret, BackupSummary, Restored, restore_backup, verify_backup, write_backup},
};
use tempfile::NamedTempFile;

use super::{open_view, print};
use crate::{
    cli::BackupArgs,
    clock::{date_time, now_ms},
    serve::{boot, storage},
};

/// Variable with the passphrase.
const PASSPHRASE_ENV: &str = "GROK2API_BACKUP_PASSPHRASE";

/// # Errors
/// A text for the terminal; the file is not there then.
pub(super) async fn backup(data_dir: &Path, args: &BackupArgs) -> anyhow::Result<()> {
    let file = &args.file;
    if file.exists() && !args.force {
        bail!("{} is there; --force replaces it", file.display());
    }
    let secret = secret(args)?;
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut draft = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .with_context(|| format!("making {}", file.display()))?;
    let config = fs::read_to_string(data_dir.join(CONFIG_FILE)).ok();
    let view = open_view(data_dir).await?;
    let key = storage::load_key(data_dir)?;
    let written = async {
        let mut tables = view.tables().await?;
        let file = BufWriter::new(draft.as_file_mut());
        let written = write_backup(&mut tables, config, &key, &secret, now_ms(), file);
        anyhow::Ok(written.await?)
    };
    let written = written.await;
    view.close().await;
    let summary = written?;
    draft.as_file_mut().flush()?;
    draft.as_file().sync_all().context("writing to the disk")?;
    let named = draft.persist(file).map_err(|error| error.error);
    named.with_context(|| format!("writing {}", file.display()))?;
    let mut text = format!("{}\n{}", file.display(), contents(&summary));
    for what in &summary.unreadable {
        text.push_str(&format!("\nleft out: {what}"));
    }
    text.push_str(match secret {
        BackupSecret::MasterKey => {
            "\nOnly the master key of this machine opens it: keep a copy of it elsewhere, or make the \
             backup with a passphrase."
        }
        BackupSecret::Passphrase(_) => "\nThe passphrase opens it; the master key is in it.",
    });
    text.push_str("\nGenerated media are not in it: copy the folder `media` of the data folder, or the bucket.");
    print(&text);
    Ok(())
}

fn contents(summary: &BackupSummary) -> String {
    let rows = summary.rows.iter().filter(|(_, rows)| **rows > 0);
    let rows: Vec<_> = rows
        .map(|(table, rows)| format!("{table} {rows}"))
        .collect();
    format!(
        "Rows: {}",
        if rows.is_empty() {
            "none".to_owned()
        } else {
            rows.join(", ")
        }
    )
}

/// # Errors
/// A text for the terminal.
pub(super) async fn restore(data_dir: &Path, args: &BackupArgs) -> anyhow::Result<()> {
    let secret = secret(args)?;
    let open = || {
        let file = File::open(&args.file);
        let file = file.with_context(|| format!("opening {}", args.file.display()))?;
        anyhow::Ok(BufReader::new(file))
    };
    let here = key_of_this_machine(data_dir)?;
    // All of it, before anything is written.
    let restored = verify_backup(open()?, here.as_ref(), &secret)?;
    let mut lines = vec![format!(
        "The backup of {} UTC is whole. {}",
        date_time(restored.summary.created_ms),
        contents(&restored.summary)
    )];
    lines.extend(restore_key(data_dir, here.as_ref(), &restored)?);
    let config_line = restore_config(data_dir, &restored, args.force)?;
    lines.extend(config_line);
    let config = boot::load_config(data_dir)?;
    let store = storage::open_store(data_dir, &config).await?;
    let written = restore_backup(open()?, here.as_ref(), &secret, store.as_ref(), args.force);
    let written = written.await;
    store.close().await;
    written?;
    lines.push("Everything in it is in the store. Generated media are not in a backup.".to_owned());
    print(&lines.join("\n"));
    Ok(())
}

/// The master key, if there is one; none is made.
fn key_of_this_machine(data_dir: &Path) -> anyhow::Result<Option<MasterKey>> {
    let is_in_env = std::env::var(KEY_ENV).is_ok_and(|text| !text.trim().is_empty());
    let is_there = is_in_env || data_dir.join(KEY_FILE).exists();
    is_there.then(|| storage::load_key(data_dir)).transpose()
}

/// A machine without a key gets that of the backup, so that everything that was signed with it stays
/// valid.
fn restore_key(
    data_dir: &Path,
    here: Option<&MasterKey>,
    restored: &Restored,
) -> anyhow::Result<Option<String>> {
    match (here, &restored.master_key) {
        (None, Some(key)) => {
            key.write(data_dir)?;
            Ok(Some(format!("{KEY_FILE} was restored.")))
        }
        (Some(here), Some(key)) if !here.is_same(key) => Ok(Some(
            "This machine keeps its own master key: links to media that were given out end."
                .to_owned(),
        )),
        _ => Ok(None),
    }
}

/// The configuration, beside the one that is there unless that may be replaced.
fn restore_config(
    data_dir: &Path,
    restored: &Restored,
    replaces: bool,
) -> anyhow::Result<Option<String>> {
    let Some(text) = &restored.config else {
        return Ok(None);
    };
    let path = data_dir.join(CONFIG_FILE);
    let there = fs::read_to_string(&path).ok();
    if there.as_ref() == Some(text) {
        return Ok(None);
    }
    let (path, line) = match there {
        Some(_) if !replaces => {
            let beside = data_dir.join(format!("{CONFIG_FILE}.from-backup"));
            let line = format!(
                "{CONFIG_FILE} was kept; that of the backup is {}.",
                beside.display()
            );
            (beside, line)
        }
        _ => (path, format!("{CONFIG_FILE} was restored.")),
    };
    fs::create_dir_all(data_dir)?;
    let mut draft = NamedTempFile::new_in(data_dir)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    let named = draft.persist(&path).map_err(|error| error.error);
    named.with_context(|| format!("writing {}", path.display()))?;
    Ok(Some(line))
}

/// What the arguments or the environment say.
fn secret(args: &BackupArgs) -> anyhow::Result<BackupSecret> {
    if let Some(path) = &args.passphrase_file {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("reading {}", path.display()))?;
        let first = text.lines().next().unwrap_or_default();
        return Ok(BackupSecret::passphrase(first)?);
    }
    match std::env::var(PASSPHRASE_ENV) {
        Ok(text) if !text.is_empty() => Ok(BackupSecret::passphrase(&text)?),
        _ => Ok(BackupSecret::MasterKey),
    }
}
