//! Files of generated media, `<DATA_DIR>/media/{image,video}/<name>`, or the same in a bucket, each with
//! its thumbnail in the folder if it has one.
//!
//! A file is written beside its place, synced and renamed, so no half one is ever seen. Its name is
//! the hash of its content: equal files are one, a name cannot be guessed without having the file, and
//! what lies under a name never changes.

use std::{
    collections::HashMap,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use bytes::Bytes;
use futures::TryStreamExt;
use parking_lot::Mutex;
use settings::MediaConfig;
use store::MediaKind;
use tokio::task::spawn_blocking;

use super::{
    bucket::{Bucket, BucketError},
    sniff::{image_type, video_type},
    unfinished::{NAME_DIGITS, Unfinished},
};

/// Files on their way are here, and what is left of a crash until the next start.
const UNFINISHED: &str = "unfinished";
/// Small pictures of the pictures are here.
const THUMBNAILS: &str = "thumbnail";

/// The folder of generated media. Cheap to clone.
#[derive(Clone)]
pub struct MediaFiles(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    /// Where finished files are kept instead of in the folder.
    bucket: Option<Bucket>,
    /// Files that are being read.
    readers: Mutex<HashMap<String, Readers>>,
    last_clean: Mutex<Option<LastClean>>,
}

/// Who reads a file.
struct Readers {
    count: usize,
    /// It was deleted meanwhile: nobody else reads it, and it goes with the last reader.
    is_deleted: bool,
    place: PathBuf,
}

/// A file that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    pub name: String,
    pub mime: &'static str,
    pub bytes: u64,
    /// Pixels; 0 for a video.
    pub width: u32,
    pub height: u32,
}

/// Why a file was not stored.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("it is no picture that this server knows")]
    NotAPicture,
    #[error("it is no video that this server knows")]
    NotAVideo,
    #[error("it is larger than {limit_bytes} bytes")]
    TooLarge { limit_bytes: u64 },
    /// What the file came from broke off.
    #[error("{0}")]
    Source(Box<dyn Error + Send + Sync>),
    #[error("the disk is full")]
    Full,
    #[error("{0}")]
    Io(#[source] io::Error),
}

impl From<io::Error> for MediaError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io(error),
        }
    }
}

/// What one clean-up did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Names of deleted files.
    pub files: Vec<String>,
    /// Bytes that are left.
    pub bytes_left: u64,
}

/// The last clean-up that removed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastClean {
    pub at: SystemTime,
    pub files: usize,
}

/// Keeps a file from being cleaned up until it is dropped.
pub struct Reading {
    files: MediaFiles,
    name: String,
}

