//! Many accounts: a start with them, and asking the upstream about each.

use std::{path::Path, time::Duration};

use anyhow::Context;
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use test_support::databases::{Engine, Server};
use tokio::{net::TcpStream, time::sleep};

use crate::{
    process::{Gateway, Upstream},
    stores,
    upstream::{QUESTION_TIME, Shape},
};

const PASSWORD: &str = "correct horse battery";
/// Accounts that are asked about at once.
const AT_ONCE: usize = 100;
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Looks at a run before it is given up.
const LOOKS: usize = 1200;
/// Starts of which the middle one counts.
const STARTS: usize = 3;

/// A start on a store that has accounts.
pub(crate) struct Start {
    pub(crate) store: String,
    pub(crate) accounts: usize,
    /// From spawn to serving, of the middle one of three.
    pub(crate) ready: Duration,
    /// Resident memory at most.
    pub(crate) peak_kib: u64,
}

/// Asking about all accounts.
pub(crate) struct Asking {
    pub(crate) what: &'static str,
    pub(crate) accounts: usize,
    pub(crate) took: Duration,
    /// If nothing but the upstream took time.
    pub(crate) ideal: Duration,
}

async fn upstream() -> anyhow::Result<Upstream> {
    let shape = Shape {
        events: 1,
        interval_ms: 0,
        http2: None,
        json: false,
    };
    Upstream::start(&shape).await
}

/// `engine`: nothing for SQLite. The accounts are imported first, which is not measured.
pub(crate) async fn start(
    binary: &Path,
    engine: Option<Engine>,
    accounts: usize,
) -> anyhow::Result<Start> {
    let upstream = upstream().await?;
    let mut database = match engine {
        Some(engine) => Some(Server::start(engine).await?),
        None => None,
    };
    let settings = match &mut database {
        Some(server) => stores::settings(server)?,
        None => Vec::new(),
    };
    let mut gateway = Gateway::start_imported(binary, &upstream.url, accounts, &settings).await?;
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        gateway = gateway
            .restart_with(binary, &upstream.url, &settings)
            .await?;
        starts.push((gateway.ready_after(), gateway.peak_kib()?));
    }
    starts.sort_unstable();
    let (ready, peak_kib) = starts[STARTS / 2];
    Ok(Start {
        store: engine.map_or("SQLite".to_owned(), |engine| format!("{engine:?}")),
        accounts,
        ready,
        peak_kib,
    })
}

/// By the scheduler, who asks for what decides whether an account can serve, and by a job of the
/// operator's, who asks for every window.
pub(crate) async fn ask(binary: &Path, accounts: usize) -> anyhow::Result<[Asking; 2]> {
    let upstream = upstream().await?;
    let settings = |is_on: bool| {
        [
            ("GROK2API_APP__APP_KEY", PASSWORD.to_owned()),
            ("GROK2API_USAGE__CONCURRENT", AT_ONCE.to_string()),
            ("GROK2API_TOKEN__AUTO_REFRESH", is_on.to_string()),
        ]
    };
    let url = &upstream.url;
    let start = |is_on| async move {
        let settings = settings(is_on);
        Gateway::start_with(binary, url, accounts, &settings).await
    };
    let ideal = QUESTION_TIME * u32::try_from(accounts.div_ceil(AT_ONCE))?;
    let asking = |what, took| Asking {
        what,
        accounts,
        took,
        ideal,
    };
    Ok([
        asking(
            "the scheduler",
            scheduled(&start(true).await?, accounts).await?,
        ),
        asking("a job", by_job(&start(false).await?, accounts).await?),
    ])
}

async fn scheduled(gateway: &Gateway, accounts: usize) -> anyhow::Result<Duration> {
    for _ in 0..LOOKS {
        let report = call(gateway, Method::GET, "/readyz", &Value::Null).await?;
        let run = &report["refresh"]["last"];
        if run["ended_at_ms"].is_number() {
            anyhow::ensure!(
                run["done"] == accounts && run["failed"] == 0,
                "not all: {run}"
            );
            return between(&run["started_at_ms"], &run["ended_at_ms"]);
        }
        sleep(POLL_INTERVAL).await;
    }
    anyhow::bail!("the accounts are not asked about")
}

async fn by_job(gateway: &Gateway, accounts: usize) -> anyhow::Result<Duration> {
    let path = "/v1/admin/tokens/refresh/async";
    let begun = call(gateway, Method::POST, path, &json!({"filter": {}})).await?;
    let id = begun["task_id"].as_str();
    let id = id.with_context(|| format!("no job: {begun}"))?;
    let path = format!("/v1/admin/batch/{id}");
    for _ in 0..LOOKS {
        let job = call(gateway, Method::GET, &path, &Value::Null).await?;
        if job["status"] != "running" {
            anyhow::ensure!(job["ok"] == accounts, "not all: {job}");
            return between(&job["started_at"], &job["ended_at"]);
        }
        sleep(POLL_INTERVAL).await;
    }
    anyhow::bail!("the job does not end")
}

/// Two instants in unix milliseconds.
fn between(start: &Value, end: &Value) -> anyhow::Result<Duration> {
    let ms = end.as_u64().zip(start.as_u64());
    let (end, start) = ms.context("no instants")?;
    Ok(Duration::from_millis(end.saturating_sub(start)))
}

/// As the operator.
async fn call(
    gateway: &Gateway,
    method: Method,
    path: &str,
    body: &Value,
) -> anyhow::Result<Value> {
    let stream = TcpStream::connect(gateway.address()).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, gateway.address())
        .header(header::AUTHORIZATION, format!("Bearer {PASSWORD}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.to_string())))?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        anyhow::Ok(answer.into_body().collect().await?.to_bytes())
    };
    let bytes = tokio::select! {
        bytes = exchange => bytes?,
        ended = connection => {
            ended?;
            anyhow::bail!("{path}: the connection ended")
        }
    };
    serde_json::from_slice(&bytes).with_context(|| format!("{path}: no JSON"))
}
