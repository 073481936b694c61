//! Connections on one way that are open and free.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::body::Body;
use super::connect::{Connector, Origin};
use super::http1::Connection;
use super::http2::{InFlight, Shared};
use super::{Request, Response};
use crate::error::UpstreamError;

/// Idle connections keep the door open for the next request, and cost memory on both sides.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

pub(super) struct Pool {
    connector: Connector,
    state: Mutex<State>,
    /// Held while it is not known which protocol the other side speaks: one HTTP/2 connection is
    /// enough for all who wait.
    dialing: tokio::sync::Mutex<()>,
    tasks: TaskTracker,
    /// HTTP/1 connections that are kept for later.
    max_idle: usize,
}

#[derive(Default)]
struct State {
    /// Oldest first.
    idle: Vec<Entry<Connection>>,
    shared: Vec<Entry<Shared>>,
    /// With TLS and nevertheless HTTP/1.
    speak_http1: Vec<Origin>,
    /// The last dial that failed under `dialing`: who waited for it has its answer.
    failure: Option<(Instant, UpstreamError)>,
    is_swept: bool,
}

struct Entry<T> {
    origin: Origin,
    used_at: Instant,
    connection: T,
}

/// A connection for one exchange.
enum Lane {
    Http1(Connection),
    Http2(Shared, InFlight),
}

/// Where an HTTP/1 connection goes after its exchange, unless its pool has been replaced.
pub(super) struct Home {
    pool: Weak<Pool>,
    origin: Origin,
}

impl Home {
    pub(super) fn take_back(self, connection: Connection) {
        if let Some(pool) = self.pool.upgrade() {
            pool.put(self.origin, connection);
        }
    }
}

