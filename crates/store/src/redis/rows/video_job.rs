//! Rows of video jobs.

use serde::{Deserialize, Serialize};

use crate::{VideoJobRow, VideoStatus};

use super::{
    super::keys::{place, time, time_of},
    to_json,
};

#[derive(Serialize, Deserialize)]
struct JobText {
    /// Time and id, as in the lists.
    place: String,
    owner: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    request_id: String,
    status: String,
    progress: u32,
    prompt: String,
    model: String,
    params: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    poster: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completed_ms: Option<i64>,
    /// As 16 digits.
    expires: String,
}

pub(in super::super) fn job_text(job: &VideoJobRow) -> String {
    to_json(&JobText {
        place: place(job.created_ms, &job.id),
        owner: job.owner.clone(),
        key: job.key.clone(),
        request_id: job.request_id.clone(),
        status: job.status.as_str().to_owned(),
        progress: job.progress,
        prompt: job.prompt.clone(),
        model: job.model.clone(),
        params: job.params.clone(),
        parent: job.parent.clone(),
        account: job.account.clone(),
        upstream: job.upstream.clone(),
        file: job.file.clone(),
        poster: job.poster.clone(),
        error: job.error.clone(),
        completed_ms: job.completed_ms,
        expires: time(job.expires_ms),
    })
}

pub(in super::super) fn read_job(id: &str, text: &str) -> Option<VideoJobRow> {
    let job: JobText = serde_json::from_str(text).ok()?;
    Some(VideoJobRow {
        id: id.to_owned(),
        created_ms: time_of(&job.place)?,
        owner: job.owner,
        key: job.key,
        request_id: job.request_id,
        status: VideoStatus::from_name(&job.status)?,
        progress: job.progress,
        prompt: job.prompt,
        model: job.model,
        params: job.params,
        parent: job.parent,
        account: job.account,
        upstream: job.upstream,
        file: job.file,
        poster: job.poster,
        error: job.error,
        completed_ms: job.completed_ms,
        expires_ms: time_of(&job.expires)?,
    })
}
