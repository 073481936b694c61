//! Images that videos begin with, `<DATA_DIR>/media/references/<name>`: on disk while a video waits, so
//! that waiting takes no memory and outlives the process. They are never in a bucket.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::files::{MediaError, MediaFiles, blocking, make_private, remove_file};

const REFERENCES: &str = "references";

/// An image on disk of which no row tells yet. Dropping it removes the file.
#[derive(Debug)]
pub struct Reference {
    /// `None`: somebody else removes it.
    place: Option<PathBuf>,
    name: String,
    bytes: u64,
}

impl MediaFiles {
    /// Keeps an image. Durable when it returns.
    ///
    /// # Errors
    /// The disk does not take it.
    ///
    /// # Cancellation
    /// Nothing is left of it.
    pub async fn keep_reference(&self, content: Bytes) -> Result<Reference, MediaError> {
        let (files, folder) = (self.clone(), self.references());
        let keeping = spawn_blocking(move || {
            make_private(&folder)?;
            let mut file = files.begin()?;
            file.write(&content)?;
            let name = Uuid::new_v4().simple().to_string();
            let place = folder.join(&name);
            file.finish(&place)?;
            Ok::<_, io::Error>(Reference {
                place: Some(place),
                name,
                bytes: content.len() as u64,
            })
        });
        Ok(keeping.await.map_err(io::Error::other)??)
    }

    /// Size of an image that was kept.
    ///
    /// # Errors
    /// It is not there.
    pub async fn reference_bytes(&self, name: &str) -> io::Result<u64> {
        let place = self.references().join(name);
        blocking(move || Ok(fs::metadata(place)?.len())).await
    }

    /// An image that was kept.
    ///
    /// # Errors
    /// It is not there.
    pub async fn read_reference(&self, name: &str) -> io::Result<Bytes> {
        let place = self.references().join(name);
        Ok(blocking(move || fs::read(place)).await?.into())
    }

    /// Removes an image that was kept; fine if it is gone already.
    ///
    /// # Errors
    /// It cannot be removed.
    pub async fn remove_reference(&self, name: &str) -> io::Result<()> {
        let place = self.references().join(name);
        blocking(move || remove_file(&place)).await
    }

    /// Removes all but these. Nothing may be being kept.
    ///
    /// # Errors
    /// They cannot be listed, or one cannot be removed.
    pub async fn sweep_references(&self, needed: HashSet<String>) -> io::Result<()> {
        let folder = self.references();
        blocking(move || sweep(&folder, &needed)).await
    }

    fn references(&self) -> PathBuf {
        self.unfinished_folder().with_file_name(REFERENCES)
    }
}

fn sweep(folder: &Path, needed: &HashSet<String>) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !needed.contains(&*entry.file_name().to_string_lossy()) {
            remove_file(&entry.path())?;
        }
    }
    Ok(())
}

impl Reference {
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A row tells of it now, and whoever ends the row's video removes it.
    pub fn leave(mut self) {
        self.place = None;
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        if let Some(place) = &self.place
            && let Err(error) = remove_file(place)
        {
            tracing::warn!(%error, "the image of a video cannot be removed: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(data_dir: &Path) -> Vec<String> {
        let folder = fs::read_dir(data_dir.join("media/references")).unwrap();
        folder
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn an_image_goes_with_whoever_has_it_and_orphans_go_at_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        files.sweep_references(HashSet::new()).await.unwrap();
        let kept = files.keep_reference("image".into()).await.unwrap();
        let other = files.keep_reference("image".into()).await.unwrap();
        let (name, orphan) = (kept.name().to_owned(), other.name().to_owned());
        assert_eq!((kept.bytes(), names(folder.path()).len()), (5, 2));
        drop(files.keep_reference("dropped".into()).await.unwrap());
        kept.leave();
        other.leave();
        let needed = HashSet::from([name.clone()]);
        files.sweep_references(needed).await.unwrap();
        assert_eq!(names(folder.path()), [name.as_str()]);
        assert_eq!(files.read_reference(&name).await.unwrap(), "image");
        assert!(files.reference_bytes(&orphan).await.is_err());
        files.remove_reference(&name).await.unwrap();
        files.remove_reference(&name).await.unwrap();
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
