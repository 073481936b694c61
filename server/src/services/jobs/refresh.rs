//! Asking Grok whether accounts work and what quota they have.

use std::sync::Arc;

use async_trait::async_trait;
use grok2api_app::dto::JobTrouble;
use pool::AccountId;

use super::{
    AccountWorkers,
    assets::{masked, of_class},
};
use crate::{
    gateway::{Gateway, account_question::QuestionTrouble},
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
        let asked = self.gateway.ask_account(&snapshot, &id).await;
        asked
            .map(|()| ItemDone::default())
            .map_err(|trouble| ItemFailure {
                trouble: match trouble {
                    QuestionTrouble::Gone => JobTrouble::Gone,
                    QuestionTrouble::Paused => JobTrouble::Clearance,
                    QuestionTrouble::Upstream(class) => of_class(class),
                },
                masked: masked(&self.current, &id),
                amount: 0,
            })
    }
}
