//! The clean-up of a folder whose rows other instances write as well. Each instance may have a folder of
//! its own, or all of them this one: what counts is what lies here, and rows of files that do not are
//! passed over.
//!
//! Rows go before their files: what is left of a clean-up that is cut off is files that no row names,
//! with which a later one begins.

use std::{
    collections::{HashMap, HashSet},
    io,
    time::Duration,
};

use anyhow::Context;
use store::{MediaKind, MediaRow, Store};

use super::{BATCH, MediaFiles};
use crate::media::{files::blocking, names::is_name, unfinished_folder::is_older};

/// Nothing takes longer from a file to its row, on whichever instance.
const UNNAMED_AFTER: Duration = Duration::from_secs(3600);

/// A file, by kind and name.
type Key = (MediaKind, String);

/// The files that lie here and count: all but those whose rows may be still to come.
pub(super) struct Here {
    bytes: HashMap<Key, u64>,
    /// Those that no row names, oldest first.
    unnamed: Vec<Key>,
}

impl Here {
    pub(super) async fn look(files: &MediaFiles, store: &dyn Store) -> anyhow::Result<Self> {
        // Before the files: one that loses its row meanwhile counts once more, and no other goes for it.
        let named = store.media_files().await.context("reading rows")?;
        let named: HashSet<Key> = named
            .into_iter()
            .map(|file| (file.kind, file.file))
            .collect();
        let found = files.list().await.context("listing the files")?;
        let thumbnails = files.clone();
        let counting = blocking(move || thumbnails.count_thumbnails());
        // Others with this folder make some as well.
        counting.await.context("counting thumbnails")?;
        let (mut bytes, mut unnamed) = (HashMap::new(), Vec::new());
        for file in found {
            let key = (file.kind, file.name);
            if !named.contains(&key) {
                if !is_name(&key.1) || !is_older(file.modified, UNNAMED_AFTER) {
                    continue;
                }
                unnamed.push((file.modified, key.clone()));
            }
            bytes.insert(key, file.bytes);
        }
        unnamed.sort_by_key(|(modified, _)| *modified);
        let unnamed = unnamed.into_iter().map(|(_, key)| key).collect();
        Ok(Self { bytes, unnamed })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.values().sum()
    }
}

impl MediaFiles {
    /// Removes files that no row names, then the oldest rows that have their file here, until no more
    /// than `target` bytes are left; how many files, and what failed first.
    pub(super) async fn remove_here(
        &self,
        store: &dyn Store,
        here: &mut Here,
        target: u64,
    ) -> anyhow::Result<(usize, io::Result<()>)> {
        let (mut count, mut first_error) = self.remove_unnamed(store, here, target).await?;
        let mut after = None;
        while self.total(here.bytes()) > target {
            let rows = store.oldest_media(after, BATCH).await;
            let rows = rows.context("reading the oldest rows")?;
            let Some(last) = rows.last() else { break };
            after = Some((last.at_ms, last.id.clone()));
            // After the rows: whoever else cleans this folder may have begun with the oldest.
            *here = Here::look(self, store).await?;
            let mut going = self.oldest_here(rows, here, target);
            if going.is_empty() {
                continue;
            }
            let names: Vec<_> = going.iter().map(|(_, name)| name.clone()).collect();
            let deleted = store.delete_media_of(&names).await;
            going.extend(deleted.context("deleting rows")?.unused_files);
            count += names.len();
            for key in &going {
                here.bytes.remove(key);
            }
            first_error = first_error.and(self.remove(going).await);
        }
        Ok((count, first_error))
    }

    /// Those of these rows' files that lie here, as far as they have to go.
    fn oldest_here(&self, rows: Vec<MediaRow>, here: &Here, target: u64) -> Vec<Key> {
        let (mut going, mut left) = (Vec::new(), here.bytes());
        for row in rows {
            if self.total(left) <= target {
                break;
            }
            let key = (row.kind, row.file);
            let Some(bytes) = here.bytes.get(&key) else {
                continue;
            };
            let poster = row.poster.map(|poster| (MediaKind::Image, poster.file));
            let poster = poster.and_then(|key| here.bytes.get(&key).copied());
            left = left.saturating_sub(bytes + poster.unwrap_or(0));
            going.push(key);
        }
        going
    }

    /// What was deleted on an instance that has not the file, or was left by a crash.
    async fn remove_unnamed(
        &self,
        store: &dyn Store,
        here: &mut Here,
        target: u64,
    ) -> anyhow::Result<(usize, io::Result<()>)> {
        let (mut count, mut first_error) = (0, Ok(()));
        for (kind, name) in std::mem::take(&mut here.unnamed) {
            if self.total(here.bytes()) <= target {
                break;
            }
            let is_used = store.is_media_file_used(kind, &name).await;
            if is_used.context("asking for rows of a file")? {
                continue;
            }
            match self.remove_one(kind, &name).await {
                Ok(()) => {
                    here.bytes.remove(&(kind, name));
                    count += 1;
                }
                Err(error) => first_error = first_error.and(Err(error)),
            }
        }
        Ok((count, first_error))
    }
}
