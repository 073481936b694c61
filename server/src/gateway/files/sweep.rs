//! Removes contents of files that are over, and those of which no row tells.

use std::time::Duration;

use anyhow::Context;
use store::DocumentKind;

use crate::{
    clock::now_secs,
    gateway::Gateway,
    media::uploaded::{FoundUpload, UploadedName},
};

/// Nothing takes longer from a content to its row.
const UNCLAIMED_AFTER: Duration = Duration::from_secs(3600);

impl Gateway {
    /// Removes the contents that lie here of files that are over; and where no other server can have
    /// its files, those that were kept an hour ago and have no row: of an upload that was cut off, or
    /// of a file that was deleted at another instance. How many.
    ///
    /// # Errors
    /// They cannot be listed or removed, or the store cannot be read.
    pub async fn sweep_files(&self) -> anyhow::Result<usize> {
        let now = now_secs();
        let found = self.media_files.list_uploads().await;
        let mut removed = 0;
        for found in found.context("listing callers' files")? {
            if found.name.is_over(now) || self.is_unclaimed(&found).await? {
                let done = self.media_files.remove_upload(&found.name).await;
                done.context("removing a caller's file")?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn is_unclaimed(&self, found: &FoundUpload) -> anyhow::Result<bool> {
        // In a bucket it may be the file of a server with another store.
        if self.media_files.shares_uploads() || !found.is_older(UNCLAIMED_AFTER) {
            return Ok(false);
        }
        Ok(!self.has_row(&found.name).await?)
    }

    async fn has_row(&self, name: &UploadedName) -> anyhow::Result<bool> {
        let row = self.store.get_document(DocumentKind::File, name.id()).await;
        Ok(row.context("reading the row of a caller's file")?.is_some())
    }
}
