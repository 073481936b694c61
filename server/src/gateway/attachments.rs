//! Images and files of a request: fetched once, uploaded to each account that is tried.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use grok::Upload;
use openai::chat::{Attachment, AttachmentKind, Prompt, Source};
use pool::Lease;

use crate::{
    gateway::{chat::Plan, failure::Failure},
    http::error::ApiError,
};

/// Attachments in one request.
const MAX_FILES: usize = 8;
/// Bytes of all attachments of one request together.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;

/// One attachment, ready to be uploaded.
#[derive(Clone, Debug)]
pub struct ReadyFile {
    /// Its place in the request.
    pub param: String,
    pub name: String,
    pub mime: String,
    pub content: Bytes,
    pub kind: AttachmentKind,
}

/// Decodes data URIs and fetches URLs.
///
/// # Errors
/// A 400 that names the part: bad base64, a URL that may not be fetched, too many or too large. A
/// 502 that names it when the server behind the URL is at fault.
pub async fn load(plan: &Plan) -> Result<Vec<ReadyFile>, ApiError> {
    // A follow-up on a known conversation may still fall back to the whole history.
    let attachments = &plan.prompt.attachments;
    if attachments.len() > MAX_FILES {
        return Err(invalid(
            "messages",
            format!("A request may carry at most {MAX_FILES} images and files."),
        ));
    }
    let mut files = Vec::with_capacity(attachments.len());
    let mut total = 0;
    for attachment in attachments {
        let file = load_one(plan, attachment).await?;
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

async fn load_one(plan: &Plan, attachment: &Attachment) -> Result<ReadyFile, ApiError> {
    match &attachment.source {
        Source::Data { mime, base64 } => {
            let compact: String = base64
                .chars()
                .filter(|c| !c.is_ascii_whitespace())
                .collect();
            let content = STANDARD.decode(compact).map_err(|error| {
                invalid(
                    &attachment.param,
                    format!("The data URI is not valid base64: {error}."),
                )
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
                kind: attachment.kind,
            })
        }
        Source::Url(url) => {
            let file = match plan.live.remote_files.fetch(url).await {
                Ok(file) => file,
                Err(error) if error.is_remote_failure() => {
                    return Err(ApiError::Upstream {
                        message: format!("`{}` could not be fetched: {error}.", attachment.param),
                        code: "media_unreachable",
                    });
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
                kind: attachment.kind,
            })
        }
    }
}

/// Those of the files that `prompt` attaches.
pub fn of<'a>(prompt: &Prompt, files: &'a [ReadyFile]) -> Vec<&'a ReadyFile> {
    let is_attached =
        |file: &&ReadyFile| prompt.attachments.iter().any(|one| one.param == file.param);
    files.iter().filter(is_attached).collect()
}

/// Uploads the files to the leased account: files first, then images (`upstream-protocol.md` 2.1).
///
/// # Errors
/// The upstream's refusal, classified like that of a chat.
pub async fn upload(
    lease: &Lease,
    plan: &Plan,
    files: &[&ReadyFile],
) -> Result<Vec<String>, Failure> {
    let timeout = plan.live.config.asset.upload_timeout;
    let ordered = files
        .iter()
        .filter(|file| file.kind == AttachmentKind::File)
        .chain(
            files
                .iter()
                .filter(|file| file.kind == AttachmentKind::Image),
        );
    let uploads = ordered.map(|file| async move {
        let upload = Upload {
            name: file.name.clone(),
            mime: file.mime.clone(),
            content: file.content.clone(),
        };
        let credential = lease.credential().expose();
        plan.live
            .upstream
            .upload(credential, &upload, timeout)
            .await
    });
    let uploaded = futures::future::try_join_all(uploads).await?;
    Ok(uploaded
        .into_iter()
        .map(|file| file.file_metadata_id)
        .collect())
}

fn invalid(param: &str, message: String) -> ApiError {
    ApiError::Invalid {
        message,
        param: Some(param.to_owned()),
        code: "invalid_media",
    }
}
