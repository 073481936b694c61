//! Images and files of a request: fetched once, uploaded to each account that is tried.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chat::{Attachment, Prompt, Source};
use futures::future::try_join_all;
use grok::Upload;
use grok2api_app::limits::MAX_FILES;
use pool::Lease;

use super::ChatContext;
use crate::{
    gateway::{
        Gateway,
        error::{ErrorKind, GatewayError},
        failure::Failure,
    },
    media::{
        budget::{MediaBudget, Share},
        remote_file::FetchError,
    },
};

/// Bytes of all attachments of one request together.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;
/// Decoding more than this would hold up the other tasks of the thread.
const DECODE_INLINE_BYTES: usize = 256 * 1024;

/// One attachment, ready to be uploaded.
#[derive(Debug)]
pub(super) struct ReadyFile {
    /// Its place in the request.
    param: String,
    name: String,
    mime: String,
    content: Bytes,
    /// The memory that it takes.
    _share: Share,
}

/// Decodes data URIs and fetches URLs, all at once.
///
/// # Errors
/// A 400 that names the part: bad base64, a URL that may not be fetched, too many or too large. A
/// 502 that names it when the server behind the URL is at fault. A 503 when the files of all
/// requests take too much memory.
///
/// # Cancellation
/// Dropping the future closes the connections and gives the memory back.
pub(super) async fn load(
    context: &ChatContext,
    budget: &MediaBudget,
) -> Result<Vec<ReadyFile>, GatewayError> {
    // A follow-up on a known conversation may still fall back to the whole history.
    let attachments = &context.prompt.attachments;
    if attachments.len() > MAX_FILES {
        return Err(invalid(
            "messages",
            format!("A request may carry at most {MAX_FILES} images and files."),
        ));
    }
    let files = attachments
        .iter()
        .map(|attachment| load_one(context, attachment, budget.share()));
    let files = try_join_all(files).await?;
    let mut total = 0;
    for file in &files {
        total += file.content.len();
        if total > MAX_TOTAL_BYTES {
            return Err(invalid(
                &file.param,
                "The images and files of a request may have 64 MiB together.".to_owned(),
            ));
        }
    }
    Ok(files)
}

async fn load_one(
    context: &ChatContext,
    attachment: &Attachment,
    mut share: Share,
) -> Result<ReadyFile, GatewayError> {
    let (name, mime, content) = match &attachment.source {
        Source::Data { mime, base64 } => {
            let decoded_bytes = base64.len() / 4 * 3;
            share
                .grow(decoded_bytes)
                .map_err(|_| GatewayError::files_at_capacity())?;
            let content = decode(base64).await.map_err(|error| {
                let message = format!("The data is not valid base64: {error}.");
                invalid(&attachment.param, message)
            })?;
            let subtype = mime.split('/').nth(1).unwrap_or("bin");
            let extension = subtype.split(['+', ';']).next().unwrap_or("bin");
            (format!("file.{extension}"), mime.clone(), content.into())
        }
        Source::Url(url) => {
            let fetched = context.settings().remote_files.fetch(url, &mut share).await;
            let file = fetched.map_err(|error| not_fetched(&error, &attachment.param))?;
            (file.name, file.mime, file.content)
        }
    };
    Ok(ReadyFile {
        param: attachment.param.clone(),
        name: attachment.name.clone().unwrap_or(name),
        mime,
        content,
        _share: share,
    })
}

fn not_fetched(error: &FetchError, param: &str) -> GatewayError {
    if *error == FetchError::NoMemory {
        return GatewayError::files_at_capacity();
    }
    if error.is_remote_failure() {
        let message = format!("`{param}` could not be fetched: {error}.");
        return GatewayError::new(ErrorKind::Upstream("media_unreachable"), message);
    }
    invalid(param, format!("The URL cannot be used: {error}."))
}

/// Decodes, a large file on a thread that may block.
async fn decode(base64: &Arc<str>) -> anyhow::Result<Vec<u8>> {
    if base64.len() <= DECODE_INLINE_BYTES {
        return Ok(STANDARD.decode(base64.as_bytes())?);
    }
    let base64 = Arc::clone(base64);
    Ok(tokio::task::spawn_blocking(move || STANDARD.decode(base64.as_bytes())).await??)
}

/// Those of the files that `prompt` attaches.
pub(super) fn of<'a>(prompt: &Prompt, files: &'a [ReadyFile]) -> Vec<&'a ReadyFile> {
    let is_attached =
        |file: &&ReadyFile| prompt.attachments.iter().any(|one| one.param == file.param);
    files.iter().filter(is_attached).collect()
}

/// Uploads the files to the leased account, in their order: the prompt has files before images.
///
/// # Errors
/// The upstream's refusal, classified like that of a chat.
pub(super) async fn upload(
    gateway: &Gateway,
    lease: &Lease,
    context: &ChatContext,
    files: &[&ReadyFile],
) -> Result<Vec<String>, Failure> {
    let timeout = context.settings().config.asset.upload_timeout;
    let uploads = files.iter().map(|file| async move {
        let _slot = tokio::time::timeout(timeout, gateway.upload_slots.wait())
            .await
            .map_err(|_| Failure::UploadsBusy)?;
        let upload = Upload {
            name: file.name.clone(),
            mime: file.mime.clone(),
            content: file.content.clone(),
        };
        let credential = lease.credential().expose();
        let upstream = &context.settings().upstream;
        let id = upstream.upload(credential, &upload, timeout).await?;
        Ok::<_, Failure>(id)
    });
    try_join_all(uploads).await
}

fn invalid(param: &str, message: String) -> GatewayError {
    GatewayError::invalid("invalid_media", param, message)
}
