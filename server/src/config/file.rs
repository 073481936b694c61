//! `<DATA_DIR>/config.toml`: created once, read at start, its password blanked.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Value};

/// Name of the file in the data folder.
const NAME: &str = "config.toml";
/// The commented file of a first start. Its values are the built-in defaults (a test says so).
pub(super) const DEFAULT: &str = include_str!("config.default.toml");

/// Why the file could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not valid TOML", .path.display())]
    Syntax { path: PathBuf },
}

pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(NAME)
}

/// The file's text and whether it was created just now.
pub(super) fn read_or_create(data_dir: &Path) -> io::Result<(String, bool)> {
    let path = path(data_dir);
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(data_dir)?;
            replace(&path, DEFAULT)?;
            Ok((DEFAULT.to_owned(), true))
        }
        read => read.map(|text| (text, false)),
    }
}

/// Empties `app.app_key` in `<data_dir>/config.toml`, keeping comments and layout.
///
/// Returns whether there was something to blank: a password from the environment is not in the
/// file.
///
/// # Errors
/// The file cannot be read, parsed or replaced; it is unchanged then.
pub fn blank_app_key(data_dir: &Path) -> Result<bool, FileError> {
    let path = path(data_dir);
    let io = |source| FileError::Io {
        path: path.clone(),
        source,
    };
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        read => read.map_err(io)?,
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|_| FileError::Syntax { path: path.clone() })?;
    let app = document.get_mut("app").and_then(Item::as_table_like_mut);
    let Some(key) = app
        .and_then(|app| app.get_mut("app_key"))
        .and_then(Item::as_value_mut)
    else {
        return Ok(false);
    };
    if key.as_str() == Some("") {
        return Ok(false);
    }
    let decor = key.decor().clone();
    *key = Value::from("");
    *key.decor_mut() = decor;
    replace(&path, &document.to_string()).map_err(io)?;
    Ok(true)
}

/// Replaces the file in one step; only its owner may read it, since it holds secrets.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension(format!("toml.{}", std::process::id()));
    let written = write_private(&temporary, text).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report; a left-over file does no harm.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
