//! A scripted upstream on a free port that records what it received.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use url::Url;

/// A step of an answer's body.
pub(crate) enum Step {
    Send(Bytes),
    /// Waits until the test says go.
    Wait(Arc<Notify>),
    /// Sends the same bytes until the client leaves.
    Endless(Bytes),
    /// Breaks the connection.
    Abort,
    /// Holds this until the body is dropped.
    Hold(oneshot::Sender<()>),
}

/// One scripted answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) steps: Vec<Step>,
}

impl Reply {
    pub(crate) fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            steps: vec![Step::Send(body.into())],
        }
    }

    pub(crate) fn steps(steps: Vec<Step>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            steps,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
    /// The client's port: tells connections apart.
    pub(crate) peer_port: u16,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

#[derive(Default)]
struct Script {
    replies: Mutex<VecDeque<Reply>>,
    received: Mutex<Vec<Received>>,
}

pub(crate) struct Fake {
    pub(crate) url: Url,
    script: Arc<Script>,
    _stop: DropGuard,
}

impl Fake {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let script = Arc::new(Script {
            replies: Mutex::new(replies.into_iter().collect()),
            received: Mutex::default(),
        });
        let stop = CancellationToken::new();
        let tracker = TaskTracker::new();
        let tasks = tracker.clone();
        let served = Arc::clone(&script);
        let token = stop.clone();
        tracker.spawn(token.clone().run_until_cancelled_owned(async move {
            while let Ok((socket, peer)) = listener.accept().await {
                socket.set_nodelay(true).unwrap();
                let script = Arc::clone(&served);
                let service =
                    service_fn(move |request| answer(Arc::clone(&script), request, peer.port()));
                let serve = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(socket), service);
                tasks.spawn(token.clone().run_until_cancelled_owned(serve));
            }
        }));
        Self {
            url,
            script,
            _stop: stop.drop_guard(),
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.script.received.lock().unwrap().clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let unused = self
            .script
            .replies
            .lock()
            .map(|replies| replies.len())
            .unwrap_or(0);
        assert!(
            std::thread::panicking() || unused == 0,
            "{unused} scripted replies were not used"
        );
    }
}

type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, io::Error>;

async fn answer(
    script: Arc<Script>,
    request: Request<Incoming>,
    peer_port: u16,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(|body| body.to_bytes())
        .unwrap_or_default();
    script.received.lock().unwrap().push(Received {
        method: head.method.to_string(),
        uri: head.uri.to_string(),
        headers: head.headers,
        body,
        peer_port,
    });
    let reply = script.replies.lock().unwrap().pop_front();
    let reply = reply.unwrap_or_else(|| Reply::new(599, "nothing was scripted"));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let steps = stream::unfold((VecDeque::from(reply.steps), Vec::new()), play);
    Ok(response
        .body(BodyExt::boxed_unsync(StreamBody::new(steps)))
        .unwrap())
}

type State = (VecDeque<Step>, Vec<oneshot::Sender<()>>);

async fn play((mut steps, mut held): State) -> Option<(io::Result<Frame<Bytes>>, State)> {
    loop {
        match steps.pop_front()? {
            Step::Send(bytes) => return Some((Ok(Frame::data(bytes)), (steps, held))),
            Step::Wait(go) => go.notified().await,
            Step::Endless(bytes) => {
                steps.push_front(Step::Endless(bytes.clone()));
                return Some((Ok(Frame::data(bytes)), (steps, held)));
            }
            Step::Abort => {
                // Pending once, so that what was sent before is flushed.
                tokio::task::yield_now().await;
                let broken = io::Error::other("scripted abort");
                return Some((Err(broken), (steps, held)));
            }
            Step::Hold(sender) => held.push(sender),
        }
    }
}
