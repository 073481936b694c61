//! The files of thumbnails, `<DATA_DIR>/media/thumbnail/<name>`: where they are and how many bytes they have.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    files::MediaFiles,
    inventory::entries,
    names::{THUMBNAILS, stem_of},
};

impl MediaFiles {
    /// Where the thumbnail of the file of this name is, or will be.
    pub(super) fn thumbnail(&self, name: &str) -> PathBuf {
        let folder = self.0.folder.join(THUMBNAILS);
        folder.join(stem_of(name)).with_extension("jpg")
    }

    /// Writes a thumbnail to its place.
    pub(super) fn write_thumbnail(&self, place: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = self.begin()?;
        file.write(content)?;
        file.finish(place)?;
        *self.0.thumbnail_bytes.lock() += content.len() as u64;
        Ok(())
    }

    pub(super) fn count_thumbnails(&self) -> io::Result<()> {
        let mut bytes = 0;
        for entry in entries(&self.0.folder.join(THUMBNAILS))? {
            bytes += entry?.metadata()?.len();
        }
        *self.0.thumbnail_bytes.lock() = bytes;
        Ok(())
    }

    /// Names of the files of all thumbnails.
    pub(super) fn list_thumbnails(&self) -> io::Result<Vec<String>> {
        let entries = entries(&self.0.folder.join(THUMBNAILS))?;
        let name =
            |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().to_string_lossy().into_owned());
        entries.map(name).collect()
    }

    /// Removes the thumbnail of the file of this name, if there is one.
    pub(super) fn remove_thumbnail(&self, name: &str) -> io::Result<()> {
        let place = self.thumbnail(name);
        let bytes = fs::metadata(&place).map_or(0, |about| about.len());
        match fs::remove_file(&place) {
            Ok(()) => {
                let mut all = self.0.thumbnail_bytes.lock();
                *all = all.saturating_sub(bytes);
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}
