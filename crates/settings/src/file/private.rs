//! Writing a file that only its owner may read, since it holds secrets.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// Replaces the file in one step, or in place where that is impossible.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_by(path, text, |file, path| {
        file.persist(path).map(drop).map_err(|error| error.error)
    })
}

/// As [`replace`], with the step that moves the new file over the old one.
///
/// A file that is a mount point of its own (one file bound into a container) cannot be replaced:
/// the kernel answers EBUSY. Only then is it written in place. Everything else that may fail, such
/// as a full disk, has failed before on the temporary file, and leaves the old text untouched.
fn replace_by(
    path: &Path,
    text: &str,
    rename: impl FnOnce(NamedTempFile, &Path) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix("config.toml.")
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    rename(file, path).or_else(|_| write_in_place(path, text))
}

fn write_in_place(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_that_cannot_be_replaced_is_written_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let busy = |_, _: &Path| Err(io::Error::from(io::ErrorKind::ResourceBusy));
        replace_by(&path, "a longer first text", busy).unwrap();
        replace_by(&path, "second", busy).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["config.toml"]);
    }

    #[test]
    fn a_replaced_file_is_private_and_leaves_no_other_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["config.toml"]);
    }
}
