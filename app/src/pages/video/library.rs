//! The visitor's videos as the page knows them, and how it learns how far they are.

use crate::{
    api::videos::list_videos,
    dom,
    dto::{VideoItem, VideoPage},
    error::UiError,
    limits::MAX_MEDIA_PAGE,
    reactive::use_refresh,
};
use leptos::{prelude::*, task::spawn_local};
use std::{collections::HashSet, sync::Arc};

/// Videos of one page.
const PAGE: u32 = 24;
/// How often it asks while something is under way.
const PERIOD_MS: i32 = 1_000;

/// What is known of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Loading {
    #[default]
    First,
    Done,
    Failed(UiError),
}

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct Library {
    /// Newest first.
    items: RwSignal<Vec<Arc<VideoItem>>>,
    has_more: RwSignal<bool>,
    loading: RwSignal<Loading>,
    /// The last question was not answered.
    is_unreachable: RwSignal<bool>,
    /// The server's clock minus ours, in milliseconds.
    skew_ms: StoredValue<i64>,
    own_address: StoredValue<String>,
    is_asking: StoredValue<bool>,
    /// Counts questions for the newest ones.
    asked: StoredValue<u32>,
    /// The last of them that counts: answers to those before come too late.
    answered: StoredValue<u32>,
}

impl Library {
    /// Server-side rendering: still loading.
    pub(super) fn new() -> Self {
        let library = Self {
            items: RwSignal::new(Vec::new()),
            has_more: RwSignal::new(false),
            loading: RwSignal::new(Loading::First),
            is_unreachable: RwSignal::new(false),
            skew_ms: StoredValue::new(0),
            own_address: StoredValue::new(String::new()),
            is_asking: StoredValue::new(false),
            asked: StoredValue::new(0),
            answered: StoredValue::new(0),
        };
        Effect::new(move || spawn_local(library.refresh()));
        use_refresh(PERIOD_MS, move || {
            let is_idle = library.is_asking.try_get_value() == Some(false);
            if is_idle && library.is_worth_asking() {
                spawn_local(library.refresh());
            }
        });
        library
    }

    /// Reactive.
    pub(super) fn items(self) -> Vec<Arc<VideoItem>> {
        self.items.get()
    }

    /// Reactive.
    pub(super) fn is_empty(self) -> bool {
        self.items.with(Vec::is_empty)
    }

    /// Reactive.
    pub(super) fn find(self, id: &str) -> Option<Arc<VideoItem>> {
        self.items
            .with(|items| items.iter().find(|item| item.id == id).cloned())
    }

    /// Reactive.
    pub(super) fn has_more(self) -> bool {
        self.has_more.get()
    }

    /// Reactive.
    pub(super) fn loading(self) -> Loading {
        self.loading.get()
    }

    /// Reactive.
    pub(super) fn is_unreachable(self) -> bool {
        self.is_unreachable.get()
    }

    /// Now by the server's clock.
    pub(super) fn server_now_ms(self) -> i64 {
        dom::now_ms() + self.skew_ms.try_get_value().unwrap_or_default()
    }

    pub(super) fn own_address(self) -> String {
        self.own_address.try_get_value().unwrap_or_default()
    }

    /// Whether something is under way, or the last question was not answered; not when the session
    /// has ended.
    fn is_worth_asking(self) -> bool {
        let is_open = |items: &Vec<Arc<VideoItem>>| items.iter().any(|one| !one.state.is_over());
        let has_open = self.items.try_with_untracked(is_open).unwrap_or_default();
        let is_unreachable = self.is_unreachable.try_get_untracked().unwrap_or_default();
        (has_open || is_unreachable) && self.loading.try_get_untracked() == Some(Loading::Done)
    }

    /// Asks for the newest ones, as far back as something is under way.
    pub(super) async fn refresh(self) {
        let _ = self.is_asking.try_set_value(true);
        let question = self.asked.try_get_value().unwrap_or_default() + 1;
        let _ = self.asked.try_set_value(question);
        let known = self.items.try_with_untracked(|items| {
            let last = items.iter().rposition(|one| !one.state.is_over());
            last.map_or(0, |at| at + 1)
        });
        let limit = u32::try_from(known.unwrap_or(0)).unwrap_or(0);
        let limit = limit.clamp(PAGE, MAX_MEDIA_PAGE);
        let answer = list_videos(None, limit).await;
        let _ = self.is_asking.try_set_value(false);
        if self
            .answered
            .try_get_value()
            .is_none_or(|last| question <= last)
        {
            return;
        }
        let _ = self.answered.try_set_value(question);
        match answer {
            Ok(page) => self.take(page),
            Err(error) => self.fail(error),
        }
    }

