//! Counting and deleting the files that accounts keep at Grok.

use async_trait::async_trait;
use grok2api_app::dto::JobTrouble;
use pool::AccountId;

use super::{
    AccountWorkers,
    trouble::{masked, of_class, of_pause},
};
use crate::{
    gateway::assets::{AssetCalls, AssetTrouble},
    snapshot::Current,
    work::{ItemDone, ItemFailure, Pace, Worker},
};

pub(super) struct AssetWorker {
    current: Current,
    calls: AssetCalls,
    is_clearing: bool,
}

impl AssetWorker {
    pub(super) fn counting(workers: &AccountWorkers) -> Self {
        Self::new(workers, false)
    }

    pub(super) fn clearing(workers: &AccountWorkers) -> Self {
        Self::new(workers, true)
    }

    fn new(workers: &AccountWorkers, is_clearing: bool) -> Self {
        let snapshot = workers.current.load_full();
        Self {
            calls: workers.gateway.asset_calls(&snapshot),
            current: workers.current.clone(),
            is_clearing,
        }
    }
}

#[async_trait]
impl Worker for AssetWorker {
    fn pace(&self) -> Pace {
        let snapshot = self.current.load();
        let asset = &snapshot.settings.config.asset;
        let (concurrent, batch_size) = match self.is_clearing {
            true => (asset.delete_concurrent, asset.delete_batch_size),
            false => (asset.list_concurrent, asset.list_batch_size),
        };
        Pace {
            concurrent: concurrent as usize,
            batch_size: batch_size as usize,
        }
    }

    async fn work(&self, target: &str) -> Result<ItemDone, ItemFailure> {
        let id = AccountId::new(target);
        let (amount, done) = match self.is_clearing {
            true => self.calls.clear(&id).await,
            false => (0, self.calls.count(&id).await),
        };
        match done {
            Ok(()) => Ok(ItemDone {
                amount,
                ..ItemDone::default()
            }),
            Err(trouble) => Err(ItemFailure {
                trouble: to_trouble(trouble),
                masked: masked(&self.current, &id),
                amount,
            }),
        }
    }
}

fn to_trouble(trouble: AssetTrouble) -> JobTrouble {
    match trouble {
        AssetTrouble::InUse => JobTrouble::InUse,
        AssetTrouble::Paused(trouble) => of_pause(trouble),
        AssetTrouble::Gone => JobTrouble::Gone,
        AssetTrouble::Upstream(class) => of_class(class),
    }
}
