//! Edits, switches and deletions.

use grok2api_app::{
    dto::{AccountChoice, AccountDetail, AccountEdit, DeletedAccounts},
    error::{Field, Rule, UiError},
    service::AdminProof,
};
use pool::{
    AccountChange, AccountId, AccountProxy, AccountView, Change, Credential, CredentialTaken, Event,
};
use store::{MAX_NOTE_CHARS, MAX_TAG_CHARS, MAX_TAGS};
use tokio::task::JoinHandle;

use super::{
    Accounts, choose, lasting,
    rows::{to_detail, to_pool_tier, to_u32},
    unavailable,
    undo::{self, Undo},
};
use crate::{clock::now_ms, runtime::demo};

/// Accounts that are changed or deleted in one transaction.
const CHUNK: usize = 500;

fn invalid(field: Field, rule: Rule) -> UiError {
    UiError::Invalid { field, rule }
}

/// Tags without blanks around them, each once.
///
/// # Errors
/// There are too many, or one is too long.
pub(super) fn check_tags(tags: Vec<String>) -> Result<Vec<String>, UiError> {
    let mut checked: Vec<String> = Vec::new();
    for tag in tags {
        let tag = tag.trim();
        if tag.chars().count() > MAX_TAG_CHARS {
            return Err(invalid(Field::Tags, Rule::TooLong));
        }
        if !tag.is_empty() && !checked.iter().any(|known| known == tag) {
            checked.push(tag.to_owned());
        }
    }
    match checked.len() > MAX_TAGS {
        true => Err(invalid(Field::Tags, Rule::TooLong)),
        false => Ok(checked),
    }
}

/// # Errors
/// It is too long.
pub(super) fn check_note(note: String) -> Result<String, UiError> {
    match note.chars().count() > MAX_NOTE_CHARS {
        true => Err(invalid(Field::Note, Rule::TooLong)),
        false => Ok(note.trim().to_owned()),
    }
}

/// An empty text stands for no proxy.
fn check_proxy(text: &str) -> Result<Option<AccountProxy>, UiError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let proxy = AccountProxy::try_new(text);
    proxy
        .map(Some)
        .map_err(|_| invalid(Field::Proxy, Rule::NotOne))
}

fn checked(edit: AccountEdit) -> Result<pool::AccountEdit, UiError> {
    Ok(pool::AccountEdit {
        tags: edit.tags.map(check_tags).transpose()?,
        note: edit.note.map(check_note).transpose()?,
        tier: edit.tier.map(to_pool_tier),
        proxy: edit.proxy.as_deref().map(check_proxy).transpose()?,
    })
}

impl Accounts {
    /// # Errors
    /// A value of the edit cannot be taken.
    pub fn check(&self, _admin: &AdminProof, edit: &AccountEdit) -> Result<(), UiError> {
        checked(edit.clone()).map(drop)
    }

    pub(super) fn detail(&self, id: &AccountId) -> Result<AccountDetail, UiError> {
        let pool = self.pool();
        let account = pool.get(id).ok_or(UiError::NotFound)?;
        Ok(to_detail(AccountView {
            in_flight: pool.in_flight(id),
            account,
            skipped: None,
        }))
    }

    /// Changes what the edit names: two operators who change different values do not undo each other.
    pub(super) async fn edit(
        &self,
        id: &AccountId,
        edit: AccountEdit,
    ) -> Result<AccountDetail, UiError> {
        let is_enabled = edit.is_enabled;
        let values = checked(edit)?;
        let pool = self.pool();
        if !pool.contains(id) {
            return Err(UiError::NotFound);
        }
        let mut changes = pool.apply(id, &Event::Edited(values), now_ms());
        let switch = is_enabled.map(|is_enabled| match is_enabled {
            true => Event::Enable,
            false => Event::Disable,
        });
        if let Some(switch) = switch {
            changes.extend(pool.apply(id, &switch, now_ms()));
        }
        self.record(changes).await?;
        self.detail(id)
    }

    pub(super) async fn replace(
        &self,
        id: &AccountId,
        cookie: &str,
    ) -> Result<AccountDetail, UiError> {
        let credential = Credential::try_new(cookie);
        let credential = credential.map_err(|_| invalid(Field::Cookie, Rule::NotOne))?;
        let pool = self.pool();
        let before = pool.get(id).ok_or(UiError::NotFound)?;
        if before.credential == credential {
            return self.detail(id);
        }
        let taken = |CredentialTaken| invalid(Field::Cookie, Rule::Taken);
        let replaced = pool.replace_credential(id, credential.clone(), now_ms());
        let changes = replaced.map_err(taken)?;
        let (own, others): (Vec<AccountChange>, Vec<_>) =
            changes.into_iter().partition(|change| change.id == *id);
        let own: Vec<_> = own.into_iter().map(|change| change.change).collect();
        let storing = self.store_credential(id, (before.credential, credential), own);
        let others = self.record(others).await;
        let stored = lasting::wait(storing).await?;
        others?;
        match stored {
            true => self.detail(id),
            false => Err(invalid(Field::Cookie, Rule::Taken)),
        }
    }

