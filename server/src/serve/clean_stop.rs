//! A mark in the data folder: the last process ended everything that it had begun, so that what it
//! kept agrees and the next start need not look.

use std::{fs, io, path::Path};

/// It is there while the server is stopped, and never while it runs.
const FILE: &str = "clean-stop";

/// Sets the mark. Nothing may be written to the data folder any more.
///
/// # Errors
/// The next start looks at everything.
pub(super) fn mark(data_dir: &Path) -> io::Result<()> {
    fs::write(data_dir.join(FILE), "")
}

/// Takes the mark away, also from the disk; whether it was there.
pub(super) fn take(data_dir: &Path) -> bool {
    fs::remove_file(data_dir.join(FILE)).is_ok()
        // If it could come back after a power cut, the start after that would not look.
        && fs::File::open(data_dir).and_then(|folder| folder.sync_all()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_taken_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!take(folder.path()));
        mark(folder.path()).unwrap();
        assert!(take(folder.path()));
        assert!(!take(folder.path()));
    }
}
