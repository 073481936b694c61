//! Images and files of a request: fetched once, uploaded to each account that is tried (`uploads`).

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use chat::{Attachment, Prompt, Source};
use futures::future::try_join_all;
use sha2::{Digest, Sha256};
use store::MediaKind;

use super::{
    Caller, Gateway,
    error::{ErrorKind, GatewayError},
    files::FileRow,
};
use crate::media::{budget::Share, image_type, remote_file::FetchError};

/// Largest picture of our own that is used again.
const MAX_OWN_BYTES: u64 = 64 * 1024 * 1024;
/// Work on more than this would hold up the other tasks of the thread.
const INLINE_BYTES: usize = 256 * 1024;

/// A file of a caller, before it has been looked at.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its place in the request.
    pub param: String,
    /// Its file name, if the caller gave one.
    pub name: Option<String>,
    pub source: InputSource,
}

/// Where a file is.
#[derive(Clone, Debug)]
pub enum InputSource {
    /// In the request.
    Bytes { mime: String, content: Bytes },
    /// In the request as base64, elsewhere, or among the files that the caller uploaded.
    Attached(Source),
}

/// One file, ready to be uploaded.
#[derive(Debug)]
pub(super) struct ReadyFile {
    /// Its place in the request.
    pub(super) param: String,
    pub(super) name: String,
    pub(super) mime: String,
    pub(super) content: Bytes,
    /// Of name, type and content.
    pub(super) hash: [u8; 32],
    /// The memory that it takes.
    _share: Share,
}

impl From<&Attachment> for Input {
    fn from(attachment: &Attachment) -> Self {
        Self {
            param: attachment.param.clone(),
            name: attachment.name.clone(),
            source: InputSource::Attached(attachment.source.clone()),
        }
    }
}

impl Input {
    /// The name of the file, if it is a picture of this server.
    pub(super) fn own_file(&self, own_address: &str) -> Option<&str> {
        match &self.source {
            InputSource::Attached(Source::Url(url)) => own_name(url, own_address),
            InputSource::Attached(_) | InputSource::Bytes { .. } => None,
        }
    }
}

impl Gateway {
    /// Decodes data URIs, fetches URLs and reads the caller's files, all at once; at most so many bytes
    /// together. A file whose address is this server's own is read here.
    ///
    /// # Errors
    /// A 400 that names the part: bad base64, a URL that may not be fetched, too large. A 404 for a file
    /// that the caller does not have, a 409 where its content is not here. A 502 that
    /// names it when the server behind the URL is at fault. A 503 when the files of all requests take
    /// too much memory.
    ///
    /// # Cancellation
    /// Dropping the future closes the connections and gives the memory back.
    pub(super) async fn load(
        &self,
        caller: &Caller,
        inputs: Vec<Input>,
        max_bytes: usize,
    ) -> Result<Vec<ReadyFile>, GatewayError> {
        let files = inputs.into_iter().map(|input| async move {
            let loaded = self.load_one(caller, &input, max_bytes).await?;
            hashed(input, loaded).await
        });
        let files = try_join_all(files).await?;
        let mut total = 0;
        for file in &files {
            total += file.content.len();
            if total > max_bytes {
                return Err(too_large(&file.param, max_bytes));
            }
        }
        Ok(files)
    }

    /// An image of a video, which is kept on disk while that waits.
    ///
    /// # Errors
    /// It is not there any more; a 503 when the files of all requests take too much memory.
    pub(super) async fn load_kept(&self, name: &str) -> Result<ReadyFile, GatewayError> {
        let gone = |error| {
            tracing::error!(%error, "the image of a video cannot be read: {error}");
            GatewayError::image_gone()
        };
        let mut share = self.media_budget.share();
        let bytes = self.media_files.reference_bytes(name).await.map_err(gone)?;
        let grown = share.grow(usize::try_from(bytes).unwrap_or(usize::MAX));
        grown.map_err(|_| GatewayError::files_at_capacity())?;
        let content = self.media_files.read_reference(name).await.map_err(gone)?;
        let mime = image_type(&content).unwrap_or_default().to_owned();
        let input = Input {
            param: "input_reference".to_owned(),
            name: None,
            source: InputSource::Bytes {
                mime: mime.clone(),
                content: content.clone(),
            },
        };
        let loaded = Loaded {
            name: file_name(&mime),
            mime,
            content,
            share,
        };
        hashed(input, loaded).await
    }