    /// Stores the cookie that the pool has already; where the store does not take it, the pool has
    /// the one from before again, which the next question will judge.
    fn store_credential(
        &self,
        id: &AccountId,
        (before, after): (Credential, Credential),
        changes: Vec<Change>,
    ) -> JoinHandle<Result<bool, UiError>> {
        let (pool, runtime, store) = (self.pool(), self.runtime.clone(), self.store.clone());
        let id = id.clone();
        self.runtime.writes().spawn(async move {
            let stored = store.replace_credential(&id, &after, &changes).await;
            if matches!(stored, Ok(true)) {
                runtime.ask_soon();
            } else {
                let _ = pool.replace_credential(&id, before, now_ms());
                lasting::follow(&runtime, &store, vec![id]);
            }
            stored.map_err(unavailable)
        })
    }

    pub(super) async fn switch(
        &self,
        choice: AccountChoice,
        event: &Event,
    ) -> Result<u32, UiError> {
        let pool = self.pool();
        let mut count = 0;
        for ids in choose(&pool, choice).chunks(CHUNK) {
            let mut all = Vec::new();
            for id in ids {
                let changes = pool.apply(id, event, now_ms());
                count += usize::from(!changes.is_empty());
                all.extend(changes);
            }
            self.record(all).await?;
        }
        Ok(to_u32(count))
    }

    /// Deletes accounts; they are kept for their undo before they go. Cut off by a browser that
    /// leaves, it has deleted some of them, each from pool and store.
    pub(super) async fn delete(&self, choice: AccountChoice) -> Result<DeletedAccounts, UiError> {
        let pool = self.pool();
        let ids = choose(&pool, choice);
        let mut undo = Undo::new(self.store.as_ref());
        let (mut count, mut stopped_by) = (0, None);
        for ids in ids.chunks(CHUNK) {
            let accounts: Vec<_> = ids.iter().filter_map(|id| pool.get(id)).collect();
            let deleted = match undo.keep(&accounts).await {
                Ok(()) => lasting::wait(self.delete_stored(ids.to_vec())).await,
                Err(error) => Err(error),
            };
            // A store that is late deletes them all the same.
            count += accounts
                .iter()
                .filter(|one| !pool.contains(&one.id))
                .count();
            stopped_by = deleted.err();
            if stopped_by.is_some() {
                break;
            }
        }
        let (count, undo_id) = (to_u32(count), undo.into_id());
        match stopped_by {
            Some(error) if count == 0 => Err(error),
            stopped_by => {
                tracing::info!(count, undo_id, "accounts deleted");
                Ok(DeletedAccounts {
                    count,
                    undo_id,
                    stopped_by,
                })
            }
        }
    }

    /// Deletes accounts of the pool and of the store.
    fn delete_stored(&self, ids: Vec<AccountId>) -> JoinHandle<Result<(), UiError>> {
        let (pool, runtime, store) = (self.pool(), self.runtime.clone(), self.store.clone());
        let removed = pool.remove(&ids);
        self.runtime.writes().spawn(async move {
            let deleted = store.delete_accounts(&ids).await;
            match deleted {
                // Whoever read the store meanwhile has them again.
                Ok(_) => drop(pool.remove(&ids)),
                Err(_) => {
                    pool.insert(removed);
                    lasting::follow(&runtime, &store, ids);
                }
            }
            deleted.map(drop).map_err(unavailable)
        })
    }

    pub(super) async fn restore(&self, undo_id: &str) -> Result<u32, UiError> {
        let accounts = undo::kept(self.store.as_ref(), undo_id).await?;
        let (demo, own): (Vec<_>, Vec<_>) = accounts
            .into_iter()
            .partition(|account| demo::owns(&account.id));
        let snapshot = self.current.load_full();
        let is_demo = snapshot.mode.demo.is_on();
        if own.is_empty() && (demo.is_empty() || !is_demo) {
            return Err(UiError::NotFound);
        }
        let stored = self.insert(own).await?;
        let restored = match is_demo {
            true => snapshot.pool.insert(demo),
            false => 0,
        };
        // Only now: until the store has them, these are the only copies.
        undo::forget(self.store.as_ref(), undo_id).await?;
        Ok(stored.saturating_add(to_u32(restored)))
    }
}