impl Pool {
    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }

    pub(super) fn new(connector: Connector, max_idle: usize) -> Arc<Self> {
        Arc::new(Self {
            connector,
            state: Mutex::default(),
            dialing: tokio::sync::Mutex::default(),
            tasks: TaskTracker::new(),
            max_idle,
        })
    }

    /// One request, on a connection that is free or a new one.
    ///
    /// Over HTTP/2 one that the other side has not seen, because its connection had just ended or ends
    /// with a word that says so, goes once to another. Over HTTP/1 nobody says what was seen, and a
    /// connection that breaks is an error; one that had ended before is found out when it is taken.
    ///
    /// # Errors
    /// No connection, no answer in HTTP, or a connection that broke.
    ///
    /// # Cancellation
    /// Ends the exchange.
    pub(super) async fn send(
        self: &Arc<Self>,
        request: &Request,
    ) -> Result<Response, UpstreamError> {
        let origin = Origin::of(&request.url).ok_or(UpstreamError::Malformed {
            what: "the address has no host",
        })?;
        let mut may_repeat = true;
        let (status, headers, body) = loop {
            match self.lane(&origin).await? {
                Lane::Http1(connection) => {
                    let home = Home {
                        pool: Arc::downgrade(self),
                        origin: origin.clone(),
                    };
                    let (status, headers, body) = connection
                        .exchange(request, &origin, home)
                        .await
                        .map_err(|error| UpstreamError::cut(&error))?;
                    break (status, headers, Body::http1(body));
                }
                Lane::Http2(mut shared, in_flight) => {
                    match shared.exchange(request, &origin).await {
                        Ok(answer) => {
                            let (head, body) = answer.into_parts();
                            break (head.status, head.headers, Body::http2(body, in_flight));
                        }
                        Err(broken) if broken.is_unseen && may_repeat => may_repeat = false,
                        Err(broken) => return Err(broken.error),
                    }
                }
            }
        };
        Ok(Response {
            status,
            body: body.decoded(&headers),
            headers,
        })
    }

    async fn lane(self: &Arc<Self>, origin: &Origin) -> Result<Lane, UpstreamError> {
        if let Some(lane) = self.state.lock().take(origin) {
            return Ok(lane);
        }
        let speaks_http1 = !origin.is_tls() || self.state.lock().speak_http1.contains(origin);
        if speaks_http1 {
            return self.dial(origin).await;
        }
        let since = Instant::now();
        let _one = self.dialing.lock().await;
        {
            let mut state = self.state.lock();
            if let Some(lane) = state.take(origin) {
                return Ok(lane);
            }
            if let Some((at, error)) = &state.failure
                && *at >= since
            {
                return Err(error.clone());
            }
        }
        let lane = self.dial(origin).await;
        if let Err(error) = &lane {
            self.state.lock().failure = Some((Instant::now(), error.clone()));
        }
        lane
    }

    async fn dial(self: &Arc<Self>, origin: &Origin) -> Result<Lane, UpstreamError> {
        let opened = self.connector.open(origin).await?;
        if !opened.is_http2 {
            if origin.is_tls() {
                let mut state = self.state.lock();
                if !state.speak_http1.contains(origin) {
                    state.speak_http1.push(origin.clone());
                }
            }
            return Ok(Lane::Http1(Connection::new(opened.io, opened.forwarding)));
        }
        let shared = Shared::open(opened.io, &self.tasks).await?;
        let in_flight = shared.reserve().ok_or(UpstreamError::Malformed {
            what: "the upstream allows no request at all",
        })?;
        let mut state = self.state.lock();
        state.speak_http1.retain(|other| other != origin);
        state
            .shared
            .push(Entry::new(origin.clone(), shared.clone()));
        self.sweep_later(&mut state);
        Ok(Lane::Http2(shared, in_flight))
    }

    fn put(self: &Arc<Self>, origin: Origin, connection: Connection) {
        let mut state = self.state.lock();
        if state.idle.len() >= self.max_idle {
            state.idle.remove(0);
        }
        state.idle.push(Entry::new(origin, connection));
        self.sweep_later(&mut state);
    }

    /// One task at most; it ends when there is nothing left, or with the pool.
    fn sweep_later(self: &Arc<Self>, state: &mut State) {
        if std::mem::replace(&mut state.is_swept, true) {
            return;
        }
        let pool = Arc::downgrade(self);
        self.tasks.spawn(async move {
            loop {
                tokio::time::sleep(SWEEP_INTERVAL).await;
                let Some(pool) = pool.upgrade() else { break };
                if !pool.state.lock().sweep() {
                    break;
                }
            }
        });
    }
}

impl State {
    fn take(&mut self, origin: &Origin) -> Option<Lane> {
        self.shared.retain(|entry| !entry.connection.is_closed());
        for entry in &mut self.shared {
            if entry.origin == *origin
                && let Some(in_flight) = entry.connection.reserve()
            {
                entry.used_at = Instant::now();
                return Some(Lane::Http2(entry.connection.clone(), in_flight));
            }
        }
        // The newest: the others may grow old and go.
        while let Some(at) = self.idle.iter().rposition(|entry| entry.origin == *origin) {
            let mut entry = self.idle.remove(at);
            if entry.used_at.elapsed() < IDLE_TIMEOUT && entry.connection.is_quiet() {
                return Some(Lane::Http1(entry.connection));
            }
        }
        None
    }

    /// Closes what nobody has needed for a while; whether anything is left.
    fn sweep(&mut self) -> bool {
        let is_young = |at: Instant| at.elapsed() < IDLE_TIMEOUT;
        self.idle.retain(|entry| is_young(entry.used_at));
        self.shared.retain(|entry| {
            let shared = &entry.connection;
            !shared.is_closed() && (is_young(entry.used_at) || !shared.is_idle())
        });
        self.is_swept = !(self.idle.is_empty() && self.shared.is_empty());
        self.is_swept
    }
}

impl<T> Entry<T> {
    fn new(origin: Origin, connection: T) -> Self {
        Self {
            origin,
            used_at: Instant::now(),
            connection,
        }
    }
}

#[cfg(test)]
mod tests;
