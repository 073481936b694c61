//! What an instance does once for all that share its store, one after the other: a first password, the
//! import of older files. Three that start at once must not each show a password of which one is right.

use std::time::Duration;

use anyhow::Context;
use store::{LockToken, Store};
use tokio::time::{Instant, sleep};

use crate::clock::now_ms;

const LOCK: &str = "first start";
/// Of one that died meanwhile.
const TTL: Duration = Duration::from_secs(20);
/// Longer than one that died holds up the others.
const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

/// The right to do it now.
pub(super) struct FirstStart(LockToken);

impl FirstStart {
    /// Waits until no other instance does it.
    ///
    /// # Errors
    /// The store fails, or another instance does not come to an end.
    pub(super) async fn turn(store: &dyn Store) -> anyhow::Result<Self> {
        let owner = format!("process {}", std::process::id());
        let patience = Instant::now() + PATIENCE;
        loop {
            let token = store.try_lock(LOCK, &owner, now_ms(), TTL).await;
            if let Some(token) = token.context("waiting for other instances that start")? {
                return Ok(Self(token));
            }
            anyhow::ensure!(
                Instant::now() < patience,
                "another instance has been starting for too long; start again, and look at the \
                 clocks of the machines if this stays"
            );
            sleep(LOOK_INTERVAL).await;
        }
    }

    pub(super) async fn over(self, store: &dyn Store) {
        if let Err(error) = store.unlock(self.0).await {
            tracing::debug!(%error, "the lock of the first start ends by itself");
        }
    }
}
