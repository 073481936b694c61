//! A file on its way here: within the limits of its caller, first as a content, then as a row.

use std::{error::Error, sync::Arc};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use settings::FilesConfig;
use store::StoreError;
use uuid::Uuid;

use super::{About, FileRow, check_enabled, desk::Receiving, unreadable};
use crate::{
    clock::now_ms,
    gateway::{Caller, ErrorKind, Gateway, GatewayError},
    media::{
        Unfinished,
        files::{MediaError, MediaFiles},
        type_of_file,
        uploaded::ID_PREFIX,
    },
};

const MIB: u64 = 1024 * 1024;
/// The field of the form that has the file.
const FIELD: &str = "file";

/// A place for one file. Dropping it removes what has come.
pub struct Upload {
    files: MediaFiles,
    limits: FilesConfig,
    /// What the caller had when it began.
    stored_bytes: u64,
    receiving: Receiving,
    content: Option<Unfinished>,
}

/// Why a file was not received.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    #[error("{0}")]
    Refused(#[from] GatewayError),
    /// What it comes from broke off.
    #[error("{0}")]
    Source(Box<dyn Error + Send + Sync>),
}

/// The caller's files would have too many bytes together.
#[derive(Debug, thiserror::Error)]
#[error("the caller's files are too large together")]
struct QuotaSpent;

/// A caller's files.
#[derive(Clone, Copy, Default)]
struct Stored {
    count: usize,
    bytes: u64,
}

impl Upload {
    /// Takes the file as it comes.
    ///
    /// # Errors
    /// A 400 that says which limit it exceeds, a 503 when the disk does not take it, and what the
    /// stream says. Nothing is left of it.
    ///
    /// # Cancellation
    /// Nothing is left of it.
    pub async fn receive<S, E>(&mut self, content: S) -> Result<(), NotReceived>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let most = self.limits.max_total_mb.saturating_mul(MIB);
        let most = most.saturating_sub(self.stored_bytes);
        let receiving = &mut self.receiving;
        let counted = content.map(|chunk| -> Result<Bytes, Box<dyn Error + Send + Sync>> {
            let chunk = chunk.map_err(Into::into)?;
            match receiving.grow(chunk.len() as u64, most) {
                true => Ok(chunk),
                false => Err(QuotaSpent.into()),
            }
        });
        let limit = self.limits.max_file_mb.saturating_mul(MIB);
        let received = self.files.receive_upload(counted, limit).await;
        self.content = Some(received.map_err(|error| self.explain(error))?);
        Ok(())
    }

    fn explain(&self, error: MediaError) -> NotReceived {
        match error {
            MediaError::Source(error) if error.is::<QuotaSpent>() => {
                too_large_together(&self.limits).into()
            }
            MediaError::Source(error) => NotReceived::Source(error),
            MediaError::TooLarge { .. } => too_large(&self.limits).into(),
            error => not_kept(&error).into(),
        }
    }
}

impl Gateway {
    /// Prepares for one more file of the caller's.
    ///
    /// # Errors
    /// The caller has as many as it may, the disk is full, or the store cannot be written or read.
    pub async fn begin_upload(&self, caller: &Caller) -> Result<Upload, GatewayError> {
        let limits = &caller.snapshot.settings.config.files;
        check_enabled(limits, FIELD)?;
        self.admit(&caller.record)?;
        if self.media_files.is_full().await {
            return Err(not_kept(&MediaError::Full));
        }
        let stored = self.stored_of(&caller.owner).await?;
        check_count(limits, stored)?;
        Ok(Upload {
            files: self.media_files.clone(),
            limits: limits.clone(),
            stored_bytes: stored.bytes,
            receiving: Receiving::at(self.file_desks.of(&caller.owner)),
            content: None,
        })
    }

