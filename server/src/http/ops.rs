//! Probes: is the process alive, can it serve, and if not, why.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use serde::Serialize;

use super::AppState;
use crate::{
    clock::now_ms, gateway::slots::SlotUse, jobs::JobReport, limits::Use, snapshot::Snapshot,
};

/// How long the store may take to say that it is there.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Unauthenticated and without secrets.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/health", get(healthz))
        .route("/readyz", get(readyz))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
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
    /// Interval work, by name.
    jobs: Vec<JobReport>,
}

/// What is in use of what all callers share, the most that may be, and how often more was refused.
#[derive(Serialize)]
struct LimitUses {
    connections: Use,
    /// `used` is what the address has that has most.
    connections_per_address: Use,
    body_bytes: Use,
    attachment_bytes: Use,
    chats: SlotUse,
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

async fn readyz(State(state): State<AppState>) -> Response {
    let snapshot = state.current.load();
    let counts = snapshot.pool.counts(now_ms());
    let mut reasons = Vec::new();
    let is_draining = state.in_flight.is_draining();
    if is_draining {
        reasons.push("shutting down".to_owned());
    }
    if counts.total == 0 {
        reasons.push("no account is configured".to_owned());
    } else if counts.active == 0 {
        reasons.push("no account is active".to_owned());
    }
    let ping = tokio::time::timeout(PING_TIMEOUT, state.store.ping()).await;
    let store_trouble = match ping {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("store: {error}")),
        Err(_) => Some("store: it does not answer".to_owned()),
    };
    // Nothing is served that cannot be recorded.
    let is_unavailable = is_draining || store_trouble.is_some();
    reasons.extend(store_trouble);
    reasons.extend(state.gateway.clearance().trouble());
    let problems = state.runtime.problems();
    reasons.extend(
        problems
            .iter()
            .map(|problem| format!("configuration: {problem}")),
    );
    let jobs = state.jobs.reports();
    reasons.extend(jobs.iter().filter_map(JobReport::trouble));
    let (code, status) = match (is_unavailable, reasons.is_empty()) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (false, false) => (StatusCode::OK, "degraded"),
        (false, true) => (StatusCode::OK, "ready"),
    };
    let body = Readiness {
        status,
        reasons,
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
        jobs,
    };
    (code, Json(body)).into_response()
}

fn limits(state: &AppState, snapshot: &Snapshot) -> LimitUses {
    let (of, server) = (&state.limits, &snapshot.settings.config.server);
    LimitUses {
        connections: of.connections.in_use(of.max_connections(server)),
        connections_per_address: of.by_address.in_use(of.max_per_address(server)),
        body_bytes: of
            .body_bytes
            .in_use(server.bodies_in_memory_mb.saturating_mul(1024 * 1024)),
        attachment_bytes: state.gateway.media_bytes(),
        chats: state.gateway.chats(),
        unread_ended: state.unread.ended(),
    }
}
