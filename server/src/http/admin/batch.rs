//! Jobs: what runs, what ran, and what can be done about it.

use axum::{Json, extract::State};
use grok2api_app::{
    dto::{JobItem, JobNote, JobOutcome, JobStart, JobState, JobTrouble, JobView},
    error::UiError,
};
use openai::Invalid;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{refusal, stream};
use crate::http::{
    AppState,
    address::{Path, Query},
    error::ApiError,
    middleware::admin::Admin,
    openapi::{
        admin::{Success, jobs as shapes},
        common::Named,
        errors::{Conflicting, Missing, OfBody, Refused},
    },
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(items))
        .routes(routes!(stream::watch))
        .routes(routes!(cancel))
        .routes(routes!(retry))
        .routes(routes!(resume))
}

/// What a caller is told of a job that was begun over what `field` says.
///
/// # Errors
/// It was not.
pub(super) async fn started(
    state: &AppState,
    Admin(admin): Admin,
    start: Result<JobStart, UiError>,
    field: &'static str,
) -> Result<Json<Value>, ApiError> {
    let id = match start.map_err(refusal)? {
        JobStart::Started(id) => id,
        JobStart::Busy(id) => {
            let message = format!("This job has to end first: `{id}`.");
            return Err(ApiError::Conflict("job_running", message));
        }
        JobStart::Over => {
            let message = "The job is over. `retry` begins a new one over what failed.".to_owned();
            return Err(ApiError::Conflict("job_over", message));
        }
        JobStart::Nothing => {
            let message = "There is nothing to do.";
            return Err(Invalid::new("nothing_to_do", field, message).into());
        }
        JobStart::TooMany => {
            let message = "A job has at most 1,000,000 targets.";
            return Err(Invalid::new("too_many_accounts", field, message).into());
        }
    };
    let job = state.job_service.get_job(admin, id.clone()).await;
    let total = job.map_err(refusal)?.total;
    Ok(Json(
        json!({"status": "success", "task_id": id, "total": total}),
    ))
}

pub(super) fn state_name(state: JobState) -> &'static str {
    match state {
        JobState::Running => "running",
        JobState::Done => "done",
        JobState::Cancelled => "cancelled",
        JobState::Interrupted => "interrupted",
        JobState::Failed => "error",
    }
}

/// A job in the words of older clients, and what they do not know.
pub(super) fn show(job: &JobView) -> Value {
    json!({
        "task_id": job.id,
        "kind": job.kind,
        "status": state_name(job.state),
        "total": job.total,
        "processed": job.done,
        "ok": job.done - job.failed,
        "fail": job.failed,
        "warning": null,
        "amount": job.amount,
        "rate": job.rate,
        "left_secs": job.left_secs,
        "started_at": job.started_ms,
        "ended_at": job.ended_ms,
    })
}

pub(super) fn show_failures(job: &JobView) -> Value {
    let failures = job.failures.iter().map(|one| {
        json!({
            "number": one.number,
            "id": one.id,
            "masked": one.masked,
            "code": one.trouble,
            "error": one.trouble.to_string(),
        })
    });
    failures.collect()
}

#[utoipa::path(
    get,
    path = "/batch",
    tag = "Jobs",
    operation_id = "list_jobs",
    summary = "List jobs",
    description = "Newest first, of all instances.",
    responses((status = 200, description = "The jobs.", body = shapes::JobList))
)]
async fn list(State(state): State<AppState>, Admin(admin): Admin) -> Result<Json<Value>, ApiError> {
    let jobs = state.job_service.list_jobs(admin).await.map_err(refusal)?;
    let data: Vec<_> = jobs.iter().map(show).collect();
    Ok(Json(json!({"object": "list", "data": data})))
}

#[utoipa::path(
    get,
    path = "/batch/{id}",
    tag = "Jobs",
    operation_id = "get_job",
    summary = "Get a job",
    params(Named),
    responses((status = 200, description = "The job and its first failures.", body = shapes::Job), Missing)
)]
async fn one(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let job = state
        .job_service
        .get_job(admin, id)
        .await
        .map_err(refusal)?;
    let mut shown = show(&job);
    shown["failures"] = show_failures(&job);
    Ok(Json(shown))
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    failed: bool,
}

#[utoipa::path(
    get,
    path = "/batch/{id}/items",
    tag = "Jobs",
    operation_id = "list_job_items",
    summary = "List the targets of a job",
    params(Named, shapes::JobItemQuery),
    responses((status = 200, description = "What became of each.", body = shapes::JobItems), Refused, Missing)
)]
async fn items(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Path(id): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<Value>, ApiError> {
    let jobs = &state.job_service;
    let page = jobs.job_items(admin, id, which.after, which.failed).await;
    let page = page.map_err(refusal)?;
    let data: Vec<_> = page.items.iter().map(show_item).collect();
    Ok(Json(json!({
        "object": "list", "data": data, "has_more": page.next.is_some(), "next": page.next,
    })))
}

fn show_item(item: &JobItem) -> Value {
    let (status, note, trouble): (_, Option<JobNote>, Option<JobTrouble>) = match item.outcome {
        JobOutcome::Waiting => ("waiting", None, None),
        JobOutcome::Ok => ("ok", None, None),
        JobOutcome::Noted(note) => ("ok", Some(note), None),
        JobOutcome::Failed(trouble) => ("failed", None, Some(trouble)),
    };
    json!({
        "number": item.number,
        "id": item.id,
        "masked": item.masked,
        "status": status,
        "note": note,
        "code": trouble,
        "error": trouble.map(|trouble| trouble.to_string()),
    })
}

#[utoipa::path(
    post,
    path = "/batch/{id}/cancel",
    tag = "Jobs",
    operation_id = "cancel_job",
    summary = "Stop a job",
    description = "Within a second; what is in flight counts as not done.",
    params(Named),
    responses((status = 200, description = "It stops.", body = Success), OfBody, Missing, Conflicting)
)]
async fn cancel(
    State(state): State<AppState>,
    Admin(admin): Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let is_stopped = state.job_service.cancel_job(admin, id).await;
    match is_stopped.map_err(refusal)? {
        true => Ok(Json(json!({"status": "success"}))),
        false => Err(ApiError::Conflict(
            "job_over",
            "The job is over.".to_owned(),
        )),
    }
}

#[utoipa::path(
    post,
    path = "/batch/{id}/retry",
    tag = "Jobs",
    operation_id = "retry_job",
    summary = "Try again what failed",
    description = "A new job over the targets that failed.",
    params(Named),
    responses((status = 200, description = "The new job.", body = shapes::StartedJob), OfBody, Missing, Conflicting)
)]
async fn retry(
    State(state): State<AppState>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let start = state.job_service.retry_job(admin.0.clone(), id).await;
    started(&state, admin, start, "id").await
}

#[utoipa::path(
    post,
    path = "/batch/{id}/resume",
    tag = "Jobs",
    operation_id = "resume_job",
    summary = "Go on with a job",
    description = "With one that was interrupted or cancelled; what is done is not done again.",
    params(Named),
    responses((status = 200, description = "The job.", body = shapes::StartedJob), OfBody, Missing, Conflicting)
)]
async fn resume(
    State(state): State<AppState>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let start = state.job_service.resume_job(admin.0.clone(), id).await;
    started(&state, admin, start, "id").await
}
