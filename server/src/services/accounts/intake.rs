//! Accounts that are new: first stored, then used.

use std::collections::HashSet;

use grok2api_app::{dto, error::UiError};
use pool::{Account, AccountId, Credential, Pool};
use store::{Store, bounded};

use super::{new_account_id, rows::to_pool_tier, unavailable};
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
}

/// Adds those that are cookies and not known; what became of each, in their order.
pub(super) async fn create(
    store: &dyn Store,
    runtime: &Runtime,
    pool: &Pool,
    given: Vec<NewAccount>,
) -> Result<Vec<Created>, UiError> {
    let (mut created, mut accounts) = (Vec::with_capacity(given.len()), Vec::new());
    let mut seen = HashSet::new();
    for new in given {
        let Ok(credential) = Credential::try_new(&new.cookie) else {
            created.push(Created {
                status: dto::LineStatus::Bad,
                id: None,
                masked: String::new(),
            });
            continue;
        };
        let is_new = !pool.contains_credential(&credential) && seen.insert(credential.clone());
        let masked = credential.masked();
        let status = match (is_new, credential.looks_like_a_token()) {
            (false, _) => dto::LineStatus::Duplicate,
            (true, false) => dto::LineStatus::Doubtful,
            (true, true) => dto::LineStatus::New,
        };
        let id = is_new.then(new_account_id);
        created.push(Created {
            status,
            id: id.as_ref().map(ToString::to_string),
            masked,
        });
        accounts.extend(id.map(|id| {
            let tier = to_pool_tier(new.tier);
            Account {
                tags: new.tags,
                note: new.note,
                ..Account::new(id, credential, tier, now_ms())
            }
        }));
    }
    let added = insert(store, runtime, accounts).await?;
    tracing::info!(added, "accounts added");
    Ok(created)
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
