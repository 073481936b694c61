//! Keeps generated files within a limit.
//!
//! What counts and what goes are the files that this server's rows name, and its thumbnails. In a
//! bucket lie other servers' files as well, which are theirs to remove.

use std::{collections::HashSet, io, sync::atomic::Ordering, time::SystemTime};

use anyhow::Context;
use store::{MediaRow, Store};

use super::{
    files::{MediaFiles, blocking},
    names::stem_of,
};

/// Files whose rows go in one write. When a clean-up is cut off, at most so many rows have lost their
/// file; the next one begins with them.
const BATCH: u32 = 100;

/// What one clean-up did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Deleted files.
    pub files: usize,
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
    /// Deletes the oldest files with their rows until no more than `target` bytes are left, if there
    /// are more than `limit` or the last clean-up was cut off. Files that are being read stay.
    ///
    /// # Errors
    /// Rows cannot be read or deleted. Or a file cannot be removed: it stays with its rows, and the
    /// others go.
    pub async fn clean(
        &self,
        store: &dyn Store,
        limit: u64,
        target: u64,
    ) -> anyhow::Result<Cleaned> {
        let (mut files, mut after) = (0, None);
        let mut of_rows = bytes_of_rows(store).await?;
        let mut first_error = Ok(());
        if self.with_thumbnails(of_rows) > limit || self.is_cut() {
            first_error = self.remove_stray_thumbnails(store).await?;
            while self.with_thumbnails(of_rows) > target {
                let rows = store.oldest_media(after, BATCH).await;
                let rows = rows.context("reading the oldest rows")?;
                let Some(last) = rows.last() else { break };
                after = Some((last.at_ms, last.id.clone()));
                self.0.is_cut.store(true, Ordering::Relaxed);
                let (removed, outcome) = self.remove_oldest(rows, of_rows, target).await;
                let deleted = store.delete_media_of(&removed).await;
                let deleted = deleted.context("deleting rows")?;
                self.0.is_cut.store(false, Ordering::Relaxed);
                let posters = self.remove(deleted.unused_files).await;
                first_error = first_error.and(outcome).and(posters);
                files += removed.len();
                of_rows = bytes_of_rows(store).await?;
            }
        }
        if files > 0 {
            *self.0.last_clean.lock() = Some(LastClean {
                at: SystemTime::now(),
                files,
            });
        }
        first_error.context("removing files")?;
        Ok(Cleaned {
            files,
            bytes_left: self.with_thumbnails(of_rows),
        })
    }

    /// Whether a clean-up was cut off between files and rows; the next one mends it.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.0.is_cut.load(Ordering::Relaxed)
    }

    /// Removes files of these rows until the target is reached; which ones, and what failed first.
    async fn remove_oldest(
        &self,
        rows: Vec<MediaRow>,
        mut of_rows: u64,
        target: u64,
    ) -> (Vec<String>, io::Result<()>) {
        let (mut removed, mut first_error) = (Vec::new(), Ok(()));
        for row in rows {
            if self.with_thumbnails(of_rows) <= target {
                break;
            }
            match self.remove_unread(row.kind, &row.file).await {
                Ok(true) => {
                    let poster = row.poster.map_or(0, |poster| poster.bytes);
                    of_rows = of_rows.saturating_sub(row.bytes.saturating_add(poster));
                    removed.push(row.file);
                }
                Ok(false) => {}
                Err(error) => first_error = first_error.and(Err(error)),
            }
        }
        (removed, first_error)
    }

    /// Removes thumbnails of what no row of this server names: made of another server's pictures, or
    /// while the picture was deleted. Whoever asks has them made again.
    async fn remove_stray_thumbnails(&self, store: &dyn Store) -> anyhow::Result<io::Result<()>> {
        let rows = store.media_files().await.context("reading rows")?;
        let known = rows.iter().map(|file| stem_of(&file.file).to_owned());
        let known: HashSet<String> = known.collect();
        let files = self.clone();
        let removing = blocking(move || {
            let mut removed = Ok(());
            for name in files.list_thumbnails()? {
                if !known.contains(stem_of(&name)) {
                    removed = removed.and(files.remove_thumbnail(&name));
                }
            }
            removed
        });
        Ok(removing.await)
    }

    fn with_thumbnails(&self, of_rows: u64) -> u64 {
        of_rows.saturating_add(*self.0.thumbnail_bytes.lock())
    }

    /// The last clean-up that removed something, since the start.
    #[must_use]
    pub fn last_clean(&self) -> Option<LastClean> {
        *self.0.last_clean.lock()
    }
}

async fn bytes_of_rows(store: &dyn Store) -> anyhow::Result<u64> {
    store.media_bytes().await.context("summing sizes")
}

#[cfg(test)]
mod tests;
