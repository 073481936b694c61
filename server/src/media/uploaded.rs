//! Contents of files that callers uploaded: `<DATA_DIR>/media/uploaded/<name>`, or the same in a bucket.
//!
//! A name is the file's id behind the second in which it ends, so whoever sees it knows whether it is
//! over, also in a bucket that other servers use as well. Nothing else is known of a file here.

use std::{
    error::Error,
    fs, io,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::Stream;
use tokio::task::spawn_blocking;

use super::{
    files::{MediaError, MediaFiles, blocking, make_private, remove_file},
    folder::Folder,
    inventory::list_folder,
    unfinished::Unfinished,
    unfinished_folder::is_older,
};

/// How ids begin.
pub const ID_PREFIX: &str = "file-";
/// Characters of an id behind that.
const ID_DIGITS: usize = 32;

/// Where the content of a file lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadedName {
    name: String,
    /// Unix seconds.
    ends_secs: u64,
}

/// A content that lies where contents belong.
#[derive(Clone, Debug)]
pub struct FoundUpload {
    pub name: UploadedName,
    modified: SystemTime,
}

/// A content that is there.
pub(crate) enum UploadedPlace {
    File(PathBuf),
    /// In the bucket, if anywhere.
    Object(String),
}

impl UploadedName {
    /// Of a file with this id, if it is one of ours.
    #[must_use]
    pub fn of(id: &str, ends_secs: u64) -> Option<Self> {
        is_id(id).then(|| Self {
            name: format!("{ends_secs}-{id}"),
            ends_secs,
        })
    }

    /// By its own text; `None` for what is no name of ours.
    fn read(name: &str) -> Option<Self> {
        let (ends, id) = name.split_once('-')?;
        Self::of(id, ends.parse().ok()?).filter(|read| read.name == name)
    }

    /// The id of the file.
    #[must_use]
    pub fn id(&self) -> &str {
        self.name.split_once('-').map_or("", |(_, id)| id)
    }

    /// Whether its file has ended.
    #[must_use]
    pub fn is_over(&self, now_secs: u64) -> bool {
        self.ends_secs <= now_secs
    }
}

impl FoundUpload {
    /// Whether it has lain there for so long.
    #[must_use]
    pub fn is_older(&self, age: Duration) -> bool {
        is_older(self.modified, age)
    }
}

/// `file-` and 32 hexadecimal digits, and so no path.
fn is_id(id: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    id.strip_prefix(ID_PREFIX)
        .is_some_and(|digits| digits.len() == ID_DIGITS && digits.bytes().all(is_digit))
}

