//! Account administration: one place for the pages and the admin API.
//!
//! - `find`: which accounts a filter means, and lists of them
//! - `rows`: how accounts are shown
//! - `change`: edits, switches and deletions
//! - `undo`: deleted accounts, kept by the store
//! - `intake`: accounts that are new
//! - `lasting`: writes that outlast whoever asks for them
//! - `pasted`: accounts in pasted text
//! - `reading`: long texts, off the runtime
//! - `export`: accounts with their cookies

mod change;
mod export;
mod find;
pub mod intake;
mod lasting;
mod pasted;
mod reading;
mod rows;
#[cfg(test)]
mod tests;
mod undo;

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use grok2api_app::{
    dto::{
        self, AccountChoice, AccountDetail, AccountEdit, AccountFilter, AccountList, AccountQuery,
        AccountSort, AccountSwitch, DeletedAccounts, ImportPreview,
    },
    error::{Field, Rule, UiError},
    service::{AdminProof, AdminService},
};
use pool::{Account, AccountChange, AccountId, Credential, Event, Pool};
use store::{Record, Store, bounded};
use uuid::Uuid;

use self::pasted::Pasted;
use self::rows::to_page_forecast;
pub use self::{
    find::FoundAccounts,
    intake::{Created, NewAccount},
};
pub(super) use self::{
    find::{choose, ids_of},
    pasted::account_of,
    reading::reading,
    rows::{to_page_tier, to_pool_tier, to_status, to_u32},
};
use super::forecast::forecasts;
use crate::{clock::now_ms, runtime::Runtime, snapshot::Current};

/// Implements [`AdminService`].
pub struct Accounts {
    current: Current,
    runtime: Arc<Runtime>,
    store: Arc<dyn Store>,
}

impl Accounts {
    #[must_use]
    pub fn new(current: Current, runtime: Arc<Runtime>, store: Arc<dyn Store>) -> Self {
        Self {
            current,
            runtime,
            store,
        }
    }

    fn pool(&self) -> Arc<Pool> {
        self.current.load().pool.clone()
    }

    /// A page of the accounts that a filter finds, behind the one that ended with this cursor;
    /// `None` for what is no cursor.
    #[must_use]
    pub fn find(
        &self,
        _admin: &AdminProof,
        filter: AccountFilter,
        order: (AccountSort, bool),
        page: (Option<&str>, u32),
    ) -> Option<FoundAccounts> {
        find::found(&self.pool(), filter, order, page)
    }

    /// Adds accounts; what became of each, in their order. One that could not be read comes with
    /// what is wrong with it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn create(
        &self,
        _admin: &AdminProof,
        accounts: Vec<Result<NewAccount, String>>,
    ) -> Result<Vec<Created>, UiError> {
        intake::create(&self.store, &self.runtime, &self.pool(), accounts).await
    }

    /// The ids of the accounts that have these cookies; how older clients name accounts.
    #[must_use]
    pub fn ids_of_cookies(&self, _admin: &AdminProof, cookies: &[String]) -> Vec<String> {
        let wanted: HashSet<_> = cookies
            .iter()
            .filter_map(|cookie| Credential::try_new(cookie).ok())
            .collect();
        let ids = ids_of(&self.pool(), |account| wanted.contains(&account.credential));
        ids.iter().map(ToString::to_string).collect()
    }

    async fn record(&self, changes: Vec<AccountChange>) -> Result<(), UiError> {
        if changes.is_empty() {
            return Ok(());
        }
        let ids: HashSet<_> = changes.iter().map(|one| one.id.clone()).collect();
        let record = Record {
            changes,
            request: None,
        };
        let stored = bounded(self.store.commit(record)).await;
        stored.map_err(|error| {
            // Late or not at all: the pool has the changes already.
            lasting::follow(&self.runtime, &self.store, ids.into_iter().collect());
            unavailable(error)
        })
    }

    async fn pasted(&self, text: String) -> Result<Pasted, UiError> {
        let pool = self.pool();
        let read = reading(text, move |text| Pasted::read(&pool, text)).await;
        read.map_err(|error| {
            tracing::error!(%error, "a text with accounts was not read");
            UiError::Unavailable
        })
    }

    /// Stores accounts, then lets the pool use them; returns how many are new.
    async fn insert(&self, accounts: Vec<Account>) -> Result<u32, UiError> {
        let added = intake::insert(&self.store, &self.runtime, accounts).await?;
        Ok(to_u32(added.len()))
    }
}

