//! `/v1/videos`: videos that are asked for in one request and fetched in others. What is here serves callers
//! that are known by a key (`routes`), and by a cookie under `/v1/public` (`super::super::public_videos`).

pub(super) mod routes;

use std::borrow::Cow;

use axum::{extract::Request, response::Response};
use http::HeaderValue;
use openai::{
    Invalid,
    videos::{self as format, Video, VideoStatus as Status},
};
use store::{MediaKind, VideoJobRow, VideoStatus};

use super::json;
use crate::{
    gateway::{
        Caller,
        attachments::{Input, InputSource},
        videos::{Beginning, VideoRequest, Wishes},
    },
    http::{AppState, body::WholeBody, error::ApiError, files, form::Form},
};

/// Names under which forms send the image that a video begins with.
const REFERENCE_FIELDS: [&str; 2] = ["input_reference", "input_reference[]"];
/// A video is its caller's alone, and does not change.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, max-age=3600");
/// Of every failure that is not about content; the message says which it was.
const FAILED: &str = "video_generation_failed";

/// Queues a video. With a boundary the body is a form.
///
/// # Errors
/// Every error of the gateway; nothing is queued then.
pub(in crate::http) async fn create(
    state: &AppState,
    caller: &Caller,
    (boundary, body): (Option<String>, WholeBody),
) -> Result<Response, ApiError> {
    let (asked, reference, memory) = match boundary {
        None => {
            let (mut asked, memory) = body.parse(format::parse).await?;
            let reference = asked.reference.take().map(InputSource::Attached);
            (asked, reference, memory)
        }
        Some(boundary) => {
            let (form, memory) = Form::read(body, boundary).await?;
            let (asked, reference) = of_form(form)?;
            (asked, reference, memory)
        }
    };
    let request = VideoRequest {
        wishes: wishes(&asked),
        model: asked.model,
        prompt: asked.prompt,
        beginning: reference.map(|source| {
            Beginning::Input(Input {
                param: "input_reference".to_owned(),
                name: None,
                source,
            })
        }),
        parent: None,
    };
    let row = Box::pin(state.gateway.create_video(caller, request)).await?;
    drop(memory);
    Ok(json(to_api(&row, &wishes_of(&row)).to_json()))
}

/// The image is a file of the form, or a text that says where it is.
fn of_form(form: Form) -> Result<(format::VideoRequest, Option<InputSource>), Invalid> {
    let mut asked = format::parse_form(&form.texts)?;
    let mut files = form.files.into_iter();
    let file = files.find(|file| REFERENCE_FIELDS.contains(&file.field.as_str()));
    if file.as_ref().is_some_and(|file| file.content.is_empty()) {
        let message = "`input_reference` is an empty file.";
        return Err(Invalid::new("empty_file", "input_reference", message));
    }
    let reference = match file {
        Some(file) => Some(InputSource::Bytes {
            mime: file.mime,
            content: file.content,
        }),
        None => asked.reference.take().map(InputSource::Attached),
    };
    Ok((asked, reference))
}

/// What a video is to be like.
pub(in crate::http) fn wishes(asked: &format::VideoRequest) -> Wishes {
    Wishes {
        seconds: asked.seconds,
        size: asked.size.name.to_owned(),
        aspect_ratio: asked.size.aspect_ratio.to_owned(),
        is_high_resolution: asked.is_high_resolution,
        preset: asked.preset.as_str().to_owned(),
        ..Wishes::default()
    }
}

/// What a row's video was to be like.
fn wishes_of(row: &VideoJobRow) -> Wishes {
    Wishes::of(&row.params).unwrap_or_default()
}

/// The videos of a caller.
///
/// # Errors
/// The query is not valid, or the store does not answer.
pub(in crate::http) async fn list(
    state: &AppState,
    caller: &Caller,
    query: Vec<(String, String)>,
) -> Result<Response, ApiError> {
    let pairs = query.into_iter();
    let pairs = pairs.map(|(name, value)| (Cow::from(name), Cow::from(value)));
    let page = format::parse_page(pairs)?;
    let (after, limit) = (page.after.as_deref(), page.limit);
    let rows = state
        .gateway
        .list_videos(&caller.owner, after, page.is_oldest_first, limit)
        .await?;
    let wishes: Vec<_> = rows.iter().map(wishes_of).collect();
    let videos = rows.iter().zip(&wishes);
    let videos: Vec<_> = videos.map(|(row, wishes)| to_api(row, wishes)).collect();
    Ok(json(format::list(&videos, rows.has_more)))
}

/// How far a video is.
///
/// # Errors
/// There is no such video, or the store does not answer.
pub(in crate::http) async fn get(
    state: &AppState,
    caller: &Caller,
    id: &str,
) -> Result<Response, ApiError> {
    let row = find(state, caller, id).await?;
    Ok(json(to_api(&row, &wishes_of(&row)).to_json()))
}

