//! The store of kept responses and conversations, within limits of memory and disk: changes that run to their end
//! whoever leaves, one at a time for each conversation; and whose they are and how long they stay.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use chat::Turn;
use serde::Serialize;
use settings::StorageType;
use store::{DocumentKind, LargeDocument, Store, StoreError, bounded};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::task::TaskTracker;

use super::surplus::{Group, Surplus};
use crate::{
    clock::now_ms,
    gateway::{Caller, ErrorKind, GatewayError},
    http::{AppState, error::ApiError},
    limits::{Limit, Share},
    snapshot::Current,
};

const DAY_MS: i64 = 86_400_000;
/// What a byte of content takes in memory while it is read and changed.
const COPIES: u64 = 2;
/// What a byte of content takes on the disk while it replaces another: itself and the log of the database.
const DISK_COPIES: u64 = 3;
/// What documents take at most whose room is not asked for one by one.
const LITTLE_BYTES: u64 = 1024 * 1024;
/// Changes under way whose locks are known before those are looked for that have ended.
const LOCKS: usize = 1024;
pub(super) const TOO_MANY_CHANGES: ApiError =
    ApiError::Busy("Too many changes are made to this conversation at once.");
/// How long a change waits for others.
const TURN: Duration = Duration::from_secs(5);

/// The store for what is kept, within the limits of this process: what is read of it counts as bodies of
/// requests in memory do, and a change that has begun ends whoever waits for it, so that none of its parts
/// is left behind. Cheap to clone.
#[derive(Clone)]
pub struct KeptStore(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    current: Current,
    /// Bytes in memory.
    memory: Limit,
    /// Bytes on their way to the disk.
    writing: Limit,
    surplus: Surplus,
    tasks: TaskTracker,
    /// Of the documents that are changed, by id.
    locks: parking_lot::Mutex<HashMap<String, Weak<Mutex<()>>>>,
}

impl KeptStore {
    pub fn new(store: Arc<dyn Store>, current: Current, memory: Limit) -> Self {
        Self(Arc::new(Inner {
            store,
            current,
            memory,
            writing: Limit::default(),
            surplus: Surplus::default(),
            tasks: TaskTracker::new(),
            locks: parking_lot::Mutex::default(),
        }))
    }

    /// The store itself, for what has no content.
    pub(super) fn plain(&self) -> &dyn Store {
        self.0.store.as_ref()
    }

    /// The document of that id, with its part of the memory, to be held as long as it is.
    ///
    /// # Errors
    /// [`ApiError::BodiesFull`]; the store does not answer.
    pub(super) async fn get(
        &self,
        kind: DocumentKind,
        id: &str,
    ) -> Result<Option<(LargeDocument, Arc<Share>)>, ApiError> {
        let server = &self.0.current.load().settings.config.server;
        let max = server.bodies_in_memory_mb.saturating_mul(1024 * 1024);
        let may_read = |bytes: usize| {
            let share = self
                .0
                .memory
                .take((bytes as u64).saturating_mul(COPIES), max);
            share.map(Arc::new).ok_or(Unread::NoMemory)
        };
        let read = LargeDocument::get(self.plain(), kind, id, may_read).await;
        read.map_err(|unread| match unread {
            Unread::NoMemory => ApiError::BodiesFull,
            Unread::Store(error) => unavailable(&error),
        })
    }

