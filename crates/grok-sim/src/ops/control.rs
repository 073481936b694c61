//! Control over HTTP, for tests that are not written in Rust. No cookie, no headers needed.
//!
//! | request | body or query | answer |
//! | --- | --- | --- |
//! | `POST /__sim/script` | `{"account":"a","operation":"chat","replies":[{"kind":"cut"}]}`; `operation` is `chat` (default), `rate_limits`, `imagine_quota`, `upload`, `download`, `imagine`, `voice` or `room`; the account `*` is any; replies as in [`crate::reply`] | `{"queued":1}` |
//! | `GET /__sim/requests` | | `{"requests":[…],"open_streams":0}`, entries as [`crate::Recorded`] |
//! | `GET /__sim/unused` | | `{"unused":[{"account","operation","replies"}]}` |
//! | `POST /__sim/quota` | `{"account":"a","remaining":3}` | `{"remaining":3}` |
//! | `POST /__sim/release` | `{"account":"a"}` | `{"ok":true}`; lets a `held` reply go on |
//! | `GET /__sim/wait` | `?open_streams=0` or `?aborted=<account>` or `?requests=2`, and `&timeout_ms=5000` | `{"ok":true}`, or 408 with `{"ok":false,"error":…}` |
//! | `POST /__sim/reset` | | `{"ok":true}`; forgets scripts, requests, quotas, conversations, files |
//!
//! A body that does not fit gets 422 with a text that says where.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{record::Recorder, reply::Reply, scripts::Operation, state::Shared};

const DEFAULT_WAIT_MS: u64 = 5_000;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/script", post(script))
        .route("/requests", get(requests))
        .route("/unused", get(unused))
        .route("/quota", post(quota))
        .route("/release", post(release))
        .route("/wait", get(wait))
        .route("/reset", post(reset))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    account: String,
    #[serde(default)]
    operation: Operation,
    replies: Vec<Reply>,
}

async fn script(State(shared): State<Arc<Shared>>, Json(script): Json<Script>) -> Json<Value> {
    let queued = shared
        .scripts
        .push(&script.account, script.operation, script.replies);
    Json(json!({"queued": queued}))
}

async fn requests(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let open_streams = shared.recorder.open_streams();
    Json(json!({"requests": shared.recorder.requests(), "open_streams": open_streams}))
}

async fn unused(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({"unused": shared.scripts.unused()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetQuota {
    account: String,
    remaining: u32,
}

async fn quota(State(shared): State<Arc<Shared>>, Json(set): Json<SetQuota>) -> Json<Value> {
    shared.ledger.set(&set.account, set.remaining);
    Json(json!({"remaining": set.remaining}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    account: String,
}

async fn release(State(shared): State<Arc<Shared>>, Json(held): Json<Release>) -> Json<Value> {
    shared.gates.release(&held.account);
    Json(json!({"ok": true}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    open_streams: Option<usize>,
    aborted: Option<String>,
    requests: Option<usize>,
    timeout_ms: Option<u64>,
}

impl Wait {
    fn holds(&self, recorder: &Recorder) -> bool {
        if self
            .open_streams
            .is_some_and(|count| recorder.open_streams() != count)
        {
            return false;
        }
        let requests = recorder.requests();
        if self.requests.is_some_and(|count| requests.len() < count) {
            return false;
        }
        self.aborted.as_deref().is_none_or(|account| {
            requests
                .iter()
                .any(|one| one.aborted && one.account.as_deref() == Some(account))
        })
    }
}

async fn wait(
    State(shared): State<Arc<Shared>>,
    Query(wait): Query<Wait>,
) -> (StatusCode, Json<Value>) {
    let limit = Duration::from_millis(wait.timeout_ms.unwrap_or(DEFAULT_WAIT_MS));
    match shared
        .recorder
        .wait("the condition", limit, |recorder| wait.holds(recorder))
        .await
    {
        Ok(()) => (StatusCode::OK, Json(json!({"ok": true}))),
        Err(error) => {
            let body = json!({"ok": false, "error": error.to_string()});
            (StatusCode::REQUEST_TIMEOUT, Json(body))
        }
    }
}

async fn reset(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.reset();
    Json(json!({"ok": true}))
}
