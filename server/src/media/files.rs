//! Files of generated media, `<DATA_DIR>/media/{image,video}/<name>`, or the same in a bucket, each with
//! its thumbnail in the folder if it has one.
//!
//! A file is written beside its place, synced and renamed, so no half one is ever seen. Its name is
//! the hash of its content: equal files are one, a name cannot be guessed without having the file, and
//! what lies under a name never changes.

mod error;

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures::TryStreamExt;
use parking_lot::Mutex;
use settings::MediaConfig;
use store::MediaKind;
use tokio::task::spawn_blocking;

pub use self::error::MediaError;
use super::{
    bucket::{Bucket, BucketError},
    clean::LastClean,
    disk::{Disk, Measure, free_bytes},
    names::{THUMBNAILS, extension, is_name},
    sniff::{image_type, video_type},
    unclaimed::{Claim, Claimed},
    unfinished::Unfinished,
    unfinished_folder::UnfinishedFolder,
};

/// The folder of generated media. Cheap to clone.
#[derive(Clone)]
pub struct MediaFiles(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) folder: PathBuf,
    disk: Arc<Disk>,
    unfinished: Arc<UnfinishedFolder>,
    /// Where finished files are kept instead of in the folder.
    bucket: Option<Bucket>,
    has_others: bool,
    /// Files that are being read.
    readers: Mutex<HashMap<String, Readers>>,
    pub(super) last_clean: Mutex<Option<LastClean>>,
    /// Files that were stored whose rows may be still to come. Where both are held, after `readers`.
    pub(super) claimed: Mutex<HashMap<(MediaKind, String), Claimed>>,
    /// A clean-up was cut off: rows may have lost their files.
    pub(super) is_cut: AtomicBool,
    /// Of all thumbnails, which no row tells of.
    pub(super) thumbnail_bytes: Mutex<u64>,
}

/// Who reads a file.
struct Readers {
    count: usize,
    /// It was deleted meanwhile: nobody else reads it, and it goes with the last reader.
    is_deleted: bool,
    /// What its disk gets back when it goes, if it was deleted.
    bytes: u64,
    kind: MediaKind,
}

/// A file that was stored.
#[derive(Debug, PartialEq, Eq)]
pub struct StoredFile {
    pub name: String,
    pub mime: &'static str,
    pub bytes: u64,
    /// Pixels; 0 for a video.
    pub width: u32,
    pub height: u32,
    /// Its row is to come: until this is dropped, or handed over, nobody removes the file.
    pub claim: Claim,
}

/// Keeps a file where it is until it is dropped.
pub struct Reading {
    files: MediaFiles,
    name: String,
}

