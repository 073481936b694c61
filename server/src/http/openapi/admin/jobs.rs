//! Jobs (`app/src/dto/job.rs`, `server/src/http/admin/{batch,stream}.rs`).

use utoipa::{IntoParams, ToSchema};

use crate::http::openapi::common::{ListWord, SuccessWord};

/// A job has begun.
#[derive(ToSchema)]
pub(in crate::http) struct StartedJob {
    #[schema(inline)]
    status: SuccessWord,
    /// The id of the job.
    task_id: String,
    /// Its targets.
    total: u64,
}

/// What a job does with each of its targets.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum JobKind {
    ImportAccounts,
    RefreshAccounts,
    CountAssets,
    ClearAssets,
    AccountSettings,
}

/// How a job is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum JobState {
    Running,
    Done,
    Cancelled,
    /// Its server has ended; it can be resumed.
    Interrupted,
    Error,
}

/// Why a job did not do a target.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum JobTrouble {
    SignedOut,
    Blocked,
    RateLimited,
    Clearance,
    Unreachable,
    Refused,
    TermsRefused,
    BirthDateRefused,
    AdultContentRefused,
    InUse,
    Gone,
    Duplicate,
    NoCookie,
    NotStored,
    Internal,
}

/// What is to be said of a target that is done.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum JobNote {
    BirthDateSkipped,
    BirthDateLocked,
}

/// How a job is doing. Times are unix milliseconds.
#[derive(ToSchema)]
pub(in crate::http) struct Job {
    task_id: String,
    kind: JobKind,
    status: JobState,
    total: u64,
    processed: u64,
    ok: u64,
    fail: u64,
    /// Always `null`; older clients look for it.
    #[schema(required)]
    warning: Option<String>,
    /// What was done beside the targets: files that were deleted.
    amount: u64,
    /// Targets a second, lately.
    rate: f64,
    #[schema(required)]
    left_secs: Option<u64>,
    started_at: i64,
    #[schema(required)]
    ended_at: Option<i64>,
    /// Of one job: the first 200.
    #[schema(nullable = false)]
    failures: Option<Vec<JobFailure>>,
}

/// A target that was not done.
#[derive(ToSchema)]
pub(super) struct JobFailure {
    /// From 1: its place among the targets.
    number: u64,
    id: String,
    masked: String,
    code: JobTrouble,
    error: String,
}

/// The jobs, newest first.
#[derive(ToSchema)]
pub(in crate::http) struct JobList {
    #[schema(inline)]
    object: ListWord,
    data: Vec<Job>,
}

/// Which targets.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct JobItemQuery {
    /// The `next` of the page before.
    #[param(default = 0)]
    after: Option<u64>,
    /// Only those that failed.
    failed: Option<bool>,
}

/// Some of a job's targets.
#[derive(ToSchema)]
pub(in crate::http) struct JobItems {
    #[schema(inline)]
    object: ListWord,
    data: Vec<JobItem>,
    has_more: bool,
    #[schema(required)]
    next: Option<u64>,
}

/// What became of a target.
#[derive(ToSchema)]
pub(super) struct JobItem {
    number: u64,
    id: String,
    masked: String,
    status: JobItemStatus,
    #[schema(required)]
    note: Option<JobNote>,
    #[schema(required)]
    code: Option<JobTrouble>,
    #[schema(required)]
    error: Option<String>,
}

/// Whether a target is done.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum JobItemStatus {
    Waiting,
    Ok,
    Failed,
}

/// One event: the job as it is, and what kind of event it is.
#[derive(ToSchema)]
pub(in crate::http) struct JobEvent {
    /// `snapshot`, `progress`, or how it ended.
    #[schema(rename = "type")]
    kind: String,
    task_id: String,
    #[schema(rename = "kind")]
    does: JobKind,
    status: JobState,
    total: u64,
    processed: u64,
    ok: u64,
    fail: u64,
    #[schema(required)]
    warning: Option<String>,
    amount: u64,
    rate: f64,
    #[schema(required)]
    left_secs: Option<u64>,
    started_at: i64,
    #[schema(required)]
    ended_at: Option<i64>,
    /// Of the last event.
    #[schema(nullable = false)]
    result: Option<JobResult>,
    /// Of a job that could not go on.
    #[schema(nullable = false)]
    error: Option<String>,
}

/// What came of a job.
#[derive(ToSchema)]
pub(super) struct JobResult {
    #[schema(inline)]
    status: SuccessWord,
    summary: super::accounts::Summary,
    /// The first 200 targets that failed.
    results: Vec<JobFailure>,
}

/// Where a stream goes on.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in crate::http) struct LastEvent {
    /// The id of the event that was seen last.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<String>,
}