/// Stops a video; one that has ended stays as it is.
///
/// # Errors
/// As [`get`].
pub(in crate::http) async fn cancel(
    state: &AppState,
    caller: &Caller,
    id: &str,
) -> Result<Response, ApiError> {
    let row = state.gateway.cancel_video(caller, id).await?;
    let row = row.ok_or_else(missing)?;
    Ok(json(to_api(&row, &wishes_of(&row)).to_json()))
}

/// Deletes a video, and stops it if it is being made.
///
/// # Errors
/// As [`get`].
pub(in crate::http) async fn delete(
    state: &AppState,
    caller: &Caller,
    id: &str,
) -> Result<Response, ApiError> {
    match state.gateway.delete_video(caller, id).await? {
        true => Ok(json(openai::Deleted::Video.to_json(id))),
        false => Err(missing()),
    }
}

/// Queues a video like the one of that id.
///
/// # Errors
/// Every error of the gateway; there is no such video, or it is not ready. Nothing is queued then.
pub(in crate::http) async fn remix(
    state: &AppState,
    caller: &Caller,
    id: &str,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let (prompt, _memory) = body.parse(format::parse_remix).await?;
    let source = find(state, caller, id).await?;
    check_ready(&source)?;
    let reference = match &source.poster {
        Some(poster) => state.gateway.own_image(poster).await,
        None => None,
    };
    let request = VideoRequest {
        model: Some(source.model.clone()),
        prompt,
        wishes: Wishes {
            has_reference: false,
            reference: None,
            image: None,
            ..wishes_of(&source)
        },
        beginning: reference.map(Beginning::Input),
        parent: Some(source.id),
    };
    let row = Box::pin(state.gateway.create_video(caller, request)).await?;
    Ok(json(to_api(&row, &wishes_of(&row)).to_json()))
}

/// The finished file, or the part of it that `Range` asks for; `variant` is `video` or `thumbnail`.
///
/// # Errors
/// There is no such video or file, it is not ready, or it cannot be read.
pub(in crate::http) async fn content(
    state: &AppState,
    caller: &Caller,
    id: &str,
    (query, request): (Vec<(String, String)>, Request),
) -> Result<Response, ApiError> {
    let variant = query.iter().find(|(name, _)| name == "variant");
    let variant = variant.map_or("video", |(_, value)| value.as_str());
    let row = find(state, caller, id).await?;
    check_ready(&row)?;
    let (kind, name) = match variant {
        "video" => (MediaKind::Video, row.file),
        "thumbnail" => (MediaKind::Image, row.poster),
        _ => {
            let message = "`variant` must be `video` or `thumbnail`.";
            return Err(Invalid::new("invalid_variant", "variant", message).into());
        }
    };
    let gone = || ApiError::NotFound("The file of this video is not here any more.".to_owned());
    let name = name.ok_or_else(gone)?;
    files::send_kept(state, (kind, &name), request, PRIVATE).await
}

async fn find(state: &AppState, caller: &Caller, id: &str) -> Result<VideoJobRow, ApiError> {
    let row = state.gateway.video(caller, id).await?;
    row.ok_or_else(missing)
}

fn missing() -> ApiError {
    ApiError::NotFound("There is no such video here, or no longer.".to_owned())
}

fn check_ready(row: &VideoJobRow) -> Result<(), ApiError> {
    match row.status {
        VideoStatus::Completed => Ok(()),
        VideoStatus::Failed | VideoStatus::Cancelled => Err(ApiError::NotReady(
            "The video was not made; its `status` says how it ended.".to_owned(),
        )),
        VideoStatus::Queued | VideoStatus::InProgress => Err(ApiError::NotReady(
            "The video is not ready yet. Ask for its `status` until it is `completed`.".to_owned(),
        )),
    }
}

fn to_api<'a>(row: &'a VideoJobRow, wishes: &'a Wishes) -> Video<'a> {
    Video {
        id: &row.id,
        created: row.created_ms / 1000,
        status: match row.status {
            VideoStatus::Queued => Status::Queued,
            VideoStatus::InProgress => Status::InProgress,
            VideoStatus::Completed => Status::Completed,
            VideoStatus::Failed => Status::Failed,
            VideoStatus::Cancelled => Status::Cancelled,
        },
        model: &row.model,
        progress: row.progress,
        prompt: &row.prompt,
        seconds: wishes.seconds,
        size: &wishes.size,
        is_high_resolution: wishes.is_high_resolution,
        completed: row.completed_ms.map(|ms| ms / 1000),
        expires: row.expires_ms / 1000,
        error: row.error.as_ref().map(|(code, message)| {
            let code = match code.as_str() {
                "content_policy_violation" => "content_policy_violation",
                _ => FAILED,
            };
            (code, message.as_str())
        }),
        remixed_from: row.parent.as_deref(),
    }
}
