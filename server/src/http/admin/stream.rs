//! How a job goes on, as server-sent events (`upstream-protocol.md` 7.3). A stream that broke off goes
//! on behind the event that its client saw last; one whose client saw the end gets 204, which tells
//! browsers to leave it at that.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures::stream;
use grok2api_app::dto::{JobState, JobView};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::{
    batch::{show, show_failures, state_name},
    refusal,
};
use crate::{
    http::{
        AppState,
        address::Path,
        answer::EVENT_STREAM,
        error::ApiError,
        middleware::admin::Admin,
        openapi::{
            admin::jobs::{JobEvent, LastEvent},
            common::Named,
            errors::Missing,
        },
    },
    runtime::drain::InFlight,
    work::{Watch, WatchEvent, event_id},
};

/// Where browsers say which event they saw last.
const LAST_EVENT: &str = "last-event-id";
/// A stream ends then; its client comes again and is asked who it is.
const LONGEST: Duration = Duration::from_secs(600);
/// How soon a stream notices that the server is shutting down.
const LOOK: Duration = Duration::from_millis(500);

#[utoipa::path(
    get,
    path = "/batch/{id}/stream",
    tag = "Jobs",
    operation_id = "watch_job",
    summary = "Watch a job",
    description = "How the job goes on, as events, until it ends. `Last-Event-ID` goes on with a stream that broke off.",
    params(Named, LastEvent),
    responses(
        (status = 200, description = "The events.", content_type = "text/event-stream", body = JobEvent),
        (status = 204, description = "Its end was seen."),
        Missing,
    )
)]
pub(super) async fn watch(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let job = state.job_service.get_job(admin, id.clone()).await;
    let job = job.map_err(refusal)?;
    let last = headers.get(LAST_EVENT).and_then(|id| id.to_str().ok());
    if job.state.is_over() && last == Some(event_id(&job).as_str()) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let streaming = Streaming {
        watch: state.work.watch(&id, last.map(str::to_owned)),
        in_flight: state.in_flight.clone(),
        until: Instant::now() + LONGEST,
    };
    let events = stream::unfold(streaming, |mut streaming| async move {
        let event = streaming.next().await?;
        Some((Ok::<_, Infallible>(event), streaming))
    });
    Ok((EVENT_STREAM, Body::from_stream(events)).into_response())
}

struct Streaming {
    watch: Watch,
    in_flight: InFlight,
    until: Instant,
}

impl Streaming {
    async fn next(&mut self) -> Option<Bytes> {
        while !self.in_flight.is_draining() && Instant::now() < self.until {
            let Ok(next) = timeout(LOOK, self.watch.next()).await else {
                continue;
            };
            return match next {
                Ok(event) => event.map(|event| write(&event).into()),
                Err(error) => {
                    tracing::warn!(%error, "a job cannot be looked at");
                    None
                }
            };
        }
        None
    }
}

fn write(event: &WatchEvent) -> String {
    let (kind, job) = match event {
        WatchEvent::Silence => return ": ping\n\n".to_owned(),
        WatchEvent::Snapshot(job) => ("snapshot", job),
        WatchEvent::Progress(job) => ("progress", job),
        WatchEvent::Over(job) => (state_name(job.state), job),
    };
    let mut data = show(job);
    data["type"] = kind.into();
    if matches!(event, WatchEvent::Over(_)) {
        data["result"] = json!({
            "status": "success",
            "summary": {"total": job.total, "ok": job.done - job.failed, "fail": job.failed},
            "results": show_failures(job),
        });
    }
    if job.state == JobState::Failed {
        data["error"] = "The job could not go on; the server's log says why.".into();
    }
    format!("id: {}\ndata: {data}\n\n", id_of(event, job))
}

/// A snapshot is not the end, whatever it shows.
fn id_of(event: &WatchEvent, job: &JobView) -> String {
    match event {
        WatchEvent::Snapshot(_) => job.done.to_string(),
        _ => event_id(job),
    }
}
