//! Between rows and the texts that are stored: JSON objects without what is empty.
//!
//! Numbers that a script takes over are texts, since those of Lua lose digits. The names that the
//! scripts use (`place`, `owner`, `file` and so on) are in `scripts/`.

mod account;
mod document;
mod media;
mod request;
mod sum;
mod text;
mod video_job;

pub(super) use account::{account_text, read_account};
pub(super) use document::read_document;
pub(super) use media::{media_text, read_media};
pub(super) use request::{read_request, request_text};
pub(super) use sum::{read_sum, sum_place, totals_in_order};
pub(super) use video_job::{job_text, read_job};

use serde::Serialize;

/// Texts, numbers and names: this cannot fail.
fn to_json(row: &impl Serialize) -> String {
    serde_json::to_string(row).unwrap_or_default()
}
