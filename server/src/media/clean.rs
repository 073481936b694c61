//! Keeps generated files within a limit.

use std::{fs, io, time::SystemTime};

use super::files::{MediaFiles, blocking};

/// What one clean-up did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Names of deleted files.
    pub files: Vec<String>,
    /// Bytes that are left, thumbnails included.
    pub bytes_left: u64,
}

/// The last clean-up that removed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastClean {
    pub at: SystemTime,
    pub files: usize,
}

impl MediaFiles {
    /// Deletes the oldest files until no more than `target` bytes are left, if there are more than
    /// `limit`. Files that are being read stay.
    ///
    /// # Errors
    /// The files cannot be listed, or one cannot be removed.
    pub async fn clean(&self, limit: u64, target: u64) -> io::Result<Cleaned> {
        let mut found = self.list().await?;
        let files = self.clone();
        let mut found = blocking(move || {
            for file in &mut found {
                let thumbnail = fs::metadata(files.thumbnail(&file.name));
                file.bytes += thumbnail.map_or(0, |about| about.len());
            }
            Ok(found)
        })
        .await?;
        let mut cleaned = Cleaned {
            files: Vec::new(),
            bytes_left: found.iter().map(|file| file.bytes).sum(),
        };
        if cleaned.bytes_left <= limit {
            return Ok(cleaned);
        }
        found.sort_by(|one, other| (one.modified, &one.name).cmp(&(other.modified, &other.name)));
        for file in found {
            if cleaned.bytes_left <= target {
                break;
            }
            if self.remove_unread(file.kind, &file.name).await? {
                cleaned.bytes_left -= file.bytes;
                cleaned.files.push(file.name);
            }
        }
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
}
