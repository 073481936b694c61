//! Keeps generated files within a limit.
//!
//! What counts and what goes are the files that the store's rows name, and this server's thumbnails. In
//! a bucket lie files of servers with another store as well, which are theirs to remove. Where several
//! instances have the store and no bucket, rows name files that are not here (`here`).

mod here;

use std::{collections::HashSet, io, sync::atomic::Ordering, time::SystemTime};

use anyhow::{Context, bail};
use store::{MediaRow, Store};
use tokio::task::spawn_blocking;

use self::here::Here;
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
    /// Bytes that are left, with thumbnails and what is on its way.
    pub bytes_left: u64,
}

/// What counts.
enum Counted {
    /// Bytes that rows tell of: all their files are here, or in the bucket.
    OfRows(u64),
    Here(Here),
}

impl Counted {
    fn bytes(&self) -> u64 {
        match self {
            Self::OfRows(bytes) => *bytes,
            Self::Here(here) => here.bytes(),
        }
    }

    /// Whether rows may have lost their files, and still count.
    fn is_cut(&self, files: &MediaFiles) -> bool {
        matches!(self, Self::OfRows(_)) && files.is_cut()
    }
}

/// The last clean-up that removed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastClean {
    pub at: SystemTime,
    pub files: usize,
}

impl MediaFiles {
    /// Deletes the oldest files with their rows until no more than `target` bytes are left, if there
    /// are more than `limit` or the last clean-up was cut off; and until the disk has its reserve
    /// again. Files that are being read count as gone, and go with their last reader.
    ///
    /// # Errors
    /// Rows cannot be read or deleted. Or a file cannot be removed: it stays with its rows, and the
    /// others go. Or the disk lacks its reserve for what others keep there.
    pub async fn clean(
        &self,
        store: &dyn Store,
        limit: u64,
        target: u64,
    ) -> anyhow::Result<Cleaned> {
        self.disk().begin_clean();
        let mut counted = self.count(store).await?;
        let room = self.room(counted.bytes()).await;
        self.disk().set_helpless(room.is_err());
        let is_over = self.total(counted.bytes()) > limit || counted.is_cut(self);
        let by_limit = is_over.then_some(target);
        let by_disk = room.as_ref().copied().unwrap_or(None);
        let goal = by_limit.into_iter().chain(by_disk).min();
        let (mut files, mut first_error) = (0, Ok(()));
        if let Some(target) = goal {
            first_error = self.remove_stray_thumbnails(store).await?;
            let removing = match &mut counted {
                Counted::OfRows(bytes) => self.remove_of_rows(store, bytes, target).await,
                Counted::Here(here) => self.remove_here(store, here, target).await,
            };
            let (removed, outcome) = removing?;
            (files, first_error) = (removed, first_error.and(outcome));
        }
        if files > 0 {
            *self.0.last_clean.lock() = Some(LastClean {
                at: SystemTime::now(),
                files,
            });
        }
        first_error.context("removing files")?;
        room?;
        Ok(Cleaned {
            files,
            bytes_left: self.total(counted.bytes()),
        })
    }

    /// Bytes of the files that a clean-up counts, without thumbnails and what is on its way.
    ///
    /// # Errors
    /// Rows or the folder cannot be read.
    pub async fn used_bytes(&self, store: &dyn Store) -> anyhow::Result<u64> {
        Ok(self.count(store).await?.bytes())
    }

    async fn count(&self, store: &dyn Store) -> anyhow::Result<Counted> {
        match self.has_others() && self.bucket().is_none() {
            true => Here::look(self, store).await.map(Counted::Here),
            false => bytes_of_rows(store).await.map(Counted::OfRows),
        }
    }

    /// Removes the oldest files with their rows until no more than `target` bytes are left; how many,
    /// and what failed first.
    async fn remove_of_rows(
        &self,
        store: &dyn Store,
        of_rows: &mut u64,
        target: u64,
    ) -> anyhow::Result<(usize, io::Result<()>)> {
        let (mut files, mut after, mut first_error) = (0, None, Ok(()));
        while self.total(*of_rows) > target {
            let rows = store.oldest_media(after, BATCH).await;
            let rows = rows.context("reading the oldest rows")?;
            let Some(last) = rows.last() else { break };
            after = Some((last.at_ms, last.id.clone()));
            self.0.is_cut.store(true, Ordering::Relaxed);
            let (removed, outcome) = self.remove_oldest(rows, *of_rows, target).await;
            let deleted = store.delete_media_of(&removed).await;
            let deleted = deleted.context("deleting rows")?;
            self.0.is_cut.store(false, Ordering::Relaxed);
            let posters = self.remove(deleted.unused_files).await;
            first_error = first_error.and(outcome).and(posters);
            files += removed.len();
            *of_rows = bytes_of_rows(store).await?;
        }
        Ok((files, first_error))
    }

    /// How many bytes may be left for the disk to have its reserve; `None` if it has it.
    ///
    /// # Errors
    /// It would not have it without all of them either: then they are not what fills it.
    async fn room(&self, counted: u64) -> anyhow::Result<Option<u64>> {
        if self.bucket().is_some() {
            return Ok(None);
        }
        let files = self.clone();
        let shortage = spawn_blocking(move || files.disk().shortage()).await?;
        // Deleted files whose readers have not ended are room that is on its way.
        let missing = shortage.map_or(0, |bytes| bytes.saturating_sub(self.leaving()));
        if missing == 0 {
            return Ok(None);
        }
        let own = counted.saturating_add(*self.0.thumbnail_bytes.lock());
        if own < missing {
            bail!(
                "less than `cache.min_free_mb` is free on the disk, and generated files are not what \
                 fills it: nothing is stored until there is room"
            );
        }
        Ok(Some(self.total(counted) - missing))
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
            if self.total(of_rows) <= target {
                break;
            }
            match self.remove_one(row.kind, &row.file).await {
                Ok(()) => {
                    let poster = row.poster.map_or(0, |poster| poster.bytes);
                    of_rows = of_rows.saturating_sub(row.bytes.saturating_add(poster));
                    removed.push(row.file);
                }
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

    /// With thumbnails and what is on its way.
    fn total(&self, counted: u64) -> u64 {
        let others = *self.0.thumbnail_bytes.lock() + self.disk().unfinished();
        counted.saturating_add(others)
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
