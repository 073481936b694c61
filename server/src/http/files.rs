//! `GET /v1/files/{image,video,thumbnail}/{name}`: generated media. No key: the name is the secret, and it is in
//! every address that is given out.

use std::{
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    BoxError, Extension,
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_MATCH, IF_MODIFIED_SINCE,
        IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, LAST_MODIFIED, RANGE,
    },
};
use http_body::{Frame, SizeHint};
use store::MediaKind;
use tower::ServiceExt;
use tower_http::services::ServeFile;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    AppState,
    address::Path,
    bucket_file::{self, Wanted},
    error::ApiError,
    openapi::{
        errors::OfFile,
        files::{MediaPlace, ThumbnailPlace},
    },
};
use crate::{
    clock::now_secs,
    media::{
        bucket::Bucket,
        files::Reading,
        folder::Folder,
        links::LinkRefusal,
        thumbnails::{Thumbnail, ThumbnailError},
        uploaded::{UploadedName, UploadedPlace},
    },
    snapshot::Snapshot,
};

/// What lies under a name never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A caller's own file does not change, and may be deleted.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// Of what is no file.
const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");
/// A file that is opened by itself runs nothing and loads nothing.
const ALONE: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Routes that need no key.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(read_thumbnail))
        .routes(routes!(read_file))
}

/// A body that keeps its file from being cleaned up.
struct Held<B> {
    body: B,
    _reading: Option<Reading>,
}

impl<B: http_body::Body + Unpin> http_body::Body for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn held<B>(body: B, reading: Option<Reading>) -> Body
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    Body::new(Held {
        body,
        _reading: reading,
    })
}

/// How long an answer may be kept: for ever, or as long as its signed address opens the file.
///
/// # Errors
/// 403 when it does not.
fn caching(
    state: &AppState,
    snapshot: &Snapshot,
    (kind, name): (MediaKind, &str),
    request: &Request,
) -> Result<HeaderValue, ApiError> {
    if !snapshot.settings.config.media.signed_links {
        return Ok(FOR_EVER);
    }
    let query = request.uri().query().unwrap_or_default();
    let checked = state.link_key.check(kind, name, query, now_secs());
    let left = checked.map_err(|refusal| {
        ApiError::Forbidden(match refusal {
            LinkRefusal::Expired => "This address has expired (`media.link_lifetime`).".to_owned(),
            LinkRefusal::NotSigned => {
                "This address has no valid signature (`media.signed_links`).".to_owned()
            }
        })
    })?;
    let text = format!("private, max-age={left}");
    Ok(HeaderValue::try_from(text).map_err(anyhow::Error::from)?)
}

/// A file, or the part of it that `Range` asks for.
///
/// # Errors
/// 404 for what is not there.
#[utoipa::path(
    get,
    path = "/files/{kind}/{name}",
    tag = "Media",
    operation_id = "read_media",
    summary = "Read a generated file",
    description = "A picture or video at the address that an answer gave out; the name is the secret. With `media.signed_links` the address ends, and 403 says so.",
    params(MediaPlace),
    responses(
        (status = 200, description = "The file.", content((Vec<u8> = "image/*"), (Vec<u8> = "video/*"))),
        (status = 206, description = "A part of it.", content((Vec<u8> = "image/*"), (Vec<u8> = "video/*"))),
        (status = 304, description = "It is the one that `If-None-Match` names."),
        (status = 403, description = "The address has expired or is not signed."),
        OfFile,
    )
)]
async fn read_file(
    State(state): State<AppState>,
    Extension(snapshot): Extension<Snapshot>,
    Path((kind, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ApiError> {
    let kind = MediaKind::from_name(&kind).ok_or_else(missing)?;
    let caching = caching(&state, &snapshot, (kind, &name), &request)?;
    send_kept(&state, (kind, &name), request, caching).await
}

/// A generated file as its request wants it.
///
/// # Errors
/// 404 for what is not there.
pub(super) async fn send_kept(
    state: &AppState,
    (kind, name): (MediaKind, &str),
    request: Request,
    caching: HeaderValue,
) -> Result<Response, ApiError> {
    let files = state.gateway.media_files();
    let (place, reading) = files.read(kind, name).ok_or_else(missing)?;
    let content = match files.bucket() {
        Some(bucket) => Content::Object(bucket, (kind.into(), name), Some(reading)),
        None => Content::File(place, Some(reading)),
    };
    send(content, name, request, caching).await
}

/// What a caller uploaded, as its request wants it; `None` if it is not here.
///
/// # Errors
/// 503 when it cannot be read.
pub(super) async fn send_uploaded(
    state: &AppState,
    name: &UploadedName,
    request: Request,
) -> Result<Option<Response>, ApiError> {
    let files = state.gateway.media_files();
    let sent = match (files.uploaded_place(name), files.bucket()) {
        (UploadedPlace::Object(object), Some(bucket)) => {
            let content = Content::Object(bucket, (Folder::Uploaded, &object), None);
            send(content, name.id(), request, PRIVATE).await
        }
        (UploadedPlace::File(place), _) => {
            send(Content::File(place, None), name.id(), request, PRIVATE).await
        }
        (UploadedPlace::Object(_), None) => return Ok(None),
    };
    match sent {
        Err(ApiError::NotFound(_)) => Ok(None),
        sent => sent.map(Some),
    }
}

/// A small picture of a generated one; a video has none.
///
/// # Errors
/// 404 for what is not there or cannot be made smaller, 503 while others' take too long.
#[utoipa::path(
    get,
    path = "/files/thumbnail/{name}",
    tag = "Media",
    operation_id = "read_thumbnail",
    summary = "Read a small picture of a generated one",
    params(ThumbnailPlace),
    responses(
        (status = 200, description = "The small picture.", content_type = "image/jpeg", body = Vec<u8>),
        (status = 206, description = "A part of it.", content_type = "image/jpeg", body = Vec<u8>),
        (status = 304, description = "It is the one that `If-None-Match` names."),
        (status = 403, description = "The address has expired or is not signed."),
        OfFile,
    )
)]
async fn read_thumbnail(
    State(state): State<AppState>,
    Extension(snapshot): Extension<Snapshot>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let caching = caching(&state, &snapshot, (MediaKind::Image, &name), &request)?;
    let got = state.thumbnails.get(&name).await;
    let thumbnail = got.map_err(|error| match error {
        ThumbnailError::Missing => missing(),
        ThumbnailError::Unusable(error) => {
            tracing::debug!(%error, name, "a picture has no thumbnail: {error}");
            missing()
        }
        ThumbnailError::Busy => ApiError::Busy("Too many small pictures are being made."),
        ThumbnailError::Io(error) => {
            tracing::warn!(%error, name, "a picture cannot be read: {error}");
            ApiError::MediaUnavailable
        }
    })?;
    let content = match thumbnail {
        Thumbnail::Kept(place, reading) => Content::File(place, Some(reading)),
        Thumbnail::Made(picture) => Content::Made(picture),
    };
    send(content, &format!("thumbnail-{name}"), request, caching).await
}

fn missing() -> ApiError {
    ApiError::NotFound("There is no such file here, or no longer.".to_owned())
}

/// Where an answer comes from.
enum Content<'f> {
    File(PathBuf, Option<Reading>),
    Object(&'f Bucket, (Folder, &'f str), Option<Reading>),
    /// A picture that is not kept.
    Made(Bytes),
}

