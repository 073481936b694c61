//! What is kept of one request: made when it enters, finished exactly once, also by a drop.
//!
//! Who writes it, in order:
//! - `begin`: the outermost layer (`http/middleware/request`)
//! - `identify`: the layers and extractors that know who asks
//! - `asks`, `serves`: who has parsed the request, who has found the model
//! - `attempt`, `first_byte`, `attempt_broke`: the gateway, for each account that it tries
//! - `error`: whoever turns an error into an answer
//! - `sent`, `finish`: the body on its way out (`http/middleware/tracked`)
//! - `commit`: the gateway, before the end of a good answer

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chat::Usage;
use parking_lot::Mutex;
use pool::AccountChange;
use store::{AttemptRow, Outcome, Record, Refusal, RequestRow, Store};

use crate::clock::now_ms;

/// How long a finished answer waits for its rows to be committed before it is reported as failed.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(10);
/// How an answer ends that could not be recorded in time; the status of a stream is spent.
const NOT_RECORDED: (u16, &str) = (503, "store_unavailable");
/// Status of a request whose caller went away before its answer was complete.
pub const CLIENT_GONE: u16 = 499;

/// The record of one request under way. Clones are handles on the same record; when the last one
/// is dropped unfinished, the caller has gone.
///
/// Nothing is stored before [`RequestRecord::identify`]: strangers leave a log line only.
#[derive(Clone)]
pub struct RequestRecord(Arc<Inner>);

struct Inner {
    id: Arc<str>,
    at_ms: i64,
    started: Instant,
    store: Arc<dyn Store>,
    bytes: AtomicU64,
    facts: Mutex<Facts>,
}

#[derive(Default)]
struct Facts {
    client: Option<IpAddr>,
    /// Set by [`RequestRecord::identify`].
    endpoint: Option<&'static str>,
    key: Option<Arc<str>>,
    is_stream: bool,
    model: Option<String>,
    served_model: Option<String>,
    account_id: Option<String>,
    account: Option<String>,
    attempts: Vec<AttemptRow>,
    error: Option<(u16, &'static str)>,
    first_byte: Option<Duration>,
    usage: Option<Usage>,
    cost: u32,
    /// How it ended, once it has.
    end: Option<(u16, Outcome)>,
}

/// The store did not take a record in time; the log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRecorded;

/// How work ended that no caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unserved {
    /// For what was asked; a word of the closed set of error codes.
    Refused(&'static str),
    Failed(&'static str),
    /// By whoever asked.
    Cancelled,
}

/// What a log line says of a finished request.
#[derive(Clone, Debug)]
pub struct Summary {
    pub status: u16,
    pub code: Option<&'static str>,
    pub duration: Duration,
    pub first_byte: Option<Duration>,
    pub bytes: u64,
    pub model: Option<String>,
    /// Last four characters of the account's credential.
    pub account: Option<String>,
    pub client: Option<String>,
}

impl RequestRecord {
    /// A record of a request that came in now. `client` is the caller's address.
    #[must_use]
    pub fn begin(id: Arc<str>, client: Option<IpAddr>, store: Arc<dyn Store>) -> Self {
        Self(Arc::new(Inner {
            id,
            at_ms: now_ms(),
            started: Instant::now(),
            store,
            bytes: AtomicU64::new(0),
            facts: Mutex::new(Facts {
                client,
                ..Facts::default()
            }),
        }))
    }

    /// The record of a further answer to the same request, with a row of its own. Their ids differ in
    /// `number`.
    #[must_use]
    pub fn further(&self, number: usize) -> Self {
        let facts = self.0.facts.lock();
        Self(Arc::new(Inner {
            id: format!("{}-{number}", self.0.id).into(),
            at_ms: self.0.at_ms,
            started: self.0.started,
            store: self.0.store.clone(),
            bytes: AtomicU64::new(0),
            facts: Mutex::new(Facts {
                client: facts.client,
                endpoint: facts.endpoint,
                key: facts.key.clone(),
                ..Facts::default()
            }),
        }))
    }

    #[must_use]
    pub fn id(&self) -> &Arc<str> {
        &self.0.id
    }

    /// The caller's address, as trusted proxies tell it.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.0.facts.lock().client
    }

    /// Label of the caller's API key, if one was used.
    #[must_use]
    pub fn key(&self) -> Option<Arc<str>> {
        self.0.facts.lock().key.clone()
    }

    #[must_use]
    pub fn started(&self) -> Instant {
        self.0.started
    }

    /// The caller may ask here, under this key: from now on the request leaves a row.
    pub fn identify(&self, endpoint: &'static str, key: Option<Arc<str>>) {
        let mut facts = self.0.facts.lock();
        facts.endpoint = Some(endpoint);
        facts.key = key;
    }

    /// Where the caller asks, as [`identify`](Self::identify) was told.
    #[must_use]
    pub fn endpoint(&self) -> Option<&'static str> {
        self.0.facts.lock().endpoint
    }

