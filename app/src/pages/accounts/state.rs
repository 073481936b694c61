//! The list that the page shows, what is ticked in it, and what refreshes it.

use super::{
    filters::{Filters, address_of, filter_of},
    selection::Selection,
};
use crate::{
    api::accounts::list_accounts,
    dom,
    dto::{AccountChoice, AccountList, AccountQuery, AccountRow},
    error::UiError,
    reactive::use_refresh,
};
use leptos::prelude::*;

/// Often enough to watch a cooldown end, seldom enough to cost nothing.
const REFRESH_MS: i32 = 4_000;

/// What a menu is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MenuOf {
    /// The account with this id.
    Row(String),
    /// All that the filter finds.
    Found,
}

/// A menu that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpenMenu {
    pub(super) of: MenuOf,
    /// Id of the element that it hangs from, and that gets the focus back.
    pub(super) button: String,
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
    /// All that the filter finds are ticked, on this page or not.
    pub(super) is_everything: RwSignal<bool>,
    /// Why the last refresh failed; the list is then the one before.
    pub(super) failure: Memo<Option<UiError>>,
    /// Id of the account whose detail is open.
    pub(super) opened: RwSignal<Option<String>>,
    pub(super) menu: RwSignal<Option<OpenMenu>>,
    /// The dialog that adds accounts is open.
    pub(super) adding: RwSignal<bool>,
    query: Memo<AccountQuery>,
    refresh: Action<AccountQuery, Result<AccountList, UiError>>,
}

impl Accounts {
    /// `first` is the list that `query` asked for.
    pub(super) fn new(first: AccountList, query: AccountQuery) -> Self {
        let filters = Filters::new(query);
        let query = filters.query();
        let refresh = Action::new(|query: &AccountQuery| list_accounts(query.clone()));
        let list = Memo::new(move |last: Option<&AccountList>| {
            let fresh = refresh.value().get().and_then(Result::ok);
            fresh
                .or_else(|| last.cloned())
                .unwrap_or_else(|| first.clone())
        });
        let failure = Memo::new(move |_| refresh.value().get().and_then(Result::err));
        let this = Self {
            list,
            filters,
            selection: RwSignal::new(Selection::default()),
            is_everything: RwSignal::new(false),
            failure,
            opened: RwSignal::new(None),
            menu: RwSignal::new(None),
            adding: RwSignal::new(false),
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

    /// A row of this page.
    pub(super) fn row(self, id: &str) -> Option<AccountRow> {
        self.list
            .with(|list| list.rows.iter().find(|row| row.id == id).cloned())
    }

    /// Changes what is ticked, which then is no longer everything.
    pub(super) fn tick(self, change: impl FnOnce(&mut Selection)) {
        self.is_everything.set(false);
        self.selection.update(change);
    }

    /// Ticks these and nothing else, unless the page has been left.
    pub(super) fn choose(self, ids: Vec<String>) {
        let _ = self.is_everything.try_set(false);
        let _ = self.selection.try_set(Selection::of(ids));
    }

    pub(super) fn untick(self) {
        self.tick(Selection::clear);
    }

    /// All that the filter finds.
    pub(super) fn found(self) -> AccountChoice {
        AccountChoice::Found(self.query.with_untracked(filter_of))
    }

    /// How many the filter finds.
    pub(super) fn found_count(self) -> u64 {
        self.list.with(|list| list.matched.into())
    }

    /// The accounts that are ticked.
    pub(super) fn ticked(self) -> AccountChoice {
        match self.is_everything.get_untracked() {
            true => self.found(),
            false => AccountChoice::Ids(self.selection.with_untracked(Selection::ids)),
        }
    }

    /// How many accounts are ticked. Reactive.
    pub(super) fn ticked_count(self) -> u64 {
        match self.is_everything.get() {
            true => self.found_count(),
            false => self.selection.with(Selection::len) as u64,
        }
    }

    fn keep_fresh(self) {
        Effect::new(move |before: Option<AccountQuery>| {
            let query = self.query.get();
            // The first list comes with the page.
            if before.is_some_and(|before| before != query) {
                dom::replace_address(&address_of(&query));
                self.refresh.dispatch(query.clone());
            }
            query
        });
        // Another filter starts at its first page and with nothing ticked.
        Effect::new(move |before: Option<()>| {
            self.filters.status.track();
            self.filters.tier.track();
            self.filters.tag.track();
            self.filters.search.track();
            if before.is_some() {
                self.filters.page.set(0);
                self.untick();
            }
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