fn unavailable(error: store::StoreError) -> UiError {
    if let store::StoreError::Constraint { reason } = &error {
        // Whoever tries again gets the same.
        tracing::warn!(reason, "the store does not take an account");
        return UiError::Invalid {
            field: Field::Content,
            rule: Rule::NotStorable,
        };
    }
    tracing::error!(%error, "an account change was not stored");
    UiError::Unavailable
}

#[async_trait]
impl AdminService for Accounts {
    async fn list_accounts(
        &self,
        _admin: AdminProof,
        query: AccountQuery,
    ) -> Result<AccountList, UiError> {
        let snapshot = self.current.load_full();
        let mut list = find::list(&snapshot.pool, query);
        match forecasts(self.store.as_ref(), &snapshot, now_ms()).await {
            Ok(told) => list.forecast = told.iter().filter_map(to_page_forecast).collect(),
            Err(error) => tracing::warn!(%error, "the quota's end cannot be foretold"),
        }
        Ok(list)
    }

    async fn preview_accounts(
        &self,
        _admin: AdminProof,
        text: String,
    ) -> Result<ImportPreview, UiError> {
        Ok(self.pasted(text).await?.preview)
    }

    async fn add_accounts(
        &self,
        _admin: AdminProof,
        text: String,
        tier: dto::Tier,
    ) -> Result<ImportPreview, UiError> {
        let pasted = self.pasted(text).await?;
        let tier = to_pool_tier(tier);
        let new = pasted.new.into_iter();
        let accounts = new.map(|listed| account_of(listed, tier)).collect();
        let added = self.insert(accounts).await?;
        tracing::info!(added, "accounts added");
        let mut report = pasted.preview;
        report.duplicate += report.new.saturating_sub(added);
        report.new = added;
        Ok(report)
    }

    async fn open_to_visitors(&self, _admin: AdminProof) -> Result<(), UiError> {
        let runtime = self.runtime.clone();
        let opened = tokio::task::spawn_blocking(move || runtime.open_to_visitors()).await;
        match opened {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(UiError::SetByEnvironment {
                variable: "GROK2API_APP__PUBLIC_ENABLED".to_owned(),
            }),
            Ok(Err(error)) => {
                tracing::error!("visitors were not let in: {error:#}");
                Err(UiError::Unavailable)
            }
            Err(_) => Err(UiError::Unavailable),
        }
    }

    async fn switch_accounts(
        &self,
        _admin: AdminProof,
        choice: AccountChoice,
        switch: AccountSwitch,
    ) -> Result<u32, UiError> {
        let event = match switch {
            AccountSwitch::Enable => Event::Enable,
            AccountSwitch::Disable => Event::Disable,
            AccountSwitch::Reset => Event::Reset,
        };
        self.switch(choice, &event).await
    }

    async fn delete_chosen_accounts(
        &self,
        _admin: AdminProof,
        choice: AccountChoice,
    ) -> Result<DeletedAccounts, UiError> {
        self.delete(choice).await
    }

    async fn restore_accounts(&self, _admin: AdminProof, undo_id: String) -> Result<u32, UiError> {
        self.restore(&undo_id).await
    }

    async fn get_account(&self, _admin: AdminProof, id: String) -> Result<AccountDetail, UiError> {
        self.detail(&AccountId::new(id))
    }

    async fn edit_account(
        &self,
        _admin: AdminProof,
        id: String,
        edit: AccountEdit,
    ) -> Result<AccountDetail, UiError> {
        self.edit(&AccountId::new(id), edit).await
    }

    async fn replace_cookie(
        &self,
        _admin: AdminProof,
        id: String,
        cookie: String,
    ) -> Result<AccountDetail, UiError> {
        self.replace(&AccountId::new(id), &cookie).await
    }
}

/// Ids sort by creation.
#[must_use]
pub fn new_account_id() -> AccountId {
    AccountId::new(Uuid::now_v7().simple().to_string())
}
