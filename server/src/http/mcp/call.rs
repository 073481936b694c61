//! One call of a tool: what it may use, what it is recorded as, and what ends it.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rmcp::model::{CallToolResult, ContentBlock};
use settings::ModelKind;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    key::McpCaller,
    sessions::{CallInSession, Session},
};
use crate::{
    gateway::{Caller, Gateway, GatewayError},
    http::{AppState, endpoint::Endpoint, error::ApiError, links::Links, middleware},
    record::{CLIENT_GONE, RequestRecord},
    snapshot::Settings,
};

/// How long a result may take from the tool to its client's answer. It has no way there when the client
/// gave two calls the same id; then the answer would stay open for ever.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(60);

/// What a tool works with. `rmcp` hands it over with the message that came in the same HTTP request.
pub(super) struct Call {
    pub(super) gateway: Arc<Gateway>,
    pub(super) caller: Caller,
    pub(super) links: Links,
    /// `None`: the client speaks a version of the protocol that has none.
    session: Option<Arc<Session>>,
    key: Arc<str>,
    /// The answer's body has ended.
    gone: CancellationToken,
    is_begun: AtomicBool,
    answered: CancellationToken,
    answered_at: OnceLock<Instant>,
}

impl Call {
    pub(super) fn new(
        state: &AppState,
        McpCaller { key, caller }: McpCaller,
        links: Links,
        session: Option<Arc<Session>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            gateway: state.gateway.clone(),
            caller,
            links,
            session,
            key: key.0,
            gone: CancellationToken::new(),
            is_begun: AtomicBool::new(false),
            answered: CancellationToken::new(),
            answered_at: OnceLock::new(),
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.caller.snapshot.settings
    }

    fn record(&self) -> &RequestRecord {
        &self.caller.record
    }

    /// It is a call of a tool: from now on the request leaves a row.
    pub(super) fn identify(&self) {
        self.is_begun.store(true, Ordering::Release);
        let key = Some(self.key.clone());
        self.record().identify(Endpoint::Mcp.as_str(), key);
    }

    /// It is refused by the protocol's own error.
    pub(super) fn refuse(&self, code: &'static str) {
        self.record().error(400, code);
        self.answer();
    }

    fn answer(&self) {
        self.answered_at.get_or_init(Instant::now);
        self.answered.cancel();
    }

    /// Counts in its session until what is returned is dropped.
    ///
    /// # Errors
    /// The session has enough calls under way.
    pub(super) fn begin(&self) -> Result<Option<CallInSession>, ApiError> {
        let limit = self.settings().config.mcp.session_calls;
        let session = self.session.as_ref();
        session.map(|session| session.begin_call(limit)).transpose()
    }

    /// Ends when nobody waits for the result any more.
    pub(super) async fn left(&self) {
        self.gone.cancelled().await;
    }

    /// The model of that kind which serves whoever names none.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn first_model(&self, kind: ModelKind) -> Result<String, GatewayError> {
        let first = self.settings().models.of_kind(kind).next();
        first.map(|model| model.id.clone()).ok_or_else(|| {
            let word = kind.as_str();
            let message = format!(
                "No model of this kind is configured. Add one with `kind = \"{word}\"` under \
                 [[models]]."
            );
            GatewayError::invalid("model_not_supported", "model", message)
        })
    }

    /// The result of a call, for the client and for the record.
    pub(super) fn result(&self, outcome: Result<CallToolResult, ApiError>) -> CallToolResult {
        let result = outcome.unwrap_or_else(|error| self.failed(&error));
        self.answer();
        result
    }

    /// The model reads it: the sentence that API callers get.
    fn failed(&self, error: &ApiError) -> CallToolResult {
        let request_id = self.record().id();
        let _entered = tracing::info_span!("request", %request_id).entered();
        middleware::request::note(self.record(), error);
        let text = match error {
            ApiError::Internal(_) => format!("{error} It is {request_id}."),
            error => error.to_string(),
        };
        CallToolResult::error(vec![ContentBlock::text(text)])
    }
}

/// Ends a call when it is dropped, which happens with the body of the answer: at its end, and when the
/// caller has left.
pub(super) struct Ending(Arc<Call>);

impl Ending {
    pub(super) fn of(call: &Arc<Call>) -> Self {
        Self(Arc::clone(call))
    }

    pub(super) fn record(&self) -> &RequestRecord {
        self.0.record()
    }

    /// Ends when the result should have come long ago.
    pub(super) async fn overdue(&self) {
        self.0.answered.cancelled().await;
        let since = self.0.answered_at.get().copied();
        tokio::time::sleep_until(since.unwrap_or_else(Instant::now) + DELIVERY_TIMEOUT).await;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.gone.cancel();
        // A cancelled call ends its body as if it were complete.
        if self.0.is_begun.load(Ordering::Acquire) && !self.0.answered.is_cancelled() {
            self.record().error(CLIENT_GONE, "client_gone");
        }
    }
}