    /// What the caller asked for.
    pub fn asks(&self, model: &str, is_stream: bool) {
        let mut facts = self.0.facts.lock();
        facts.model = Some(model.to_owned());
        facts.is_stream = is_stream;
    }

    /// The model of the catalogue that serves it.
    pub fn serves(&self, model: &str) {
        self.0.facts.lock().served_model = Some(model.to_owned());
    }

    /// Notes one try of an account.
    pub fn attempt(&self, account_id: &pool::AccountId, attempt: AttemptRow) {
        let mut facts = self.0.facts.lock();
        facts.account_id = Some(account_id.to_string());
        facts.account = Some(attempt.account.clone());
        facts.attempts.push(attempt);
    }

    /// Nobody was left to try; `attempt` says why.
    pub fn exhausted(&self, attempt: AttemptRow) {
        self.0.facts.lock().attempts.push(attempt);
    }

    /// The last try went on to answer, and then broke off.
    pub fn attempt_broke(&self, reason: &'static str) {
        if let Some(last) = self.0.facts.lock().attempts.last_mut() {
            reason.clone_into(&mut last.outcome);
        }
    }

    /// The first content came, this long after the request.
    pub fn first_byte(&self, after: Duration) {
        self.0.facts.lock().first_byte = Some(after);
    }

    /// The answer is an error, or became one on the way.
    pub fn error(&self, status: u16, code: &'static str) {
        self.0.facts.lock().error = Some((status, code));
    }