    /// Adds a new one; of more than `most` the oldest of its owner give way. What is `held` is given back when
    /// it is written.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) async fn add(
        &self,
        document: LargeDocument,
        most: u32,
        held: impl Send + 'static,
    ) -> Result<(), ApiError> {
        let (kind, owner) = (document.kind, document.group.clone());
        if document.has_parts() {
            self.to_the_end(|store| async move {
                let _held = held;
                document.add(store.as_ref()).await
            })
            .await?;
        } else {
            let added = document.add(self.plain()).await;
            added.map_err(|error| unavailable(&error))?;
        }
        if self.0.surplus.added((kind, &owner), most) {
            let inner = Arc::clone(&self.0);
            self.to_the_end(|store| async move {
                let group = (kind, owner.as_str());
                inner.surplus.shrink(store.as_ref(), group, most).await;
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// Replaces the one of its id if that still has this revision; whether it did. What is `held` is given
    /// back when it is written.
    ///
    /// # Errors
    /// The store does not take it.
    pub(super) async fn replace(
        &self,
        document: LargeDocument,
        held: impl Send + 'static,
    ) -> Result<bool, ApiError> {
        self.to_the_end(|store| async move {
            let _held = held;
            document.replace(store.as_ref()).await
        })
        .await
    }

    /// Removes this owner's of that id; whether it was there.
    ///
    /// # Errors
    /// The store does not answer.
    pub(super) async fn delete(
        &self,
        (kind, owner): Group<'_>,
        id: &str,
    ) -> Result<bool, ApiError> {
        let (id, owner, inner) = (id.to_owned(), owner.to_owned(), Arc::clone(&self.0));
        self.to_the_end(|store| async move {
            let is_deleted = LargeDocument::delete(store.as_ref(), kind, &id).await?;
            if is_deleted {
                inner.surplus.removed((kind, &owner));
            }
            Ok(is_deleted)
        })
        .await
    }

    /// As a task: a caller who leaves now must not leave parts that nobody names.
    async fn to_the_end<T, F>(
        &self,
        change: impl FnOnce(Arc<dyn Store>) -> F,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let changed = self.0.tasks.spawn(change(self.0.store.clone())).await;
        let changed = changed.map_err(anyhow::Error::from)?;
        changed.map_err(|error| unavailable(&error))
    }

    /// The turn to change the document of that id.
    ///
    /// # Errors
    /// Others change it, and many wait.
    pub(super) async fn turn(&self, id: &str) -> Result<OwnedMutexGuard<()>, ApiError> {
        let turn = tokio::time::timeout(TURN, self.lock(id).lock_owned()).await;
        turn.map_err(|_| TOO_MANY_CHANGES)
    }

    fn lock(&self, id: &str) -> Arc<Mutex<()>> {
        let mut locks = self.0.locks.lock();
        if let Some(lock) = locks.get(id).and_then(Weak::upgrade) {
            return lock;
        }
        if locks.len() >= LOCKS {
            locks.retain(|_, lock| lock.strong_count() > 0);
        }
        let lock = Arc::default();
        locks.insert(id.to_owned(), Arc::downgrade(&lock));
        lock
    }

    /// Waits until what was begun has ended.
    pub async fn close(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

/// What was said before, and the memory that it takes as long as it is used.
#[derive(Default)]
pub(super) struct Said {
    pub(super) turns: Vec<Turn>,
    pub(super) memory: Vec<Arc<Share>>,
}

/// Why something is not read.
enum Unread {
    NoMemory,
    Store(StoreError),
}

impl From<StoreError> for Unread {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Who they are for, as it is stored.
pub(super) fn owner_of(caller: &Caller) -> String {
    store::sha256_hex(&caller.owner)
}

/// When what is kept or used now ends, in unix milliseconds.
pub(super) fn end_ms(keep_days: u32) -> i64 {
    now_ms().saturating_add(i64::from(keep_days) * DAY_MS)
}

/// The document if it is this owner's and its time is not over.
pub(super) fn own(document: Option<LargeDocument>, owner: &str) -> Option<LargeDocument> {
    document.filter(|document| document.group == owner && document.expires_ms > now_ms())
}

/// JSON of what is known of one without its content.
pub(super) fn head_json(head: &impl Serialize) -> String {
    serde_json::to_string(head).unwrap_or_default()
}

/// Room on the disk for `bytes` of content, where the store is on it: that must be able to go on with
/// everything else. What is returned counts for others until it is written. `otherwise` says what the
/// caller can do.
///
/// # Errors
/// Less than `cache.min_free_mb` would be free.
pub(super) async fn check_room(
    state: &AppState,
    (bytes, otherwise): (usize, &str),
) -> Result<Share, ApiError> {
    let writing = &state.kept.0.writing;
    let mut room = writing.none();
    let storage = state.current.load().settings.config.server.storage_type;
    let is_here = storage == StorageType::Local;
    let files = state.gateway.media_files();
    let has_room = match bytes as u64 {
        _ if !is_here => true,
        0 => !files.is_full().await || has_reusable(state, LITTLE_BYTES).await,
        bytes => {
            room.grow(bytes.saturating_mul(DISK_COPIES), u64::MAX);
            let bytes = writing.in_use(0).used;
            files.has_room(bytes).await || has_reusable(state, bytes).await
        }
    };
    if has_room {
        return Ok(room);
    }
    let message = format!(
        "Nothing can be kept: less than `cache.min_free_mb` is free on the disk of this server. \
         {otherwise}"
    );
    Err(GatewayError::new(ErrorKind::MediaUnavailable, message).into())
}

/// Whether so much was deleted before.
async fn has_reusable(state: &AppState, bytes: u64) -> bool {
    let reusable = bounded(state.store.reusable_bytes()).await;
    reusable.is_ok_and(|reusable| reusable >= bytes)
}

/// What the store cannot do now.
pub(super) fn unavailable(error: &StoreError) -> ApiError {
    tracing::warn!(%error, "what is kept is neither read nor written: the store does not answer");
    let message = "What is kept cannot be read or written now, because the store did not answer in time. \
                   Try again.";
    let error = GatewayError::new(ErrorKind::StoreUnavailable, message);
    error.retry_after(Duration::from_secs(5)).into()
}

/// What is repeated of an id that somebody made up.
pub(super) fn short(id: &str) -> &str {
    id.get(..id.floor_char_boundary(128)).unwrap_or_default()
}
