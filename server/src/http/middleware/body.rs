//! What a request's body may cost: its size, the time it takes, and the memory of all bodies together.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    Extension,
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, Version,
    header::{CONNECTION, EXPECT},
};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{
    http::{AppState, error::ApiError, pages::is_server_function},
    limits::Share,
    snapshot::{Settings, Snapshot},
    timer::LazyTimer,
};

/// The whole body may take this many times as long as one pause, an upload with a key and a call of a
/// server function by anyone.
const UPLOAD_PAUSES: u32 = 20;
const SERVER_FUNCTION_PAUSES: u32 = 1;
/// Largest body of a server function: a long list of accounts.
const MAX_SERVER_FUNCTION_BYTES: u64 = 8 * 1024 * 1024;
/// Memory that a body takes at most which is written to the disk as it comes, and what a form says
/// beside its file.
const STREAMED_BYTES: u64 = 1024 * 1024;
const FORM_BYTES: u64 = 128 * 1024;
/// Where bodies are written to the disk as they come.
const STREAMED: &str = "/v1/files";
/// What is read of a body that nobody needed, and how long: clients send a refused request's body
/// behind its head, and use the connection again.
const MAX_REST_BYTES: usize = 64 * 1024;
const REST_TIMEOUT: Duration = Duration::from_secs(1);
/// Memory for all arguments of server functions, apart from that of the API: who needs no key must not be able to fill it.
pub const ALL_SERVER_FUNCTION_BYTES: u64 = 32 * 1024 * 1024;

/// The memory that a request's body takes. In the request's extensions, so that it is given back
/// with the last thing that was made of the body; the same goes for why the body was refused.
#[derive(Clone)]
pub struct BodyMemory(Arc<Mutex<BodyState>>);

struct BodyState {
    share: Share,
    refusal: Option<ApiError>,
    /// Somebody waits for `rest`.
    wants_rest: bool,
    /// What nobody has read of the body.
    rest: Option<Body>,
}

impl BodyMemory {
    /// What nobody has read of the body, if little, is read and dropped; whether nothing is left.
    async fn read_rest(&self) -> bool {
        let rest = {
            let mut state = self.0.lock();
            state.wants_rest = false;
            state.rest.take()
        };
        match rest {
            Some(rest) => is_read(rest).await,
            None => true,
        }
    }

    /// Why reading the body failed, if it was our doing.
    #[must_use]
    pub fn refusal(&self) -> Option<ApiError> {
        self.0.lock().refusal.clone()
    }
}

