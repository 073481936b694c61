//! Which instance makes a video: the one that holds its lock.
//!
//! The lock is held from before the row exists to its end, and renewed meanwhile. An instance that
//! died holds it no longer than [`TTL`]; then another one goes on with the video.

use std::{sync::Arc, time::Duration};

use store::{LockToken, Store, StoreError};

use crate::clock::now_ms;

/// How long the lock of an instance that died stands in the way.
const TTL: Duration = Duration::from_secs(30);
/// Well within it, so that a store which is away for a moment costs nothing.
const RENEW_INTERVAL: Duration = Duration::from_secs(8);

/// The right to make one video.
pub(super) struct Claim {
    token: LockToken,
    store: Arc<dyn Store>,
}

impl Claim {
    /// `None`: another instance makes it.
    pub(super) async fn take(
        store: &Arc<dyn Store>,
        video: &str,
    ) -> Result<Option<Self>, StoreError> {
        let owner = format!("process {}", std::process::id());
        let token = store.try_lock(video, &owner, now_ms(), TTL).await?;
        let store = Arc::clone(store);
        Ok(token.map(|token| Self { token, store }))
    }

    /// Keeps the right; ends when it is lost, because this instance could not renew it in time.
    pub(super) async fn lost(&self) {
        loop {
            tokio::time::sleep(RENEW_INTERVAL).await;
            match self.store.renew_lock(&self.token, now_ms(), TTL).await {
                Ok(true) => {}
                Ok(false) => return,
                // Who cannot write it down does not know; the next try tells.
                Err(error) => tracing::debug!(%error, "the lock of a video was not renewed"),
            }
        }
    }

    /// Lets another instance have it at once.
    pub(super) async fn give_back(self) {
        if let Err(error) = self.store.unlock(self.token).await {
            tracing::debug!(%error, "the lock of a video ends by itself");
        }
    }
}
