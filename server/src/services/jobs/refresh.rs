//! Asking Grok whether accounts work and what quota they have.

use std::sync::Arc;

use async_trait::async_trait;
use grok2api_app::dto::JobTrouble;
use pool::{AccountId, CheckResult};

use super::{AccountWorkers, trouble::masked};
use crate::{
    gateway::{Gateway, account_check::CheckDepth},
    snapshot::Current,
    work::{ItemDone, ItemFailure, Pace, Worker},
};

pub(super) struct RefreshWorker {
    current: Current,
    gateway: Arc<Gateway>,
}

impl RefreshWorker {
    pub(super) fn new(workers: &AccountWorkers) -> Self {
        Self {
            current: workers.current.clone(),
            gateway: workers.gateway.clone(),
        }
    }
}

#[async_trait]
impl Worker for RefreshWorker {
    fn pace(&self) -> Pace {
        let snapshot = self.current.load();
        let usage = &snapshot.settings.config.usage;
        Pace {
            concurrent: usage.concurrent as usize,
            batch_size: usage.batch_size as usize,
        }
    }

    async fn work(&self, target: &str) -> Result<ItemDone, ItemFailure> {
        let id = AccountId::new(target);
        let snapshot = self.current.load_full();
        let asked = self.gateway.check_account(&snapshot, &id, CheckDepth::Full);
        let trouble = match asked.await.map(|check| check.result) {
            Some(CheckResult::Fine) => return Ok(ItemDone::default()),
            None => JobTrouble::Gone,
            Some(CheckResult::Refused) => JobTrouble::SignedOut,
            Some(CheckResult::Blocked) => JobTrouble::Blocked,
            Some(CheckResult::Clearance) => JobTrouble::Clearance,
            Some(CheckResult::Limited { .. }) => JobTrouble::RateLimited,
            Some(CheckResult::Unreachable) => JobTrouble::Unreachable,
        };
        Err(ItemFailure {
            trouble,
            masked: masked(&self.current, &id),
            amount: 0,
        })
    }
}
