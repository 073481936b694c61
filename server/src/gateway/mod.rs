//! Chat through the pool: lease → upstream → translate → account for it.
//!
//! A request tries at most `retry.max_retry` accounts, each once, and only before its caller has
//! seen a byte. Whoever holds an [`Attempt`](attempt::Attempt) holds the lease: dropping it, for
//! whatever reason, ends the upstream call and gives the account back.

pub mod attachments;
pub mod attempt;
pub mod chat;
pub mod conversations;
pub mod failure;
pub mod models;
pub mod quota_check;
pub mod remote_file;
pub mod reply;
pub mod settle;
pub mod translate;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use arc_swap::ArcSwap;
use store::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use crate::{gateway::conversations::Conversations, http::error::ApiError, state::Live};

/// Callers allowed to wait for a free slot, as a multiple of `chat.concurrent`.
const WAITERS_PER_SLOT: usize = 4;

/// Who asks, as the usage row and the conversation match see it.
#[derive(Clone, Debug)]
pub struct Caller {
    pub request_id: Arc<str>,
    /// Label of the API key, if one was needed.
    pub key: Option<Arc<str>>,
    /// Two callers with different scopes never share a conversation.
    pub scope: Arc<str>,
    pub endpoint: &'static str,
}

/// The chat service. Shared by the API and the pages.
pub struct Gateway {
    live: Arc<ArcSwap<Live>>,
    store: Arc<dyn Store>,
    /// Owns the quota checks that follow a 429.
    tasks: TaskTracker,
    slots: Arc<Semaphore>,
    slot_count: usize,
    waiting: AtomicUsize,
    conversations: Conversations,
}

impl Gateway {
    #[must_use]
    pub fn new(live: Arc<ArcSwap<Live>>, store: Arc<dyn Store>) -> Arc<Self> {
        let config = live.load();
        let slot_count = config.config.chat.concurrent.max(1) as usize;
        let conversations = Conversations::new(&config.config.conversation);
        Arc::new(Self {
            live,
            store,
            tasks: TaskTracker::new(),
            slots: Arc::new(Semaphore::new(slot_count)),
            slot_count,
            waiting: AtomicUsize::new(0),
            conversations,
        })
    }

    /// Waits for the background work that requests left behind.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// One of `chat.concurrent` slots; waits for one unless too many wait already.
    async fn slot(&self, patience: std::time::Duration) -> Result<OwnedSemaphorePermit, ApiError> {
        if let Ok(permit) = Arc::clone(&self.slots).try_acquire_owned() {
            return Ok(permit);
        }
        let at_capacity = ApiError::AtCapacity {
            limit: self.slot_count,
        };
        let waiter = Waiter::enter(&self.waiting);
        if waiter.position > self.slot_count.saturating_mul(WAITERS_PER_SLOT) {
            return Err(at_capacity);
        }
        let acquired =
            tokio::time::timeout(patience, Arc::clone(&self.slots).acquire_owned()).await;
        match acquired {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(at_capacity),
        }
    }
}

/// Counts itself among the waiting until dropped.
struct Waiter<'a> {
    waiting: &'a AtomicUsize,
    position: usize,
}

impl<'a> Waiter<'a> {
    fn enter(waiting: &'a AtomicUsize) -> Self {
        let position = waiting.fetch_add(1, Ordering::AcqRel) + 1;
        Self { waiting, position }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}
