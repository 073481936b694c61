//! Long work over many accounts. How a job goes on is streamed from
//! `/v1/admin/batch/{id}/stream`.

use crate::{
    dto::{AccountChoice, JobItems, JobKind, JobStart, JobView, Tier},
    error::UiError,
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use super::{fail, job_service, require_admin};

/// Begins a job over accounts.
#[server(endpoint = "start_job", input = Json)]
pub async fn start_job(kind: JobKind, choice: AccountChoice) -> Result<JobStart, UiError> {
    let admin = require_admin().await?;
    job_service()?
        .start_job(admin, kind, choice)
        .await
        .map_err(fail)
}

/// Begins a job that adds the accounts of a text, in whatever form they are.
#[server(endpoint = "start_import", input = Json)]
pub async fn start_import(text: String, tier: Tier) -> Result<JobStart, UiError> {
    let admin = require_admin().await?;
    job_service()?
        .start_import(admin, text, tier)
        .await
        .map_err(fail)
}

/// The jobs that are kept, newest first.
#[server(endpoint = "list_jobs", input = Json)]
pub async fn list_jobs() -> Result<Vec<JobView>, UiError> {
    let admin = require_admin().await?;
    job_service()?.list_jobs(admin).await.map_err(fail)
}

/// How a job is doing.
#[server(endpoint = "get_job", input = Json)]
pub async fn get_job(id: String) -> Result<JobView, UiError> {
    let admin = require_admin().await?;
    job_service()?.get_job(admin, id).await.map_err(fail)
}

/// A page of a job's targets behind the `after` first ones.
#[server(endpoint = "list_job_items", input = Json)]
pub async fn list_job_items(
    id: String,
    after: u64,
    only_failed: bool,
) -> Result<JobItems, UiError> {
    let admin = require_admin().await?;
    job_service()?
        .job_items(admin, id, after, only_failed)
        .await
        .map_err(fail)
}

/// Stops a job within a second. `false`: it is over already.
#[server(endpoint = "cancel_job", input = Json)]
pub async fn cancel_job(id: String) -> Result<bool, UiError> {
    let admin = require_admin().await?;
    job_service()?.cancel_job(admin, id).await.map_err(fail)
}

/// A new job over the targets that failed.
#[server(endpoint = "retry_job", input = Json)]
pub async fn retry_job(id: String) -> Result<JobStart, UiError> {
    let admin = require_admin().await?;
    job_service()?.retry_job(admin, id).await.map_err(fail)
}

/// Goes on with a job that was interrupted or cancelled.
#[server(endpoint = "resume_job", input = Json)]
pub async fn resume_job(id: String) -> Result<JobStart, UiError> {
    let admin = require_admin().await?;
    job_service()?.resume_job(admin, id).await.map_err(fail)
}
