//! Writes of accounts that outlast whoever asks for them. A store that answers late has written all
//! the same: the pool follows what it says in the end, whoever still waits for it.

use std::{sync::Arc, time::Duration};

use grok2api_app::error::UiError;
use pool::{AccountId, Pool};
use store::{Record, Store, StoreError, bounded};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::unavailable;
use crate::runtime::Runtime;

/// How long the store is asked what it has, after a write that failed.
const PATIENCE: Duration = Duration::from_secs(600);
const AGAIN: Duration = Duration::from_secs(1);

/// What a write says within a few seconds; it goes on behind that.
pub(super) async fn wait<T>(writing: JoinHandle<Result<T, UiError>>) -> Result<T, UiError> {
    let ended = bounded(async { writing.await.map_err(|_| StoreError::Closed) }).await;
    ended.map_err(unavailable)?
}

/// Takes over how the store has these accounts, once it can be asked: a write that failed may have
/// been made. Goes on by itself.
pub(super) fn follow(runtime: &Arc<Runtime>, store: &Arc<dyn Store>, ids: Vec<AccountId>) {
    let (owner, runtime, store) = (runtime.clone(), runtime.clone(), store.clone());
    owner.writes().spawn(async move {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            match take_over(&runtime, store.as_ref(), &ids).await {
                Ok(true) | Err(StoreError::Closed) => return,
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "accounts cannot be read again yet"),
            }
            sleep(AGAIN).await;
        }
        tracing::warn!("the store could not be asked what became of a write");
    });
}

/// Whether the pool has the accounts as the store has them.
async fn take_over(
    runtime: &Runtime,
    store: &dyn Store,
    ids: &[AccountId],
) -> Result<bool, StoreError> {
    let pool: Arc<Pool> = runtime.pool();
    let seen: Vec<_> = ids.iter().map(|id| pool.revision(id)).collect();
    // What this instance has changed so far is in what is read then.
    bounded(store.commit(Record::default())).await?;
    let loaded = bounded(store.load_accounts_of(ids)).await?;
    let mut is_taken = true;
    for (id, seen) in ids.iter().zip(seen) {
        let stored = loaded.accounts.iter().find(|account| account.id == *id);
        is_taken &= match stored {
            Some(account) if seen.is_none() => runtime.admit(vec![account.clone()]).is_ok(),
            Some(account) => pool.absorb(account.clone(), seen),
            None if loaded.unreadable.iter().any(|one| one.id == *id) => true,
            None => pool.absorb_removal(id, seen),
        };
    }
    Ok(is_taken)
}
