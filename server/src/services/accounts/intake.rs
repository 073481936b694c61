//! Accounts that are new: first stored, then used.

use std::collections::HashSet;

use grok2api_app::{dto, error::UiError};
use pool::{Account, AccountId, Credential, Pool};
use store::{Store, bounded};

use super::{
    change::{check_note, check_tags},
    new_account_id,
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
    store: &dyn Store,
    runtime: &Runtime,
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
    tracing::info!(added, "accounts added");
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

/// Stores accounts, then lets the pool use them; returns how many are new to it.
///
/// # Errors
/// The store failed, or nothing can be built from the configuration.
pub(in crate::services) async fn insert(
    store: &dyn Store,
    runtime: &Runtime,
    accounts: Vec<Account>,
) -> Result<usize, UiError> {
    if accounts.is_empty() {
        return Ok(0);
    }
    let inserted = bounded(store.insert_accounts(&accounts)).await;
    let inserted: HashSet<AccountId> = inserted.map_err(unavailable)?.into_iter().collect();
    bounded(first_account::remember(store))
        .await
        .map_err(unavailable)?;
    let (mut stored, known): (Vec<_>, Vec<_>) = accounts
        .into_iter()
        .partition(|account| inserted.contains(&account.id));
    if !known.is_empty() {
        // As stored: one whose earlier request was cut off after the commit has another id there.
        let wanted: HashSet<_> = known.into_iter().map(|one| one.credential).collect();
        let loaded = bounded(store.load_accounts()).await.map_err(unavailable)?;
        let mut loaded = loaded.accounts;
        loaded.retain(|account| wanted.contains(&account.credential));
        stored.extend(loaded);
    }
    runtime.admit(stored).map_err(|error| {
        tracing::error!("accounts were not admitted: {error:#}");
        UiError::Unavailable
    })
}
