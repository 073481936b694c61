//! `POST /v1/public/media/zip`: chosen items of the visitor's own in one archive.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use grok2api_app::{error::UiError, limits::MAX_CHOSEN_MEDIA};
use http::{
    HeaderMap,
    header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
};
use serde::Deserialize;

use super::{AppState, body::WholeBody, error::ApiError};
use crate::{
    clock::{date_time, now_ms},
    gateway::GatewayError,
    media::archive::ArchiveRefused,
};

/// The archive, streamed while it is written.
///
/// # Errors
/// 400 for what names no items or too many, 404 if none of them is the visitor's, 429 while another one
/// of its archives is under way, 503 while others' are or the store is away.
pub(super) async fn pack(
    state: &AppState,
    owner: &str,
    headers: &HeaderMap,
    body: WholeBody,
) -> Result<Response, ApiError> {
    let content_type = headers.get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    let is_form =
        content_type.is_some_and(|kind| kind.starts_with(b"application/x-www-form-urlencoded"));
    let read = move |body: &[u8]| match is_form {
        true => Ok(read_form(body)),
        false => read_json(body),
    };
    let (ids, memory) = body.parse(read).await?;
    drop(memory);
    let chosen = state.gallery.choose(owner, &ids).await;
    let contents = chosen.map_err(refusal)?;
    if contents.files.is_empty() {
        let message = "None of these items is in this browser's gallery, or no longer.";
        return Err(ApiError::NotFound(message.to_owned()));
    }
    let packing = state.archives.pack(owner, contents).await;
    let stream = packing.map_err(|refused| match refused {
        ArchiveRefused::Own => ApiError::OneAtATime("Another archive of yours is being sent."),
        ArchiveRefused::Others => ApiError::Busy("Too many archives are being packed."),
    })?;
    let now = date_time(now_ms());
    let date = now.split(' ').next().unwrap_or_default();
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"grok2api-{date}.zip\""),
        ),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

fn refusal(error: UiError) -> ApiError {
    match error {
        UiError::Invalid { .. } => {
            let message = format!("At most {MAX_CHOSEN_MEDIA} items can be packed at once.");
            GatewayError::invalid("too_many_ids", "ids", message).into()
        }
        _ => GatewayError::store_unavailable().into(),
    }
}

/// Each field `ids` is one item.
fn read_form(body: &[u8]) -> Vec<String> {
    let fields = url::form_urlencoded::parse(body);
    let ids = fields.filter(|(name, _)| name == "ids");
    ids.map(|(_, id)| id.into_owned()).collect()
}

fn read_json(body: &[u8]) -> Result<Vec<String>, ApiError> {
    #[derive(Deserialize)]
    struct Chosen {
        ids: Vec<String>,
    }
    let chosen = serde_json::from_slice(body).map_err(|_| {
        let message = "Send `{\"ids\": [\"…\"]}`, or a form with a field `ids` for each item.";
        GatewayError::invalid("invalid_ids", "ids", message)
    });
    let Chosen { ids } = chosen?;
    Ok(ids)
}
