//! Long work over accounts, for pages and programs: what each kind does is in `assets`, `import`,
//! `refresh` and `settings`. Another kind is a variant of [`JobKind`], a file here and a line in
//! [`AccountWorkers::worker`].

mod assets;
mod import;
mod refresh;
mod settings;
mod trouble;

use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use grok2api_app::{
    dto::{
        AccountChoice, JobItem, JobItems, JobKind, JobNote, JobStart, JobState, JobTrouble,
        JobView, Tier,
    },
    error::UiError,
    service::{AdminProof, JobService},
};
use pool::{AccountId, Status};
use store::{Store, StoreError};

use self::{
    assets::AssetWorker, import::ImportWorker, refresh::RefreshWorker, settings::SettingsWorker,
};
use super::accounts::choose;
use crate::{
    gateway::Gateway,
    runtime::Runtime,
    snapshot::Current,
    work::{Work, WorkError, Worker, Workers},
};

/// Targets of one page of a job's list.
const ITEMS_PAGE: usize = 200;

/// What workers work with.
pub struct AccountWorkers {
    pub current: Current,
    pub runtime: Arc<Runtime>,
    pub store: Arc<dyn Store>,
    pub gateway: Arc<Gateway>,
}

impl Workers for AccountWorkers {
    fn worker(&self, kind: JobKind, options: &str) -> Arc<dyn Worker> {
        match kind {
            JobKind::ImportAccounts => Arc::new(ImportWorker::new(self, options)),
            JobKind::RefreshAccounts => Arc::new(RefreshWorker::new(self)),
            JobKind::CountAssets => Arc::new(AssetWorker::counting(self)),
            JobKind::ClearAssets => Arc::new(AssetWorker::clearing(self)),
            JobKind::AccountSettings => Arc::new(SettingsWorker::new(self)),
        }
    }
}

/// Implements [`JobService`].
pub struct AccountJobs {
    work: Work,
    current: Current,
    workers: Arc<AccountWorkers>,
}

impl AccountJobs {
    #[must_use]
    pub fn new(work: Work, current: Current, workers: Arc<AccountWorkers>) -> Self {
        Self {
            work,
            current,
            workers,
        }
    }

    /// Begins a job over accounts. Files and settings of accounts that cannot be signed in are out of
    /// reach, so work on them leaves those out that no filter asks for.
    ///
    /// # Errors
    /// The store failed.
    pub async fn start(
        &self,
        _admin: &AdminProof,
        kind: JobKind,
        choice: AccountChoice,
    ) -> Result<JobStart, UiError> {
        let pool = self.current.load().pool.clone();
        let mut ids = choose(&pool, choice.clone());
        let is_signed_in = match kind {
            JobKind::CountAssets | JobKind::ClearAssets | JobKind::AccountSettings => true,
            JobKind::ImportAccounts | JobKind::RefreshAccounts => false,
        };
        if let (true, AccountChoice::Found(filter)) = (is_signed_in, choice)
            && filter.status.is_none()
        {
            let in_service = |id: &AccountId| {
                let account = pool.get(id);
                account.is_some_and(|one| matches!(one.status, Status::Active | Status::Cooling))
            };
            ids.retain(in_service);
        }
        let targets = stream::iter(ids.into_iter().map(|id| Ok(id.to_string())));
        begun(
            self.work
                .start(kind, String::new(), Box::pin(targets))
                .await,
        )
    }

    /// Does few accounts at once, without a job; what became of each.
    pub async fn do_now(
        &self,
        _admin: &AdminProof,
        kind: JobKind,
        ids: Vec<String>,
    ) -> Vec<(String, Result<Option<JobNote>, JobTrouble>)> {
        let worker = self.workers.worker(kind, "");
        let concurrent = worker.pace().concurrent.max(1);
        let worker = &worker;
        let asked = stream::iter(ids).map(|id| async move {
            let done = worker.work(&id).await;
            let done = done.map(|done| done.note);
            (id, done.map_err(|failure| failure.trouble))
        });
        asked.buffered(concurrent).collect().await
    }