impl MediaFiles {
    /// Makes the folders and removes what a crash has left unfinished.
    ///
    /// # Errors
    /// The folders cannot be made.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let folder = data_dir.join("media");
        let unfinished = folder.join(UNFINISHED);
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        make_private(&folder)?;
        make_private(&unfinished)?;
        make_private(&folder.join(THUMBNAILS))?;
        for kind in MediaKind::ALL {
            make_private(&folder.join(kind.as_str()))?;
        }
        Ok(Self::look(data_dir))
    }

    /// Looks at the folders as they are: makes nothing, removes nothing.
    #[must_use]
    pub fn look(data_dir: &Path) -> Self {
        Self::of(data_dir, None)
    }

    fn of(data_dir: &Path, bucket: Option<Bucket>) -> Self {
        Self(Arc::new(Inner {
            folder: data_dir.join("media"),
            bucket,
            readers: Mutex::default(),
            last_clean: Mutex::default(),
        }))
    }

    /// The files in the bucket that the settings name, if they name one. Nothing else changes: files
    /// on their way are in the folder.
    ///
    /// # Errors
    /// It cannot be used, with a sentence for the operator.
    pub async fn with_bucket_of(
        self,
        data_dir: &Path,
        config: &MediaConfig,
    ) -> Result<Self, BucketError> {
        let Some(bucket) = Bucket::of(config)? else {
            return Ok(self);
        };
        bucket.check().await?;
        Ok(Self::of(data_dir, Some(bucket)))
    }

    pub(crate) fn bucket(&self) -> Option<&Bucket> {
        self.0.bucket.as_ref()
    }

    /// Stores a picture; what it is is read from its content.
    ///
    /// # Errors
    /// It is none, or cannot be written.
    pub async fn store_image(&self, content: Bytes) -> Result<StoredFile, MediaError> {
        let files = self.clone();
        let writing = spawn_blocking(move || {
            Self::type_of(MediaKind::Image, &content)?;
            let mut file = files.begin()?;
            file.write(&content)?;
            Ok::<_, MediaError>(file)
        });
        let file = writing.await.map_err(io::Error::other)??;
        self.keep(file, MediaKind::Image).await
    }

    /// A file that is going to be kept.
    pub(super) fn begin(&self) -> io::Result<Unfinished> {
        Unfinished::begin(&self.unfinished_folder())
    }

    pub(super) fn unfinished_folder(&self) -> PathBuf {
        self.0.folder.join(UNFINISHED)
    }

    pub(super) fn folder_of(&self, kind: MediaKind) -> PathBuf {
        self.0.folder.join(kind.as_str())
    }

    /// The type of a file by its first bytes, if it is of this kind.
    pub(super) fn type_of(kind: MediaKind, head: &[u8]) -> Result<&'static str, MediaError> {
        match kind {
            MediaKind::Image => image_type(head).ok_or(MediaError::NotAPicture),
            MediaKind::Video => video_type(head).ok_or(MediaError::NotAVideo),
        }
    }

    /// Gives a complete file its name and its place.
    pub(super) async fn keep(
        &self,
        file: Unfinished,
        kind: MediaKind,
    ) -> Result<StoredFile, MediaError> {
        let stored = describe(&file, kind)?;
        if let Some(bucket) = self.bucket() {
            bucket.put(kind, &stored.name, file.path()).await?;
            return Ok(stored);
        }
        if let Some(readers) = self.0.readers.lock().get_mut(&stored.name) {
            readers.is_deleted = false;
        }
        let place = self.place(kind, &stored.name);
        let keeping = spawn_blocking(move || keep_in_folder(file, &place));
        keeping.await.map_err(io::Error::other)??;
        Ok(stored)
    }

    /// Where a file is, and a hold on it; `None` for what is no name of ours, or was deleted.
    #[must_use]
    pub fn read(&self, kind: MediaKind, name: &str) -> Option<(PathBuf, Reading)> {
        if !is_name(name) {
            return None;
        }
        let place = self.place(kind, name);
        let mut all = self.0.readers.lock();
        let readers = all.entry(name.to_owned()).or_insert_with(|| Readers {
            count: 0,
            is_deleted: false,
            place: place.clone(),
        });
        if readers.is_deleted {
            return None;
        }
        readers.count += 1;
        drop(all);
        let reading = Reading {
            files: self.clone(),
            name: name.to_owned(),
        };
        Some((place, reading))
    }

    /// All of a file.
    ///
    /// # Errors
    /// There is no such file, or it is larger than `max_bytes`.
    pub async fn read_whole(
        &self,
        kind: MediaKind,
        name: &str,
        max_bytes: u64,
    ) -> io::Result<Bytes> {
        let (place, reading) = self
            .read(kind, name)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        if let Some(bucket) = self.bucket() {
            return bucket.read_whole(kind, name, max_bytes).await;
        }
        let reading_all = spawn_blocking(move || {
            let _reading = reading;
            if fs::metadata(&place)?.len() > max_bytes {
                return Err(io::Error::from(io::ErrorKind::FileTooLarge));
            }
            fs::read(&place)
        });
        Ok(reading_all.await.map_err(io::Error::other)??.into())
    }

    /// A copy in the folder of a file of the bucket, until it is dropped; `None` for files that are in
    /// the folder anyway.
    ///
    /// # Errors
    /// It is not there, or cannot be copied.
    pub(super) async fn local_copy(
        &self,
        kind: MediaKind,
        name: &str,
    ) -> io::Result<Option<Unfinished>> {
        let Some(bucket) = self.bucket() else {
            return Ok(None);
        };
        let Some(part) = bucket.get(kind, name, None).await? else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let mut content = std::pin::pin!(part.content);
        let files = self.clone();
        let beginning = spawn_blocking(move || files.begin());
        let mut file = beginning.await.map_err(io::Error::other)??;
        while let Some(piece) = content.try_next().await? {
            let writing = spawn_blocking(move || {
                file.write(&piece)?;
                Ok::<_, io::Error>(file)
            });
            file = writing.await.map_err(io::Error::other)??;
        }
        Ok(Some(file))
    }

    fn place(&self, kind: MediaKind, name: &str) -> PathBuf {
        self.folder_of(kind).join(name)
    }

    /// Where the thumbnail of the file of this name is, or will be.
    pub(super) fn thumbnail(&self, name: &str) -> PathBuf {
        thumbnail_beside(&self.place(MediaKind::Image, name))
    }

    /// Writes a thumbnail to its place.
    pub(super) fn write_thumbnail(&self, place: &Path, content: &[u8]) -> io::Result<()> {
        let mut file = self.begin()?;
        file.write(content)?;
        file.finish(place)
    }

    /// Deletes files. One that is being read is gone for everybody else, and goes with its last reader.
    ///
    /// # Errors
    /// One cannot be removed; the others are.
    pub async fn remove(&self, names: Vec<(MediaKind, String)>) -> io::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        if let Some(bucket) = self.bucket() {
            let mut removed = Ok(());
            for (kind, name) in names {
                removed = removed.and(bucket.remove(kind, &name).await);
                removed = removed.and(remove_file(&self.thumbnail(&name)));
            }
            return removed;
        }
        let files = self.clone();
        let removing = spawn_blocking(move || {
            let removed = names
                .into_iter()
                .map(|(kind, name)| files.remove_now(kind, &name));
            removed.fold(Ok(()), Result::and)
        });
        removing.await.map_err(io::Error::other)?
    }

    fn remove_now(&self, kind: MediaKind, name: &str) -> io::Result<()> {
        let mut all = self.0.readers.lock();
        if let Some(readers) = all.get_mut(name) {
            readers.is_deleted = true;
            return Ok(());
        }
        // Under the lock: nobody begins to read it meanwhile.
        remove_both(&self.place(kind, name))
    }

    /// Deletes the oldest files until no more than `target` bytes are left, if there are more than
    /// `limit`. Files that are being read stay.
    ///
    /// # Errors
    /// The folders cannot be read.
    pub async fn clean(&self, limit: u64, target: u64) -> io::Result<Cleaned> {
        let cleaned = if let Some(bucket) = self.bucket() {
            self.clean_bucket(bucket, limit, target).await?
        } else {
            let files = self.clone();
            let cleaning = spawn_blocking(move || files.clean_now(limit, target));
            cleaning.await.map_err(io::Error::other)??
        };
        if !cleaned.files.is_empty() {
            *self.0.last_clean.lock() = Some(LastClean {
                at: SystemTime::now(),
                files: cleaned.files.len(),
            });
        }
        Ok(cleaned)
    }

    /// The last clean-up that removed something, since the start.
    #[must_use]
    pub fn last_clean(&self) -> Option<LastClean> {
        *self.0.last_clean.lock()
    }

    async fn clean_bucket(&self, bucket: &Bucket, limit: u64, target: u64) -> io::Result<Cleaned> {
        let mut found = self.list().await?;
        found.sort_by(|one, other| (one.modified, &one.name).cmp(&(other.modified, &other.name)));
        let mut cleaned = Cleaned {
            files: Vec::new(),
            bytes_left: found.iter().map(|file| file.bytes).sum(),
        };
        if cleaned.bytes_left <= limit {
            return Ok(cleaned);
        }
        for file in found {
            if cleaned.bytes_left <= target {
                break;
            }
            if self.0.readers.lock().contains_key(&file.name) {
                continue;
            }
            bucket.remove(file.kind, &file.name).await?;
            remove_file(&self.thumbnail(&file.name))?;
            cleaned.bytes_left -= file.bytes;
            cleaned.files.push(file.name);
        }
        Ok(cleaned)
    }

    fn clean_now(&self, limit: u64, target: u64) -> io::Result<Cleaned> {
        let mut found = Vec::new();
        for kind in MediaKind::ALL {
            for entry in fs::read_dir(self.folder_of(kind))? {
                let entry = entry?;
                let about = entry.metadata()?;
                let thumbnail = fs::metadata(thumbnail_beside(&entry.path()));
                let bytes = about.len() + thumbnail.map_or(0, |about| about.len());
                found.push((about.modified()?, bytes, entry.path()));
            }
        }
        found.sort();
        let mut cleaned = Cleaned {
            files: Vec::new(),
            bytes_left: found.iter().map(|(_, bytes, _)| bytes).sum(),
        };
        if cleaned.bytes_left <= limit {
            return Ok(cleaned);
        }
        for (_, bytes, place) in found {
            if cleaned.bytes_left <= target {
                break;
            }
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            let readers = self.0.readers.lock();
            if readers.contains_key(name.as_ref()) {
                continue;
            }
            remove_both(&place)?;
            drop(readers);
            cleaned.bytes_left -= bytes;
            cleaned.files.push(name.into_owned());
        }
        Ok(cleaned)
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut all = self.files.0.readers.lock();
        let Some(readers) = all.get_mut(&self.name) else {
            return;
        };
        readers.count -= 1;
        if readers.count > 0 {
            return;
        }
        if readers.is_deleted
            && let Err(error) = remove_both(&readers.place)
        {
            tracing::warn!(%error, "a deleted file cannot be removed: {error}");
        }
        all.remove(&self.name);
    }
}

