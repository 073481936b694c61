//! Sessions of MCP clients: `rmcp`'s, with a limit, an owner and an end.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::Stream;
use parking_lot::Mutex;
use rmcp::{
    model::{ClientJsonRpcMessage, ServerJsonRpcMessage},
    transport::streamable_http_server::session::{
        ServerSseMessage, SessionId, SessionManager,
        local::{LocalSessionManager, LocalSessionManagerError, SessionTransport},
    },
};
use tokio::time::Instant;

use super::key::McpKey;
use crate::{http::error::ApiError, limits::Use, snapshot::Current};

/// How often idle sessions are looked for, at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a client may take from the first message of a session to its answer.
const BEGIN_TIME: Duration = Duration::from_secs(10);

/// All sessions of this process.
pub(super) struct Sessions {
    inner: LocalSessionManager,
    current: Current,
    open: Mutex<HashMap<SessionId, Arc<Session>>>,
    refused: AtomicU64,
}

/// One session.
pub(super) struct Session {
    state: Mutex<SessionState>,
}

struct SessionState {
    /// Label of the key that it was opened with. Nobody knows its id before that is set.
    key: Option<Arc<str>>,
    last_used: Instant,
    calls: u32,
}

/// A call under way in a session. It counts until it is dropped.
pub(super) struct CallInSession(Arc<Session>);

/// Why a session does not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionsError {
    #[error("there are as many sessions as mcp.max_sessions allows")]
    Full,
    #[error(transparent)]
    Inner(#[from] LocalSessionManagerError),
}

impl Sessions {
    pub(super) fn new(current: Current) -> Self {
        let mut inner = LocalSessionManager::default();
        // Ended here: there, a call that is silent for long would count as idleness.
        inner.session_config.keep_alive = None;
        inner.session_config.sse_retry = None;
        Self {
            inner,
            current,
            open: Mutex::default(),
            refused: AtomicU64::new(0),
        }
    }

    fn limit(&self) -> usize {
        let limit = self.current.load().settings.config.mcp.max_sessions;
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    fn idle_time(&self) -> Duration {
        Duration::from_secs(self.current.load().settings.config.mcp.session_idle_secs)
    }

    pub(super) fn in_use(&self) -> Use {
        Use {
            used: self.open.lock().len() as u64,
            max: self.limit() as u64,
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// Lets one more begin, as far as can be told before it does. Where there are enough, an idle one of
    /// the same key gives way: so a client that never ends its sessions does not keep itself out.
    ///
    /// # Errors
    /// There are enough, and none of this key is idle.
    pub(super) async fn admit(&self, key: &McpKey) -> Result<(), ApiError> {
        if self.open.lock().len() < self.limit() {
            return Ok(());
        }
        if let Some(id) = self.longest_idle(key) {
            tracing::debug!("an idle MCP session gives way to a new one");
            if let Err(error) = self.close_session(&id).await {
                tracing::warn!(%error, "an idle MCP session did not end: {error}");
            }
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(ApiError::Busy(
            "There are as many MCP sessions as `mcp.max_sessions` allows. One ends when its client \
             deletes it, or when it is idle.",
        ))
    }

    /// Gives a session that has just begun to its key.
    pub(super) fn claim(&self, id: &str, key: &McpKey) {
        if let Some(session) = self.open.lock().get(id) {
            session.state.lock().key = Some(key.0.clone());
        }
    }

    /// The session of that id, which is in use from now on.
    ///
    /// # Errors
    /// There is none for this key.
    pub(super) fn find(&self, id: &str, key: &McpKey) -> Result<Arc<Session>, ApiError> {
        let session = self.open.lock().get(id).cloned();
        let session = session.filter(|session| session.state.lock().key.as_ref() == Some(&key.0));
        let session = session.ok_or_else(|| {
            let message = "There is no such MCP session: it has ended, or the server has started \
                           anew. Begin a new one with `initialize`.";
            ApiError::NotFound(message.to_owned())
        })?;
        session.state.lock().last_used = Instant::now();
        Ok(session)
    }

    /// Ends sessions that nobody uses, for ever.
    pub(super) async fn end_idle_ones(&self) {
        loop {
            let idle_time = self.idle_time();
            tokio::time::sleep((idle_time / 4).min(LONGEST_PAUSE)).await;
            for id in self.idle_for(idle_time) {
                tracing::debug!("an idle MCP session ends");
                if let Err(error) = self.close_session(&id).await {
                    tracing::warn!(%error, "an idle MCP session did not end: {error}");
                }
            }
        }
    }

    /// One whose client left before it began, or else the one of this key that was idle for the longest
    /// time.
    fn longest_idle(&self, key: &McpKey) -> Option<SessionId> {
        let open = self.open.lock();
        let idle = open.iter().filter_map(|(id, session)| {
            let state = session.state.lock();
            let may_go = match &state.key {
                Some(of) => *of == key.0,
                None => state.last_used.elapsed() > BEGIN_TIME,
            };
            (may_go && state.calls == 0).then(|| (state.key.is_some(), state.last_used, id))
        });
        idle.min_by_key(|(is_claimed, last_used, _)| (*is_claimed, *last_used))
            .map(|(_, _, id)| id.clone())
    }

    fn idle_for(&self, time: Duration) -> Vec<SessionId> {
        let open = self.open.lock();
        let idle = open.iter().filter(|(_, session)| {
            let state = session.state.lock();
            state.calls == 0 && state.last_used.elapsed() >= time
        });
        idle.map(|(id, _)| id.clone()).collect()
    }
}

impl Session {
    fn new() -> Self {
        Self {
            state: Mutex::new(SessionState {
                key: None,
                last_used: Instant::now(),
                calls: 0,
            }),
        }
    }

    /// Begins a call if fewer than `limit` are under way.
    ///
    /// # Errors
    /// There are enough.
    pub(super) fn begin_call(self: &Arc<Self>, limit: u32) -> Result<CallInSession, ApiError> {
        let mut state = self.state.lock();
        if state.calls >= limit {
            return Err(ApiError::Busy(
                "This MCP session has as many calls under way as `mcp.session_calls` allows.",
            ));
        }
        state.calls += 1;
        drop(state);
        Ok(CallInSession(Arc::clone(self)))
    }
}

impl Drop for CallInSession {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.calls = state.calls.saturating_sub(1);
        state.last_used = Instant::now();
    }
}

impl SessionManager for Sessions {
    type Error = SessionsError;
    type Transport = SessionTransport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), SessionsError> {
        let (id, transport) = self.inner.create_session().await?;
        let is_full = {
            let mut open = self.open.lock();
            let is_full = open.len() >= self.limit();
            if !is_full {
                open.insert(id.clone(), Arc::new(Session::new()));
            }
            is_full
        };
        if is_full {
            self.inner.close_session(&id).await?;
            return Err(SessionsError::Full);
        }
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, SessionsError> {
        Ok(self.inner.initialize_session(id, message).await?)
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, SessionsError> {
        Ok(self.inner.has_session(id).await?)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), SessionsError> {
        self.open.lock().remove(id);
        Ok(self.inner.close_session(id).await?)
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        Ok(self.inner.create_stream(id, message).await?)
    }

    async fn accept_message(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<(), SessionsError> {
        Ok(self.inner.accept_message(id, message).await?)
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        Ok(self.inner.create_standalone_stream(id).await?)
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, SessionsError> {
        Ok(self.inner.resume(id, last_event_id).await?)
    }
}
