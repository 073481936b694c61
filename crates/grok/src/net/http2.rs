//! One HTTP/2 connection, shared by as many exchanges as the other side allows.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::uri::{Scheme, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use tokio_util::task::TaskTracker;

use super::Request;
use super::connect::{Io, Origin};
use crate::error::UpstreamError;

/// A dead connection would otherwise hang all its streams until their idle timeouts.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// A handle on an open connection. Cheap to clone.
#[derive(Clone)]
pub(super) struct Shared {
    sender: SendRequest<Full<Bytes>>,
    load: Arc<Load>,
}

type Connection = hyper::client::conn::http2::Connection<TokioIo<Box<dyn Io>>, Full<Bytes>, Tasks>;

struct Load {
    streams: AtomicUsize,
    /// Knows what the other side allows; `None` once it has ended, since requests would wait in it for
    /// ever. Locked for moments only.
    connection: Mutex<Option<Connection>>,
    /// The other side has said that it takes no more.
    is_leaving: AtomicBool,
}

/// Where hyper's own tasks run.
#[derive(Clone)]
struct Tasks(TaskTracker);

impl<F> Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}

/// One stream of the connection; gone when dropped.
pub(super) struct InFlight {
    load: Arc<Load>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.load.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Shared {
    /// Opens the protocol on `io`. A task of `tasks` drives it, and ends with the last handle and the
    /// last stream.
    ///
    /// # Errors
    /// The other side does not speak it.
    pub(super) async fn open(io: Box<dyn Io>, tasks: &TaskTracker) -> Result<Self, UpstreamError> {
        let (sender, connection) = Builder::new(Tasks(tasks.clone()))
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .handshake(TokioIo::new(io))
            .await
            .map_err(|error| UpstreamError::connect(&error))?;
        let load = Arc::new(Load {
            streams: AtomicUsize::new(0),
            connection: Mutex::new(Some(connection)),
            is_leaving: AtomicBool::new(false),
        });
        let driven = Arc::clone(&load);
        tasks.spawn(async move {
            let drive = poll_fn(|context| match &mut *driven.connection.lock() {
                Some(connection) => Pin::new(connection).poll(context),
                None => Poll::Ready(Ok(())),
            });
            let ended = drive.await;
            drop(driven.connection.lock().take());
            if let Err(error) = ended {
                tracing::debug!(%error, "an upstream connection ended");
            }
        });
        Ok(Self { sender, load })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.load.is_leaving.load(Ordering::Acquire) || self.sender.is_closed()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.load.streams.load(Ordering::Acquire) == 0
    }

    /// Takes a stream, if the other side allows one more: it would only queue there.
    pub(super) fn reserve(&self) -> Option<InFlight> {
        let limit = match &*self.load.connection.lock() {
            Some(connection) => connection.current_max_send_streams(),
            None => return None,
        };
        let room = |streams: usize| (streams < limit).then_some(streams + 1);
        self.load
            .streams
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, room)
            .ok()?;
        Some(InFlight {
            load: Arc::clone(&self.load),
        })
    }

    /// # Errors
    /// There is no answer; [`NoAnswer::is_unseen`] says whether another connection may be asked.
    ///
    /// # Cancellation
    /// Resets the stream.
    pub(super) async fn exchange(
        &mut self,
        request: &Request,
        origin: &Origin,
    ) -> Result<http::Response<Incoming>, NoAnswer> {
        let outgoing = outgoing(request, origin).map_err(|error| NoAnswer {
            error,
            is_unseen: false,
        })?;
        let sent = self.sender.try_send_request(outgoing).await;
        sent.map_err(|mut refused| {
            let is_unsent = refused.take_message().is_some();
            let error = refused.into_error();
            let is_unseen = is_unsent || is_left_out(&error);
            // Nor may the next one go there.
            self.load.is_leaving.fetch_or(is_unseen, Ordering::AcqRel);
            NoAnswer {
                error: UpstreamError::cut(&error),
                is_unseen,
            }
        })
    }
}

/// Why an exchange came to nothing.
pub(super) struct NoAnswer {
    pub(super) error: UpstreamError,
    /// The connection had ended before, or ends without the request: nobody has seen it.
    pub(super) is_unseen: bool,
}

/// Whether the other side says goodbye (GOAWAY) and that it has not looked at this stream: h2 gives
/// that error to those above the last one it names, and to no others (RFC 9113, 6.8).
fn is_left_out(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &h2::Error| cause.is_go_away() && cause.is_remote())
}

fn outgoing(
    request: &Request,
    origin: &Origin,
) -> Result<http::Request<Full<Bytes>>, UpstreamError> {
    let path = &request.url[url::Position::BeforePath..url::Position::AfterQuery];
    let uri = Uri::builder()
        .scheme(Scheme::HTTPS)
        .authority(origin.authority())
        .path_and_query(path)
        .build()
        .map_err(|_| UpstreamError::Malformed {
            what: "the address cannot be asked for",
        })?;
    let mut outgoing = http::Request::new(Full::new(request.body.clone()));
    *outgoing.method_mut() = request.method.clone();
    *outgoing.uri_mut() = uri;
    *outgoing.version_mut() = http::Version::HTTP_2;
    let headers: &HeaderMap = &request.headers;
    outgoing.headers_mut().clone_from(headers);
    Ok(outgoing)
}
