//! `GET /<path>` on the asset host (protocol 2.4): uploaded files give back their bytes, generated
//! pictures are drawn. One that was not generated here is drawn after its path.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Call;
use crate::{
    picture::{Format, Picture, Stage},
    refusal::Refusal,
    scripts::Operation,
    state::Shared,
};

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
    let call = Call::receive(shared, Operation::Download, request, headers).await?;
    let reply = shared.next_reply(&call.account, Operation::Download);
    let call = call.common(shared, &reply).await?;
    let asset = find(shared, path, &call.account);
    Ok(match asset {
        Ok((mime, bytes)) => {
            call.finish((StatusCode::OK, [(header::CONTENT_TYPE, mime)], bytes).into_response())
        }
        Err(refusal) => call.refuse(refusal),
    })
}

fn headers(headers: &HeaderMap) -> Result<(), Refusal> {
    for name in [header::ORIGIN, header::REFERER, header::USER_AGENT] {
        if !headers.contains_key(&name) {
            return Err(Refusal::bad_request(format!("missing header {name}")));
        }
    }
    Ok(())
}

fn find(shared: &Shared, path: &str, account: &str) -> Result<(String, bytes::Bytes), Refusal> {
    let parts: Vec<&str> = path.split('/').collect();
    let missing = || Refusal::not_found("no such asset");
    match *parts.as_slice() {
        ["users", user, id, "content"] => {
            let upload = shared.memory.upload(id).ok_or_else(missing)?;
            if upload.account != account || Shared::user_of(account) != user {
                return Err(Refusal::forbidden("the asset belongs to another user"));
            }
            Ok((upload.mime, upload.content))
        }
        ["users", _, "generated", id, name] => {
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

fn drawn(picture: Picture) -> (String, bytes::Bytes) {
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
