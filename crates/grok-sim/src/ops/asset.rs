//! `GET /<path>` on the asset host (protocol 2.4): uploaded files give back their bytes, generated
//! pictures are drawn and videos put together. A picture that was not generated here is drawn after its
//! path.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::Call;
use crate::{
    film::Film,
    picture::{Format, Picture, Stage},
    refusal::Refusal,
    reply::Reply,
    scripts::Operation,
    state::Shared,
    stream::{PacedBody, Step, Steps},
};

/// A large file is written in pieces of this size.
const PIECE: usize = 64 * 1024;
/// A page where a file should be.
const PAGE: &[u8] = b"<!DOCTYPE html><title>Not a file</title>";

/// A file and its type.
type File = (String, Bytes);

pub(super) async fn answer(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<String>,
    request: Request,
) -> Response {
    match respond(&shared, &path, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn respond(shared: &Shared, path: &str, request: Request) -> Result<Response, Response> {
    let range = request.headers().get(header::RANGE).cloned();
    let call = Call::receive(shared, Operation::Download, request, headers).await?;
    let reply = shared.next_reply(&call.account, Operation::Download);
    let (reply, hold) = reply.unheld();
    if hold.is_some() {
        crate::stream::take_permit(shared.gates.of(&call.account)).await;
    }
    let call = call.common(shared, &reply).await?;
    let (mime, file) = match find(shared, path, &call.account) {
        Ok(asset) => asset,
        Err(refusal) => return Err(call.refuse(refusal)),
    };
    let half = file.slice(..file.len() / 2);
    let steps: Vec<Step> = match reply {
        Reply::Cut { .. } => vec![Step::Write(half), Step::Reset],
        Reply::Stall { .. } => vec![Step::Write(half), Step::Stay],
        Reply::HugePicture { size_bytes } => return Ok(huge(call, &mime, file, size_bytes)),
        Reply::WrongType => {
            let html = [(header::CONTENT_TYPE, "text/html")];
            return Ok(call.finish((html, Bytes::from_static(PAGE))));
        }
        _ => return Ok(call.finish(whole_or_part(&mime, file, range.as_ref()))),
    };
    Ok(streamed(call, &mime, Box::new(steps.into_iter())))
}

fn huge(call: Call, mime: &str, file: Bytes, size_bytes: usize) -> Response {
    let filling = size_bytes.saturating_sub(file.len()) / PIECE;
    let piece = Bytes::from(vec![0; PIECE]);
    let pieces = std::iter::repeat_n(piece, filling);
    let steps = [file].into_iter().chain(pieces).map(Step::Write);
    streamed(call, mime, Box::new(steps))
}

fn streamed(call: Call, mime: &str, steps: Steps) -> Response {
    call.ticket.status(200);
    let body = PacedBody::new(steps, 1, call.ticket, call.line);
    ([(header::CONTENT_TYPE, mime.to_owned())], Body::new(body)).into_response()
}

/// All of it, or the one range that was asked for.
fn whole_or_part(mime: &str, file: Bytes, range: Option<&HeaderValue>) -> Response {
    let length = file.len();
    let mime = (header::CONTENT_TYPE, mime.to_owned());
    let ranges = (header::ACCEPT_RANGES, "bytes".to_owned());
    let asked = range.and_then(|range| range.to_str().ok());
    let Some(asked) = asked.and_then(|range| range.strip_prefix("bytes=")) else {
        return (StatusCode::OK, [mime, ranges], file).into_response();
    };
    let (first, last) = asked.split_once('-').unwrap_or((asked, ""));
    let (first, last) = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), last) => (first, last.unwrap_or(usize::MAX).min(length - 1)),
        (Err(_), Ok(suffix)) => (length.saturating_sub(suffix), length - 1),
        (Err(_), Err(_)) => (length, 0),
    };
    if first > last {
        let whole = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
        return (StatusCode::RANGE_NOT_SATISFIABLE, whole).into_response();
    }
    let part = (
        header::CONTENT_RANGE,
        format!("bytes {first}-{last}/{length}"),
    );
    let file = file.slice(first..=last);
    (StatusCode::PARTIAL_CONTENT, [mime, ranges, part], file).into_response()
}

fn headers(headers: &HeaderMap) -> Result<(), Refusal> {
    for name in [header::ORIGIN, header::REFERER, header::USER_AGENT] {
        if !headers.contains_key(&name) {
            return Err(Refusal::bad_request(format!("missing header {name}")));
        }
    }
    Ok(())
}

fn find(shared: &Shared, path: &str, account: &str) -> Result<File, Refusal> {
    let parts: Vec<&str> = path.split('/').collect();
    let missing = || Refusal::not_found("no such asset");
    let foreign = || Refusal::forbidden("the asset belongs to another user");
    match *parts.as_slice() {
        ["users", user, id, "content"] => {
            let upload = shared.memory.upload(id).ok_or_else(missing)?;
            if upload.account != account || Shared::user_of(account) != user {
                return Err(foreign());
            }
            Ok((upload.mime, upload.content))
        }
        ["users", user, "generated", id, name] => {
            if let Some(video) = shared.memory.video(id) {
                if video.account != account || Shared::user_of(account) != user {
                    return Err(foreign());
                }
                return of_video(video.film, name).ok_or_else(missing);
            }
            let format = format_of(name).ok_or_else(missing)?;
            let known = shared.memory.picture(id);
            Ok(drawn(
                known.unwrap_or_else(|| Picture::new(path, "1:1", format)),
            ))
        }
        ["images", name] => {
            let id = name.split_once('.').map_or(name, |(id, _)| id);
            shared.memory.picture(id).map(drawn).ok_or_else(missing)
        }
        _ => Err(missing()),
    }
}

/// The files of a video.
fn of_video(film: Film, name: &str) -> Option<File> {
    let film = match name {
        "generated_video.mp4" => film,
        "generated_video_hd.mp4" => Film {
            resolution: "720p".to_owned(),
            ..film
        },
        "preview_image.jpg" => {
            let name = film.title.to_string();
            return Some(drawn(Picture::new(&name, &film.ratio, Format::Jpeg)));
        }
        _ => return None,
    };
    Some(("video/mp4".to_owned(), film.file().into()))
}

fn drawn(picture: Picture) -> File {
    let file = picture.draw(Stage::Final);
    (picture.format.mime().to_owned(), file.into())
}

fn format_of(name: &str) -> Option<Format> {
    match name.rsplit_once('.')?.1 {
        "png" => Some(Format::Png),
        "jpg" | "jpeg" => Some(Format::Jpeg),
        _ => None,
    }
}
