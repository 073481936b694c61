//! Listens, serves, drains.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, bail};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::{
    boot::{self, Booted},
    cli::ServeArgs,
    config::Config,
    http::router,
    state::AppState,
};

/// File in the data folder that holds the bound address while the server runs.
const ADDRESS_FILE: &str = "server.addr";
/// A client has this long to send its request's head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Expired sessions are removed this often.
const SWEEP_INTERVAL: Duration = Duration::from_secs(600);

/// `grok2api serve`.
///
/// # Errors
/// A text for the terminal that says what to do.
pub async fn run(data_dir: &Path, args: &ServeArgs) -> anyhow::Result<()> {
    let mut signals = Signals::install()?;
    let config = boot::load_config(data_dir)?;
    refuse_open_door(&config)?;
    let listener = bind(&config).await?;
    let address = listener.local_addr().context("reading the bound address")?;
    let drain = Duration::from_secs(config.server.drain_secs);
    let booted = boot::build(data_dir, args, config).await?;
    let address_file = data_dir.join(ADDRESS_FILE);
    std::fs::write(&address_file, format!("{address}\n"))
        .with_context(|| format!("writing {}", address_file.display()))?;
    tracing::info!(%address, demo = booted.state.live.load().mode.demo.is_on(), "grok2api listens on http://{address}");
    serve_until_stopped(listener, &booted.state, &mut signals, drain).await;
    let _ = std::fs::remove_file(&address_file);
    close(booted).await;
    tracing::info!("stopped");
    Ok(())
}

/// An open API may listen on loopback only.
fn refuse_open_door(config: &Config) -> anyhow::Result<()> {
    if config.app.api_keys().is_empty() && !config.server.is_loopback() {
        bail!(
            "no API key is configured and the server would listen on {}, open to everyone who can \
             reach it. Set a key (`api_key = \"sk-…\"` under [app] in config.toml, or the variable \
             GROK2API_APP__API_KEY), or listen on this machine only (SERVER_HOST=127.0.0.1)",
            config.server.host
        );
    }
    Ok(())
}

async fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    let (host, port) = (config.server.host.as_str(), config.server.port);
    TcpListener::bind((host, port)).await.with_context(|| {
        format!(
            "listening on {host}:{port}; is another program using the port? Choose one with \
             SERVER_PORT"
        )
    })
}

/// First signal: drain. Second signal, or the end of the drain time: go.
async fn serve_until_stopped(
    listener: TcpListener,
    state: &AppState,
    signals: &mut Signals,
    drain: Duration,
) {
    let service = router(state);
    let connections = TaskTracker::new();
    let graceful = GracefulShutdown::new();
    let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
    let in_flight = state.in_flight.clone();
    let mut deadline = None;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => serve_connection(stream, peer, &service, &graceful, &connections),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            () = signals.next() => {
                if deadline.is_some() {
                    tracing::warn!("second signal: {} request(s) are cut off", in_flight.count());
                    return;
                }
                tracing::info!("draining: {} request(s) may finish within {drain:?}", in_flight.count());
                in_flight.start_draining();
                deadline = Some(tokio::time::Instant::now() + drain);
            }
            _ = sweep.tick() => sweep_sessions(state).await,
            () = in_flight.idle(), if deadline.is_some() => break,
            () = sleep_until(deadline), if deadline.is_some() => {
                tracing::warn!("drain time is over: {} request(s) are cut off", in_flight.count());
                return;
            }
        }
    }
    drop(listener);
    // Every answer is out; idle kept-alive connections are closed.
    let closed = tokio::time::timeout(Duration::from_secs(2), graceful.shutdown()).await;
    tracing::debug!(is_clean = closed.is_ok(), "connections closed");
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    service: &axum::Router,
    graceful: &GracefulShutdown,
    connections: &TaskTracker,
) {
    // Without it small SSE writes wait 40 ms for the client's delayed acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let service = service
        .clone()
        .map_request(move |mut request: http::Request<Incoming>| {
            request.extensions_mut().insert(PeerAddr(peer));
            request.map(axum::body::Body::new)
        });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT);
    builder.http2().timer(TokioTimer::new());
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service))
        .into_owned();
    let connection = graceful.watch(connection);
    connections.spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, %peer, "connection ended");
        }
    });
}

/// The address at the other end of the TCP connection.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddr(pub SocketAddr);

async fn sweep_sessions(state: &AppState) {
    if let Err(error) = state.store.sweep_sessions(crate::clock::now_ms()).await {
        tracing::warn!(%error, "expired sessions were not swept");
    }
}

async fn close(booted: Booted) {
    let Booted {
        state,
        store,
        simulator,
    } = booted;
    let gateway_closed = tokio::time::timeout(Duration::from_secs(5), state.gateway.close()).await;
    if gateway_closed.is_err() {
        tracing::warn!("background work was cut off");
    }
    store.close().await;
    if let Some(simulator) = simulator {
        simulator.stop_unchecked().await;
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("listening for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listening for SIGINT")?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
