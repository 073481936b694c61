//! `grok2api serve`: `boot` builds everything; here it listens, serves and drains.

pub mod boot;
mod clean_stop;
mod connection;
mod connections;
mod first_password;
mod first_start;
mod listen;
mod send_timeout;
pub mod storage;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context, bail};
use settings::Config;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::{boot::Booted, connections::Connections};
use crate::{
    cli::ServeArgs,
    http::AppState,
    jobs::{self, JobContext},
    runtime::{follow::Follower, watch},
    snapshot,
};

/// File in the data folder that holds the bound address while the server runs.
const ADDRESS_FILE: &str = "server.addr";
/// A write went beyond the largest file that the process may have; its number on Linux and macOS.
const SIGXFSZ: SignalKind = SignalKind::from_raw(25);
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
    // Boxed: building holds the state of every engine.
    let booted = Box::pin(boot::build(data_dir, args, config)).await?;
    let limits = &booted.state.limits;
    let snapshot = booted.state.current.load();
    limits
        .descriptors
        .warn(snapshot.settings.config.server.max_connections);
    drop(snapshot);
    let address_file = data_dir.join(ADDRESS_FILE);
    if let Err(error) = std::fs::write(&address_file, format!("{address}\n")) {
        // Only scripts read it: no reason not to serve, on a full disk for example.
        tracing::warn!(%error, "{} was not written", address_file.display());
    }
    let is_demo = booted.state.current.load().mode.demo.is_on();
    tracing::info!(%address, demo = is_demo, "grok2api listens on http://{address}");
    let reload = Arc::new(Notify::new());
    let background = Background::start(&booted.state, reload.clone());
    let served = serve_until_stopped(listener, &booted.state, &mut signals, &reload, drain).await;
    let _ = std::fs::remove_file(&address_file);
    let is_done = background.stop().await;
    let is_done = close(booted).await && is_done;
    if is_done && matches!(served, Ok(Stopped::Drained)) {
        // Without it the next start looks at all files, and that is all.
        let _ = clean_stop::mark(data_dir);
    }
    tracing::info!("stopped");
    served.map(drop)
}

/// How serving ended.
enum Stopped {
    /// Every request was answered.
    Drained,
    Cut,
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
///
/// # Errors
/// The store's writer has died: nothing can be served any more, and only a new process helps.
async fn serve_until_stopped(
    listener: TcpListener,
    state: &AppState,
    signals: &mut Signals,
    reload: &Notify,
    drain: Duration,
) -> anyhow::Result<Stopped> {
    let mut connections = Connections::new(state)?;
    let mut paused_until = None;
    let in_flight = state.in_flight.clone();
    let mut deadline = None;
    let mut store_ended = state.store.ended();
    loop {
        tokio::select! {
            accepted = listener.accept(), if paused_until.is_none() => {
                paused_until = connections.accept(accepted);
            }
            () = sleep_until(paused_until), if paused_until.is_some() => paused_until = None,
            asked = signals.next() => match asked {
                Request::Reload => reload.notify_one(),
                Request::Stop if deadline.is_some() => {
                    tracing::warn!("second signal: {} request(s) are cut off", in_flight.count());
                    connections.cut().await;
                    return Ok(Stopped::Cut);
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
                connections.cut().await;
                return Ok(Stopped::Cut);
            }
            () = &mut store_ended => {
                tracing::error!("the store's writer has died: the process ends");
                connections.cut().await;
                bail!("the store's writer has died, and nothing can be recorded without it; start again");
            }
        }
    }
    drop(listener);
    connections.close().await;
    Ok(Stopped::Drained)
}

async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// What runs beside the requests: interval jobs, the watch on the configuration, and the follower of
/// other instances.
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
            reached: state.reached.clone(),
            unread: state.unread.clone(),
            deliveries: state.deliveries.clone(),
        };
        jobs::start(&state.jobs, &context, &tasks, &stop);
        let follower = Follower {
            store: state.store.clone(),
            current: state.current.clone(),
            gateway: state.gateway.clone(),
            runtime: state.runtime.clone(),
        };
        tasks.spawn(follower.run(stop.clone()));
        if let Some(mcp) = state.mcp.clone() {
            tasks.spawn(mcp.run(stop.clone()));
        }
        tasks.spawn(watch::run(state.runtime.clone(), asked, stop.clone()));
        tasks.close();
        Self { stop, tasks }
    }

    /// Whether everything has ended by itself.
    async fn stop(self) -> bool {
        self.stop.cancel();
        let stopped = tokio::time::timeout(CLOSE_TIMEOUT, self.tasks.wait()).await;
        if stopped.is_err() {
            tracing::warn!("a background job was cut off");
        }
        stopped.is_ok()
    }
}

/// Whether everything has ended by itself.
async fn close(booted: Booted) -> bool {
    let Booted {
        state,
        gateway,
        store,
        simulator,
    } = booted;
    let (work, background) = (state.work.clone(), state.background.clone());
    let kept = state.kept.clone();
    let pool = state.current.load().pool.clone();
    drop(state);
    if tokio::time::timeout(CLOSE_TIMEOUT, work.close())
        .await
        .is_err()
    {
        tracing::warn!("a job was cut off");
    }
    if tokio::time::timeout(CLOSE_TIMEOUT, background.close())
        .await
        .is_err()
    {
        tracing::warn!("a response in the background was cut off");
    }
    if tokio::time::timeout(CLOSE_TIMEOUT, kept.close())
        .await
        .is_err()
    {
        tracing::warn!("a response or a conversation was cut off while it was kept");
    }
    drop(kept);
    let gateway_closed = tokio::time::timeout(CLOSE_TIMEOUT, gateway.close()).await;
    if gateway_closed.is_err() {
        tracing::warn!("background work was cut off");
    }
    let is_done = gateway_closed.is_ok() && {
        // Nothing is under way any more for which a row could come.
        let files = gateway.media_files();
        let removing = files.remove_unclaimed(store.as_ref(), Duration::ZERO);
        let removed = tokio::time::timeout(CLOSE_TIMEOUT, removing).await;
        matches!(removed, Ok(Ok(()))) && !files.is_cut()
    };
    // What time has changed in the accounts and nothing has stored yet.
    if let Err(error) = store::bounded(gateway.store_elapsed(&pool)).await {
        tracing::warn!(%error, "the end of cooldowns was not stored");
    }
    store.close().await;
    if let Some(simulator) = simulator {
        simulator.stop_unchecked().await;
    }
    is_done
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_process_ends_with_an_error_when_the_stores_writer_has_died() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let args = ServeArgs::default();
        let booted = boot::build(folder.path(), &args, Config::default())
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut signals = Signals::install().unwrap();
        // For the one who serves, a closed store is a dead one.
        booted.state.store.close().await;
        let (reload, drain) = (Notify::new(), Duration::from_secs(30));
        let served =
            serve_until_stopped(listener, &booted.state, &mut signals, &reload, drain).await;
        let error = served.err().unwrap().to_string();
        assert!(error.contains("writer has died"), "{error}");
    }
}
