//! Making the settings of accounts at Grok: terms, birth date, adult content.

use std::sync::Arc;

use async_trait::async_trait;
use grok2api_app::dto::{JobNote, JobTrouble};
use pool::AccountId;

use super::{
    AccountWorkers,
    trouble::{masked, of_class, of_pause},
};
use crate::{
    gateway::{
        Gateway,
        account_settings::{BirthDateStep, SettingsTrouble, Step, Unsettled},
    },
    snapshot::Current,
    work::{ItemDone, ItemFailure, Pace, Worker},
};

pub(super) struct SettingsWorker {
    current: Current,
    gateway: Arc<Gateway>,
}

impl SettingsWorker {
    pub(super) fn new(workers: &AccountWorkers) -> Self {
        Self {
            current: workers.current.clone(),
            gateway: workers.gateway.clone(),
        }
    }
}

#[async_trait]
impl Worker for SettingsWorker {
    fn pace(&self) -> Pace {
        let snapshot = self.current.load();
        let nsfw = &snapshot.settings.config.nsfw;
        Pace {
            concurrent: nsfw.concurrent as usize,
            batch_size: nsfw.batch_size as usize,
        }
    }

    async fn work(&self, target: &str) -> Result<ItemDone, ItemFailure> {
        let id = AccountId::new(target);
        let snapshot = self.current.load_full();
        match self.gateway.settle_account(&snapshot, &id).await {
            Ok(birth_date) => Ok(ItemDone {
                note: note(birth_date),
                ..ItemDone::default()
            }),
            Err(unsettled) => Err(ItemFailure {
                trouble: trouble(unsettled),
                masked: masked(&self.current, &id),
                amount: 0,
            }),
        }
    }
}

fn note(birth_date: BirthDateStep) -> Option<JobNote> {
    match birth_date {
        BirthDateStep::Sent => None,
        BirthDateStep::Locked => Some(JobNote::BirthDateLocked),
        BirthDateStep::Skipped => Some(JobNote::BirthDateSkipped),
    }
}

/// What holds for the account whatever it was asked, else the step.
fn trouble(Unsettled { step, why }: Unsettled) -> JobTrouble {
    let class = match why {
        SettingsTrouble::Upstream(class) => class,
        SettingsTrouble::Paused(trouble) => return of_pause(trouble),
        SettingsTrouble::Gone => return JobTrouble::Gone,
        SettingsTrouble::NotStored => return JobTrouble::NotStored,
    };
    match (of_class(class), step) {
        (JobTrouble::Refused, Step::Terms) => JobTrouble::TermsRefused,
        (JobTrouble::Refused, Step::BirthDate) => JobTrouble::BirthDateRefused,
        (JobTrouble::Refused, Step::AdultContent) => JobTrouble::AdultContentRefused,
        (other, _) => other,
    }
}
