//! Signed-in browsers. The shape fits `tower_sessions_core::SessionStore`.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{StoreError, crypto::sha256_hex};

/// One session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The secret the browser holds. Only its SHA-256 is stored.
    pub id: String,
    /// JSON of what the session knows. It is stored as it is: the caller keeps the id out of it, in
    /// whatever form.
    pub data: String,
    /// Unix milliseconds; from this instant on the session does not load.
    pub expires_at_ms: i64,
}

impl fmt::Debug for SessionRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRow")
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

/// Keeps sessions. Every write is durable when it returns.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Stores a new session. `false`: the id is taken, make another one.
    async fn create_session(&self, session: &SessionRow) -> Result<bool, StoreError>;

    /// Replaces what a stored session knows and when it ends. `false`: there is none of that id
    /// (any more); a session that was ended does not come back.
    async fn save_session(&self, session: &SessionRow) -> Result<bool, StoreError>;

    /// Moves the end of a session and changes nothing else. `false`: there is none of that id (any
    /// more).
    async fn touch_session(&self, id: &str, expires_at_ms: i64) -> Result<bool, StoreError>;

    /// The session, unless it is unknown or over at `now_ms`.
    async fn load_session(&self, id: &str, now_ms: i64) -> Result<Option<SessionRow>, StoreError>;

    /// Ends a session; fine if there is none.
    async fn delete_session(&self, id: &str) -> Result<(), StoreError>;

    /// Ends all sessions; returns how many rows there were.
    async fn delete_all_sessions(&self) -> Result<u64, StoreError>;

    /// Removes the sessions that are over at `now_ms`; returns how many.
    async fn sweep_sessions(&self, now_ms: i64) -> Result<u64, StoreError>;
}

/// A session as it is stored: the id only as hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSession {
    pub(crate) id_hash: String,
    pub(crate) data: String,
    pub(crate) expires_at_ms: i64,
}

impl fmt::Debug for StoredSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession")
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

impl StoredSession {
    pub(crate) fn new(session: &SessionRow) -> Self {
        Self {
            id_hash: sha256_hex(&session.id),
            data: session.data.clone(),
            expires_at_ms: session.expires_at_ms,
        }
    }

    /// The session of the browser that showed `id`.
    pub(crate) fn open(self, id: &str) -> SessionRow {
        SessionRow {
            id: id.to_owned(),
            data: self.data,
            expires_at_ms: self.expires_at_ms,
        }
    }
}
