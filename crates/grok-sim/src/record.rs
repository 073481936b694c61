//! What the simulator received, and what became of it.
//!
//! Every request gets a [`Ticket`] that travels with its answer: into the handler, then into the
//! body. A ticket dropped before it was finished means that the caller went away.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

use crate::{prompt::Prompt, scripts::Operation};

/// One received request, in the order of arrival.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// Position since the start, from 0.
    pub sequence: u64,
    /// Milliseconds since the simulator started.
    pub received_ms: u64,
    /// Which call it was.
    pub operation: Operation,
    /// `POST` or `GET`.
    pub method: String,
    /// Path without query.
    pub path: String,
    /// Query without `?`.
    pub query: Option<String>,
    /// Names in lower case, in the order received; values that are not text are replaced.
    pub headers: Vec<(String, String)>,
    /// Value of the `sso` cookie, when it was in order.
    pub account: Option<String>,
    /// The JSON body; `null` when there was none or it was no JSON. A gRPC-web body is
    /// `{"grpc_web": "<hexadecimal digits>"}`. The `content` of an upload is
    /// replaced by its length.
    pub body: Value,
    /// Kind of the reply ([`crate::Reply::kind`]), `refused` for an invalid request.
    pub reply: String,
    /// Status sent; `None` before an answer was made.
    pub status: Option<u16>,
    /// Pieces of a stream handed to the connection so far: lines, unless the reply splits them.
    pub writes: usize,
    /// The answer was handed over completely.
    pub finished: bool,
    /// The caller went away before the answer was complete.
    pub aborted: bool,
}

impl Recorded {
    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Names of the tools that a chat could call, in their order.
    #[must_use]
    pub fn tools(&self) -> Vec<String> {
        let tools = self.prompt().and_then(|prompt| prompt.tools);
        let tools = tools.into_iter().flat_map(|toolbox| toolbox.tools);
        tools.map(|tool| tool.name).collect()
    }

    /// Whether a chat was to answer with JSON.
    #[must_use]
    pub fn wants_json(&self) -> bool {
        self.prompt().is_some_and(|prompt| prompt.output.is_some())
    }

    /// Whether a chat was told that its last answer did not fit.
    #[must_use]
    pub fn is_correction(&self) -> bool {
        self.prompt().is_some_and(|prompt| prompt.is_correction)
    }

    fn prompt(&self) -> Option<Prompt<'_>> {
        self.body.get("message")?.as_str().map(Prompt::read)
    }
}

/// What is known about a request when it arrives.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) operation: Operation,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

/// A condition that did not come true in time.
#[derive(Debug, thiserror::Error)]
#[error("waited {waited:?} for {what}; {open} streams are open, {seen} requests were received")]
pub struct WaitError {
    what: String,
    waited: Duration,
    open: usize,
    seen: u64,
}

#[derive(Debug, Default)]
struct Log {
    next: u64,
    kept: VecDeque<Recorded>,
}

impl Log {
    fn find(&mut self, sequence: u64) -> Option<&mut Recorded> {
        let first = self.kept.front()?.sequence;
        let index = usize::try_from(sequence.checked_sub(first)?).ok()?;
        self.kept.get_mut(index)
    }
}

/// The log and its counters. The mutex is held for short look-ups only.
#[derive(Debug)]
pub(crate) struct Recorder {
    log: Mutex<Log>,
    keep: usize,
    open_streams: AtomicUsize,
    changed: Notify,
    started: Instant,
}

impl Recorder {
    pub(crate) fn new(keep: usize) -> Arc<Self> {
        Arc::new(Self {
            log: Mutex::default(),
            keep,
            open_streams: AtomicUsize::new(0),
            changed: Notify::new(),
            started: Instant::now(),
        })
    }

    /// Whether details are worth collecting.
    pub(crate) fn is_recording(&self) -> bool {
        self.keep > 0
    }

    /// Writes down a request; `arrival` is only called when requests are kept.
    pub(crate) fn receive(
        self: &Arc<Self>,
        operation: Operation,
        arrival: impl FnOnce() -> Arrival,
    ) -> Ticket {
        let sequence = if self.is_recording() {
            self.keep(arrival())
        } else {
            u64::MAX
        };
        let streams = matches!(
            operation,
            Operation::Chat | Operation::Imagine | Operation::Video
        );
        if streams {
            self.open_streams.fetch_add(1, Ordering::AcqRel);
        }
        self.changed.notify_waiters();
        Ticket {
            recorder: Arc::clone(self),
            sequence,
            streams,
            writes: 0,
            finished: false,
        }
    }

    fn keep(&self, arrival: Arrival) -> u64 {
        let received_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut log = self.log.lock();
        let sequence = log.next;
        log.next += 1;
        if log.kept.len() >= self.keep {
            log.kept.pop_front();
        }
        log.kept.push_back(Recorded {
            sequence,
            received_ms,
            operation: arrival.operation,
            method: arrival.method,
            path: arrival.path,
            query: arrival.query,
            headers: arrival.headers,
            account: None,
            body: arrival.body,
            reply: String::new(),
            status: None,
            writes: 0,
            finished: false,
            aborted: false,
        });
        sequence
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.log.lock().kept.iter().cloned().collect()
    }

    pub(crate) fn open_streams(&self) -> usize {
        self.open_streams.load(Ordering::Acquire)
    }

    /// Forgets the requests; running ones are no longer tracked in the log.
    pub(crate) fn clear(&self) {
        self.log.lock().kept.clear();
        self.changed.notify_waiters();
    }

    /// Waits until the condition holds; it is tested after every change.
    pub(crate) async fn wait(
        &self,
        what: &str,
        limit: Duration,
        mut holds: impl FnMut(&Self) -> bool,
    ) -> Result<(), WaitError> {
        let watch = async {
            loop {
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                if holds(self) {
                    return;
                }
                changed.await;
            }
        };
        timeout(limit, watch).await.map_err(|_| WaitError {
            what: what.to_owned(),
            waited: limit,
            open: self.open_streams(),
            seen: self.log.lock().next,
        })
    }
}

/// The life of one request.
#[derive(Debug)]
pub(crate) struct Ticket {
    recorder: Arc<Recorder>,
    sequence: u64,
    streams: bool,
    writes: usize,
    finished: bool,
}

impl Ticket {
    fn update(&self, change: impl FnOnce(&mut Recorded)) {
        if let Some(entry) = self.recorder.log.lock().find(self.sequence) {
            change(entry);
        }
    }

    pub(crate) fn account(&self, account: &str) {
        if self.recorder.is_recording() {
            self.update(|entry| entry.account = Some(account.to_owned()));
        }
    }

    pub(crate) fn reply(&self, kind: &str) {
        if self.recorder.is_recording() {
            self.update(|entry| kind.clone_into(&mut entry.reply));
        }
    }

    pub(crate) fn status(&self, status: u16) {
        if self.recorder.is_recording() {
            self.update(|entry| entry.status = Some(status));
        }
    }

    /// Counts a piece handed to the connection.
    pub(crate) fn wrote(&mut self) {
        self.writes += 1;
        if self.recorder.is_recording() {
            let writes = self.writes;
            self.update(|entry| entry.writes = writes);
            self.recorder.changed.notify_waiters();
        }
    }

    /// The answer is complete as far as the simulator is concerned (a deliberate cut included).
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.streams {
            self.recorder.open_streams.fetch_sub(1, Ordering::AcqRel);
        }
        if self.recorder.is_recording() {
            let finished = self.finished;
            self.update(|entry| {
                entry.finished = finished;
                entry.aborted = !finished;
            });
        }
        self.recorder.changed.notify_waiters();
    }
}