    async fn load_one(
        &self,
        caller: &Caller,
        input: &Input,
        max_bytes: usize,
    ) -> Result<Loaded, GatewayError> {
        let mut share = self.media_budget.share();
        let mut grow = |bytes| {
            let grown = share.grow(bytes);
            grown.map_err(|_| GatewayError::files_at_capacity())
        };
        let (name, mime, content) = match &input.source {
            InputSource::Bytes { mime, content } => {
                grow(content.len())?;
                (file_name(mime), mime.clone(), content.clone())
            }
            InputSource::Attached(Source::Data { mime, base64 }) => {
                grow(base64.len() / 4 * 3)?;
                let content = decode(base64, &input.param).await?;
                (file_name(mime), mime.clone(), content.into())
            }
            InputSource::Attached(Source::File { id }) => {
                let row = self.uploaded(caller, id, &input.param).await?;
                let bytes = usize::try_from(row.bytes).unwrap_or(usize::MAX);
                if bytes > max_bytes {
                    return Err(too_large(&input.param, max_bytes));
                }
                grow(bytes)?;
                let content = self.read_file(&row, &input.param).await?;
                (row.about.name, row.about.mime, content)
            }
            InputSource::Attached(Source::Url(url)) => match own_name(url, &caller.own_address) {
                Some(name) => {
                    let content = self.own_picture(name, &input.param).await?;
                    grow(content.len())?;
                    let mime = image_type(&content).unwrap_or_default();
                    (name.to_owned(), mime.to_owned(), content)
                }
                None => {
                    let fetched = match caller.snapshot.settings.files_by_proxy(url) {
                        Some(files) => files.fetch(url, &mut share).await,
                        None => Err(FetchError::NoProxy),
                    };
                    let file = fetched.map_err(|error| not_fetched(&error, &input.param))?;
                    (file.name, file.mime, file.content)
                }
            },
        };
        Ok(Loaded {
            name,
            mime,
            content,
            share,
        })
    }

    /// A file that the caller uploaded, which the field `param` names.
    async fn uploaded(
        &self,
        caller: &Caller,
        id: &str,
        param: &str,
    ) -> Result<FileRow, GatewayError> {
        let row = self.file(caller, id).await.map_err(|error| GatewayError {
            param: error.param.as_ref().map(|_| param.to_owned()),
            ..error
        })?;
        row.ok_or_else(|| GatewayError::file_not_found(param))
    }

    async fn own_picture(&self, name: &str, param: &str) -> Result<Bytes, GatewayError> {
        let read = self
            .media_files
            .read_whole(MediaKind::Image, name, MAX_OWN_BYTES)
            .await;
        read.map_err(|_| {
            let message = "This server has no such picture any more.";
            invalid(param, message.to_owned())
        })
    }
}

/// A file that is there.
struct Loaded {
    name: String,
    mime: String,
    content: Bytes,
    share: Share,
}

/// The name of a file of this server, by its address.
fn own_name<'u>(url: &'u str, own_address: &str) -> Option<&'u str> {
    let path = url.strip_prefix(own_address)?;
    let name = path.strip_prefix("/v1/files/image/")?;
    name.split(['?', '#']).next()
}

/// A name for a file that has none.
fn file_name(mime: &str) -> String {
    let subtype = mime.split('/').nth(1).unwrap_or("bin");
    let extension = match subtype.split(['+', ';']).next().unwrap_or("bin") {
        // Of recordings; a film is no attachment.
        "mpeg" => "mp3",
        "x-wav" => "wav",
        extension => extension,
    };
    format!("file.{extension}")
}

async fn hashed(input: Input, loaded: Loaded) -> Result<ReadyFile, GatewayError> {
    let Loaded {
        name,
        mime,
        content,
        share,
    } = loaded;
    let name = input.name.unwrap_or(name);
    let (head, whole) = (format!("{name}\n{mime}\n"), content.clone());
    let hash = off_thread(content.len(), move || {
        let mut hasher = Sha256::new_with_prefix(head);
        hasher.update(&whole);
        hasher.finalize().into()
    });
    let hash = hash.await?;
    Ok(ReadyFile {
        param: input.param,
        name,
        mime,
        content,
        hash,
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

/// Work on so many bytes, on a thread that may block if they are many.
async fn off_thread<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, GatewayError> {
    if bytes <= INLINE_BYTES {
        return Ok(work());
    }
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| GatewayError::files_at_capacity())
}

async fn decode(base64: &Arc<str>, param: &str) -> Result<Vec<u8>, GatewayError> {
    let text = Arc::clone(base64);
    let decoded = off_thread(text.len(), move || STANDARD.decode(text.as_bytes())).await?;
    decoded.map_err(|error| {
        let message = format!("`{param}` is not valid base64: {error}.");
        invalid(param, message)
    })
}

/// Those of the files that `prompt` attaches.
pub(super) fn of<'a>(prompt: &Prompt, files: &'a [ReadyFile]) -> Vec<&'a ReadyFile> {
    let is_attached =
        |file: &&ReadyFile| prompt.attachments.iter().any(|one| one.param == file.param);
    files.iter().filter(is_attached).collect()
}

fn too_large(param: &str, max_bytes: usize) -> GatewayError {
    let mib = max_bytes / 1024 / 1024;
    let message = format!("The images and files of a request may have {mib} MiB together.");
    invalid(param, message)
}

fn invalid(param: &str, message: String) -> GatewayError {
    GatewayError::invalid("invalid_media", param, message)
}
