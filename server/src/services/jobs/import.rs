//! Adding an account for each line.

use std::sync::Arc;

use async_trait::async_trait;
use grok2api_app::dto::{JobTrouble, Tier};
use pool::{Account, Credential};
use store::Store;

use super::AccountWorkers;
use crate::{
    clock::now_ms,
    runtime::Runtime,
    services::accounts::{intake, new_account_id, to_pool_tier},
    snapshot::Current,
    work::{ItemDone, ItemFailure, Pace, Worker},
};

/// Lines at once: the store groups what comes together.
const CONCURRENT: usize = 64;
const BATCH_SIZE: usize = 200;

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
        let Ok(credential) = Credential::try_new(target) else {
            return Err(failure(JobTrouble::NoCookie, String::new()));
        };
        let masked = credential.masked();
        if self.current.load().pool.contains_credential(&credential) {
            return Err(failure(JobTrouble::Duplicate, masked));
        }
        let id = new_account_id();
        let account = Account::new(id.clone(), credential, self.tier, now_ms());
        let added = intake::insert(self.store.as_ref(), &self.runtime, vec![account]).await;
        match added {
            Ok(0) => Err(failure(JobTrouble::Duplicate, masked)),
            Ok(_) => Ok(ItemDone {
                id: Some(id.to_string()),
                ..ItemDone::default()
            }),
            Err(_) => Err(failure(JobTrouble::NotStored, masked)),
        }
    }
}
