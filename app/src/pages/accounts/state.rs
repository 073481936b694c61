//! The list that the page shows, and what refreshes it.

use super::selection::Selection;
use crate::{
    api::accounts::{delete_accounts, list_accounts, restore_accounts, set_accounts_enabled},
    components::{SortOrder, Toaster, use_toaster},
    dom,
    dto::{AccountList, AccountQuery, AccountSort, AccountStatus},
    error::UiError,
    i18n::{Language, text::accounts, use_language},
    reactive::{use_debounced, use_refresh},
};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

const SEARCH_DELAY: Duration = Duration::from_millis(250);
/// Often enough to watch a cooldown end, seldom enough to cost nothing.
const REFRESH_MS: i32 = 4_000;

/// What to show. Every field is a control of the page.
#[derive(Clone, Copy)]
pub(super) struct Filters {
    pub(super) status: RwSignal<Option<AccountStatus>>,
    pub(super) search: RwSignal<String>,
    pub(super) sort: RwSignal<AccountSort>,
    pub(super) descending: RwSignal<bool>,
    pub(super) page: RwSignal<u32>,
}

impl Filters {
    fn new() -> Self {
        let query = AccountQuery::default();
        Self {
            status: RwSignal::new(query.status),
            search: RwSignal::new(query.search),
            sort: RwSignal::new(query.sort),
            descending: RwSignal::new(query.descending),
            page: RwSignal::new(query.page),
        }
    }

    /// Shows everything again.
    pub(super) fn reset(self) {
        self.status.set(None);
        self.search.set(String::new());
        self.page.set(0);
    }

    /// Sorts by a column; a second press turns the order round.
    pub(super) fn sort_by(self, sort: AccountSort) {
        if self.sort.get_untracked() == sort {
            self.descending
                .update(|descending| *descending = !*descending);
        } else {
            self.sort.set(sort);
            self.descending.set(true);
        }
        self.page.set(0);
    }

    pub(super) fn order_of(self, sort: AccountSort) -> Signal<Option<SortOrder>> {
        Signal::derive(move || {
            let order = if self.descending.get() {
                SortOrder::Descending
            } else {
                SortOrder::Ascending
            };
            (self.sort.get() == sort).then_some(order)
        })
    }

    fn query(self) -> Memo<AccountQuery> {
        let search = use_debounced(self.search.into(), SEARCH_DELAY);
        Memo::new(move |_| AccountQuery {
            status: self.status.get(),
            search: search.get(),
            sort: self.sort.get(),
            descending: self.descending.get(),
            page: self.page.get(),
            ..AccountQuery::default()
        })
    }
}

/// Everything that the parts of the page share.
///
/// The first list comes with the page (a resource); later ones replace it through an action, so the
/// rows stay the same elements and keep focus and tick marks while their numbers change.
#[derive(Clone, Copy)]
pub(super) struct Accounts {
    pub(super) list: Memo<AccountList>,
    pub(super) filters: Filters,
    pub(super) selection: RwSignal<Selection>,
    /// Why the last refresh failed; the list is then the one before.
    pub(super) failure: Memo<Option<UiError>>,
    query: Memo<AccountQuery>,
    refresh: Action<AccountQuery, Result<AccountList, UiError>>,
}

impl Accounts {
    pub(super) fn new(first: AccountList) -> Self {
        let filters = Filters::new();
        let query = filters.query();
        let refresh = Action::new(|query: &AccountQuery| list_accounts(query.clone()));
        let list = Memo::new(move |last: Option<&AccountList>| {
            let fresh = refresh.value().get().and_then(Result::ok);
            fresh
                .or_else(|| last.cloned())
                .unwrap_or_else(|| first.clone())
        });
        let failure = Memo::new(move |_| refresh.value().get().and_then(Result::err));
        let selection = RwSignal::new(Selection::default());
        let this = Self {
            list,
            filters,
            selection,
            failure,
            query,
            refresh,
        };
        this.keep_fresh();
        this
    }

    /// Loads the list again with the current filters, unless the page has been left.
    pub(super) fn reload(self) {
        if let Some(query) = self.query.try_get_untracked() {
            self.refresh.dispatch(query);
        }
    }

    /// Ids of the rows on this page, as shown.
    pub(super) fn shown_ids(self) -> Vec<String> {
        self.list
            .with(|list| list.rows.iter().map(|row| row.id.clone()).collect())
    }

    fn keep_fresh(self) {
        Effect::new(move |before: Option<AccountQuery>| {
            let query = self.query.get();
            // The first list comes with the page.
            if before.is_some_and(|before| before != query) {
                self.refresh.dispatch(query.clone());
            }
            query
        });
        Effect::new(move || {
            if self.failure.get() == Some(UiError::SignInRequired) {
                dom::load_page("/admin/login?next=/admin/accounts");
            }
        });
        use_refresh(REFRESH_MS, move || {
            if !self.refresh.pending().get_untracked() {
                self.reload();
            }
        });
    }
}

/// The writes of the page. Each says what it did and reloads the list.
#[derive(Clone, Copy)]
pub(super) struct Writes {
    pub(super) set_enabled: Action<(Vec<String>, bool), ()>,
    pub(super) delete: Action<Vec<String>, ()>,
}

impl Writes {
    pub(super) fn new(state: Accounts) -> Self {
        let (toaster, language) = (use_toaster(), use_language());
        let set_enabled = Action::new_local(move |(ids, enabled): &(Vec<String>, bool)| {
            let (ids, enabled) = (ids.clone(), *enabled);
            async move {
                match set_accounts_enabled(ids, enabled).await {
                    Ok(count) => {
                        let text = if enabled {
                            accounts::ENABLED
                        } else {
                            accounts::SWITCHED_OFF
                        };
                        toaster.success(text.fill(language.get_untracked(), count.into()));
                        state.selection.update(Selection::clear);
                    }
                    Err(error) => toaster.error(&error),
                }
                state.reload();
            }
        });
        let delete = Action::new_local(move |ids: &Vec<String>| {
            let ids = ids.clone();
            async move {
                match delete_accounts(ids).await {
                    Ok(deleted) => {
                        let language = language.get_untracked();
                        let text = accounts::DELETED.fill(language, deleted.count.into());
                        let undo_id = deleted.undo_id;
                        toaster.undo(text, move || {
                            spawn_local(restore(undo_id.clone(), state, toaster, language));
                        });
                        state.selection.update(Selection::clear);
                    }
                    Err(error) => toaster.error(&error),
                }
                state.reload();
            }
        });
        Self {
            set_enabled,
            delete,
        }
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
