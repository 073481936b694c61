//! One run: account by account within the limits, until all are done or it is stopped.

use std::{collections::HashSet, pin::pin, sync::Arc};

use futures::{
    StreamExt,
    stream::{self, FuturesUnordered},
};
use grok::{Class, UpstreamError};
use pool::{
    Account, AccountId, AccountProxy, Credential, Event, Outcome, PageQuery, Pool, SortKey, Status,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{
    AssetWork,
    known::{AssetCount, AssetFailure, AssetTrouble, State},
};
use crate::{
    clock::now_ms,
    gateway::{Gateway, asking::Unanswered, submit_changes},
    snapshot::Snapshot,
};

/// An account of a run.
pub(super) struct Target {
    id: AccountId,
    credential: Credential,
    proxy: Option<AccountProxy>,
}

impl Target {
    /// The accounts of these ids; `None`: all that are not disabled or expired.
    pub(super) fn choose(pool: &Pool, ids: Option<&[AccountId]>) -> Vec<Self> {
        let ids: Option<HashSet<_>> = ids.map(|ids| ids.iter().collect());
        let is_chosen = |account: &Account| match &ids {
            Some(ids) => ids.contains(&account.id),
            None => matches!(account.status, Status::Active | Status::Cooling),
        };
        let everything = PageQuery {
            filter: None,
            matches: &is_chosen,
            sort: SortKey::CreatedAt,
            descending: false,
            offset: 0,
            limit: usize::MAX,
        };
        let found = pool.page(&everything, now_ms()).rows;
        let target = |view: pool::AccountView| Self {
            id: view.account.id,
            credential: view.account.credential,
            proxy: view.account.proxy,
        };
        found.into_iter().map(target).collect()
    }
}

/// What a run works with.
pub(super) struct Run {
    gateway: Arc<Gateway>,
    snapshot: Snapshot,
    work: AssetWork,
    stop: CancellationToken,
    lists: Semaphore,
    deletions: Semaphore,
}

impl Run {
    pub(super) fn new(
        gateway: Arc<Gateway>,
        snapshot: Snapshot,
        work: AssetWork,
        stop: CancellationToken,
    ) -> Self {
        let asset = &snapshot.settings.config.asset;
        let (lists, deletions) = (asset.list_concurrent, asset.delete_concurrent);
        Self {
            lists: Semaphore::new(lists as usize),
            deletions: Semaphore::new(deletions as usize),
            gateway,
            snapshot,
            work,
            stop,
        }
    }

    /// Does the accounts, one batch after the other.
    ///
    /// # Cancellation
    /// Ends at the next await after `stop`; what was deleted is counted.
    pub(super) async fn over(self, targets: Vec<Target>) {
        let asset = &self.snapshot.settings.config.asset;
        let batch_size = match self.work {
            AssetWork::Count => asset.list_batch_size,
            AssetWork::Clear => asset.delete_batch_size,
        };
        let batches = async {
            for batch in targets.chunks(batch_size as usize) {
                self.batch(batch).await;
            }
        };
        let ended = self.stop.run_until_cancelled(batches).await;
        self.note(State::end);
        let run = self.gateway.asset_run();
        let (done, failed, deleted) =
            run.map_or((0, 0, 0), |run| (run.done, run.failed, run.deleted));
        let is_stopped = ended.is_none();
        tracing::info!(
            done,
            failed,
            deleted,
            is_stopped,
            "a run over accounts' files has ended"
        );
    }

    async fn batch(&self, batch: &[Target]) {
        let accounts = batch.iter().map(|target| self.account(target));
        let mut accounts: FuturesUnordered<_> = accounts.collect();
        while accounts.next().await.is_some() {}
    }

    /// Does an account, and notes how it went.
    async fn account(&self, target: &Target) {
        let failure = self.work(target).await.err();
        let failure = failure.map(|trouble| AssetFailure {
            id: target.id.clone(),
            last_four: target.credential.last_four().to_owned(),
            trouble,
        });
        self.note(|state| state.done(failure));
    }

    async fn work(&self, target: &Target) -> Result<(), AssetTrouble> {
        let upstream = self.snapshot.settings.upstream_by(target.proxy.as_ref());
        let timeout = self.snapshot.settings.config.asset.list_timeout;
        let credential = target.credential.expose();
        let list = self
            .ask(target, &self.lists, || {
                upstream.list_assets(credential, timeout)
            })
            .await?;
        let count = AssetCount {
            files: list.ids.len(),
            is_cut: list.is_cut,
            at_ms: now_ms(),
        };
        self.note(|state| state.counted(&target.id, Some(count)));
        if self.work == AssetWork::Clear {
            self.clear(target, count, list.ids).await?;
        }
        Ok(())
    }

    /// Deletes an account's files. Goes on after one that failed, unless it says that the next would.
    async fn clear(
        &self,
        target: &Target,
        count: AssetCount,
        ids: Vec<String>,
    ) -> Result<(), AssetTrouble> {
        // In this order: requests from now on upload what they name again, and those from before are
        // under way.
        self.gateway.uploads.forget_account(&target.id);
        if self.snapshot.pool.in_flight(&target.id) > 0 {
            return Err(AssetTrouble::InUse);
        }
        let deletions = stream::iter(ids).map(|id| self.delete(target, id));
        let concurrent = self.snapshot.settings.config.asset.delete_concurrent as usize;
        let mut deletions = pin!(deletions.buffer_unordered(concurrent));
        let (mut left, mut trouble) = (count.files, None);
        while let Some(deleted) = deletions.next().await {
            match deleted {
                Ok(()) => {
                    left -= 1;
                    let count = AssetCount {
                        files: left,
                        ..count
                    };
                    self.note(|state| {
                        state.deleted();
                        state.counted(&target.id, Some(count));
                    });
                }
                Err(found) => {
                    trouble = Some(found);
                    if is_for_all(found) {
                        break;
                    }
                }
            }
        }
        match trouble {
            Some(trouble) => Err(trouble),
            None => {
                let at_ms = now_ms();
                self.note(|state| {
                    if count.is_cut {
                        state.counted(&target.id, None);
                    } else {
                        state.cleared(&target.id, at_ms);
                    }
                });
                Ok(())
            }
        }
    }

    async fn delete(&self, target: &Target, id: String) -> Result<(), AssetTrouble> {
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
        target: &Target,
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
            Err(Unanswered::Paused(_)) => return Err(AssetTrouble::Paused),
            Err(Unanswered::Failed(error)) => error,
        };
        self.account_for(target, &error);
        Err(AssetTrouble::Upstream(error.class()))
    }

    /// A dead session counts as in every other call.
    fn account_for(&self, target: &Target, error: &UpstreamError) {
        tracing::warn!(
            account.id = %target.id, reason = error.label(),
            "files of account …{} could not be listed or deleted", target.credential.last_four()
        );
        let outcome = match error.class() {
            Class::Unauthorized => Outcome::Unauthorized {
                reason: "assets_auth_failed",
            },
            Class::Blocked => Outcome::Blocked {
                reason: "account_blocked",
            },
            _ => return,
        };
        let pool = &self.snapshot.pool;
        let changes = pool.apply(&target.id, &Event::Outcome(outcome), now_ms());
        submit_changes(self.gateway.store.as_ref(), changes);
    }

    fn note(&self, what: impl FnOnce(&mut State)) {
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
        AssetTrouble::InUse | AssetTrouble::Paused => true,
    }
}
