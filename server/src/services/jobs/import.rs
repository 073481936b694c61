//! Adding an account for each place of a text that holds one.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::{TryStreamExt, stream};
use grok2api_app::{
    dto::{JobTrouble, Tier},
    error::UiError,
};
use pool::{Account, Credential};
use serde::{Deserialize, Serialize};
use store::{
    Store, StoreError,
    account_list::{ListedAccount, Refused, RefusedReason, read_account_list},
};
use tokio::time::{Instant, sleep, timeout_at};

use super::AccountWorkers;
use crate::{
    runtime::Runtime,
    services::accounts::{account_of, intake, reading, to_pool_tier},
    snapshot::Current,
    work::{ItemDone, ItemFailure, Pace, Targets, Worker},
};

/// Lines at once: the store groups what comes together.
const CONCURRENT: usize = 64;
const BATCH_SIZE: usize = 200;
/// How long a line waits for a store that does not take it, and how often it tries.
const PATIENCE: Duration = Duration::from_secs(600);
const AGAIN: Duration = Duration::from_secs(1);

pub(super) struct ImportWorker {
    current: Current,
    runtime: Arc<Runtime>,
    store: Arc<dyn Store>,
    tier: pool::Tier,
}

/// What a job is to know of the accounts, as it is stored.
pub(super) fn options(tier: Tier) -> String {
    to_pool_tier(tier).as_str().to_owned()
}

/// One target: an account, or a place that holds none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Target {
    /// Empty: there is none.
    cookie: String,
    /// As in `token.json`.
    tier: Option<String>,
    tags: Vec<String>,
    note: String,
    is_disabled: bool,
    created_at_ms: Option<i64>,
    use_count: u64,
}

impl Target {
    fn of(listed: ListedAccount) -> Self {
        Self {
            cookie: listed.credential.expose().to_owned(),
            tier: listed.tier.map(|tier| tier.as_str().to_owned()),
            tags: listed.tags,
            note: listed.note,
            is_disabled: listed.is_disabled,
            created_at_ms: listed.created_at_ms,
            use_count: listed.use_count,
        }
    }

    fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn read(text: &str) -> Option<ListedAccount> {
        let target: Self = serde_json::from_str(text).ok()?;
        Some(ListedAccount {
            line: 0,
            entry: None,
            credential: Credential::try_new(&target.cookie).ok()?,
            tier: target.tier.as_deref().and_then(pool::Tier::from_name),
            tags: target.tags,
            note: target.note,
            is_disabled: target.is_disabled,
            created_at_ms: target.created_at_ms,
            use_count: target.use_count,
        })
    }
}

/// The targets of a text, in its order; it is read when the first one is asked for.
pub(super) fn targets(text: String) -> Targets {
    let read = stream::once(async move {
        let read = reading(text, places).await;
        let targets = read.map_err(|error| StoreError::Database(Box::new(error)))?;
        Ok(stream::iter(targets.into_iter().map(Ok)))
    });
    Box::pin(read.try_flatten())
}

fn places(text: &str) -> Vec<String> {
    let list = read_account_list(text.as_bytes());
    let accounts = list.accounts.into_iter();
    let mut places: Vec<(usize, Target)> = accounts
        .map(|listed| (listed.line, Target::of(listed)))
        .collect();
    let is_place = |refused: &&Refused| refused.reason != RefusedReason::Nothing;
    let refused = list.refused.iter().filter(is_place);
    places.extend(refused.map(|refused| (refused.line, Target::default())));
    places.sort_by_key(|(line, _)| *line);
    places.iter().map(|(_, target)| target.write()).collect()
}

impl ImportWorker {
    pub(super) fn new(workers: &AccountWorkers, options: &str) -> Self {
        Self {
            current: workers.current.clone(),
            runtime: workers.runtime.clone(),
            store: workers.store.clone(),
            tier: pool::Tier::from_name(options).unwrap_or(pool::Tier::Basic),
        }
    }
}

impl ImportWorker {
    /// Whether the account is new. Waits for a store that is away: a line that failed for that would
    /// have to be told from those that are no accounts.
    async fn insert(&self, account: Account) -> Result<bool, UiError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let accounts = vec![account.clone()];
            let inserting = intake::inserting(&self.store, &self.runtime, accounts);
            let inserted = timeout_at(until, inserting).await;
            match inserted.unwrap_or(Ok(Err(UiError::Unavailable))) {
                Ok(Err(UiError::Unavailable)) if Instant::now() < until => sleep(AGAIN).await,
                Ok(inserted) => return Ok(!inserted?.is_empty()),
                Err(_) => return Err(UiError::Unavailable),
            }
        }
    }
}

#[async_trait]
impl Worker for ImportWorker {
    fn pace(&self) -> Pace {
        Pace {
            concurrent: CONCURRENT,
            batch_size: BATCH_SIZE,
        }
    }

    async fn work(&self, target: &str) -> Result<ItemDone, ItemFailure> {
        let failure = |trouble, masked| ItemFailure {
            trouble,
            masked,
            amount: 0,
        };
        let Some(listed) = Target::read(target) else {
            return Err(failure(JobTrouble::NoCookie, String::new()));
        };
        let masked = listed.credential.masked();
        let pool = self.current.load().pool.clone();
        if pool.contains_credential(&listed.credential) {
            return Err(failure(JobTrouble::Duplicate, masked));
        }
        let account = account_of(listed, self.tier);
        let id = account.id.clone();
        match self.insert(account).await {
            Ok(true) => Ok(ItemDone {
                id: Some(id.to_string()),
                ..ItemDone::default()
            }),
            Ok(false) => Err(failure(JobTrouble::Duplicate, masked)),
            Err(_) => Err(failure(JobTrouble::NotStored, masked)),
        }
    }
}
