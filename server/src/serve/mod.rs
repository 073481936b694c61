//! `grok2api serve`: `boot` builds everything; here it listens, serves and drains.

pub mod boot;
mod connection;
mod listen;
mod send_timeout;

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use hyper_util::server::graceful::GracefulShutdown;
use settings::Config;
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::{boot::Booted, connection::Timeouts};
use crate::{
    cli::ServeArgs,
    http::{AppState, router},
    jobs::{self, JobContext},
    limits::{Limit, Share},
    runtime::watch,
    snapshot,
};

/// File in the data folder that holds the bound address while the server runs.
const ADDRESS_FILE: &str = "server.addr";
/// Pause after a connection could not be accepted: mostly the limit of open files, which a loop
/// without a pause would not change.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A write went beyond the largest file that the process may have; its number on Linux and macOS.
const SIGXFSZ: SignalKind = SignalKind::from_raw(25);
/// Clients that are told at the same time that there is no room.
const MAX_REFUSALS: u64 = 64;
/// Between two log lines about connections that could not be accepted.
const ACCEPT_LOG_INTERVAL: Duration = Duration::from_secs(60);
/// How long background work may take to end.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// `grok2api serve`.
///
/// # Errors
/// A text for the terminal that says what to do.
pub async fn run(data_dir: &Path, args: &ServeArgs, config: Config) -> anyhow::Result<()> {
    let mut signals = Signals::install()?;
    snapshot::refuse_open_door(&config, config.server.is_loopback())?;
    warn_of_plain_pages(&config);
    let listener = listen::bind(&config).await?;
    let address = listener.local_addr().context("reading the bound address")?;
    let drain = Duration::from_secs(config.server.drain_secs);
    let booted = boot::build(data_dir, args, config).await?;
    let address_file = data_dir.join(ADDRESS_FILE);
    if let Err(error) = std::fs::write(&address_file, format!("{address}\n")) {
        // Only scripts read it: no reason not to serve, on a full disk for example.
        tracing::warn!(%error, "{} was not written", address_file.display());
    }
    let is_demo = booted.state.current.load().mode.demo.is_on();
    tracing::info!(%address, demo = is_demo, "grok2api listens on http://{address}");
    let reload = Arc::new(Notify::new());
    let background = Background::start(&booted.state, reload.clone());
    serve_until_stopped(listener, &booted.state, &mut signals, &reload, drain).await;
    let _ = std::fs::remove_file(&address_file);
    background.stop().await;
    close(booted).await;
    tracing::info!("stopped");
    Ok(())
}

/// Others may reach the pages, and nothing says that they do so over https.
fn warn_of_plain_pages(config: &Config) {
    let app_url = &config.app.app_url;
    if !config.server.is_loopback() && !app_url.starts_with("https://") {
        tracing::warn!(
            "app.app_url does not start with https://, so passwords, keys and the session's cookie \
             may cross the network in clear. Behind a proxy with TLS set it to the address that \
             browsers open; otherwise listen on this machine only (SERVER_HOST=127.0.0.1)"
        );
    }
}

