//! Images that videos begin with, `<DATA_DIR>/media/references/<name>`: on disk while a video waits, so
//! that waiting takes no memory and outlives the process. They are never in a bucket.

use std::{fs, io, path::PathBuf, time::Duration};

use bytes::Bytes;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::{
    files::{MediaError, MediaFiles, blocking, make_private, remove_file},
    inventory::entries,
    unfinished_folder::is_older,
};

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

    /// Names of the images that were kept at least so long ago.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn old_references(&self, age: Duration) -> io::Result<Vec<String>> {
        let folder = self.references();
        let list = move || {
            let mut names = Vec::new();
            for entry in entries(&folder)? {
                let entry = entry?;
                match entry.metadata() {
                    Ok(about) if is_older(about.modified()?, age) => {
                        names.push(entry.file_name().to_string_lossy().into_owned());
                    }
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            Ok(names)
        };
        blocking(list).await
    }

    fn references(&self) -> PathBuf {
        self.0.folder.join(REFERENCES)
    }
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
    use std::{path::Path, time::SystemTime};

    use super::*;

    fn names(data_dir: &Path) -> Vec<String> {
        let folder = fs::read_dir(data_dir.join("media/references")).unwrap();
        folder
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn an_image_goes_with_whoever_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        assert_eq!(files.old_references(Duration::ZERO).await.unwrap(), [""; 0]);
        let kept = files.keep_reference("image".into()).await.unwrap();
        let name = kept.name().to_owned();
        assert_eq!((kept.bytes(), names(folder.path()).len()), (5, 1));
        drop(files.keep_reference("dropped".into()).await.unwrap());
        kept.leave();
        assert_eq!(names(folder.path()), [name.as_str()]);
        assert_eq!(files.read_reference(&name).await.unwrap(), "image");
        files.remove_reference(&name).await.unwrap();
        files.remove_reference(&name).await.unwrap();
        assert_eq!(names(folder.path()), [""; 0]);
        assert!(files.reference_bytes(&name).await.is_err());
    }

    #[tokio::test]
    async fn an_image_that_another_instance_has_just_kept_is_not_old() {
        let folder = tempfile::tempdir().unwrap();
        let [files, others] = [(); 2].map(|()| MediaFiles::open(folder.path()).unwrap());
        let young = others.keep_reference("young".into()).await.unwrap();
        let old = others.keep_reference("old".into()).await.unwrap();
        let at = SystemTime::now() - Duration::from_secs(3700);
        let place = folder.path().join("media/references").join(old.name());
        fs::File::open(place).unwrap().set_modified(at).unwrap();
        let hour = Duration::from_secs(3600);
        assert_eq!(files.old_references(hour).await.unwrap(), [old.name()]);
        assert_eq!(files.old_references(Duration::ZERO).await.unwrap().len(), 2);
        assert_eq!(files.read_reference(young.name()).await.unwrap(), "young");
    }
}
