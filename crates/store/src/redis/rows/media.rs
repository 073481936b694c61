//! Rows of generated media.

use serde::{Deserialize, Serialize};

use crate::{MediaKind, MediaRow, Poster};

use super::{super::keys::place, super::keys::time_of, text, to_json};

#[derive(Serialize, Deserialize)]
struct MediaText {
    /// Time and id, as in the lists.
    place: String,
    kind: String,
    file: String,
    mime: String,
    #[serde(with = "text")]
    bytes: u64,
    width: u32,
    height: u32,
    prompt: String,
    model: String,
    params: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    poster: Option<String>,
    #[serde(with = "text")]
    poster_bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    account: String,
    owner: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    request_id: String,
}

pub(in super::super) fn media_text(row: &MediaRow) -> String {
    let poster = row.poster.as_ref();
    to_json(&MediaText {
        place: place(row.at_ms, &row.id),
        kind: row.kind.as_str().to_owned(),
        file: row.file.clone(),
        mime: row.mime.clone(),
        bytes: row.bytes,
        width: row.width,
        height: row.height,
        prompt: row.prompt.clone(),
        model: row.model.clone(),
        params: row.params.clone(),
        poster: poster.map(|poster| poster.file.clone()),
        poster_bytes: poster.map_or(0, |poster| poster.bytes),
        parent: row.parent.clone(),
        account: row.account.clone(),
        owner: row.owner.clone(),
        key: row.key.clone(),
        request_id: row.request_id.clone(),
    })
}

pub(in super::super) fn read_media(id: &str, text: &str) -> Option<MediaRow> {
    let row: MediaText = serde_json::from_str(text).ok()?;
    let poster_bytes = row.poster_bytes;
    Some(MediaRow {
        id: id.to_owned(),
        at_ms: time_of(&row.place)?,
        kind: MediaKind::from_name(&row.kind)?,
        file: row.file,
        mime: row.mime,
        bytes: row.bytes,
        width: row.width,
        height: row.height,
        prompt: row.prompt,
        model: row.model,
        params: row.params,
        poster: row.poster.map(|file| Poster {
            file,
            bytes: poster_bytes,
        }),
        parent: row.parent,
        account: row.account,
        owner: row.owner,
        key: row.key,
        request_id: row.request_id,
    })
}
