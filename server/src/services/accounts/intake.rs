//! Accounts that are new: first stored, then used.

use std::{collections::HashSet, sync::Arc};

use grok2api_app::{dto, error::UiError};
use pool::{Account, AccountId, Credential, Pool};
use store::{Store, bounded};
use tokio::{sync::Mutex, task::JoinHandle};

use super::{
    change::{check_note, check_tags},
    lasting, new_account_id,
    rows::to_pool_tier,
    unavailable,
};
use crate::{clock::now_ms, runtime::Runtime, services::first_account};

/// An account that is to be added.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// As it was copied.
    pub cookie: String,
    pub tier: dto::Tier,
    pub tags: Vec<String>,
    pub note: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    pub status: dto::LineStatus,
    /// Of the new account.
    pub id: Option<String>,
    pub masked: String,
    /// What is wrong with it, without its content.
    pub fault: Option<String>,
}

/// Adds those that are cookies and not known; what became of each, in their order.
pub(super) async fn create(
    store: &Arc<dyn Store>,
    runtime: &Arc<Runtime>,
    pool: &Pool,
    given: Vec<Result<NewAccount, String>>,
) -> Result<Vec<Created>, UiError> {
    let (mut created, mut accounts) = (Vec::with_capacity(given.len()), Vec::new());
    let mut seen = HashSet::new();
    for new in given {
        let account = match new.and_then(checked) {
            Ok(account) => account,
            Err(fault) => {
                created.push(Created {
                    status: dto::LineStatus::Bad,
                    id: None,
                    masked: String::new(),
                    fault: Some(fault),
                });
                continue;
            }
        };
        let credential = &account.credential;
        let is_new = !pool.contains_credential(credential) && seen.insert(credential.clone());
        created.push(Created {
            status: match (is_new, credential.looks_like_a_token()) {
                (false, _) => dto::LineStatus::Duplicate,
                (true, false) => dto::LineStatus::Doubtful,
                (true, true) => dto::LineStatus::New,
            },
            id: is_new.then(|| account.id.to_string()),
            masked: credential.masked(),
            fault: None,
        });
        accounts.extend(is_new.then_some(account));
    }
    let added = insert(store, runtime, accounts).await?;
    tracing::info!(added = added.len(), "accounts added");
    for one in &mut created {
        // Another instance was quicker.
        let is_new = |id: &String| added.contains(&AccountId::new(id.as_str()));
        if one.id.is_some() && !one.id.as_ref().is_some_and(is_new) {
            (one.status, one.id) = (dto::LineStatus::Duplicate, None);
        }
    }
    Ok(created)
}

/// The account, or what is wrong with it.
fn checked(new: NewAccount) -> Result<Account, String> {
    let credential = Credential::try_new(&new.cookie).map_err(|error| error.to_string())?;
    let fault = |error: UiError| error.to_string();
    Ok(Account {
        tags: check_tags(new.tags).map_err(fault)?,
        note: check_note(new.note).map_err(fault)?,
        ..Account::new(
            new_account_id(),
            credential,
            to_pool_tier(new.tier),
            now_ms(),
        )
    })
}

/// Stores accounts, then lets the pool use them; the ids of those that are new. A store that answers
/// late has them all the same, and so has the pool then.
///
/// # Errors
/// The store failed, or has not answered yet; nothing can be built from the configuration.
pub(super) async fn insert(
    store: &Arc<dyn Store>,
    runtime: &Arc<Runtime>,
    accounts: Vec<Account>,
) -> Result<HashSet<AccountId>, UiError> {
    if accounts.is_empty() {
        return Ok(HashSet::new());
    }
    let (owner, store, runtime) = (runtime.clone(), store.clone(), runtime.clone());
    let writing = async move {
        let ids: Vec<_> = accounts.iter().map(|one| one.id.clone()).collect();
        let stored = store_and_admit(&store, &runtime, accounts).await;
        if matches!(stored, Err(UiError::Unavailable)) {
            lasting::follow(&runtime, &store, ids);
        }
        stored
    };
    lasting::wait(owner.writes().spawn(writing)).await
}

/// As [`insert`] does, for whoever waits as long as it takes and tries again; it goes on by itself.
pub(in crate::services) fn inserting(
    store: &Arc<dyn Store>,
    runtime: &Arc<Runtime>,
    accounts: Vec<Account>,
) -> JoinHandle<Result<HashSet<AccountId>, UiError>> {
    let (owner, store, runtime) = (runtime.clone(), store.clone(), runtime.clone());
    let writing = async move { store_and_admit(&store, &runtime, accounts).await };
    owner.writes().spawn(writing)
}

async fn store_and_admit(
    store: &Arc<dyn Store>,
    runtime: &Runtime,
    accounts: Vec<Account>,
) -> Result<HashSet<AccountId>, UiError> {
    let inserted = store.insert_accounts(&accounts).await;
    let mut inserted: HashSet<AccountId> = inserted.map_err(unavailable)?.into_iter().collect();
    let (new, known): (Vec<_>, Vec<_>) = accounts
        .into_iter()
        .partition(|account| inserted.contains(&account.id));
    admit(runtime, new)?;
    if let Err(error) = bounded(first_account::remember(store.as_ref())).await {
        // The next start finds the accounts themselves.
        tracing::warn!(%error, "the first account was not noted");
    }
    catch_up(store.as_ref(), runtime, &known).await?;
    // An earlier try whose answer was lost.
    let own = known.into_iter().map(|account| account.id);
    inserted.extend(own.filter(|id| runtime.pool().contains(id)));
    Ok(inserted)
}

/// Lets the pool use what only the store knows of these: another instance has added them a moment
/// ago. All accounts are read once, whatever number of lines asks for that at the same time.
async fn catch_up(store: &dyn Store, runtime: &Runtime, known: &[Account]) -> Result<(), UiError> {
    static READING: Mutex<()> = Mutex::const_new(());
    let is_here = |account: &Account| runtime.pool().contains_credential(&account.credential);
    if known.iter().all(is_here) {
        return Ok(());
    }
    let _reading = READING.lock().await;
    if known.iter().all(is_here) {
        return Ok(());
    }
    let loaded = bounded(store.load_accounts()).await.map_err(unavailable)?;
    let pool = runtime.pool();
    let mut missing = loaded.accounts;
    missing.retain(|account| !pool.contains_credential(&account.credential));
    admit(runtime, missing)
}

fn admit(runtime: &Runtime, accounts: Vec<Account>) -> Result<(), UiError> {
    let admitted = runtime.admit(accounts);
    admitted.map(drop).map_err(|error| {
        tracing::error!("accounts were not admitted: {error:#}");
        UiError::Unavailable
    })
}
