//! The stored conversations.

use super::super::{
    history::{Conversation, Hit, Summary},
    storage,
};
use crate::{
    components::{Toaster, use_toaster},
    i18n::{Language, text::chat as text, use_language},
};
use leptos::{prelude::*, task::spawn_local};

/// The list of conversations, and their way to and from the browser's store.
#[derive(Clone, Copy)]
pub(crate) struct Library {
    summaries: RwSignal<Vec<Summary>>,
    /// The list was read from the browser's store.
    is_loaded: RwSignal<bool>,
    /// The person was told that nothing is kept.
    has_warned: StoredValue<bool>,
    /// Lives as long as the page.
    owner: StoredValue<Owner>,
    toaster: Toaster,
    language: RwSignal<Language>,
}

impl Library {
    pub(super) fn new() -> Self {
        Self {
            summaries: RwSignal::new(Vec::new()),
            is_loaded: RwSignal::new(false),
            has_warned: StoredValue::new(false),
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
            toaster: use_toaster(),
            language: use_language(),
        }
    }

    /// Also those that are deleted and not yet gone. Reactive.
    pub(crate) fn summaries(self) -> Vec<Summary> {
        self.summaries.get()
    }

    /// Reactive.
    pub(crate) fn summary(self, id: &str) -> Option<Summary> {
        self.summaries
            .with(|list| list.iter().find(|summary| summary.id == id).cloned())
    }

    /// Whether the list was read from the browser's store. Reactive.
    pub(crate) fn is_loaded(self) -> bool {
        self.is_loaded.get()
    }

    /// Reads the list from the browser's store; other tabs write to it too.
    pub(crate) async fn refresh(self) {
        match storage::load_summaries().await {
            Ok(list) => {
                self.summaries.try_set(list);
            }
            Err(_) => self.warn_about_storage(),
        }
        self.is_loaded.try_set(true);
    }

    /// Removes what was deleted, for good.
    pub(crate) async fn purge_deleted(self) {
        for id in self.deleted_ids() {
            // What fails stays hidden and is tried again with the next load.
            let _ = storage::purge(&id).await;
        }
    }

    /// Conversations that have every word of `query`, newest first, at most `limit`.
    pub(crate) async fn search(self, query: &str, limit: usize) -> Vec<Hit> {
        storage::search(query, &self.deleted_ids(), limit).await
    }

    /// Hides a conversation and offers to bring it back. It is removed for good when the page loads
    /// the next time.
    pub(crate) fn delete(self, summary: Summary) {
        self.mark(Summary {
            is_deleted: true,
            ..summary.clone()
        });
        let message = text::DELETED.get(self.language.get_untracked());
        // The entry goes from the page before the undo is pressed: it must not own the callback.
        let undo = self
            .owner
            .with_value(|owner| owner.with(|| Callback::new(move |()| self.mark(summary.clone()))));
        self.toaster.undo(message, undo);
    }

    /// Brings the list up to date and stores a conversation, unless it was deleted or has not begun.
    pub(crate) fn save(self, chat: Conversation) {
        let is_deleted = |list: &Vec<Summary>| {
            list.iter()
                .any(|known| known.id == chat.id && known.is_deleted)
        };
        if chat.id.is_empty() || self.summaries.try_with_untracked(is_deleted) == Some(true) {
            return;
        }
        self.list(Summary::from(&chat));
        self.store(chat);
    }

    /// Stores a conversation, without a change to the list.
    pub(super) fn store(self, chat: Conversation) {
        spawn_local(async move {
            if storage::save(&chat).await.is_err() {
                self.warn_about_storage();
            }
        });
    }

    /// Stores contents of files, as data URIs by their id.
    pub(super) fn store_files(self, files: Vec<(String, String)>) {
        spawn_local(async move {
            if storage::save_files(&files).await.is_err() {
                self.warn_about_storage();
            }
        });
    }

    fn mark(self, summary: Summary) {
        self.list(summary.clone());
        spawn_local(async move {
            if storage::save_summary(&summary).await.is_err() {
                self.warn_about_storage();
            }
        });
    }

    /// Adds or replaces an entry of the list.
    fn list(self, summary: Summary) {
        self.summaries.try_update(|list| {
            match list.iter_mut().find(|known| known.id == summary.id) {
                Some(known) => *known = summary,
                None => list.push(summary),
            }
        });
    }

    fn deleted_ids(self) -> Vec<String> {
        let deleted = self.summaries.try_with_untracked(|list| {
            let deleted = list.iter().filter(|summary| summary.is_deleted);
            deleted.map(|summary| summary.id.clone()).collect()
        });
        deleted.unwrap_or_default()
    }

    /// Says once that this browser keeps nothing.
    fn warn_about_storage(self) {
        if self.has_warned.try_get_value() == Some(false) {
            self.has_warned.set_value(true);
            self.toaster
                .error_text(text::STORAGE_REFUSED.get(self.language.get_untracked()));
        }
    }
}
