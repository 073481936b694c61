//! Images and files of a request: fetched once, uploaded to each account that is tried.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chat::{Attachment, Prompt, Source};
use grok::Upload;
use pool::Lease;

use super::ChatContext;
use crate::gateway::{
    error::{ErrorKind, GatewayError},
    failure::Failure,
};

/// Attachments in one request.
const MAX_FILES: usize = 8;
/// Bytes of all attachments of one request together.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;

/// One attachment, ready to be uploaded.
#[derive(Clone, Debug)]
pub(super) struct ReadyFile {
    /// Its place in the request.
    param: String,
    name: String,
    mime: String,
    content: Bytes,
}

/// Decodes data URIs and fetches URLs.
///
/// # Errors
/// A 400 that names the part: bad base64, a URL that may not be fetched, too many or too large. A
/// 502 that names it when the server behind the URL is at fault.
pub(super) async fn load(context: &ChatContext) -> Result<Vec<ReadyFile>, GatewayError> {
    // A follow-up on a known conversation may still fall back to the whole history.
    let attachments = &context.prompt.attachments;
    if attachments.len() > MAX_FILES {
        return Err(invalid(
            "messages",
            format!("A request may carry at most {MAX_FILES} images and files."),
        ));
    }
    let mut files = Vec::with_capacity(attachments.len());
    let mut total = 0;
    for attachment in attachments {
        let file = load_one(context, attachment).await?;
        total += file.content.len();
        if total > MAX_TOTAL_BYTES {
            return Err(invalid(
                &attachment.param,
                "The images and files of a request may have 64 MiB together.".to_owned(),
            ));
        }
        files.push(file);
    }
    Ok(files)
}

async fn load_one(
    context: &ChatContext,
    attachment: &Attachment,
) -> Result<ReadyFile, GatewayError> {
    match &attachment.source {
        Source::Data { mime, base64 } => {
            let content = STANDARD.decode(base64.as_bytes()).map_err(|error| {
                let message = format!("The data is not valid base64: {error}.");
                invalid(&attachment.param, message)
            })?;
            let subtype = mime.split('/').nth(1).unwrap_or("bin");
            let extension = subtype.split(['+', ';']).next().unwrap_or("bin");
            Ok(ReadyFile {
                param: attachment.param.clone(),
                name: attachment
                    .name
                    .clone()
                    .unwrap_or_else(|| format!("file.{extension}")),
                mime: mime.clone(),
                content: content.into(),
            })
        }
        Source::Url(url) => {
            let file = match context.settings().remote_files.fetch(url).await {
                Ok(file) => file,
                Err(error) if error.is_remote_failure() => {
                    let message = format!("`{}` could not be fetched: {error}.", attachment.param);
                    let kind = ErrorKind::Upstream("media_unreachable");
                    return Err(GatewayError::new(kind, message));
                }
                Err(error) => {
                    let message = format!("The URL cannot be used: {error}.");
                    return Err(invalid(&attachment.param, message));
                }
            };
            Ok(ReadyFile {
                param: attachment.param.clone(),
                name: attachment.name.clone().unwrap_or(file.name),
                mime: file.mime,
                content: file.content,
            })
        }
    }
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
    lease: &Lease,
    context: &ChatContext,
    files: &[&ReadyFile],
) -> Result<Vec<String>, Failure> {
    let timeout = context.settings().config.asset.upload_timeout;
    let uploads = files.iter().map(|file| async move {
        let upload = Upload {
            name: file.name.clone(),
            mime: file.mime.clone(),
            content: file.content.clone(),
        };
        let credential = lease.credential().expose();
        context
            .settings()
            .upstream
            .upload(credential, &upload, timeout)
            .await
    });
    Ok(futures::future::try_join_all(uploads).await?)
}

fn invalid(param: &str, message: String) -> GatewayError {
    GatewayError::invalid("invalid_media", param, message)
}
