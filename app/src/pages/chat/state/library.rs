//! The stored conversations.

use super::{
    super::{
        history::{Conversation, Hit, Summary},
        storage,
    },
    Tabs,
    tabs::Message,
};
use crate::{
    components::{ToastId, Toaster, use_toaster},
    dom,
    i18n::{Language, Text, text::chat as text, use_language},
};
use leptos::{prelude::*, task::spawn_local};
use std::collections::HashMap;

/// The list of conversations, and their way to and from the browser's store.
#[derive(Clone, Copy)]
pub(crate) struct Library {
    summaries: RwSignal<Vec<Summary>>,
    /// The list was read from the browser's store.
    is_loaded: RwSignal<bool>,
    /// The person was told that nothing is kept.
    has_warned: StoredValue<bool>,
    /// Deletions that are told with an undo.
    offers: StoredValue<Vec<(String, ToastId)>>,
    returned: RwSignal<Option<Returned>>,
    tabs: Tabs,
    toaster: Toaster,
    language: RwSignal<Language>,
}

/// A conversation whose deletion was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Returned {
    pub(crate) id: String,
    /// By the person at this tab.
    pub(crate) is_undone_here: bool,
}

impl Library {
    pub(super) fn new(tabs: Tabs) -> Self {
        Self {
            summaries: RwSignal::new(Vec::new()),
            is_loaded: RwSignal::new(false),
            has_warned: StoredValue::new(false),
            offers: StoredValue::new(Vec::new()),
            returned: RwSignal::new(None),
            tabs,
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
                self.summaries.try_update(|known| take_in(known, list));
            }
            Err(_) => self.warn_about_storage(),
        }
        self.is_loaded.try_set(true);
    }

    /// Reads one entry of the list again: another tab has written to it. True when it is deleted.
    pub(crate) async fn refresh_entry(self, id: &str) -> bool {
        let Some(mut summary) = storage::load_summary(id).await else {
            return false;
        };
        // This tab may have deleted it, or brought it back, since the reading began.
        self.summaries.try_with_untracked(|list| {
            if let Some(known) = list.iter().find(|known| known.id == id) {
                summary.merge_deletion(known);
            }
        });
        let is_deleted = summary.is_deleted;
        self.list(summary);
        if !is_deleted && self.withdraw_offer(id) {
            self.tell_returned(id, false);
        }
        is_deleted
    }

    /// Removes for good what was deleted long enough ago.
    pub(crate) async fn purge_deleted(self) {
        for id in self.deleted_ids() {
            // What fails stays hidden and is tried again with the next load.
            let _ = storage::purge(&id, dom::now_ms()).await;
        }
    }

    /// Conversations that have every word of `query`, newest first, at most `limit`.
    pub(crate) async fn search(self, query: &str, limit: usize) -> Vec<Hit> {
        storage::search(query, &self.deleted_ids(), limit).await
    }

    /// Hides a conversation and offers to bring it back. It is removed for good when the page loads
    /// an hour later or more.
    pub(crate) fn delete(self, id: &str) {
        if let Some(summary) = untrack(|| self.summary(id)) {
            let marked = self.mark(summary, true);
            spawn_local(async move {
                marked.await;
            });
            self.offer_undo(id, text::DELETED);
        }
    }

    /// Says that a listed conversation is deleted and offers to bring it back.
    pub(crate) fn offer_undo(self, id: &str, message: Text) {
        let message = message.get(self.language.get_untracked());
        let deleted = untrack(|| self.summary(id));
        let bring_back = move || {
            // Without a list the page has been left: then as it was deleted.
            let known = deleted.as_ref().filter(|_| self.summaries.is_disposed());
            let listed = || {
                deleted
                    .as_ref()
                    .and_then(|one| untrack(|| self.summary(&one.id)))
            };
            if let Some(summary) = known.cloned().or_else(listed) {
                self.bring_back(summary);
            }
        };
        let toast = self.toaster.undo(message, bring_back);
        self.offers
            .update_value(|offers| offers.push((id.to_owned(), toast)));
    }

    fn bring_back(self, summary: Summary) {
        let id = summary.id.clone();
        let marked = self.mark(summary, false);
        spawn_local(async move {
            // Not before it can be read again.
            if marked.await {
                self.withdraw_offer(&id);
                self.tell_returned(&id, true);
            }
        });
    }

    /// Takes away what was said of a deletion; whether anything was.
    fn withdraw_offer(self, id: &str) -> bool {
        let mut toasts = Vec::new();
        self.offers.try_update_value(|offers| {
            offers.retain(|(chat_id, toast)| {
                let stays = chat_id != id;
                if !stays {
                    toasts.push(*toast);
                }
                stays
            });
        });
        toasts.iter().for_each(|toast| self.toaster.dismiss(*toast));
        !toasts.is_empty()
    }

    fn tell_returned(self, id: &str, is_undone_here: bool) {
        let id = id.to_owned();
        self.returned.try_set(Some(Returned { id, is_undone_here }));
    }

    /// The last conversation whose deletion was undone. Reactive.
    pub(crate) fn returned(self) -> Option<Returned> {
        self.returned.get()
    }

    /// Brings the list up to date and stores a conversation, unless it has not begun. The list is so
    /// at once; resolves when other tabs can read it.
    pub(crate) fn save(self, chat: Conversation) -> impl Future<Output = ()> {
        let mut summary = Summary::from(&chat);
        if let Some(mut known) = untrack(|| self.summary(&chat.id)) {
            known.update(&chat);
            summary = known;
        }
        if !chat.id.is_empty() {
            self.list(summary);
        }
        self.store(chat)
    }

    /// Stores a conversation, without a change to the list before it is stored.
    pub(super) async fn store(self, chat: Conversation) {
        let id = chat.id.clone();
        if id.is_empty() {
            return;
        }
        match storage::save(chat).await {
            Ok(()) => {
                self.tabs.tell(&Message::Stored(id.clone()));
                self.refresh_entry(&id).await;
            }
            Err(_) => self.warn_about_storage(),
        }
    }

    /// Stores contents of files, as data URIs by their id.
    pub(super) fn store_files(self, files: Vec<(String, String)>) {
        spawn_local(async move {
            if storage::save_files(&files).await.is_err() {
                self.warn_about_storage();
            }
        });
    }

    /// Lists a conversation as deleted or not; resolves when other tabs can read it, to whether they
    /// can.
    fn mark(self, mut summary: Summary, is_deleted: bool) -> impl Future<Output = bool> {
        summary.set_deleted(is_deleted, dom::now_ms());
        self.list(summary.clone());
        async move {
            let is_stored = storage::mark(&summary).await.is_ok();
            if is_stored {
                self.tabs.tell(&Message::Stored(summary.id));
            } else {
                self.warn_about_storage();
            }
            is_stored
        }
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

/// Takes over the stored list. What is not stored yet stays; so does what this tab has deleted or
/// brought back since the reading began.
fn take_in(known: &mut Vec<Summary>, stored: Vec<Summary>) {
    let own = known.drain(..).map(|own| (own.id.clone(), own));
    let mut own: HashMap<String, Summary> = own.collect();
    known.extend(stored.into_iter().map(|mut summary| {
        if let Some(own) = own.remove(&summary.id) {
            summary.merge_deletion(&own);
        }
        summary
    }));
    known.extend(own.into_values());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(id: &str) -> Summary {
        Summary::from(&Conversation::new(id.into(), 1))
    }

    #[test]
    fn a_list_read_before_a_deletion_does_not_undo_it_and_keeps_what_is_not_stored_yet() {
        let stored = vec![summary("a"), summary("b")];
        let mut known = vec![summary("a"), summary("new")];
        known[0].set_deleted(true, 2);
        take_in(&mut known, stored);
        let listed = known.iter().map(|one| (&*one.id, one.is_deleted));
        let listed: Vec<_> = listed.collect();
        assert_eq!(listed, [("a", true), ("b", false), ("new", false)]);
    }
}
