//! `<DATA_DIR>/config.toml`: created once, read at start and on a reload, its password blanked.

mod private;
mod settled;

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Value};

/// Name of the file in the data folder.
pub const CONFIG_FILE: &str = "config.toml";
/// Several times the commented file.
const MAX_BYTES: u64 = 128 * 1024;
/// The commented file of a first start. Its values are the built-in defaults (a test says so).
pub(crate) const DEFAULT: &str = include_str!("../config.default.toml");

/// Why the file could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is not valid TOML", .path.display())]
    Syntax { path: PathBuf },
}

pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(CONFIG_FILE)
}

/// The file's text; a missing file is created first.
pub(crate) fn read_or_create(data_dir: &Path) -> io::Result<String> {
    let path = path(data_dir);
    match read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(data_dir)?;
            private::replace(&path, DEFAULT)?;
            Ok(DEFAULT.to_owned())
        }
        read => read,
    }
}

/// The file's text once nobody is writing it.
pub(crate) fn read_settled(data_dir: &Path) -> io::Result<String> {
    let path = path(data_dir);
    settled::read(|| read(&path), || std::thread::sleep(settled::PAUSE))
}

/// The text of a file that may be anything: a pipe would be waited for, a device read for ever.
fn read(path: &Path) -> io::Result<String> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_BYTES {
        return Err(io::Error::other("it is larger than 128 KiB"));
    }
    Ok(text)
}

/// Empties `app.app_key` in `<data_dir>/config.toml`, keeping comments and layout.
///
/// Returns whether there was something to blank: a password from the environment is not in the
/// file.
///
/// # Errors
/// The file cannot be read, parsed or written.
pub fn blank_app_key(data_dir: &Path) -> Result<bool, FileError> {
    change(data_dir, |document| {
        let app = document.get_mut("app").and_then(Item::as_table_like_mut);
        let key = app.and_then(|app| app.get_mut("app_key"));
        key.and_then(Item::as_value_mut)
            .is_some_and(|key| replace_value(key, ""))
    })
}

/// Sets `app.public_enabled` in `<data_dir>/config.toml`, keeping comments and layout. It is in
/// force after a reload, unless the environment says otherwise.
///
/// # Errors
/// The file cannot be read, parsed or written.
pub fn open_to_visitors(data_dir: &Path) -> Result<(), FileError> {
    change(data_dir, |document| {
        let app = document.entry("app").or_insert_with(toml_edit::table);
        let Some(app) = app.as_table_like_mut() else {
            return false;
        };
        match app.get_mut("public_enabled").and_then(Item::as_value_mut) {
            Some(value) => replace_value(value, true),
            None => app
                .insert("public_enabled", toml_edit::value(true))
                .is_none(),
        }
    })
    .map(drop)
}

/// Writes the file if `edit` says that it has changed something.
fn change(data_dir: &Path, edit: impl FnOnce(&mut DocumentMut) -> bool) -> Result<bool, FileError> {
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
    if !edit(&mut document) {
        return Ok(false);
    }
    private::replace(&path, &document.to_string()).map_err(io)?;
    Ok(true)
}

/// Keeps the comment behind it; returns whether it was another.
fn replace_value(value: &mut Value, new: impl Into<Value>) -> bool {
    let mut new = new.into();
    let decor = std::mem::take(value.decor_mut());
    let is_same = value.to_string() == new.to_string();
    *new.decor_mut() = decor;
    *value = new;
    !is_same
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opening_to_visitors_keeps_the_rest_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = path(folder.path());
        for (before, after) in [
            (
                "# Mine\n[app]\npublic_enabled = false # so far\nstream = true\n",
                "# Mine\n[app]\npublic_enabled = true # so far\nstream = true\n",
            ),
            (
                "[chat]\nconcurrent = 5\n",
                "[chat]\nconcurrent = 5\n\n[app]\npublic_enabled = true\n",
            ),
        ] {
            std::fs::write(&file, before).unwrap();
            open_to_visitors(folder.path()).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
            open_to_visitors(folder.path()).unwrap();
            assert_eq!(
                std::fs::read_to_string(&file).unwrap(),
                after,
                "a second time"
            );
        }
    }
}