/// Bounds the body; who reads it gets an error where a bound is met, and the answer says which.
pub async fn layer(
    State(state): State<AppState>,
    Extension(snapshot): Extension<Snapshot>,
    mut request: Request,
    next: Next,
) -> Response {
    let bounds = Bounds::of(request.uri().path(), &snapshot.settings);
    let memory = BodyMemory(Arc::new(Mutex::new(BodyState {
        share: match is_server_function(request.uri().path()) {
            true => state.limits.server_function_bytes.none(),
            false => state.limits.body_bytes.none(),
        },
        refusal: None,
        wants_rest: false,
        rest: None,
    })));
    request.extensions_mut().insert(memory.clone());
    let closes = request.version() < Version::HTTP_2;
    // Who waits to be told to go on sends nothing yet.
    memory.0.lock().wants_rest = closes && !request.headers().contains_key(EXPECT);
    let request = request.map(|body| Body::new(Bounded::new(body, bounds, memory.clone())));
    let response = next.run(request).await;
    // A server function knows only that it could not read.
    let (mut response, is_read) = match memory.refusal() {
        Some(refusal) => (refusal.into_response(), false),
        None => (response, memory.read_rest().await),
    };
    if closes && !is_read {
        // What is left of the body will not be read, so nothing can follow it.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

/// Reads to its end what a handler that needed no body has left, so that the connection can be used
/// again; false if that is too much.
async fn is_read(mut rest: Body) -> bool {
    let reading = async {
        let mut bytes = 0;
        while let Some(frame) = rest.frame().await {
            let Ok(frame) = frame else { return false };
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > MAX_REST_BYTES {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(REST_TIMEOUT, reading)
        .await
        .unwrap_or(false)
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    bytes: u64,
    pause: Duration,
    /// For all of it.
    whole: Duration,
    all_bodies: u64,
    /// It takes so much memory at most, however large it is.
    in_memory: u64,
    /// What sets `bytes`.
    setting: &'static str,
}

impl Bounds {
    fn of(path: &str, settings: &Settings) -> Self {
        let server = &settings.config.server;
        let pause = Duration::from_secs(server.body_timeout_secs);
        let bytes = settings.max_body_bytes();
        let of_api = Self {
            bytes,
            pause,
            whole: pause * UPLOAD_PAUSES,
            all_bodies: server.bodies_in_memory_mb.saturating_mul(1024 * 1024),
            in_memory: u64::MAX,
            setting: "server.max_body_mb",
        };
        if is_server_function(path) {
            return Self {
                bytes: bytes.min(MAX_SERVER_FUNCTION_BYTES),
                whole: pause * SERVER_FUNCTION_PAUSES,
                all_bodies: ALL_SERVER_FUNCTION_BYTES,
                ..of_api
            };
        }
        if path == STREAMED {
            let file = settings
                .config
                .files
                .max_file_mb
                .saturating_mul(1024 * 1024);
            return Self {
                bytes: file.saturating_add(FORM_BYTES),
                in_memory: STREAMED_BYTES,
                setting: "files.max_file_mb",
                ..of_api
            };
        }
        of_api
    }
}

impl Bounds {
    fn too_large(&self) -> ApiError {
        ApiError::BodyTooLarge {
            limit_mb: self.bytes / (1024 * 1024),
            setting: self.setting,
        }
    }
}

/// A body within bounds.
struct Bounded {
    inner: Body,
    bounds: Bounds,
    memory: BodyMemory,
    /// Bytes that have come.
    received: u64,
    /// Set at the first poll: when all of it must be there.
    end: Option<Instant>,
    /// Fires when a pause, or the whole, was too long.
    timer: LazyTimer,
    paused_since: Option<Instant>,
}

/// The error of a body that was refused; [`BodyMemory::refusal`] says why.
#[derive(Debug, thiserror::Error)]
#[error("the body was refused")]
struct Refused;

impl Bounded {
    fn new(inner: Body, bounds: Bounds, memory: BodyMemory) -> Self {
        Self {
            inner,
            bounds,
            memory,
            received: 0,
            end: None,
            timer: LazyTimer::default(),
            paused_since: None,
        }
    }

    fn refuse<T>(&self, refusal: ApiError) -> Poll<Option<Result<T, axum::Error>>> {
        self.memory.0.lock().refusal = Some(refusal);
        Poll::Ready(Some(Err(axum::Error::new(Refused))))
    }

    /// Takes memory for `more` bytes.
    fn grow(&mut self, more: usize) -> Result<(), ApiError> {
        let more = more as u64;
        self.received = self.received.saturating_add(more);
        if self.received > self.bounds.bytes {
            return Err(self.bounds.too_large());
        }
        let mut state = self.memory.0.lock();
        let more = more.min(self.bounds.in_memory.saturating_sub(state.share.amount()));
        match state.share.grow(more, self.bounds.all_bodies) {
            true => Ok(()),
            false => Err(ApiError::BodiesFull),
        }
    }

    /// Ready when the client has paused for too long.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let end = *self.end.get_or_insert_with(|| now + self.bounds.whole);
        let since = *self.paused_since.get_or_insert(now);
        let at = end.min(since + self.bounds.pause);
        self.timer.poll_until(at, context)
    }
}

impl Drop for Bounded {
    fn drop(&mut self) {
        let mut state = self.memory.0.lock();
        if state.wants_rest && !self.inner.is_end_stream() {
            state.rest = Some(std::mem::take(&mut self.inner));
        }
    }
}

impl http_body::Body for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // What is announced need not be read to be refused.
        if self.inner.size_hint().lower() > self.bounds.bytes {
            let refusal = self.bounds.too_large();
            return self.refuse(refusal);
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                self.paused_since = None;
                match self.grow(frame.data_ref().map_or(0, Bytes::len)) {
                    Ok(()) => Poll::Ready(Some(Ok(frame))),
                    Err(refusal) => self.refuse(refusal),
                }
            }
            Poll::Pending => {
                ready!(self.poll_pause(context));
                self.refuse(ApiError::BodyTimeout)
            }
            ended => ended,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