/// First signal to stop: drain. Second one, or the end of the drain time: go.
async fn serve_until_stopped(
    listener: TcpListener,
    state: &AppState,
    signals: &mut Signals,
    reload: &Notify,
    drain: Duration,
) {
    let service = router(state);
    let server = state.current.load().settings.config.server.clone();
    let timeouts = Timeouts {
        header: Duration::from_secs(server.header_timeout_secs),
        send: Duration::from_secs(server.send_timeout_secs),
    };
    let mut complained_at: Option<Instant> = None;
    let connections = Connections::default();
    let graceful = GracefulShutdown::new();
    let mut paused_until = None;
    let in_flight = state.in_flight.clone();
    let mut deadline = None;
    loop {
        tokio::select! {
            accepted = listener.accept(), if paused_until.is_none() => match accepted {
                Ok((stream, peer)) => {
                    let max = state.current.load().settings.config.server.max_connections;
                    let Some(share) = state.limits.connections.take(1, max.into()) else {
                        connections.refuse(stream);
                        continue;
                    };
                    let served = connection::serve(
                        stream,
                        peer,
                        service.clone(),
                        graceful.watcher(),
                        connections.closing.clone(),
                        timeouts,
                    );
                    connections.spawn(peer, share, served);
                }
                Err(error) => {
                    if complained_at.is_none_or(|at| at.elapsed() > ACCEPT_LOG_INTERVAL) {
                        tracing::warn!(%error, "a connection could not be accepted");
                        complained_at = Some(Instant::now());
                    }
                    paused_until = Some(tokio::time::Instant::now() + ACCEPT_PAUSE);
                }
            },
            () = sleep_until(paused_until), if paused_until.is_some() => paused_until = None,
            asked = signals.next() => match asked {
                Request::Reload => reload.notify_one(),
                Request::Stop if deadline.is_some() => {
                    tracing::warn!("second signal: {} request(s) are cut off", in_flight.count());
                    return connections.cut().await;
                }
                Request::Stop => {
                    tracing::info!("draining: {} request(s) may finish within {drain:?}", in_flight.count());
                    in_flight.start_draining();
                    deadline = Some(tokio::time::Instant::now() + drain);
                }
            },
            () = in_flight.idle(), if deadline.is_some() => break,
            () = sleep_until(deadline), if deadline.is_some() => {
                tracing::warn!("drain time is over: {} request(s) are cut off", in_flight.count());
                return connections.cut().await;
            }
        }
    }
    drop(listener);
    connections.closing.cancel();
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

/// Open connections. Whoever cuts them off waits until their requests have left their records.
#[derive(Default)]
struct Connections {
    tasks: TaskTracker,
    /// Ends those that have not said a word.
    closing: CancellationToken,
    refusals: Limit,
    cut: CancellationToken,
}

impl Connections {
    fn spawn(
        &self,
        peer: SocketAddr,
        share: Share,
        served: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        let cut = self.cut.clone();
        self.tasks.spawn(async move {
            let _share = share;
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "connection ended");
                },
                () = cut.cancelled() => {}
            }
        });
    }

    /// Tells one client that there is no room; the others hear nothing while many are told.
    fn refuse(&self, stream: TcpStream) {
        if let Some(share) = self.refusals.take(1, MAX_REFUSALS) {
            self.tasks.spawn(async move {
                let _share = share;
                connection::refuse(stream).await;
            });
        }
    }

    async fn cut(&self) {
        self.cut.cancel();
        self.tasks.close();
        let gone = tokio::time::timeout(CLOSE_TIMEOUT, self.tasks.wait()).await;
        tracing::debug!(is_clean = gone.is_ok(), "connections cut off");
    }
}

/// What runs beside the requests: interval jobs and the watch on the configuration.
struct Background {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Background {
    fn start(state: &AppState, asked: Arc<Notify>) -> Self {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let context = JobContext {
            store: state.store.clone(),
            gateway: state.gateway.clone(),
            current: state.current.clone(),
            unread: state.unread.clone(),
        };
        jobs::start(&state.jobs, &context, &tasks, &stop);
        tasks.spawn(watch::run(state.runtime.clone(), asked, stop.clone()));
        tasks.close();
        Self { stop, tasks }
    }

    async fn stop(self) {
        self.stop.cancel();
        let stopped = tokio::time::timeout(CLOSE_TIMEOUT, self.tasks.wait()).await;
        if stopped.is_err() {
            tracing::warn!("a background job was cut off");
        }
    }
}

async fn close(booted: Booted) {
    let Booted {
        state,
        gateway,
        store,
        simulator,
    } = booted;
    drop(state);
    let gateway_closed = tokio::time::timeout(CLOSE_TIMEOUT, gateway.close()).await;
    if gateway_closed.is_err() {
        tracing::warn!("background work was cut off");
    }
    store.close().await;
    if let Some(simulator) = simulator {
        simulator.stop_unchecked().await;
    }
}

/// What the operator asks of the process.
enum Request {
    Stop,
    Reload,
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// A file that may not grow is then an error of its write, and no end of the process.
    _file_limit: Option<Signal>,
}

impl Signals {
    fn install() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("listening for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("listening for SIGINT")?,
            hangup: signal(SignalKind::hangup()).context("listening for SIGHUP")?,
            _file_limit: signal(SIGXFSZ).ok(),
        })
    }

    async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.terminate.recv() => Request::Stop,
            _ = self.interrupt.recv() => Request::Stop,
            _ = self.hangup.recv() => Request::Reload,
        }
    }
}
