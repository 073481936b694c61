//! Files that callers upload and name in chats by their ids: found, listed, read and deleted by whom
//! they belong to; others learn nothing of them.

mod desk;
mod row;
mod sweep;
mod upload;

use std::io;

use bytes::Bytes;
use settings::FilesConfig;
use store::{DocumentKind, DocumentQuery, StoreError};

pub(super) use self::desk::Desks;
pub use self::{
    row::{About, FileRow},
    upload::{NotReceived, Upload},
};
use super::{Caller, ErrorKind, Gateway, GatewayError};
use crate::{
    clock::now_secs,
    media::uploaded::{ID_PREFIX, UploadedName},
};

/// Rows that are read at once.
const PAGE: u32 = 1000;

/// Which files of a caller are listed.
#[derive(Clone, Debug, Default)]
pub struct FileFilter {
    /// Those behind this one.
    pub after: Option<String>,
    /// Those with this purpose.
    pub purpose: Option<String>,
    pub is_oldest_first: bool,
    /// At most.
    pub limit: usize,
}

/// A part of a list of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePage {
    pub rows: Vec<FileRow>,
    /// Others follow the last of them.
    pub has_more: bool,
}

impl Gateway {
    /// A file of the caller's.
    ///
    /// # Errors
    /// The store cannot be read; files are switched off.
    pub async fn file(&self, caller: &Caller, id: &str) -> Result<Option<FileRow>, GatewayError> {
        check_enabled(&caller.snapshot.settings.config.files, "id")?;
        if !id.starts_with(ID_PREFIX) || UploadedName::of(id, 0).is_none() {
            return Ok(None);
        }
        let document = self.store.get_document(DocumentKind::File, id).await;
        let document = document.map_err(|error| unreadable(&error))?;
        let row = document.and_then(FileRow::of);
        Ok(row.filter(|row| row.owner == caller.owner && !row.is_over(now_secs())))
    }

    /// Files of the caller's.
    ///
    /// # Errors
    /// The store cannot be read; there is no such file as the list is to begin behind; files are
    /// switched off.
    pub async fn list_files(
        &self,
        caller: &Caller,
        filter: &FileFilter,
    ) -> Result<FilePage, GatewayError> {
        check_enabled(&caller.snapshot.settings.config.files, "id")?;
        let mut rows = self.files_of(&caller.owner).await?;
        if !filter.is_oldest_first {
            rows.reverse();
        }
        let begin = match &filter.after {
            None => 0,
            Some(after) => {
                let place = rows.iter().position(|row| row.id == *after);
                let place = place.ok_or_else(|| {
                    let message = "There is no such file, or no longer.";
                    GatewayError::invalid("invalid_after", "after", message)
                })?;
                place + 1
            }
        };
        let wanted = |row: &FileRow| {
            let purpose = filter.purpose.as_ref();
            purpose.is_none_or(|purpose| *purpose == row.about.purpose)
        };
        let mut rows: Vec<_> = rows
            .into_iter()
            .skip(begin)
            .filter(wanted)
            .take(filter.limit.saturating_add(1))
            .collect();
        let has_more = rows.len() > filter.limit;
        rows.truncate(filter.limit);
        Ok(FilePage { rows, has_more })
    }

    /// Deletes a file of the caller's; `false` if there is none.
    ///
    /// # Errors
    /// The store does not take it; files are switched off.
    pub async fn delete_file(&self, caller: &Caller, id: &str) -> Result<bool, GatewayError> {
        let Some(row) = self.file(caller, id).await? else {
            return Ok(false);
        };
        let deleted = self.store.delete_document(DocumentKind::File, id).await;
        let deleted = deleted.map_err(|error| unreadable(&error))?;
        if let Some(name) = row.content()
            && let Err(error) = self.media_files.remove_upload(&name).await
        {
            // A sweep tries again.
            tracing::warn!(%error, "the content of a deleted file is left: {error}");
        }
        Ok(deleted)
    }

    /// All of a file's content; `param` is the field that names the file.
    ///
    /// # Errors
    /// It is not here, or cannot be read.
    pub(super) async fn read_file(
        &self,
        row: &FileRow,
        param: &str,
    ) -> Result<Bytes, GatewayError> {
        let elsewhere = || GatewayError::file_elsewhere(param);
        let name = row.content().ok_or_else(elsewhere)?;
        let read = self.media_files.read_upload(&name, row.bytes).await;
        read.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => elsewhere(),
            _ => {
                tracing::error!(%error, "a caller's file cannot be read: {error}");
                let message = "The file cannot be read now: the storage of this server does not \
                               answer. Try again later.";
                GatewayError::new(ErrorKind::MediaUnavailable, message)
            }
        })
    }

    /// Every file of an owner that is not over, oldest first.
    async fn files_of(&self, owner: &str) -> Result<Vec<FileRow>, GatewayError> {
        let mut query = DocumentQuery {
            kind: DocumentKind::File,
            group: owner.to_owned(),
            after: None,
            limit: PAGE,
        };
        let (mut rows, now) = (Vec::new(), now_secs());
        loop {
            let page = self.store.list_documents(&query).await;
            let page = page.map_err(|error| unreadable(&error))?;
            let last = page.rows.last().map(|last| (last.at_ms, last.id.clone()));
            let has_more = page.has_more && last.is_some();
            let read = page.into_iter().filter_map(FileRow::of);
            rows.extend(read.filter(|row| !row.is_over(now)));
            if !has_more {
                return Ok(rows);
            }
            query.after = last;
        }
    }
}

/// # Errors
/// `files_disabled`, if nobody may upload here; `param` is what asked for it.
fn check_enabled(limits: &FilesConfig, param: &str) -> Result<(), GatewayError> {
    if limits.enabled {
        return Ok(());
    }
    let message = "This server keeps no files of callers (`files.enabled`). Send the file with the \
                   request that needs it.";
    Err(GatewayError::invalid("files_disabled", param, message))
}

fn unreadable(error: &StoreError) -> GatewayError {
    tracing::error!(%error, "the store does not do what a file needs");
    GatewayError::store_unavailable()
}