/// Where the thumbnail of a file is, by the file's place.
fn thumbnail_beside(place: &Path) -> PathBuf {
    let folder = place.ancestors().nth(2).unwrap_or(place);
    let digits = place.file_stem().unwrap_or_default();
    folder.join(THUMBNAILS).join(digits).with_extension("jpg")
}

/// Removes a file and its thumbnail; fine if one is gone already.
pub(super) fn remove_both(place: &Path) -> io::Result<()> {
    let thumbnail = remove_file(&thumbnail_beside(place));
    remove_file(place).and(thumbnail)
}

/// Removes a file that may be gone already.
fn remove_file(place: &Path) -> io::Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder that other users of the machine cannot look into.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The type of a picture of a kind that browsers show.
#[must_use]
pub fn picture_type(content: &[u8]) -> Option<&'static str> {
    image_type(content)
}

/// `<hex digits>.<letters and digits>`, and so no path.
pub(super) fn is_name(name: &str) -> bool {
    name.split_once('.').is_some_and(|(digits, extension)| {
        digits.len() == NAME_DIGITS
            && digits.bytes().all(|b| b.is_ascii_hexdigit())
            && (1..=5).contains(&extension.len())
            && extension.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn describe(file: &Unfinished, kind: MediaKind) -> Result<StoredFile, MediaError> {
    let mime = MediaFiles::type_of(kind, file.head())?;
    let (width, height) = match kind {
        MediaKind::Image => size_of(file).ok_or(MediaError::NotAPicture)?,
        MediaKind::Video => (0, 0),
    };
    Ok(StoredFile {
        name: format!("{}.{}", file.digits(), extension(mime)),
        mime,
        bytes: file.bytes(),
        width,
        height,
    })
}

/// Moves a file to its place, unless an equal one is there.
fn keep_in_folder(file: Unfinished, place: &Path) -> io::Result<()> {
    if place.exists() {
        // Used again: the oldest go first.
        return fs::File::open(place)?.set_modified(SystemTime::now());
    }
    file.finish(place)
}

/// Width and height of a picture.
fn size_of(picture: &Unfinished) -> Option<(u32, u32)> {
    let size = imagesize::size(picture.path()).ok()?;
    Some((size.width.try_into().ok()?, size.height.try_into().ok()?))
}

/// The type of a file of ours, by its name.
#[must_use]
pub fn type_of_name(name: &str) -> &'static str {
    let types = [
        "image/png",
        "image/gif",
        "image/webp",
        "video/mp4",
        "video/webm",
    ];
    let ending = name.rsplit('.').next();
    let found = types
        .into_iter()
        .find(|mime| ending == Some(extension(mime)));
    found.unwrap_or("image/jpeg")
}

fn extension(mime: &str) -> &'static str {
    match mime {
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        _ => "jpg",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(shade: u8, filling: usize) -> Bytes {
        let mut file =
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0".to_vec();
        file.extend(vec![shade; filling]);
        file.into()
    }

    #[tokio::test]
    async fn equal_files_are_one_and_names_are_no_paths() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let first = files.store_image(png(1, 10)).await.unwrap();
        assert_eq!(files.store_image(png(1, 10)).await.unwrap(), first);
        assert_ne!(files.store_image(png(2, 10)).await.unwrap(), first);
        assert_eq!((first.width, first.height, first.mime), (2, 3, "image/png"));
        let (place, _reading) = files.read(MediaKind::Image, &first.name).unwrap();
        assert_eq!(fs::read(place).unwrap(), png(1, 10));
        for odd in [
            "",
            "..",
            "../a.png",
            "a.png",
            &format!("{}.png/", "a".repeat(40)),
        ] {
            assert!(files.read(MediaKind::Image, odd).is_none(), "{odd}");
        }
        let page = Bytes::from_static(b"<!DOCTYPE html>");
        let refused = files.store_image(page).await.unwrap_err();
        assert!(matches!(refused, MediaError::NotAPicture));
    }

    #[tokio::test]
    async fn the_oldest_go_first_but_never_one_that_is_being_read() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let mut names = Vec::new();
        for shade in 0..5 {
            let stored = files.store_image(png(shade, 971)).await.unwrap();
            let (place, _) = files.read(MediaKind::Image, &stored.name).unwrap();
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(u64::from(shade));
            fs::File::options()
                .write(true)
                .open(place)
                .unwrap()
                .set_modified(at)
                .unwrap();
            names.push(stored.name);
        }
        assert_eq!(
            files.clean(5000, 0).await.unwrap().files,
            [""; 0],
            "not over"
        );
        let (_, reading) = files.read(MediaKind::Image, &names[0]).unwrap();
        let cleaned = files.clean(4999, 3000).await.unwrap();
        assert_eq!(cleaned.files, names[1..3]);
        assert_eq!(cleaned.bytes_left, 3000);
        drop(reading);
        assert_eq!(files.clean(0, 2000).await.unwrap().files, names[..1]);
    }

    #[test]
    fn what_a_crash_left_unfinished_is_gone_after_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        MediaFiles::open(folder.path()).unwrap();
        let half = folder.path().join("media").join(UNFINISHED).join("half");
        fs::write(&half, "half").unwrap();
        MediaFiles::open(folder.path()).unwrap();
        assert!(!half.exists());
    }

    #[tokio::test]
    async fn a_deleted_file_is_gone_at_once_and_leaves_with_its_last_reader() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let name = files.store_image(png(1, 10)).await.unwrap().name;
        let (place, first) = files.read(MediaKind::Image, &name).unwrap();
        let (_, second) = files.read(MediaKind::Image, &name).unwrap();
        let delete = || files.remove(vec![(MediaKind::Image, name.clone())]);
        delete().await.unwrap();
        assert!(files.read(MediaKind::Image, &name).is_none());
        drop(first);
        assert!(place.exists(), "one still reads it");
        drop(second);
        assert!(!place.exists());
        delete().await.unwrap();
        files.store_image(png(1, 10)).await.unwrap();
        let (_, reading) = files.read(MediaKind::Image, &name).unwrap();
        delete().await.unwrap();
        files.store_image(png(1, 10)).await.unwrap();
        drop(reading);
        assert!(place.exists(), "made again meanwhile");
        delete().await.unwrap();
        assert!(!place.exists());
    }
}