impl MediaFiles {
    /// Makes the folders.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let folder = data_dir.join("media");
        make_private(&folder)?;
        make_private(&folder.join(THUMBNAILS))?;
        for kind in MediaKind::ALL {
            make_private(&folder.join(kind.as_str()))?;
        }
        let files = Self::look(data_dir);
        files.unfinished().make()?;
        files.count_thumbnails()?;
        Ok(files)
    }

    /// Looks at the folders as they are: makes nothing, removes nothing.
    #[must_use]
    pub fn look(data_dir: &Path) -> Self {
        Self::measured_by(data_dir, Arc::new(free_bytes))
    }

    /// [`Self::look`] with another way to know what is free.
    pub(super) fn measured_by(data_dir: &Path, measure: Measure) -> Self {
        let folder = data_dir.join("media");
        Self(Arc::new(Inner {
            disk: Arc::new(Disk::new(folder.clone(), measure)),
            unfinished: Arc::new(UnfinishedFolder::of(&folder)),
            folder,
            bucket: None,
            has_others: false,
            readers: Mutex::default(),
            last_clean: Mutex::default(),
            claimed: Mutex::default(),
            is_cut: AtomicBool::default(),
            thumbnail_bytes: Mutex::default(),
        }))
    }

    fn with(self, bucket: Option<Bucket>, has_others: bool) -> Self {
        let before = &self.0;
        Self(Arc::new(Inner {
            folder: before.folder.clone(),
            disk: before.disk.clone(),
            unfinished: before.unfinished.clone(),
            bucket,
            has_others,
            readers: Mutex::default(),
            last_clean: Mutex::default(),
            claimed: Mutex::default(),
            is_cut: AtomicBool::default(),
            thumbnail_bytes: Mutex::new(*before.thumbnail_bytes.lock()),
        }))
    }

    /// The files in the bucket that the settings name, if they name one. Nothing else changes: files
    /// on their way are in the folder.
    ///
    /// # Errors
    /// It cannot be used, with a sentence for the operator.
    pub async fn with_bucket_of(self, config: &MediaConfig) -> Result<Self, BucketError> {
        let Some(bucket) = Bucket::of(config)? else {
            return Ok(self);
        };
        bucket.check().await?;
        let has_others = self.0.has_others;
        Ok(self.with(Some(bucket), has_others))
    }

    /// Whether other instances have the same rows: they may be writing to the folder, or have folders of
    /// their own with files that are not here.
    #[must_use]
    pub fn among_others(self, has_others: bool) -> Self {
        let bucket = self.0.bucket.clone();
        self.with(bucket, has_others)
    }

    pub(crate) fn has_others(&self) -> bool {
        self.0.has_others
    }

    pub(super) fn unfinished(&self) -> &UnfinishedFolder {
        &self.0.unfinished
    }

    pub(super) fn disk(&self) -> &Disk {
        &self.0.disk
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
        Unfinished::begin(self.0.unfinished.clone(), self.0.disk.clone())
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

    /// Gives a complete file its name, the hash of its content, and its place.
    ///
    /// # Errors
    /// It is no picture after all, or cannot be written.
    ///
    /// # Cancellation
    /// The file may be in its place.
    pub async fn keep(&self, file: Unfinished, kind: MediaKind) -> Result<StoredFile, MediaError> {
        let files = self.clone();
        let keeping = spawn_blocking(move || {
            let stored = files.describe(&file, kind)?;
            if files.bucket().is_some() {
                return Ok((stored, Some(file)));
            }
            file.sync()?;
            // Under the lock: nobody deletes an equal one meanwhile, which this one replaces.
            let mut all = files.0.readers.lock();
            if let Some(readers) = all.get_mut(&stored.name) {
                readers.is_deleted = false;
            }
            file.place(&files.place(kind, &stored.name))?;
            drop(all);
            Ok::<_, MediaError>((stored, None))
        });
        let (stored, to_send) = keeping.await.map_err(io::Error::other)??;
        if let (Some(bucket), Some(file)) = (self.bucket(), to_send) {
            bucket.put(kind, &stored.name, file.path()).await?;
        }
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
            bytes: 0,
            kind,
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
        let whole = blocking(move || {
            let _reading = reading;
            if fs::metadata(&place)?.len() > max_bytes {
                return Err(io::Error::from(io::ErrorKind::FileTooLarge));
            }
            fs::read(&place)
        });
        Ok(whole.await?.into())
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
        let mut file = blocking(move || files.begin()).await?;
        while let Some(piece) = content.try_next().await? {
            file = blocking(move || {
                file.write(&piece)?;
                Ok(file)
            })
            .await?;
        }
        Ok(Some(file))
    }

    /// What a complete file is, and a claim to it.
    fn describe(&self, file: &Unfinished, kind: MediaKind) -> Result<StoredFile, MediaError> {
        let mime = Self::type_of(kind, file.head())?;
        let (width, height) = match kind {
            MediaKind::Image => size_of(file).ok_or(MediaError::NotAPicture)?,
            MediaKind::Video => (0, 0),
        };
        let name = format!("{}.{}", file.digits(), extension(mime));
        Ok(StoredFile {
            claim: self.claim(kind, &name),
            name,
            mime,
            bytes: file.bytes(),
            width,
            height,
        })
    }

    fn place(&self, kind: MediaKind, name: &str) -> PathBuf {
        self.folder_of(kind).join(name)
    }

    /// Deletes files. One that is being read is gone for everybody else, and goes with its last reader.
    ///
    /// # Errors
    /// One cannot be removed; the others are.
    pub async fn remove(&self, names: Vec<(MediaKind, String)>) -> io::Result<()> {
        if names.is_empty() {
            return Ok(());
        }
        if self.bucket().is_some() {
            let mut removed = Ok(());
            for (kind, name) in names {
                removed = removed.and(self.remove_from_bucket(kind, &name).await);
            }
            return removed;
        }
        let files = self.clone();
        blocking(move || {
            let removed = names
                .into_iter()
                .map(|(kind, name)| files.remove_now(kind, &name));
            removed.fold(Ok(()), Result::and)
        })
        .await
    }

    /// Deletes files whose rows cannot be deleted yet. If they never are, the start after looks for rows
    /// without files.
    pub async fn remove_before_rows(&self, names: Vec<(MediaKind, String)>) {
        self.0.is_cut.store(true, Ordering::Relaxed);
        if let Err(error) = self.remove(names).await {
            tracing::warn!(%error, "files of media cannot be removed: {error}");
        }
    }

    async fn remove_from_bucket(&self, kind: MediaKind, name: &str) -> io::Result<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        if self.is_claimed(kind, name) {
            return Ok(());
        }
        let removed = bucket.remove(kind, name).await;
        let (files, name) = (self.clone(), name.to_owned());
        removed.and(blocking(move || files.remove_thumbnail(&name)).await)
    }

    /// Deletes a file. One that is being read is gone for everybody else, and one whose row is to come
    /// stays: whoever has its claim is asked afterwards.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(super) async fn remove_one(&self, kind: MediaKind, name: &str) -> io::Result<()> {
        if self.bucket().is_some() {
            return self.remove_from_bucket(kind, name).await;
        }
        let (files, name) = (self.clone(), name.to_owned());
        blocking(move || files.remove_now(kind, &name)).await
    }

    fn remove_now(&self, kind: MediaKind, name: &str) -> io::Result<()> {
        // Under the lock: nobody begins to read it meanwhile, and no equal one takes its place.
        let mut all = self.0.readers.lock();
        if self.is_claimed(kind, name) {
            return Ok(());
        }
        let Some(readers) = all.get_mut(name) else {
            return self.remove_both(kind, name);
        };
        readers.is_deleted = true;
        readers.bytes = fs::metadata(self.place(kind, name)).map_or(0, |about| about.len());
        // Whoever sends it has opened it.
        self.remove_thumbnail(name)
    }

    /// Bytes that the disk gets back when readers of deleted files have ended.
    pub(super) fn leaving(&self) -> u64 {
        let all = self.0.readers.lock();
        let deleted = all.values().filter(|readers| readers.is_deleted);
        deleted.map(|readers| readers.bytes).sum()
    }

    /// Removes a file and its thumbnail; fine if one is gone already.
    fn remove_both(&self, kind: MediaKind, name: &str) -> io::Result<()> {
        let thumbnail = self.remove_thumbnail(name);
        remove_file(&self.place(kind, name)).and(thumbnail)
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
            && let Err(error) = self.files.remove_both(readers.kind, &self.name)
        {
            tracing::warn!(%error, "a deleted file cannot be removed: {error}");
        }
        all.remove(&self.name);
    }
}

/// File work, on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Removes a file that may be gone already.
pub(super) fn remove_file(place: &Path) -> io::Result<()> {
    match fs::remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder that other users of the machine cannot look into.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Width and height of a picture.
fn size_of(picture: &Unfinished) -> Option<(u32, u32)> {
    let size = imagesize::size(picture.path()).ok()?;
    Some((size.width.try_into().ok()?, size.height.try_into().ok()?))
}

#[cfg(test)]
mod tests;
