//! Probes (`server/src/http/ops.rs`).

#![expect(
    dead_code,
    reason = "shapes are read by the derive and never constructed"
)]

use utoipa::{IntoParams, ToSchema};

use super::common::words;

words! {
    OkWord = "ok",
}

/// What is to be proved.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Prove {
    /// A text that the server signs in a header, by which another part of it knows that it is this one.
    prove: Option<String>,
}

/// The process is alive.
#[derive(ToSchema)]
pub(in crate::http) struct Health {
    #[schema(inline)]
    status: OkWord,
}

/// Whether the server can serve, and how much is in use.
#[derive(ToSchema)]
pub(in crate::http) struct Readiness {
    status: ReadyStatus,
    /// What needs attention; the operator is told more.
    reasons: Vec<String>,
    /// The simulator answers instead of Grok.
    demo: bool,
    /// Requests under way.
    in_flight: u64,
    pool: PoolCounts,
    limits: LimitUses,
    /// Hosts that refuse or fail; told to the operator only.
    #[schema(nullable = false)]
    breakers: Option<Vec<Breaker>>,
    /// Accounts that are passed over after a failure; told to the operator only.
    #[schema(nullable = false)]
    ejections: Option<Vec<Ejection>>,
    /// Told to the operator only.
    #[schema(nullable = false)]
    proxies: Option<Proxies>,
    /// Interval work.
    jobs: Vec<IntervalJob>,
    /// Questions about accounts that nobody asks by hand; told to the operator only.
    #[schema(nullable = false)]
    refresh: Option<Refresh>,
    /// How long the quota of each tier lasts; told to the operator only.
    #[schema(nullable = false)]
    forecast: Option<Vec<Forecast>>,
}

/// `degraded`: it serves, but something needs attention.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(super) enum ReadyStatus {
    Ready,
    Degraded,
    Unavailable,
}

/// Accounts by how they are, and those in use.
#[derive(ToSchema)]
pub(super) struct PoolCounts {
    total: u64,
    active: u64,
    cooling: u64,
    expired: u64,
    disabled: u64,
    leases: u64,
}

/// What is in use of what all callers share.
#[derive(ToSchema)]
pub(super) struct LimitUses {
    connections: Use,
    connections_per_address: Use,
    http2_answers: Use,
    answer_bytes: Use,
    body_bytes: Use,
    server_function_bytes: Use,
    attachment_bytes: Use,
    chats: SlotUse,
    pictures: SlotUse,
    videos: SlotUse,
    voice: SlotUse,
    #[schema(nullable = false)]
    mcp_sessions: Option<Use>,
    retries: Use,
    /// Answers that were ended because nobody read them.
    unread_ended: u64,
}

/// How much of a limit is in use, and how often more was refused.
#[derive(ToSchema)]
pub(super) struct Use {
    used: u64,
    max: u64,
    refused: u64,
}

/// The same of places that callers wait for.
#[derive(ToSchema)]
pub(super) struct SlotUse {
    used: u64,
    max: u64,
    waiting: u64,
    refused: u64,
}

/// A host that refuses or fails. Times are unix milliseconds.
#[derive(ToSchema)]
pub(super) struct Breaker {
    host: String,
    trouble: String,
    state: String,
    #[schema(required)]
    since_ms: Option<i64>,
    #[schema(required)]
    until_ms: Option<i64>,
    failures: u32,
    reason: String,
    /// Calls that failed at once because of it.
    refused: u64,
}

/// An account that is passed over.
#[derive(ToSchema)]
pub(super) struct Ejection {
    account: String,
    selections_left: u64,
}

/// Proxies of the list, and those that are set aside.
#[derive(ToSchema)]
pub(super) struct Proxies {
    total: u64,
    aside: u64,
}

/// The last run of interval work.
#[derive(ToSchema)]
pub(super) struct IntervalJob {
    name: String,
    is_ok: bool,
    result: String,
    at_ms: i64,
    duration_ms: u64,
}

/// How questions about accounts go on. Times are unix milliseconds.
#[derive(ToSchema)]
pub(super) struct Refresh {
    is_on: bool,
    #[schema(required)]
    next_at_ms: Option<i64>,
    #[schema(required)]
    last: Option<RefreshRun>,
}

/// One round over the accounts that were due.
#[derive(ToSchema)]
pub(super) struct RefreshRun {
    started_at_ms: i64,
    #[schema(required)]
    ended_at_ms: Option<i64>,
    due: u64,
    done: u64,
    failed: u64,
    #[schema(required)]
    ended_early: Option<String>,
}

/// How long the quota of a tier lasts. Times are unix milliseconds.
#[derive(ToSchema)]
pub(super) struct Forecast {
    tier: String,
    quota: u64,
    used_last_hour: u64,
    #[schema(required)]
    next_refill_at_ms: Option<i64>,
    #[schema(required)]
    next_refill_units: Option<u32>,
    #[schema(required)]
    empty_at_ms: Option<i64>,
}
