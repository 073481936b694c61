//! Probes: is the process alive, can it serve, and if not, why.

use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::StatusCode;
use pool::{Pool, Status};
use serde::Serialize;

use crate::{clock::now_ms, state::AppState};

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

/// `status` is `ready`, `degraded` (serves, but something needs attention) or `unavailable`.
#[derive(Serialize)]
struct Readiness {
    status: &'static str,
    reasons: Vec<String>,
    demo: bool,
    in_flight: usize,
    pool: PoolCounts,
}

#[derive(Default, Serialize)]
struct PoolCounts {
    total: usize,
    active: usize,
    cooling: usize,
    expired: usize,
    disabled: usize,
    leases: usize,
}

async fn readyz(State(state): State<AppState>) -> Response {
    let live = state.live.load();
    let pool = count(&live.pool);
    let mut blocking = Vec::new();
    let mut degraded = Vec::new();
    if state.in_flight.is_draining() {
        blocking.push("shutting down".to_owned());
    }
    if pool.total == 0 {
        degraded.push("no account is configured".to_owned());
    } else if pool.active == 0 {
        degraded.push("no account is active".to_owned());
    }
    if let Err(error) = state.store.ping().await {
        degraded.push(format!("store: {error}"));
    }
    let (code, status) = match (blocking.is_empty(), degraded.is_empty()) {
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (true, false) => (StatusCode::OK, "degraded"),
        (true, true) => (StatusCode::OK, "ready"),
    };
    blocking.extend(degraded);
    let body = Readiness {
        status,
        reasons: blocking,
        demo: live.mode.demo.is_on(),
        in_flight: state.in_flight.count(),
        pool,
    };
    (code, Json(body)).into_response()
}

fn count(pool: &Pool) -> PoolCounts {
    let mut counts = PoolCounts {
        leases: pool.open_leases(),
        ..PoolCounts::default()
    };
    for view in pool.snapshot(now_ms()) {
        counts.total += 1;
        match view.account.status {
            Status::Active => counts.active += 1,
            Status::Cooling => counts.cooling += 1,
            Status::Expired => counts.expired += 1,
            Status::Disabled => counts.disabled += 1,
        }
    }
    counts
}