    /// Bytes of the body that went to the caller.
    pub fn sent(&self, bytes: usize) {
        self.0.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Finishes an answer that was served: its row and the account's changes become durable
    /// together. `last_bytes` are those of the end that is sent when this has resolved.
    ///
    /// # Errors
    /// The store did not take them in time. Whenever it does, the row says that the answer failed.
    ///
    /// # Cancellation
    /// The row is queued at the first poll and stays so.
    pub async fn commit(
        &self,
        changes: Vec<AccountChange>,
        usage: Usage,
        cost: u32,
        last_bytes: usize,
    ) -> Result<(), NotRecorded> {
        {
            let mut facts = self.0.facts.lock();
            facts.usage = Some(usage);
            facts.cost = cost;
        }
        let request = self.0.end(200, Outcome::Served, last_bytes as u64);
        let refusal = self.0.refusal();
        let receipt = self.0.store.submit(Record { changes, request });
        let committed = match receipt {
            Ok(receipt) => receipt.within(COMMIT_TIMEOUT, refusal).await,
            Err(error) => Err(error),
        };
        committed.map_err(|error| {
            tracing::error!(request_id = %self.0.id, %error, "a request's record was not committed");
            NotRecorded
        })
    }

    /// Finishes the record of work that no caller waits for and that did not succeed.
    pub fn fail(&self, end: Unserved) {
        let (status, code) = match end {
            Unserved::Refused(code) => (400, code),
            Unserved::Failed(code) => (502, code),
            Unserved::Cancelled => (CLIENT_GONE, "cancelled"),
        };
        self.error(status, code);
        self.finish(status, true);
    }

    /// Finishes what was not committed: `status` is that of the answer, which was sent completely
    /// or not. Says how the request ended, whoever finished it.
    pub fn finish(&self, status: u16, is_complete: bool) -> Summary {
        self.0.finish(status, is_complete);
        self.0.summary(status)
    }
}

impl Inner {
    fn finish(&self, status: u16, is_complete: bool) {
        let error = self.facts.lock().error;
        let (status, outcome) = match error {
            Some((CLIENT_GONE, _)) => (CLIENT_GONE, Outcome::ClientGone),
            Some((judged, _)) if judged < 500 => (status, Outcome::Refused),
            Some(_) => (status, Outcome::Failed),
            None if !is_complete => (CLIENT_GONE, Outcome::ClientGone),
            None if status >= 500 => (status, Outcome::Failed),
            None if status >= 400 => (status, Outcome::Refused),
            None => (status, Outcome::Served),
        };
        let Some(request) = self.end(status, outcome, 0) else {
            return;
        };
        let record = Record {
            changes: Vec::new(),
            request: Some(request),
        };
        // Nobody waits for it: a full queue is the only thing that can lose it.
        if let Err(error) = self.store.submit(record) {
            tracing::warn!(request_id = %self.id, %error, "a request's record was not stored");
        }
    }

    /// What the row says if it comes too late for its caller.
    fn refusal(&self) -> Refusal {
        let (status, error_code) = NOT_RECORDED;
        let is_stream = self.facts.lock().is_stream;
        Refusal {
            status: if is_stream { 200 } else { status },
            error_code,
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// Ends the record; its row, unless it has ended before or is not to be stored.
    fn end(&self, status: u16, outcome: Outcome, last_bytes: u64) -> Option<RequestRow> {
        let mut facts = self.facts.lock();
        if facts.end.is_some() {
            return None;
        }
        facts.end = Some((status, outcome));
        let usage = facts.usage.unwrap_or_default();
        Some(RequestRow {
            id: self.id.to_string(),
            at_ms: self.at_ms,
            endpoint: facts.endpoint?.to_owned(),
            stream: facts.is_stream,
            key: facts.key.as_deref().map(str::to_owned),
            client: facts.client.map(|address| address.to_string()),
            model: facts.model.clone(),
            served_model: facts.served_model.clone(),
            account_id: facts.account_id.clone(),
            account: facts.account.clone(),
            attempts: std::mem::take(&mut facts.attempts),
            status,
            outcome,
            error_code: facts.error.map(|(_, code)| code.to_owned()),
            first_byte_ms: facts.first_byte.map(|after| after.as_millis() as u64),
            duration_ms: self.started.elapsed().as_millis() as u64,
            bytes: self.bytes.load(Ordering::Relaxed) + last_bytes,
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            reasoning_tokens: usage.reasoning_tokens,
            estimated: usage.estimated,
            cost: facts.cost,
        })
    }

    fn summary(&self, sent: u16) -> Summary {
        let facts = self.facts.lock();
        Summary {
            // A row that could not be stored says how it should have ended.
            status: match (facts.error, facts.end) {
                (None, Some((status, _))) => status,
                _ => sent,
            },
            code: facts.error.map(|(_, code)| code),
            duration: self.started.elapsed(),
            first_byte: facts.first_byte,
            bytes: self.bytes.load(Ordering::Relaxed),
            model: facts.model.clone(),
            account: facts.account.clone(),
            client: facts.client.map(|address| address.to_string()),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.facts.lock().end.is_none() {
            tracing::info!(request_id = %self.id, status = CLIENT_GONE, "the client left before an answer");
        }
        self.finish(CLIENT_GONE, false);
    }
}
