//! What is listed, by which filter, and what loads it.

use super::deletion::Doomed;
use crate::{
    api::admin_media::{find_media, get_media_overview},
    dom,
    dto::{FoundMedia, FoundMediaPage, MediaFilter, MediaKind, MediaOverview},
    error::UiError,
    pages::accounts::Selection,
    reactive::use_debounced,
};
use futures::join;
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

/// What a filter has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) filter: MediaFilter,
    pub(super) count: u64,
    pub(super) bytes: u64,
}

impl Found {
    fn new(filter: MediaFilter, page: &FoundMediaPage) -> Self {
        Self {
            filter,
            count: page.count,
            bytes: page.bytes,
        }
    }
}

/// The controls of the toolbar; empty = all. A caller is its JSON.
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

    fn memo(self) -> Memo<MediaFilter> {
        let text = use_debounced(self.text.into(), SEARCH_DELAY);
        Memo::new(move |_| {
            let account = self.account.get();
            MediaFilter {
                kind: self.kind.get(),
                caller: serde_json::from_str(&self.caller.get()).ok(),
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
    /// How much there is of what is listed: the filter may be another by now.
    pub(super) found: RwSignal<Found>,
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
    /// Counts how often the list was loaded anew: an answer from before comes too late.
    generation: StoredValue<u32>,
}

impl Media {
    pub(super) fn new(first: First) -> Self {
        let filters = Filters::new();
        let filter = filters.memo();
        let this = Self {
            overview: RwSignal::new(first.overview),
            filters,
            filter,
            found: RwSignal::new(Found::new(MediaFilter::default(), &first.page)),
            next: RwSignal::new(first.page.next),
            items: RwSignal::new(first.page.items),
            failure: RwSignal::new(None),
            selection: RwSignal::new(Selection::default()),
            shown: RwSignal::new(None),
            doomed: RwSignal::new(None),
            load: Action::new_local(|_: &Option<String>| async {}),
            generation: StoredValue::new(0),
        };
        let this = Self {
            load: Action::new_local(move |cursor: &Option<String>| this.fetch(cursor.clone())),
            ..this
        };
        this.follow_filter();
        this
    }

    /// Loads the list anew, or what follows this cursor; nothing once the page has been left.
    pub(super) async fn fetch(self, cursor: Option<String>) {
        let is_more = cursor.is_some();
        if !is_more {
            let _ = self
                .generation
                .try_update_value(|generation| *generation += 1);
        }
        let (Some(generation), Some(filter)) = (
            self.generation.try_get_value(),
            self.filter.try_get_untracked(),
        ) else {
            return;
        };
        let is_current = || self.generation.try_get_value() == Some(generation);
        let list = find_media(filter.clone(), cursor);
        // Shown with the list: what the cards delete is what they count.
        let (got, overview) = match is_more {
            true => (list.await, None),
            false => {
                let (got, overview) = join!(list, get_media_overview());
                (got, overview.ok())
            }
        };
        if !is_current() {
            return;
        }
        match got {
            Ok(page) => {
                self.take(filter, page, is_more);
                if let Some(overview) = overview {
                    self.overview.set(overview);
                }
            }
            Err(UiError::SignInRequired) => dom::load_page("/admin/login?next=/admin/media"),
            Err(error) => self.failure.set(Some(error)),
        }
    }

    fn take(self, filter: MediaFilter, page: FoundMediaPage, is_more: bool) {
        self.failure.set(None);
        if !is_more {
            self.found.set(Found::new(filter, &page));
        }
        self.next.set(page.next);
        self.items.update(|items| {
            if !is_more {
                items.clear();
            }
            items.extend(page.items);
        });
        // What nobody can see any more is not ticked.
        let ids = untrack(|| self.ids());
        self.selection.update(|selection| selection.keep(&ids));
    }

    /// Loads the list and the numbers again, unless the page has been left.
    pub(super) fn reload(self) {
        if !self.items.is_disposed() {
            self.load.dispatch_local(None);
        }
    }

    /// Loads the next page, unless something is being loaded.
    pub(super) fn load_more(self) {
        if self.load.pending().get_untracked() {
            return;
        }
        if let Some(cursor) = self.next.get_untracked() {
            self.load.dispatch_local(Some(cursor));
        }
    }

    /// Whether the list is what the controls ask for. Reactive.
    pub(super) fn is_settled(self) -> bool {
        let is_same = self.found.with(|found| {
            found.filter == self.filter.get() && found.filter.text == self.filters.text.get()
        });
        is_same && !self.load.pending().get()
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
