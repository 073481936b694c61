//! A file on its way: written beside its place, hashed as it comes, then renamed.
//!
//! Its folder (`unfinished_folder`) holds nothing else. Whoever drops an [`Unfinished`], also by dropping the future that
//! fills it, removes the file.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::{disk::Disk, unfinished_folder::UnfinishedFolder};

/// Bytes of the beginning that are kept, to say what the file is.
const HEAD_BYTES: usize = 64;
/// Hexadecimal digits of a name: 160 bits.
pub(super) const NAME_DIGITS: usize = 40;

/// A file that has no name yet. Its methods block.
pub struct Unfinished {
    path: PathBuf,
    folder: Arc<UnfinishedFolder>,
    disk: Arc<Disk>,
    file: File,
    hash: Sha256,
    head: Vec<u8>,
    bytes: u64,
}

impl Unfinished {
    /// # Errors
    /// The file cannot be made.
    pub(super) fn begin(folder: Arc<UnfinishedFolder>, disk: Arc<Disk>) -> io::Result<Self> {
        let (path, file) = folder.begin()?;
        Ok(Self::of((folder, path), file, disk))
    }

    fn of((folder, path): (Arc<UnfinishedFolder>, PathBuf), file: File, disk: Arc<Disk>) -> Self {
        Self {
            path,
            folder,
            disk,
            file,
            hash: Sha256::new(),
            head: Vec::with_capacity(HEAD_BYTES),
            bytes: 0,
        }
    }

    /// # Errors
    /// The disk does not take it, or must not: others need what is left.
    pub(super) fn write(&mut self, content: &[u8]) -> io::Result<()> {
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend(content.iter().take(missing));
        let bytes = content.len() as u64;
        self.disk.check(bytes)?;
        self.file.write_all(content)?;
        self.hash.update(content);
        self.bytes += bytes;
        self.disk.wrote(bytes);
        Ok(())
    }

    /// The first bytes.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The first digits of the hash of all that was written: what the file is called.
    pub(super) fn digits(&self) -> String {
        let mut digits = format!("{:x}", self.hash.clone().finalize());
        digits.truncate(NAME_DIGITS);
        digits
    }

    /// Makes the file durable.
    ///
    /// # Errors
    /// The disk does not take it.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Makes the file durable and gives it its place.
    ///
    /// # Errors
    /// The disk does not take it; the file is removed.
    pub(super) fn finish(self, place: &Path) -> io::Result<()> {
        self.sync()?;
        self.place(place)
    }

    /// Gives the file its place, from which it takes whatever is there.
    ///
    /// # Errors
    /// The disk does not take it; the file is removed.
    pub(super) fn place(self, place: &Path) -> io::Result<()> {
        // Dropping it finds nothing to remove any more.
        fs::rename(&self.path, place)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.disk.finished(self.bytes);
        self.folder.end(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> Arc<Disk> {
        Arc::new(Disk::new(PathBuf::new(), Arc::new(|_| Ok(0))))
    }

    fn of(media: &Path) -> Arc<UnfinishedFolder> {
        Arc::new(UnfinishedFolder::of(media))
    }

    fn count(media: &Path) -> usize {
        fs::read_dir(media.join("unfinished")).unwrap().count()
    }

    #[test]
    fn what_is_dropped_leaves_nothing_and_what_is_finished_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = Unfinished::begin(of(folder.path()), disk()).unwrap();
        file.write(b"half").unwrap();
        drop(file);
        assert_eq!(count(folder.path()), 0);
        let mut file = Unfinished::begin(of(folder.path()), disk()).unwrap();
        file.write(b"ab").unwrap();
        file.write(b"c").unwrap();
        assert_eq!((file.head(), file.bytes()), (&b"abc"[..], 3));
        // SHA-256 of "abc" (FIPS 180-2, B.1).
        assert_eq!(file.digits(), "ba7816bf8f01cfea414140de5dae2223b00361a3");
        let place = folder.path().join("place");
        file.finish(&place).unwrap();
        assert_eq!(fs::read(place).unwrap(), b"abc");
        assert_eq!(count(folder.path()), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_and_leaves_nothing() {
        use super::super::files::MediaError;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full");
        fs::write(&path, "").unwrap();
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut file = Unfinished::of((of(folder.path()), path), full, disk());
        let error = file.write(b"more").unwrap_err();
        assert!(matches!(MediaError::from(error), MediaError::Full));
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
