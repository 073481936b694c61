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
use crate::{clock::now_ms, jobs::JobReport};

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
    /// Interval work, by name.
    jobs: Vec<JobReport>,
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
        jobs,
    };
    (code, Json(body)).into_response()
}
