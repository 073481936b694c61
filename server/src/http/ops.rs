//! Probes: is the process alive, can it serve, and if not, why.

use axum::{
    Json,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    AppState,
    address::Query,
    middleware::{admin, body::ALL_SERVER_FUNCTION_BYTES, held_answer::ALL_ANSWER_BYTES},
    openapi::{errors::Refused, ops as shapes},
    reasons::{PING_TIMEOUT, Reasons, store_trouble},
};
use crate::{
    clock::now_ms,
    gateway::{
        breakers::BreakerReport, refresh::RefreshStatus, retry_budget::RetryUse, slots::SlotUse,
    },
    jobs::JobReport,
    limits::Use,
    reached::PROOF,
    services::forecast::{TierForecast, forecasts},
    snapshot::Snapshot,
};

/// Ejected accounts that the report names.
const MAX_EJECTIONS: usize = 100;

/// Open to everyone. The operator's session is told more.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(healthz))
        .routes(routes!(health))
        .routes(routes!(readyz))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// Answers who wants to know whether it is this server (`?prove=…`) with a proof.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "Operation",
    operation_id = "healthz",
    summary = "Is the process alive?",
    params(shapes::Prove),
    responses((status = 200, description = "It is.", body = shapes::Health), Refused)
)]
async fn healthz(State(state): State<AppState>, Query(asked): Query<Asked>) -> Response {
    let mut response = Json(Health { status: "ok" }).into_response();
    let proof = asked.prove.map(|text| state.reached.proof(&text));
    if let Some(proof) = proof.and_then(|proof| HeaderValue::try_from(proof).ok()) {
        response.headers_mut().insert(PROOF, proof);
    }
    response
}

/// The older name of [`healthz`].
#[utoipa::path(
    get,
    path = "/health",
    tag = "Operation",
    operation_id = "health",
    summary = "Is the process alive? (older name)",
    params(shapes::Prove),
    responses((status = 200, description = "It is.", body = shapes::Health), Refused)
)]
async fn health(state: State<AppState>, query: Query<Asked>) -> Response {
    healthz(state, query).await
}

#[derive(Deserialize)]
struct Asked {
    prove: Option<String>,
}

/// `status` is `ready`, `degraded` (serves, but something needs attention) or `unavailable` (503:
/// draining, or nothing can be recorded).
#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    reasons: Vec<String>,
    demo: bool,
    in_flight: usize,
    pool: PoolCounts,
    limits: LimitUses,
    /// Hosts of the upstream that refuse or fail; told to the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    breakers: Option<Vec<BreakerReport>>,
    /// Accounts that are passed over after an upstream failure; told to the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    ejections: Option<Vec<EjectionReport>>,
    /// Proxies of the list; told to the operator only.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxies: Option<ProxyCounts>,
    /// Interval work, by name.
    jobs: Vec<JobReport>,
    /// Questions about accounts that nobody asks by hand; for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<RefreshStatus>,
    /// How long the quota of each tier lasts; for the operator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forecast: Vec<TierForecast>,
}

/// What is in use of what all callers share, the most that may be, and how often more was refused.
#[derive(Serialize)]
struct LimitUses {
    connections: Use,
    /// `used` is what the address has that has most.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    mcp_sessions: Option<Use>,
    /// Second and later tries.
    retries: RetryUse,
    /// Answers that were ended because nobody read them, since the start.
    unread_ended: u64,
}

#[derive(Serialize)]
struct PoolCounts {
    total: usize,
    active: usize,
    cooling: usize,
    expired: usize,
    disabled: usize,
    leases: usize,
}

#[derive(Serialize)]
struct ProxyCounts {
    total: usize,
    /// Set aside for a while.
    aside: usize,
}

fn proxy_counts(snapshot: &Snapshot) -> Option<ProxyCounts> {
    let proxies = snapshot.settings.upstream.proxies([]);
    let aside = proxies.iter().filter(|one| one.aside_for.is_some());
    (!proxies.is_empty()).then(|| ProxyCounts {
        total: proxies.len(),
        aside: aside.count(),
    })
}

/// The breaker of one account.
#[derive(Serialize)]
struct EjectionReport {
    account: String,
    /// For so many more selections, unless nobody else can serve.
    selections_left: u64,
}

