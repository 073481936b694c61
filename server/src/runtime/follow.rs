//! Follows what other instances on the same store change in the accounts, so that one that was
//! switched off there is not used here a moment later.
//!
//! News names accounts; each is read from the store and taken over by the pool. What was changed here
//! since is not overwritten (`Pool::absorb`): such an account is read again at the next look. Every
//! `token.reload_interval_sec`, and when news may be missing, all accounts are read.
//!
//! What else instances share needs no news, since it is read when it is needed: sessions and the
//! password with each request that has one, jobs, videos, media and documents when they are asked for.

use std::{collections::HashMap, sync::Arc, time::Duration};

use grok2api_app::dto::Demo;
use pool::{Account, AccountId, Pool};
use store::{Cursor, Store, StoreError, bounded};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Runtime;
use crate::{gateway::Gateway, snapshot::Current};

/// Between two looks at the news. A look is at memory, or one small query.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// Longest pause while the store does not answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Reading all accounts may take longer than one question.
const RELOAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Looks after which an account that changes here all the time is taken over as it is in the store.
const PATIENCE: u32 = 8;
/// Accounts for which the interval between two readings of all is the configured one; twice it for
/// twice as many, and so on.
const MANY: usize = 20_000;
/// Accounts read in one question.
const CHUNK: usize = 500;

/// One instance among others.
pub struct Follower {
    pub store: Arc<dyn Store>,
    pub current: Current,
    pub gateway: Arc<Gateway>,
    pub runtime: Arc<Runtime>,
}

/// Where the follower is.
struct Place {
    cursor: Cursor,
    reload_at: Instant,
    /// Accounts that changed elsewhere and were not taken over yet, and how often that was tried.
    waiting: HashMap<AccountId, u32>,
}

impl Follower {
    /// Follows until `stop`; ends at once where no other instance can work on the store.
    pub async fn run(self, stop: CancellationToken) {
        let mut place = None;
        let mut pause = LOOK_INTERVAL;
        loop {
            let look = tokio::select! {
                () = stop.cancelled() => return,
                look = self.look(&mut place) => look,
            };
            pause = match look {
                Ok(true) => LOOK_INTERVAL,
                Ok(false) => return,
                Err(error) => {
                    tracing::debug!(%error, "what other instances changed is not known");
                    (pause * 2).min(LONGEST_PAUSE)
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// False: nobody else can change anything.
    async fn look(&self, place: &mut Option<Place>) -> Result<bool, StoreError> {
        let cursor = place.as_ref().map(|place| place.cursor);
        let Some(news) = bounded(self.store.changes_since(cursor)).await? else {
            return Ok(false);
        };
        let is_first = place.is_none();
        let place = place.get_or_insert_with(|| Place {
            cursor: news.cursor,
            reload_at: Instant::now(),
            waiting: HashMap::new(),
        });
        // Between the start's reading of the accounts and the first look others may have been at work.
        if is_first || news.is_incomplete || place.reload_at <= Instant::now() {
            self.reload().await?;
            place.waiting.clear();
            place.reload_at = Instant::now() + self.reload_interval();
        } else {
            for id in news.accounts {
                place.waiting.entry(id).or_default();
            }
            self.take_over(&mut place.waiting).await?;
        }
        place.cursor = news.cursor;
        Ok(true)
    }

    /// Longer for so many accounts that reading them all is work.
    fn reload_interval(&self) -> Duration {
        let snapshot = self.current.load();
        let seconds = snapshot.settings.config.token.reload_interval_sec;
        let many = u64::try_from(snapshot.pool.len() / MANY).unwrap_or(u64::MAX);
        Duration::from_secs(seconds.saturating_mul(many.saturating_add(1)))
    }

    async fn take_over(&self, waiting: &mut HashMap<AccountId, u32>) -> Result<(), StoreError> {
        let ids: Vec<AccountId> = waiting.keys().cloned().collect();
        for ids in ids.chunks(CHUNK) {
            let pool = self.current.load().pool.clone();
            let seen: Vec<_> = ids.iter().map(|id| pool.revision(id)).collect();
            self.settle(&pool).await?;
            let stored = bounded(self.store.load_accounts_of(ids)).await?;
            for unreadable in &stored.unreadable {
                waiting.remove(&unreadable.id);
            }
            let accounts = stored.accounts.into_iter();
            let mut stored: HashMap<_, _> = accounts
                .map(|account| (account.id.clone(), account))
                .collect();
            for (id, mut seen) in ids.iter().zip(seen) {
                // An unreadable one stays as it is here.
                let Some(tries) = waiting.get_mut(id) else {
                    continue;
                };
                *tries += 1;
                if *tries > PATIENCE {
                    seen = pool.revision(id);
                }
                if self.take_over_one(&pool, id, stored.remove(id), seen) {
                    waiting.remove(id);
                }
            }
        }
        Ok(())
    }

    /// Reads all accounts.
    async fn reload(&self) -> Result<(), StoreError> {
        let pool = self.current.load().pool.clone();
        let ids = pool.ids();
        let mut seen: HashMap<_, _> = ids
            .into_iter()
            .filter_map(|id| Some((id.clone(), pool.revision(&id)?)))
            .collect();
        self.settle(&pool).await?;
        let reading = tokio::time::timeout(RELOAD_TIMEOUT, self.store.load_accounts());
        let late = |_| StoreError::Late {
            after: RELOAD_TIMEOUT,
        };
        let stored = reading.await.map_err(late)??;
        for unreadable in &stored.unreadable {
            seen.remove(&unreadable.id);
        }
        for account in stored.accounts {
            let id = account.id.clone();
            let seen = seen.remove(&id);
            self.take_over_one(&pool, &id, Some(account), seen);
        }
        for (id, revision) in seen {
            self.take_over_one(&pool, &id, None, Some(revision));
        }
        Ok(())
    }

    /// Has everything stored that this instance has changed so far: what is read then has it.
    async fn settle(&self, pool: &Pool) -> Result<(), StoreError> {
        self.gateway.store_elapsed(pool).await?;
        bounded(self.store.commit(store::Record::default())).await
    }

    /// Whether the account is here as it is in the store.
    fn take_over_one(
        &self,
        pool: &Arc<Pool>,
        id: &AccountId,
        stored: Option<Account>,
        seen: Option<u64>,
    ) -> bool {
        let Some(account) = stored else {
            // A demo's accounts are in no store.
            return self.is_demo() || pool.absorb_removal(id, seen);
        };
        match self.is_demo() || !pool.contains(id) {
            // Ends a demo that was there for want of accounts.
            true => self
                .runtime
                .admit(vec![account])
                .map_err(|error| tracing::error!("account {id} was not admitted: {error:#}"))
                .is_ok(),
            false => pool.absorb(account, seen),
        }
    }

    fn is_demo(&self) -> bool {
        !matches!(self.current.load().mode.demo, Demo::Off | Demo::Ended)
    }
}
