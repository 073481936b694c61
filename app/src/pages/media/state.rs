//! What is listed, by which filter, and what loads it.

use super::deletion::Doomed;
use crate::{
    api::admin_media::{find_media, get_media_overview},
    dom,
    dto::{FoundMedia, FoundMediaPage, MediaCaller, MediaFilter, MediaKind, MediaOverview},
    error::UiError,
    pages::accounts::Selection,
    reactive::use_debounced,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const SEARCH_DELAY: Duration = Duration::from_millis(250);

/// Everything as it is when the page is opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct First {
    overview: MediaOverview,
    page: FoundMediaPage,
}

/// What there is in all, and the newest of it.
pub(super) async fn load_first() -> Result<First, UiError> {
    Ok(First {
        overview: get_media_overview().await?,
        page: find_media(MediaFilter::default(), None).await?,
    })
}

/// The controls of the toolbar. A caller is its place in the overview's list; empty = all.
#[derive(Clone, Copy)]
pub(super) struct Filters {
    pub(super) kind: RwSignal<Option<MediaKind>>,
    pub(super) caller: RwSignal<String>,
    pub(super) account: RwSignal<String>,
    pub(super) text: RwSignal<String>,
}

impl Filters {
    fn new() -> Self {
        let empty = || RwSignal::new(String::new());
        Self {
            kind: RwSignal::new(None),
            caller: empty(),
            account: empty(),
            text: empty(),
        }
    }

    /// Shows everything again.
    pub(super) fn reset(self) {
        self.kind.set(None);
        for control in [self.caller, self.account, self.text] {
            control.set(String::new());
        }
    }

    fn memo(self, callers: StoredValue<Vec<MediaCaller>>) -> Memo<MediaFilter> {
        let text = use_debounced(self.text.into(), SEARCH_DELAY);
        Memo::new(move |_| {
            let at: Option<usize> = self.caller.get().parse().ok();
            let account = self.account.get();
            MediaFilter {
                kind: self.kind.get(),
                caller: at.and_then(|at| callers.with_value(|all| all.get(at).cloned())),
                account: (!account.is_empty()).then_some(account),
                text: text.get(),
            }
        })
    }
}

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct Media {
    pub(super) overview: RwSignal<MediaOverview>,
    pub(super) filters: Filters,
    pub(super) filter: Memo<MediaFilter>,
    pub(super) items: RwSignal<Vec<FoundMedia>>,
    /// How many the filter finds, and their bytes.
    pub(super) found: RwSignal<(u64, u64)>,
    /// The cursor of what is not loaded yet.
    pub(super) next: RwSignal<Option<String>>,
    /// Why the list could not be loaded; it is then the one before.
    pub(super) failure: RwSignal<Option<UiError>>,
    pub(super) selection: RwSignal<Selection>,
    /// Id of the item that is shown large.
    pub(super) shown: RwSignal<Option<String>>,
    /// What is asked about before it is deleted.
    pub(super) doomed: RwSignal<Option<Doomed>>,
    /// Loads the list anew, or what follows this cursor.
    pub(super) load: Action<Option<String>, ()>,
}

impl Media {
    pub(super) fn new(first: First) -> Self {
        let callers = first.overview.callers.iter();
        let callers = StoredValue::new(callers.map(|one| one.caller.clone()).collect());
        let filters = Filters::new();
        let filter = filters.memo(callers);
        let this = Self {
            overview: RwSignal::new(first.overview),
            filters,
            filter,
            found: RwSignal::new((first.page.count, first.page.bytes)),
            next: RwSignal::new(first.page.next),
            items: RwSignal::new(first.page.items),
            failure: RwSignal::new(None),
            selection: RwSignal::new(Selection::default()),
            shown: RwSignal::new(None),
            doomed: RwSignal::new(None),
            load: Action::new_local(|_: &Option<String>| async {}),
        };
        let this = Self {
            load: Action::new_local(move |cursor: &Option<String>| this.fetch(cursor.clone())),
            ..this
        };
        this.follow_filter();
        this
    }

    async fn fetch(self, cursor: Option<String>) {
        let asked = self.filter.get_untracked();
        let is_more = cursor.is_some();
        let got = find_media(asked.clone(), cursor).await;
        // Another filter has been chosen meanwhile: its answer comes.
        if self.filter.try_get_untracked() != Some(asked) {
            return;
        }
        match got {
            Ok(page) => self.take(page, is_more),
            Err(UiError::SignInRequired) => dom::load_page("/admin/login?next=/admin/media"),
            Err(error) => self.failure.set(Some(error)),
        }
        if !is_more && let Ok(overview) = get_media_overview().await {
            self.overview.try_set(overview);
        }
    }

    fn take(self, page: FoundMediaPage, is_more: bool) {
        self.failure.set(None);
        self.next.set(page.next);
        self.items.update(|items| {
            if !is_more {
                self.found.set((page.count, page.bytes));
                items.clear();
            }
            items.extend(page.items);
        });
    }

    /// Loads the list and the numbers again.
    pub(super) fn reload(self) {
        self.load.dispatch_local(None);
    }

    /// Loads the next page.
    pub(super) fn load_more(self) {
        if let Some(cursor) = self.next.get_untracked() {
            self.load.dispatch_local(Some(cursor));
        }
    }

    /// Ids as listed.
    pub(super) fn ids(self) -> Vec<String> {
        self.items
            .with(|items| items.iter().map(|one| one.item.id.clone()).collect())
    }

    fn follow_filter(self) {
        Effect::new(move |before: Option<MediaFilter>| {
            let filter = self.filter.get();
            if before.is_some_and(|before| before != filter) {
                self.selection.update(Selection::clear);
                self.reload();
            }
            filter
        });
    }
}
