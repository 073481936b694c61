//! Work that one instance does at a time, however long it takes: under a lock of the store that is
//! renewed meanwhile.

use std::time::Duration;

use store::{LockToken, Store, StoreError};
use tokio::time::Instant;

use crate::clock::now_ms;

/// How long the lock is held.
#[derive(Clone, Copy)]
pub(crate) struct Holding {
    /// After its last renewal: as long as others wait for an instance that died.
    pub(crate) ttl: Duration,
    pub(crate) renew_every: Duration,
}

/// As long as others wait for an instance that died, and a store may be away.
pub(crate) const HOLDING: Holding = Holding {
    ttl: Duration::from_secs(30),
    renew_every: Duration::from_secs(10),
};

/// What became of the work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended<T> {
    Done(T),
    /// Another instance does it; it was not begun.
    Elsewhere,
    /// The lock could not be renewed, so another instance may do it: it was dropped.
    TakenOver,
}

/// Does the work if no other instance does it.
///
/// # Errors
/// The store cannot say whether it is free.
///
/// # Cancellation
/// Drops the work; the lock ends by itself.
pub(crate) async fn alone<T>(
    store: &dyn Store,
    name: &str,
    holding: Holding,
    work: impl Future<Output = T>,
) -> Result<Ended<T>, StoreError> {
    let owner = format!("process {}", std::process::id());
    let lock = store.try_lock(name, &owner, now_ms(), holding.ttl).await?;
    let Some(lock) = lock else {
        return Ok(Ended::Elsewhere);
    };
    let done = tokio::select! {
        done = work => done,
        () = lose(store, &lock, holding) => return Ok(Ended::TakenOver),
    };
    // What was done is done.
    if let Err(error) = store.unlock(lock).await {
        tracing::debug!(%error, "the lock of \"{name}\" ends by itself");
    }
    Ok(Ended::Done(done))
}

/// Renews the lock until it is lost: another instance has it, or it could not be renewed in time.
async fn lose(store: &dyn Store, lock: &LockToken, holding: Holding) {
    let mut held_until = Instant::now() + holding.ttl;
    loop {
        tokio::time::sleep(holding.renew_every).await;
        match store.renew_lock(lock, now_ms(), holding.ttl).await {
            Ok(true) => held_until = Instant::now() + holding.ttl,
            // A store that is away for a moment costs nothing.
            Err(error) if Instant::now() < held_until => {
                tracing::debug!(%error, "a lock was not renewed, trying again");
            }
            Ok(false) | Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, sync::Arc};

    use super::*;

    async fn open(folder: &tempfile::TempDir) -> Arc<dyn Store> {
        let key = store::MasterKey::load_or_create(folder.path(), None).unwrap();
        store::open("", folder.path(), key).await.unwrap()
    }

    fn holding(ttl: Duration, renew_every: Duration) -> Holding {
        Holding { ttl, renew_every }
    }

    const LONG: Duration = Duration::from_secs(600);
    const SHORT: Duration = Duration::from_millis(5);

    #[tokio::test]
    async fn work_is_not_begun_while_another_instance_does_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let theirs = store.try_lock("work", "another", now_ms(), LONG).await;
        let work = async { panic!("it was begun") };
        let ended = alone(store.as_ref(), "work", holding(LONG, LONG), work).await;
        assert_eq!(ended.unwrap(), Ended::Elsewhere);
        store.unlock(theirs.unwrap().unwrap()).await.unwrap();
        for n in 0..2 {
            let work = async { n };
            let ended = alone(store.as_ref(), "work", holding(LONG, LONG), work).await;
            assert_eq!(ended.unwrap(), Ended::Done(n), "it is free again");
        }
    }

    #[tokio::test]
    async fn the_lock_is_renewed_while_the_work_lasts() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        // Longer than it is held without a renewal.
        let ttl = Duration::from_secs(2);
        let work = async {
            tokio::time::sleep(ttl * 2).await;
            let other = store.try_lock("work", "another", now_ms(), LONG).await;
            other.unwrap().is_none()
        };
        let ended = alone(store.as_ref(), "work", holding(ttl, SHORT), work).await;
        assert_eq!(ended.unwrap(), Ended::Done(true), "nobody else has it");
    }

    #[tokio::test]
    async fn work_is_dropped_when_its_time_is_over_and_another_may_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        let over = holding(Duration::ZERO, SHORT);
        let ended = alone(store.as_ref(), "work", over, pending::<()>()).await;
        assert_eq!(ended.unwrap(), Ended::TakenOver);
    }
}