    /// Keeps a file that was received, for so many seconds or as long as it may be kept.
    ///
    /// # Errors
    /// It was not received or is empty, the caller has as many as it may by now, or what keeps it does
    /// not take it. Nothing is left of it then.
    ///
    /// # Cancellation
    /// It is kept, or nothing is left of it.
    pub async fn finish_upload(
        self: &Arc<Self>,
        caller: &Caller,
        mut upload: Upload,
        mut about: About,
        wished_secs: Option<u64>,
    ) -> Result<FileRow, GatewayError> {
        let content = upload.content.take().filter(|file| file.bytes() > 0);
        let Some(content) = content else {
            let message = "`file` is required: a file that is not empty.";
            return Err(GatewayError::invalid("missing_file", FIELD, message));
        };
        about.mime = type_of_file(&about.mime, &about.name, content.head());
        let created_ms = now_ms();
        let longest_secs = u64::from(upload.limits.keep_hours) * 3600;
        let keep_secs = wished_secs.unwrap_or(longest_secs).min(longest_secs);
        let row = FileRow {
            id: format!("{ID_PREFIX}{}", Uuid::new_v4().simple()),
            owner: caller.owner.clone(),
            created_ms,
            ends_secs: u64::try_from(created_ms / 1000).unwrap_or(0) + keep_secs,
            about,
            bytes: content.bytes(),
        };
        // As a task: a caller who leaves now must not leave a content without a row.
        let keeping = Arc::clone(self).keep_file(upload, content, row);
        let kept = self.tasks.spawn(keeping).await;
        kept.map_err(|_| GatewayError::store_unavailable())?
    }

    async fn keep_file(
        self: Arc<Self>,
        upload: Upload,
        content: Unfinished,
        row: FileRow,
    ) -> Result<FileRow, GatewayError> {
        let name = row.content().ok_or_else(GatewayError::store_unavailable)?;
        let kept = self.media_files.keep_upload(content, &name).await;
        kept.map_err(|error| not_kept(&error))?;
        let written = self.write_row(&upload, &row).await;
        let Err((error, may_be_written)) = written else {
            return Ok(row);
        };
        // A row that may still be written needs its content; what has none is removed an hour later.
        if !may_be_written && let Err(error) = self.media_files.remove_upload(&name).await {
            tracing::warn!(%error, "the content of a file that was not kept is left: {error}");
        }
        Err(error)
    }

    /// Writes a row if its owner may have one more; else also whether it may still be written.
    async fn write_row(&self, upload: &Upload, row: &FileRow) -> Result<(), (GatewayError, bool)> {
        let _turn = upload.receiving.desk().keeping.lock().await;
        let refuse = |error| (error, false);
        let stored = self.stored_of(&row.owner).await.map_err(refuse)?;
        check_count(&upload.limits, stored).map_err(refuse)?;
        let most = upload.limits.max_total_mb.saturating_mul(MIB);
        if stored.bytes.saturating_add(row.bytes) > most {
            return Err(refuse(too_large_together(&upload.limits)));
        }
        let written = self.store.put_document(row.to_document()).await;
        written.map_err(|error| {
            let may_be_written = matches!(error, StoreError::Late { .. });
            (unreadable(&error), may_be_written)
        })
    }

    async fn stored_of(&self, owner: &str) -> Result<Stored, GatewayError> {
        let rows = self.files_of(owner).await?;
        Ok(Stored {
            count: rows.len(),
            bytes: rows.iter().map(|row| row.bytes).sum(),
        })
    }
}

fn check_count(limits: &FilesConfig, stored: Stored) -> Result<(), GatewayError> {
    if stored.count < limits.max_files as usize {
        return Ok(());
    }
    let message = format!(
        "You have {} files here, as many as a caller may have (`files.max_files`). Delete those that \
         you no longer need.",
        stored.count
    );
    Err(GatewayError::invalid("too_many_files", FIELD, message))
}

fn too_large_together(limits: &FilesConfig) -> GatewayError {
    let message = format!(
        "The files of a caller may have {} MiB together (`files.max_total_mb`). Delete those that you \
         no longer need.",
        limits.max_total_mb
    );
    GatewayError::invalid("files_too_large", FIELD, message)
}

fn too_large(limits: &FilesConfig) -> GatewayError {
    let message = format!(
        "The file is larger than the {} MiB that a file may have here (`files.max_file_mb`).",
        limits.max_file_mb
    );
    GatewayError::invalid("file_too_large", FIELD, message)
}

/// The disk or the bucket does not take it.
fn not_kept(error: &MediaError) -> GatewayError {
    tracing::error!(%error, "a caller's file cannot be kept: {error}");
    let message = "The file cannot be kept: the disk of this server is full, less than \
                   `cache.min_free_mb` would stay free, or its storage does not answer. Try again \
                   later.";
    GatewayError::new(ErrorKind::MediaUnavailable, message)
}
