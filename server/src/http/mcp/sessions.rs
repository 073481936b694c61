//! Sessions of MCP clients: `rmcp`'s, with a limit, an owner and an end.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
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

tokio::task_local! {
    /// Who begins a session, while `rmcp` makes it.
    static BEGINNING: Beginning;
}

/// All sessions of this process.
pub(super) struct Sessions {
    inner: LocalSessionManager,
    current: Current,
    open: Mutex<HashMap<SessionId, Arc<Session>>>,
    refused: AtomicU64,
}

/// One session.
pub(super) struct Session {
    /// Label of the key that it was opened with.
    key: Arc<str>,
    state: Mutex<SessionState>,
}

struct SessionState {
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

    /// Waits for `serving`, in which a client of this key begins a session. Where there are enough, an
    /// idle one of the same key gives way: so a client that never ends its sessions does not keep itself
    /// out.
    ///
    /// # Errors
    /// There are enough, and none of this key is idle.
    pub(super) async fn beginning<T>(
        &self,
        key: &McpKey,
        serving: impl Future<Output = T>,
    ) -> Result<T, ApiError> {
        let beginning = Beginning {
            key: key.0.clone(),
            was_full: Arc::default(),
        };
        let was_full = beginning.was_full.clone();
        let served = BEGINNING.scope(beginning, serving).await;
        if !was_full.load(Ordering::Relaxed) {
            return Ok(served);
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(ApiError::Busy(
            "There are as many MCP sessions as `mcp.max_sessions` allows. One ends when its client \
             deletes it, or when it is idle.",
        ))
    }

    /// The session of that id, which is in use from now on.
    ///
    /// # Errors
    /// There is none for this key.
    pub(super) fn find(&self, id: &str, key: &McpKey) -> Result<Arc<Session>, ApiError> {
        let session = self.open.lock().get(id).cloned();
        let session = session.filter(|session| session.key == key.0);
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

    fn idle_for(&self, time: Duration) -> Vec<SessionId> {
        let open = self.open.lock();
        let idle = open.iter().filter(|(_, session)| {
            let state = session.state.lock();
            state.calls == 0 && state.last_used.elapsed() >= time
        });
        idle.map(|(id, _)| id.clone()).collect()
    }
}

/// A session that is being made.
#[derive(Clone)]
struct Beginning {
    /// Label of its key.
    key: Arc<str>,
    /// There was no place for it.
    was_full: Arc<AtomicBool>,
}

/// Of the sessions of this key that are idle, the one that was so for the longest time.
fn longest_idle(open: &HashMap<SessionId, Arc<Session>>, key: &str) -> Option<SessionId> {
    let own = open.iter().filter(|(_, session)| &*session.key == key);
    let idle = own.filter_map(|(id, session)| {
        let state = session.state.lock();
        (state.calls == 0).then_some((state.last_used, id))
    });
    idle.min_by_key(|(last_used, _)| *last_used)
        .map(|(_, id)| id.clone())
}

impl Session {
    fn new(key: Arc<str>) -> Self {
        Self {
            key,
            state: Mutex::new(SessionState {
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
        let Ok(beginning) = BEGINNING.try_with(Beginning::clone) else {
            return Err(SessionsError::Full);
        };
        let (id, transport) = self.inner.create_session().await?;
        let (has_place, gone) = {
            let mut open = self.open.lock();
            let gone = match open.len() >= self.limit() {
                true => longest_idle(&open, &beginning.key),
                false => None,
            };
            if let Some(gone) = &gone {
                open.remove(gone);
            }
            let has_place = open.len() < self.limit();
            if has_place {
                open.insert(id.clone(), Arc::new(Session::new(beginning.key)));
            }
            (has_place, gone)
        };
        if let Some(gone) = gone {
            tracing::debug!("an idle MCP session gives way to a new one");
            self.inner.close_session(&gone).await?;
        }
        if !has_place {
            beginning.was_full.store(true, Ordering::Relaxed);
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