    /// Names accounts as they are shown.
    #[must_use]
    pub fn masked(&self, id: &str) -> String {
        trouble::masked(&self.current, &AccountId::new(id))
    }

    fn named(&self, mut item: JobItem) -> JobItem {
        if item.masked.is_empty() && !item.id.is_empty() {
            item.masked = self.masked(&item.id);
        }
        item
    }
}

/// What a caller is told of a start.
fn begun(started: Result<String, WorkError>) -> Result<JobStart, UiError> {
    match started {
        Ok(id) => Ok(JobStart::Started(id)),
        Err(error) => refused(error),
    }
}

fn refused(error: WorkError) -> Result<JobStart, UiError> {
    match error {
        WorkError::Busy(id) => Ok(JobStart::Busy(id)),
        WorkError::Empty => Ok(JobStart::Nothing),
        WorkError::TooMany => Ok(JobStart::TooMany),
        WorkError::NotNow(_) => Ok(JobStart::Over),
        WorkError::Unknown => Err(UiError::NotFound),
        WorkError::Store(error) => Err(unavailable(&error)),
    }
}

fn unavailable(error: &StoreError) -> UiError {
    tracing::error!(%error, "jobs are out of reach");
    UiError::Unavailable
}

#[async_trait]
impl JobService for AccountJobs {
    async fn start_job(
        &self,
        admin: AdminProof,
        kind: JobKind,
        choice: AccountChoice,
    ) -> Result<JobStart, UiError> {
        match kind {
            // Its targets are lines.
            JobKind::ImportAccounts => Ok(JobStart::Nothing),
            _ => self.start(&admin, kind, choice).await,
        }
    }

    async fn start_import(
        &self,
        _admin: AdminProof,
        text: String,
        tier: Tier,
    ) -> Result<JobStart, UiError> {
        let options = import::options(tier);
        // The text is read when no other import runs, not before.
        let targets = import::targets(text);
        begun(
            self.work
                .start(JobKind::ImportAccounts, options, targets)
                .await,
        )
    }

    async fn list_jobs(&self, _admin: AdminProof) -> Result<Vec<JobView>, UiError> {
        self.work.list().await.map_err(|error| unavailable(&error))
    }

    async fn get_job(&self, _admin: AdminProof, id: String) -> Result<JobView, UiError> {
        let found = self.work.view(&id).await;
        found
            .map_err(|error| unavailable(&error))?
            .ok_or(UiError::NotFound)
    }

    async fn job_items(
        &self,
        admin: AdminProof,
        id: String,
        after: u64,
        only_failed: bool,
    ) -> Result<JobItems, UiError> {
        self.get_job(admin, id.clone()).await?;
        let page = self.work.items(&id, (after, ITEMS_PAGE), only_failed).await;
        let JobItems { items, next } = page.map_err(|error| unavailable(&error))?;
        Ok(JobItems {
            items: items.into_iter().map(|item| self.named(item)).collect(),
            next,
        })
    }

    async fn cancel_job(&self, _admin: AdminProof, id: String) -> Result<bool, UiError> {
        match self.work.cancel(&id).await {
            Ok(()) => Ok(true),
            Err(WorkError::NotNow(_)) => Ok(false),
            Err(error) => refused(error).map(|_| false),
        }
    }

    async fn retry_job(&self, _admin: AdminProof, id: String) -> Result<JobStart, UiError> {
        match self.work.retry(&id).await {
            Err(WorkError::NotNow(_)) => Ok(JobStart::Busy(id)),
            started => begun(started),
        }
    }

    async fn resume_job(&self, _admin: AdminProof, id: String) -> Result<JobStart, UiError> {
        match self.work.resume(&id).await {
            Err(WorkError::NotNow(JobState::Running)) => Ok(JobStart::Busy(id)),
            Err(WorkError::NotNow(_)) => Ok(JobStart::Over),
            resumed => begun(resumed.map(|()| id)),
        }
    }
}
