//! What is done with accounts. Each write says what it did and loads the list again.

use super::state::Accounts;
use crate::{
    api::accounts::{delete_chosen_accounts, restore_accounts, switch_accounts},
    components::{Toaster, use_toaster},
    dto::{AccountChoice, AccountSwitch},
    i18n::{Language, Plural, text::accounts, use_language},
};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// Longer than an undo elsewhere: a deleted cookie may be the only copy.
const UNDO_TIME: Duration = Duration::from_secs(60);
/// So many accounts are not deleted by one press.
const MANY: u64 = 10;

/// Accounts that somebody wants to do something with, once asked whether it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) choice: AccountChoice,
    pub(super) count: u64,
}

/// What is asked about before it is done.
#[derive(Clone, Copy)]
pub(super) struct Questions {
    pub(super) exporting: RwSignal<Option<Chosen>>,
    /// Their settings at Grok.
    pub(super) settling: RwSignal<Option<Chosen>>,
}

impl Questions {
    pub(super) fn new() -> Self {
        Self {
            exporting: RwSignal::new(None),
            settling: RwSignal::new(None),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Writes {
    pub(super) switch: Action<(AccountChoice, AccountSwitch), ()>,
    pub(super) delete: Action<AccountChoice, ()>,
    /// Asked about before they are deleted.
    pub(super) doomed: RwSignal<Option<Chosen>>,
}

const fn switched(switch: AccountSwitch) -> Plural {
    match switch {
        AccountSwitch::Enable => accounts::ENABLED,
        AccountSwitch::Disable => accounts::SWITCHED_OFF,
        AccountSwitch::Reset => accounts::RESET_DONE,
    }
}

impl Writes {
    pub(super) fn new(state: Accounts) -> Self {
        let (toaster, language) = (use_toaster(), use_language());
        let switch = Action::new_local(move |(choice, switch): &(AccountChoice, AccountSwitch)| {
            let (switch, switching) = (*switch, switch_accounts(choice.clone(), *switch));
            async move {
                match switching.await {
                    Ok(count) => {
                        let text = switched(switch).fill(language.get_untracked(), count.into());
                        toaster.success(text);
                        state.untick();
                    }
                    Err(error) => toaster.error(&error),
                }
                state.reload();
            }
        });
        let delete = Action::new_local(move |choice: &AccountChoice| {
            let deleting = delete_chosen_accounts(choice.clone());
            async move {
                match deleting.await {
                    Ok(deleted) => {
                        let language = language.get_untracked();
                        let text = accounts::DELETED.fill(language, deleted.count.into());
                        let undo_id = deleted.undo_id;
                        toaster.undo_for(UNDO_TIME, text, move || {
                            spawn_local(restore(undo_id.clone(), state, toaster, language));
                        });
                        state.untick();
                        if let Some(error) = &deleted.stopped_by {
                            toaster.error(error);
                        }
                    }
                    Err(error) => toaster.error(&error),
                }
                state.reload();
            }
        });
        Self {
            switch,
            delete,
            doomed: RwSignal::new(None),
        }
    }

    pub(super) fn switch(self, choice: AccountChoice, switch: AccountSwitch) {
        self.switch.dispatch_local((choice, switch));
    }

    /// Deletes few accounts at once, and asks about many.
    pub(super) fn delete(self, choice: AccountChoice, count: u64) {
        if count < MANY {
            self.delete.dispatch_local(choice);
        } else {
            self.doomed.set(Some(Chosen { choice, count }));
        }
    }

    /// Reactive.
    pub(super) fn is_busy(self) -> bool {
        self.switch.pending().get() || self.delete.pending().get()
    }
}

/// Undoes a deletion, also when the page has been left.
async fn restore(undo_id: String, state: Accounts, toaster: Toaster, language: Language) {
    match restore_accounts(undo_id).await {
        Ok(count) => toaster.success(accounts::RESTORED.fill(language, count.into())),
        Err(error) => toaster.error(&error),
    }
    state.reload();
}
