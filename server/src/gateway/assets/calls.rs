//! Calls for one account's files, within the limits of `[asset]`.

use std::{pin::pin, sync::Arc};

use futures::{StreamExt, stream};
use grok::{Class, UpstreamError};
use pool::{Account, AccountId};
use tokio::sync::Semaphore;

use super::known::{AssetCount, AssetTrouble, Known};
use crate::{
    clock::now_ms,
    gateway::{
        Gateway,
        asking::{Unanswered, count_refusal},
    },
    snapshot::Snapshot,
};

/// Counts and deletes accounts' files; whoever shares one shares the limits.
pub struct AssetCalls {
    gateway: Arc<Gateway>,
    snapshot: Snapshot,
    lists: Semaphore,
    deletions: Semaphore,
}

impl AssetCalls {
    pub(super) fn new(gateway: Arc<Gateway>, snapshot: Snapshot) -> Self {
        let asset = &snapshot.settings.config.asset;
        let (lists, deletions) = (asset.list_concurrent, asset.delete_concurrent);
        Self {
            lists: Semaphore::new(lists as usize),
            deletions: Semaphore::new(deletions as usize),
            gateway,
            snapshot,
        }
    }

    /// Counts an account's files.
    ///
    /// # Errors
    /// Why it could not.
    pub async fn count(&self, id: &AccountId) -> Result<(), AssetTrouble> {
        let target = self.target(id)?;
        self.list(&target).await.map(drop)
    }

    /// Deletes an account's files; how many went, also when not all of them did.
    pub async fn clear(&self, id: &AccountId) -> (u64, Result<(), AssetTrouble>) {
        let listed = async {
            let target = self.target(id)?;
            let listed = self.list(&target).await?;
            Ok((target, listed))
        };
        match listed.await {
            Ok((target, (count, ids))) => self.delete_all(&target, count, ids).await,
            Err(trouble) => (0, Err(trouble)),
        }
    }

    fn target(&self, id: &AccountId) -> Result<Account, AssetTrouble> {
        self.snapshot.pool.get(id).ok_or(AssetTrouble::Gone)
    }

    /// How many files there are, and their ids.
    async fn list(&self, target: &Account) -> Result<(AssetCount, Vec<String>), AssetTrouble> {
        let upstream = self.snapshot.settings.upstream_by(target.proxy.as_ref());
        let timeout = self.snapshot.settings.config.asset.list_timeout;
        let credential = target.credential.expose();
        let listing = || upstream.list_assets(credential, timeout);
        let list = self.ask(target, &self.lists, listing).await?;
        let count = AssetCount {
            files: list.ids.len(),
            is_cut: list.is_cut,
            at_ms: now_ms(),
        };
        self.note(|known| known.counted(&target.id, Some(count)));
        Ok((count, list.ids))
    }

    /// Deletes an account's files. Goes on after one that failed, unless it says that the next would.
    async fn delete_all(
        &self,
        target: &Account,
        count: AssetCount,
        ids: Vec<String>,
    ) -> (u64, Result<(), AssetTrouble>) {
        // In this order: requests from now on upload what they name again, and those from before are
        // under way.
        self.gateway.uploads.forget_account(&target.id);
        if self.snapshot.pool.in_flight(&target.id) > 0 {
            return (0, Err(AssetTrouble::InUse));
        }
        let deletions = stream::iter(ids).map(|id| self.delete(target, id));
        let concurrent = self.snapshot.settings.config.asset.delete_concurrent as usize;
        let mut deletions = pin!(deletions.buffer_unordered(concurrent));
        let (mut left, mut trouble) = (count.files, None);
        let deleted_of = |left: usize| (count.files - left) as u64;
        while let Some(deleted) = deletions.next().await {
            match deleted {
                Ok(()) => {
                    left -= 1;
                    let count = AssetCount {
                        files: left,
                        ..count
                    };
                    self.note(|known| known.counted(&target.id, Some(count)));
                }
                Err(found) => {
                    trouble = Some(found);
                    if is_for_all(found) {
                        break;
                    }
                }
            }
        }
        if let Some(trouble) = trouble {
            return (deleted_of(left), Err(trouble));
        }
        let at_ms = now_ms();
        self.note(|known| match count.is_cut {
            true => known.counted(&target.id, None),
            false => known.cleared(&target.id, at_ms),
        });
        (deleted_of(left), Ok(()))
    }

    async fn delete(&self, target: &Account, id: String) -> Result<(), AssetTrouble> {
        let upstream = self.snapshot.settings.upstream_by(target.proxy.as_ref());
        let timeout = self.snapshot.settings.config.asset.delete_timeout;
        let credential = target.credential.expose();
        let deleting = || async {
            match upstream.delete_asset(credential, &id, timeout).await {
                Err(error) if error.status() == Some(404) => Ok(()),
                deleted => deleted,
            }
        };
        self.ask(target, &self.deletions, deleting).await
    }

    /// One call: within the limit, past the breakers, and what it says of the account.
    async fn ask<T, F>(
        &self,
        target: &Account,
        limit: &Semaphore,
        call: impl FnMut() -> F,
    ) -> Result<T, AssetTrouble>
    where
        F: Future<Output = Result<T, UpstreamError>>,
    {
        let _permit = limit.acquire().await.ok();
        let config = &self.snapshot.settings.config;
        let error = match self.gateway.guards.ask(config, call).await {
            Ok(answer) => return Ok(answer),
            Err(Unanswered::Paused(paused)) => return Err(AssetTrouble::Paused(paused.trouble)),
            Err(Unanswered::Failed(error)) => error,
        };
        self.account_for(target, &error);
        Err(AssetTrouble::Upstream(error.class()))
    }

    fn account_for(&self, target: &Account, error: &UpstreamError) {
        tracing::warn!(
            account.id = %target.id, reason = error.label(),
            "files of account …{} could not be listed or deleted", target.credential.last_four()
        );
        let store = self.gateway.store.as_ref();
        count_refusal(
            &self.snapshot.pool,
            store,
            target,
            (error, "assets_auth_failed"),
        );
    }

    fn note(&self, what: impl FnOnce(&mut Known)) {
        what(&mut self.gateway.assets.0.lock());
    }
}

/// Whether the next call for the same account would end the same way.
fn is_for_all(trouble: AssetTrouble) -> bool {
    match trouble {
        AssetTrouble::Upstream(class) => matches!(
            class,
            Class::Unauthorized | Class::Blocked | Class::Clearance | Class::RateLimited
        ),
        AssetTrouble::InUse | AssetTrouble::Paused(_) | AssetTrouble::Gone => true,
    }
}