    /// Asks for what is older than all that is shown.
    ///
    /// # Errors
    /// They did not come.
    pub(super) async fn load_more(self) -> Result<(), UiError> {
        let after = self
            .items
            .try_with_untracked(|items| items.last().map(|last| last.id.clone()));
        match list_videos(after.flatten(), PAGE).await {
            Ok(page) => {
                let _ = self.has_more.try_set(page.has_more);
                let _ = self.items.try_update(|items| {
                    let known: HashSet<_> = items.iter().map(|item| item.id.clone()).collect();
                    let older = page
                        .items
                        .into_iter()
                        .filter(|item| !known.contains(&item.id));
                    items.extend(older.map(Arc::new));
                });
            }
            // The last one was deleted elsewhere.
            Err(UiError::NotFound) => self.refresh().await,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Takes a video out of the list, and does not hear what was asked before.
    pub(super) fn forget(self, id: &str) {
        let _ = self
            .answered
            .try_set_value(self.asked.try_get_value().unwrap_or_default());
        let _ = self
            .items
            .try_update(|items| items.retain(|item| item.id != id));
    }

    /// Asks for the addresses of a video anew: signed ones run out. True when there are others.
    pub(super) async fn renew(self, id: &str) -> bool {
        let place = |items: &Vec<Arc<VideoItem>>| {
            let at = items.iter().position(|item| item.id == id)?;
            Some(at.checked_sub(1).map(|before| items[before].id.clone()))
        };
        let Some(before) = self.items.try_with_untracked(place).flatten() else {
            return false;
        };
        let Ok(page) = list_videos(before, 1).await else {
            return false;
        };
        let Some(fresh) = page.items.into_iter().find(|item| item.id == id) else {
            return false;
        };
        let renewed = self.items.try_update(|items| {
            let mut known = items.iter_mut();
            let known = known.find(|item| item.id == id && item.url != fresh.url)?;
            *known = Arc::new(fresh);
            Some(())
        });
        renewed.flatten().is_some()
    }

    fn take(self, page: VideoPage) {
        let _ = self.loading.try_set(Loading::Done);
        let _ = self.is_unreachable.try_set(false);
        let _ = self.skew_ms.try_set_value(page.now_ms - dom::now_ms());
        let _ = self.own_address.try_set_value(page.own_address);
        let known = self.items.try_get_untracked().unwrap_or_default();
        let (items, is_cut) = merge(&known, page.items, page.has_more);
        if !is_cut {
            let _ = self.has_more.try_set(page.has_more);
        }
        if items != known {
            let _ = self.items.try_set(items);
        }
    }

    /// What is shown stays; it asks again by itself.
    fn fail(self, error: UiError) {
        let is_first = self.loading.try_get_untracked() != Some(Loading::Done);
        if is_first || error == UiError::SignInRequired {
            let _ = self.loading.try_set(Loading::Failed(error));
        } else {
            let _ = self.is_unreachable.try_set(true);
        }
    }
}

/// What is known once this newest page has come, and whether older ones than the page's stay. What is
/// over stays as it is: its addresses may be signed anew each time, and a film that plays must not
/// begin again.
fn merge(
    known: &[Arc<VideoItem>],
    page: Vec<VideoItem>,
    has_more: bool,
) -> (Vec<Arc<VideoItem>>, bool) {
    let place = |item: &VideoItem| (item.at_ms, item.id.clone());
    let end = page.last().map(place).filter(|_| has_more);
    let older = known
        .iter()
        .filter(|item| end.as_ref().is_some_and(|end| place(item) < *end));
    let older: Vec<_> = older.cloned().collect();
    let mut items: Vec<_> = page
        .into_iter()
        .map(|new| {
            let mut same = known.iter().filter(|old| old.id == new.id);
            let kept = same.find(|old| old.state == new.state && old.state.is_over());
            kept.cloned().unwrap_or_else(|| Arc::new(new))
        })
        .collect();
    let is_cut = !older.is_empty();
    items.extend(older);
    (items, is_cut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::VideoState;
    use crate::pages::video::lineage::tests::video;

    fn at(id: &str, at_ms: i64, state: VideoState) -> VideoItem {
        VideoItem {
            at_ms,
            state,
            ..video(id, None)
        }
    }

    fn ids(items: &[Arc<VideoItem>]) -> Vec<&str> {
        items.iter().map(|item| item.id.as_str()).collect()
    }

    #[test]
    fn older_ones_stay_behind_a_newest_page_and_deleted_ones_go() {
        let known: Vec<_> = [("c", 3), ("b", 2), ("a", 1)]
            .map(|(id, at_ms)| Arc::new(at(id, at_ms, VideoState::Completed)))
            .into();
        let newest = |has_more| {
            let page = [("d", 4), ("b", 2)].map(|(id, at_ms)| at(id, at_ms, VideoState::Queued));
            let (items, is_cut) = merge(&known, page.into(), has_more);
            (ids(&items).join(" "), is_cut)
        };
        assert_eq!(newest(true), ("d b a".to_owned(), true));
        assert_eq!(newest(false), ("d b".to_owned(), false));
    }

    #[test]
    fn what_is_over_does_not_change_and_what_is_not_does() {
        let signed = |state, url: &str| VideoItem {
            url: Some(url.to_owned()),
            ..at("a", 1, state)
        };
        let over = vec![Arc::new(signed(VideoState::Completed, "old"))];
        let (items, _) = merge(&over, vec![signed(VideoState::Completed, "new")], false);
        assert_eq!(items[0].url.as_deref(), Some("old"));
        let open = vec![Arc::new(at("a", 1, VideoState::InProgress))];
        let (items, _) = merge(&open, vec![signed(VideoState::Completed, "new")], false);
        assert_eq!(items[0].url.as_deref(), Some("new"));
    }
}
