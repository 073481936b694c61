//! All open connections: how many there may be, and how they end.

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    CLOSE_TIMEOUT,
    connection::{self, Timeouts},
};
use crate::{
    http::{AppState, router},
    limits::{Limit, Share},
    snapshot::Current,
};

/// Pause after a connection could not be accepted: mostly the limit of open files, which a loop
/// without a pause would not change.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Between two log lines about connections that could not be accepted.
const ACCEPT_LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Clients that are told at the same time that there is no room.
const MAX_REFUSALS: u64 = 64;
/// How long idle connections may take to end.
const GOODBYE: Duration = Duration::from_secs(2);

/// Open connections. Whoever cuts them off waits until their requests have left their records.
pub(super) struct Connections {
    service: Router,
    current: Current,
    open: Limit,
    refusals: Limit,
    complained_at: Option<Instant>,
    graceful: GracefulShutdown,
    tasks: TaskTracker,
    /// Ends those that have not said a word.
    closing: CancellationToken,
    cut: CancellationToken,
}

impl Connections {
    pub(super) fn new(state: &AppState) -> Self {
        Self {
            service: router(state),
            current: state.current.clone(),
            open: state.limits.connections.clone(),
            refusals: Limit::default(),
            complained_at: None,
            graceful: GracefulShutdown::new(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
        }
    }

    /// Serves a new connection. One that could not be accepted tells until when to wait.
    pub(super) fn accept(
        &mut self,
        accepted: io::Result<(TcpStream, SocketAddr)>,
    ) -> Option<tokio::time::Instant> {
        match accepted {
            Ok((stream, peer)) => {
                let snapshot = self.current.load();
                let server = &snapshot.settings.config.server;
                let timeouts = Timeouts {
                    header: Duration::from_secs(server.header_timeout_secs),
                    send: Duration::from_secs(server.send_timeout_secs),
                };
                match self.open.take(1, server.max_connections.into()) {
                    Some(share) => self.serve(stream, peer, share, timeouts),
                    None => self.refuse(stream),
                }
                None
            }
            Err(error) => {
                let is_news = |at: Instant| at.elapsed() > ACCEPT_LOG_INTERVAL;
                if self.complained_at.is_none_or(is_news) {
                    tracing::warn!(%error, "a connection could not be accepted");
                    self.complained_at = Some(Instant::now());
                }
                Some(tokio::time::Instant::now() + ACCEPT_PAUSE)
            }
        }
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr, share: Share, timeouts: Timeouts) {
        let served = connection::serve(
            stream,
            peer,
            self.service.clone(),
            self.graceful.watcher(),
            self.closing.clone(),
            timeouts,
        );
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

    /// Ends the connections when every answer is out: idle ones are closed.
    pub(super) async fn close(self) {
        self.closing.cancel();
        let closed = tokio::time::timeout(GOODBYE, self.graceful.shutdown()).await;
        tracing::debug!(is_clean = closed.is_ok(), "connections closed");
    }

    /// Ends them at once.
    pub(super) async fn cut(&self) {
        self.cut.cancel();
        self.tasks.close();
        let gone = tokio::time::timeout(CLOSE_TIMEOUT, self.tasks.wait()).await;
        tracing::debug!(is_clean = gone.is_ok(), "connections cut off");
    }
}