fn ejections(snapshot: &Snapshot) -> Vec<EjectionReport> {
    let ejections = snapshot.pool.ejections(MAX_EJECTIONS).into_iter();
    let report = |ejection: pool::Ejection| EjectionReport {
        account: ejection.account.to_string(),
        selections_left: ejection.selections_left,
    };
    ejections.map(report).collect()
}

#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Operation",
    operation_id = "readyz",
    summary = "Can the server serve?",
    description = "How the server is and what needs attention. The operator's session or password is told more.",
    responses(
        (status = 200, description = "It can.", body = shapes::Readiness),
        (status = 503, description = "It cannot: it is stopping, or nothing can be recorded.", body = shapes::Readiness),
    )
)]
async fn readyz(State(state): State<AppState>, request: Request) -> Response {
    let snapshot = state.current.load_full();
    let counts = snapshot.pool.counts(now_ms());
    let store_trouble = store_trouble(&state).await;
    let is_draining = state.in_flight.is_draining();
    // Nothing is served that cannot be recorded.
    let is_unavailable = is_draining || store_trouble.is_some();
    // Whose session it is stands in the store.
    let (parts, _) = request.into_parts();
    let asking = tokio::time::timeout(PING_TIMEOUT, admin::proof(&state, &parts));
    let is_operator = store_trouble.is_none() && matches!(asking.await, Ok(Ok(_)));
    let mut reasons = Reasons::to(is_operator);
    if is_draining {
        reasons.say("shutting down");
    }
    if counts.total == 0 {
        reasons.say("no account is configured");
    } else if counts.active == 0 {
        reasons.say("no account is active");
    }
    reasons.of_service(&state, store_trouble);
    let app_url = Vec::from_iter(state.reached.trouble().map(|trouble| trouble.to_string()));
    reasons.detail("app.app_url", "it does not lead here", &app_url);
    let jobs = reasons.of_jobs(state.jobs.reports());
    let (code, status) = match (is_unavailable, reasons.texts.is_empty()) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (false, false) => (StatusCode::OK, "degraded"),
        (false, true) => (StatusCode::OK, "ready"),
    };
    let body = Readiness {
        status,
        reasons: reasons.texts,
        demo: snapshot.mode.demo.is_on(),
        in_flight: state.in_flight.count(),
        pool: PoolCounts {
            total: counts.total,
            active: counts.active,
            cooling: counts.cooling,
            expired: counts.expired,
            disabled: counts.disabled,
            leases: counts.open_leases,
        },
        limits: limits(&state, &snapshot),
        breakers: is_operator.then(|| state.gateway.breakers().reports()),
        ejections: is_operator.then(|| ejections(&snapshot)),
        proxies: is_operator.then(|| proxy_counts(&snapshot)).flatten(),
        jobs,
        forecast: told_forecasts(&state, &snapshot, is_operator).await,
        refresh: is_operator.then(|| state.gateway.refresh().status()),
    };
    (code, Json(body)).into_response()
}

async fn told_forecasts(
    state: &AppState,
    snapshot: &Snapshot,
    is_operator: bool,
) -> Vec<TierForecast> {
    if !is_operator {
        return Vec::new();
    }
    let told = forecasts(state.store.as_ref(), snapshot, now_ms()).await;
    // A store in trouble is told above.
    told.unwrap_or_default()
}

fn limits(state: &AppState, snapshot: &Snapshot) -> LimitUses {
    let (of, server) = (&state.limits, &snapshot.settings.config.server);
    LimitUses {
        connections: of.connections.in_use(of.max_connections(server)),
        connections_per_address: of.by_address.in_use(of.max_per_address(server)),
        http2_answers: of.http2_answers.in_use(server.max_http2_answers.into()),
        answer_bytes: of.answer_bytes.in_use(ALL_ANSWER_BYTES),
        body_bytes: of
            .body_bytes
            .in_use(server.bodies_in_memory_mb.saturating_mul(1024 * 1024)),
        server_function_bytes: state
            .limits
            .server_function_bytes
            .in_use(ALL_SERVER_FUNCTION_BYTES),
        attachment_bytes: state.gateway.media_bytes(),
        chats: state.gateway.chats(),
        pictures: state.gateway.pictures_in_use(),
        videos: state.gateway.videos_in_use(),
        voice: state.gateway.voice_tokens_in_use(),
        mcp_sessions: state.mcp.as_ref().map(|mcp| mcp.sessions_in_use()),
        retries: state.gateway.retries(),
        unread_ended: state.unread.ended(),
    }
}