/// The file, or the part of it that `Range` asks for; `tag` tells it from every other.
async fn send(
    content: Content<'_>,
    tag: &str,
    mut request: Request,
    caching: HeaderValue,
) -> Result<Response, ApiError> {
    let tag = HeaderValue::try_from(format!("\"{tag}\"")).map_err(anyhow::Error::from)?;
    let decided = decide(request.headers_mut(), &tag);
    let mut response = match (content, decided) {
        (Content::Object(bucket, (folder, name), _), Some(status)) => {
            match bucket.size(folder, name).await {
                Ok(Some(_)) => status.into_response(),
                Ok(None) => return Err(missing()),
                Err(_) => return Err(ApiError::MediaUnavailable),
            }
        }
        (Content::Object(bucket, (folder, name), reading), None) => {
            let wanted = Wanted {
                folder,
                name,
                method: request.method(),
                headers: request.headers(),
            };
            let answer = bucket_file::answer(bucket, &wanted).await?;
            answer.ok_or_else(missing)?.map(|body| held(body, reading))
        }
        (Content::File(place, _), Some(status)) => {
            match tokio::fs::try_exists(&place).await.unwrap_or(false) {
                true => status.into_response(),
                false => return Err(missing()),
            }
        }
        (Content::File(place, reading), None) => ServeFile::new(&place)
            .oneshot(request)
            .await
            .map_err(anyhow::Error::from)?
            .map(|body| held(body, reading)),
        (Content::Made(_), Some(status)) => status.into_response(),
        (Content::Made(picture), None) => ([(CONTENT_TYPE, "image/jpeg")], picture).into_response(),
    };
    let (has_file, caching) = match response.status() {
        StatusCode::NOT_FOUND => return Err(missing()),
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::NOT_MODIFIED => (true, caching),
        _ => (false, NOT_KEPT),
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, caching);
    headers.insert(CONTENT_SECURITY_POLICY, ALONE);
    if has_file {
        headers.insert(ETAG, tag);
    } else {
        headers.remove(CONTENT_TYPE);
        headers.remove(LAST_MODIFIED);
        *response.body_mut() = Body::empty();
    }
    Ok(response)
}

/// The answer without the file, if the request's conditions say so. Those that are settled, and a range
/// that does not count, are taken away (RFC 9110, 13.2.2).
fn decide(headers: &mut HeaderMap, tag: &HeaderValue) -> Option<StatusCode> {
    let names = |list: &HeaderValue| {
        let list = list.as_bytes();
        list == b"*" || list.split(|b| *b == b',').any(|one| is_tag(one, tag))
    };
    if let Some(wanted) = headers.get(IF_MATCH) {
        if !names(wanted) {
            return Some(StatusCode::PRECONDITION_FAILED);
        }
        headers.remove(IF_UNMODIFIED_SINCE);
    }
    if let Some(known) = headers.get(IF_NONE_MATCH) {
        let known = known.as_bytes();
        if known == b"*" || known.windows(tag.len()).any(|part| part == tag.as_bytes()) {
            return Some(StatusCode::NOT_MODIFIED);
        }
        headers.remove(IF_MODIFIED_SINCE);
    }
    let is_outdated = headers.remove(IF_RANGE).is_some_and(|known| known != tag);
    // Several parts at once are nothing that a server must give (RFC 9110, 14.2).
    let is_list = headers
        .get(RANGE)
        .is_some_and(|range| range.as_bytes().contains(&b','));
    if is_outdated || is_list {
        headers.remove(RANGE);
    }
    None
}

/// Whether one of a list is this tag; a weak one is none (RFC 9110, 8.8.3.2).
fn is_tag(one: &[u8], tag: &HeaderValue) -> bool {
    one.trim_ascii() == tag.as_bytes()
}
