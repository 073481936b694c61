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
    limits::{Limit, Limits, Place, Share},
    snapshot::Current,
};

/// Pause after a connection could not be accepted: mostly the limit of open files, which a loop
/// without a pause would not change.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Between two log lines about connections that could not be accepted, or were too many of one address.
const LOG_INTERVAL: Duration = Duration::from_secs(60);
/// Clients that are told at the same time that there is no room.
const MAX_REFUSALS: u64 = 64;
/// How long idle connections may take to end.
const GOODBYE: Duration = Duration::from_secs(2);

/// Open connections. Whoever cuts them off waits until their requests have left their records.
pub(super) struct Connections {
    service: Router,
    current: Current,
    limits: Limits,
    refusals: Limit,
    complaint: Complaint,
    address_complaint: Complaint,
    graceful: GracefulShutdown,
    tasks: TaskTracker,
    /// Ends those that have not said a word.
    closing: CancellationToken,
    cut: CancellationToken,
}

impl Connections {
    /// # Errors
    /// The routes cannot be made.
    pub(super) fn new(state: &AppState) -> anyhow::Result<Self> {
        Ok(Self {
            service: router(state)?,
            current: state.current.clone(),
            limits: state.limits.clone(),
            refusals: Limit::default(),
            complaint: Complaint::default(),
            address_complaint: Complaint::default(),
            graceful: GracefulShutdown::new(),
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            cut: CancellationToken::new(),
        })
    }

    /// Serves a new connection. One that could not be accepted tells until when to wait.
    pub(super) fn accept(
        &mut self,
        accepted: io::Result<(TcpStream, SocketAddr)>,
    ) -> Option<tokio::time::Instant> {
        match accepted {
            Ok((stream, peer)) => {
                self.admit(stream, peer);
                None
            }
            Err(error) => {
                if self.complaint.is_due() {
                    tracing::warn!(%error, "a connection could not be accepted");
                }
                Some(tokio::time::Instant::now() + ACCEPT_PAUSE)
            }
        }
    }

    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) {
        let snapshot = self.current.load();
        let server = &snapshot.settings.config.server;
        let ip = peer.ip().to_canonical();
        // Behind them are many, who all have their address.
        let is_shared = ip.is_loopback() || snapshot.settings.trusts(ip);
        let place = if is_shared {
            None
        } else {
            let max = self.limits.max_per_address(server);
            let place = self.limits.by_address.take(ip, max);
            if place.is_none() {
                if self.address_complaint.is_due() {
                    tracing::warn!(
                        "{ip} has {max} connections and gets no more \
                         (server.max_connections_per_address); if it is a reverse proxy, name it in \
                         server.trusted_proxies"
                    );
                }
                return self.refuse(stream, "server.max_connections_per_address");
            }
            place
        };
        let timeouts = Timeouts {
            header: Duration::from_secs(server.header_timeout_secs),
            send: Duration::from_secs(server.send_timeout_secs),
        };
        let max = self.limits.max_connections(server);
        match self.limits.connections.take(1, max) {
            Some(share) => self.serve(stream, peer, (share, place), timeouts),
            None => self.refuse(stream, "server.max_connections"),
        }
    }

    fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        held: (Share, Option<Place>),
        timeouts: Timeouts,
    ) {
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
            let _held = held;
            tokio::select! {
                ended = served => if let Err(error) = ended {
                    tracing::debug!(%error, %peer, "connection ended");
                },
                () = cut.cancelled() => {}
            }
        });
    }

    /// Tells one client that there is no room; the others hear nothing while many are told.
    fn refuse(&self, stream: TcpStream, setting: &'static str) {
        if let Some(share) = self.refusals.take(1, MAX_REFUSALS) {
            self.tasks.spawn(async move {
                let _share = share;
                connection::refuse(stream, setting).await;
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

/// When something was said last that would otherwise be said too often.
#[derive(Default)]
struct Complaint(Option<Instant>);

impl Complaint {
    fn is_due(&mut self) -> bool {
        let is_due = self.0.is_none_or(|at| at.elapsed() > LOG_INTERVAL);
        if is_due {
            self.0 = Some(Instant::now());
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use settings::Config;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::{cli::ServeArgs, serve::boot};

    /// A client that keeps its connection.
    struct Client(TcpStream);

    impl Client {
        /// Asks whether the server is there; the status.
        async fn ask(&mut self) -> String {
            let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
            self.0.write_all(request).await.unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"}") {
                assert_ne!(self.0.read_buf(&mut answer).await.unwrap(), 0);
            }
            String::from_utf8(answer).unwrap()[9..12].to_owned()
        }
    }

    async fn connect(connections: &mut Connections, listener: &TcpListener, from: &str) -> Client {
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let (stream, _) = accepted.unwrap();
        assert_eq!(
            connections.accept(Ok((stream, from.parse().unwrap()))),
            None
        );
        Client(client.unwrap())
    }

    #[tokio::test]
    async fn one_address_cannot_hold_every_place_by_asking_now_and_then() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.server.max_connections = 40;
        config.server.trusted_proxies = vec!["203.0.113.7".to_owned()];
        let booted = boot::build(folder.path(), &ServeArgs::default(), config)
            .await
            .unwrap();
        let mut connections = Connections::new(&booted.state).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut held = Vec::new();
        for _ in 0..20 {
            let mut one = connect(&mut connections, &listener, "198.51.100.1:9").await;
            assert_eq!(one.ask().await, "200");
            held.push(one);
        }
        for one in held.iter_mut().rev() {
            assert_eq!(one.ask().await, "200", "it keeps what it has");
        }
        let mut more = connect(&mut connections, &listener, "198.51.100.1:10").await;
        assert_eq!(more.ask().await, "503");
        for other in [
            "198.51.100.2:9",
            "127.0.0.1:9",
            "203.0.113.7:9",
            "[2001:db8::1]:9",
        ] {
            let mut other = connect(&mut connections, &listener, other).await;
            assert_eq!(other.ask().await, "200");
            held.push(other);
        }
        let limits = &booted.state.limits;
        assert_eq!(limits.by_address.in_use(20).refused, 1);
        for at_proxy in 0..20 {
            let mut one = connect(&mut connections, &listener, "203.0.113.7:9").await;
            let is_room = at_proxy < 16;
            assert_eq!(one.ask().await == "200", is_room, "{at_proxy}");
            held.push(one);
        }
        connections.cut().await;
        assert_eq!(limits.by_address.in_use(20).used, 0);
        booted.store.close().await;
    }
}
