//! What lies where generated media belong, for whoever compares and cleans.

use std::{fs, io, io::Read, path::Path, time::SystemTime};

use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use store::MediaKind;

use super::{
    bucket::Bucket,
    files::{MediaFiles, blocking},
    unfinished::NAME_DIGITS,
};

/// So much of a file is in memory while it is hashed.
const PIECE_BYTES: usize = 256 * 1024;

/// A file of ours, or what else lies among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: MediaKind,
    pub name: String,
    pub bytes: u64,
    pub modified: SystemTime,
}

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) modified: SystemTime,
}

impl Entry {
    fn of(self, kind: MediaKind) -> Found {
        let Self {
            name,
            bytes,
            modified,
        } = self;
        Found {
            kind,
            name,
            bytes,
            modified,
        }
    }
}

impl MediaFiles {
    /// Every file of every kind; of folders that are not there, none.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub async fn list(&self) -> io::Result<Vec<Found>> {
        if let Some(bucket) = self.bucket() {
            let mut found = Vec::new();
            for kind in MediaKind::ALL {
                let listed = bucket.list(kind).await?;
                found.extend(listed.into_iter().map(|entry| entry.of(kind)));
            }
            return Ok(found);
        }
        let folders = MediaKind::ALL.map(|kind| (kind, self.folder_of(kind)));
        blocking(move || {
            let mut found = Vec::new();
            for (kind, folder) in folders {
                let listed = list_folder(&folder)?;
                found.extend(listed.into_iter().map(|entry| entry.of(kind)));
            }
            Ok(found)
        })
        .await
    }

    /// What its content says a file should be called, without the extension.
    ///
    /// # Errors
    /// The file cannot be read.
    pub async fn digits_of(&self, kind: MediaKind, name: &str) -> io::Result<String> {
        if let Some(bucket) = self.bucket() {
            return hash_of_object(bucket, kind, name).await;
        }
        let place = self.folder_of(kind).join(name);
        blocking(move || hash(&place)).await
    }
}

/// What is in a folder; nothing, if it is not there.
pub(super) fn entries(
    folder: &Path,
) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>> + use<>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// Every file of a folder; of one that is not there, none. One that goes meanwhile may be missing.
pub(super) fn list_folder(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        let entry = entry?;
        let about = match entry.metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            about => about?,
        };
        found.push(Entry {
            name: entry.file_name().to_string_lossy().into_owned(),
            bytes: about.len(),
            modified: about.modified()?,
        });
    }
    Ok(found)
}

fn hash(place: &Path) -> io::Result<String> {
    let mut file = fs::File::open(place)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE_BYTES]);
    loop {
        let count = file.read(&mut piece)?;
        let Some(read) = piece.get(..count).filter(|read| !read.is_empty()) else {
            break;
        };
        hash.update(read);
    }
    Ok(digits(hash))
}

async fn hash_of_object(bucket: &Bucket, kind: MediaKind, name: &str) -> io::Result<String> {
    let Some(object) = bucket.get(kind, name, None).await? else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let (mut content, mut hash) = (std::pin::pin!(object.content), Sha256::new());
    while let Some(piece) = content.try_next().await? {
        hash.update(&piece);
    }
    Ok(digits(hash))
}

fn digits(hash: Sha256) -> String {
    let mut digits = format!("{:x}", hash.finalize());
    digits.truncate(NAME_DIGITS);
    digits
}