impl MediaFiles {
    /// Writes what a caller sends to a file that has no place yet; [`MediaFiles::keep_upload`] gives it
    /// one. At most 256 KiB and one chunk of the stream are in memory.
    ///
    /// # Errors
    /// [`MediaError::Source`] with the stream's own error, [`MediaError::TooLarge`] above
    /// `limit_bytes`, [`MediaError::Full`] and [`MediaError::Io`]. Nothing is left of it.
    ///
    /// # Cancellation
    /// Nothing is left of it.
    pub async fn receive_upload<S, E>(
        &self,
        content: S,
        limit_bytes: u64,
    ) -> Result<Unfinished, MediaError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.receive_as(None, content, limit_bytes).await
    }

    /// Gives a complete file its place. Durable when it returns.
    ///
    /// # Errors
    /// It cannot be written, or the bucket does not take it.
    ///
    /// # Cancellation
    /// The file may be in its place.
    pub async fn keep_upload(
        &self,
        file: Unfinished,
        name: &UploadedName,
    ) -> Result<(), MediaError> {
        if let Some(bucket) = self.bucket() {
            bucket
                .put(Folder::Uploaded, &name.name, file.path())
                .await?;
            // On a thread that may block: it removes the copy on the disk.
            spawn_blocking(move || drop(file))
                .await
                .map_err(io::Error::other)?;
            return Ok(());
        }
        let (folder, place) = (self.uploaded(), self.uploaded().join(&name.name));
        let keeping = blocking(move || {
            make_private(&folder)?;
            file.finish(&place)
        });
        Ok(keeping.await?)
    }

    /// All of a content.
    ///
    /// # Errors
    /// It is not there, or larger than `max_bytes`.
    pub async fn read_upload(&self, name: &UploadedName, max_bytes: u64) -> io::Result<Bytes> {
        if let Some(bucket) = self.bucket() {
            let read = bucket.read_whole(Folder::Uploaded, &name.name, max_bytes);
            return read.await;
        }
        let place = self.uploaded().join(&name.name);
        let whole = blocking(move || {
            if fs::metadata(&place)?.len() > max_bytes {
                return Err(io::Error::from(io::ErrorKind::FileTooLarge));
            }
            fs::read(&place)
        });
        Ok(whole.await?.into())
    }

    /// Where a content is, if it is anywhere.
    pub(crate) fn uploaded_place(&self, name: &UploadedName) -> UploadedPlace {
        match self.bucket() {
            Some(_) => UploadedPlace::Object(name.name.clone()),
            None => UploadedPlace::File(self.uploaded().join(&name.name)),
        }
    }

    /// Removes a content; fine if it is not here.
    ///
    /// # Errors
    /// It cannot be removed.
    pub async fn remove_upload(&self, name: &UploadedName) -> io::Result<()> {
        if let Some(bucket) = self.bucket() {
            return bucket.remove(Folder::Uploaded, &name.name).await;
        }
        let place = self.uploaded().join(&name.name);
        blocking(move || remove_file(&place)).await
    }

    /// Every content that lies here. What has no name of ours is not ours.
    ///
    /// # Errors
    /// The folder or the bucket cannot be read.
    pub async fn list_uploads(&self) -> io::Result<Vec<FoundUpload>> {
        let entries = match self.bucket() {
            Some(bucket) => bucket.list(Folder::Uploaded).await?,
            None => {
                let folder = self.uploaded();
                blocking(move || list_folder(&folder)).await?
            }
        };
        let found = entries.into_iter().filter_map(|entry| {
            Some(FoundUpload {
                name: UploadedName::read(&entry.name)?,
                modified: entry.modified,
            })
        });
        Ok(found.collect())
    }

    /// Whether other servers, with a store of their own, may keep contents in the same place.
    #[must_use]
    pub fn shares_uploads(&self) -> bool {
        self.bucket().is_some()
    }

    fn uploaded(&self) -> PathBuf {
        self.0.folder.join(Folder::Uploaded.as_str())
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    const ID: &str = "file-0123456789abcdef0123456789abcdef";

    async fn receive(files: &MediaFiles, text: &'static str) -> Result<Unfinished, MediaError> {
        let content = stream::iter([Ok::<_, io::Error>(Bytes::from_static(text.as_bytes()))]);
        files.receive_upload(content, 10).await
    }

    #[tokio::test]
    async fn a_content_is_found_by_its_name_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let name = UploadedName::of(ID, 100).unwrap();
        assert!(files.list_uploads().await.unwrap().is_empty());
        let received = receive(&files, "hello").await.unwrap();
        files.keep_upload(received, &name).await.unwrap();
        assert_eq!(files.read_upload(&name, 5).await.unwrap(), "hello");
        let too_large = files.read_upload(&name, 4).await.unwrap_err();
        assert_eq!(too_large.kind(), io::ErrorKind::FileTooLarge);
        let found = files.list_uploads().await.unwrap();
        assert_eq!((found.len(), found[0].name.id()), (1, ID));
        assert!(found[0].name.is_over(100) && !found[0].name.is_over(99));
        files.remove_upload(&name).await.unwrap();
        files.remove_upload(&name).await.unwrap();
        let gone = files.read_upload(&name, 5).await.unwrap_err();
        assert_eq!(gone.kind(), io::ErrorKind::NotFound);
    }

    #[tokio::test]
    async fn a_file_beyond_the_limit_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let received = receive(&files, "more than ten bytes").await;
        assert!(matches!(
            received.err().unwrap(),
            MediaError::TooLarge { limit_bytes: 10 }
        ));
        let left = fs::read_dir(folder.path().join("media/unfinished")).unwrap();
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn only_names_of_this_form_are_ours() {
        let name = UploadedName::of(ID, 100).unwrap().name;
        assert_eq!(UploadedName::read(&name).unwrap().id(), ID);
        for other in [
            "",
            ID,
            "100-",
            "100-file-0123",
            "0100-file-0123456789abcdef0123456789abcdef",
            "+1-file-0123456789abcdef0123456789abcdef",
            "1-file-0123456789abcdef0123456789abcdeF",
            "1-file-0123456789abcdef0123456789abcde/",
        ] {
            assert_eq!(UploadedName::read(other), None, "{other}");
        }
        assert_eq!(UploadedName::of("../secret", 1), None);
    }
}
