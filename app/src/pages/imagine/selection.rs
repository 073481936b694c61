//! Pictures that are chosen, to be deleted or saved together.

use super::{
    gallery::Gallery,
    lightbox::Lightbox,
    tile::{Tile, TileKey},
};
use crate::{
    api::media::delete_media,
    components::{Toaster, use_toaster},
    error::UiError,
    i18n::{Language, text::imagine as text, use_language},
    limits::MAX_CHOSEN_MEDIA,
};
use leptos::{prelude::*, task::spawn_local};
use std::collections::HashSet;

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct Selection {
    gallery: Gallery,
    chosen: RwSignal<HashSet<TileKey>>,
    /// The end of a range that stays where it is.
    anchor: StoredValue<Option<TileKey>>,
    /// What is to be deleted once the person has confirmed it.
    condemned: RwSignal<Vec<TileKey>>,
    is_asking: RwSignal<bool>,
    is_deleting: RwSignal<bool>,
    /// Why the last deletion failed.
    problem: RwSignal<Option<UiError>>,
    is_gathering: RwSignal<bool>,
    toaster: Toaster,
    language: RwSignal<Language>,
}

impl Selection {
    pub(super) fn new(gallery: Gallery) -> Self {
        Self {
            gallery,
            chosen: RwSignal::new(HashSet::new()),
            anchor: StoredValue::new(None),
            condemned: RwSignal::new(Vec::new()),
            is_asking: RwSignal::new(false),
            is_deleting: RwSignal::new(false),
            problem: RwSignal::new(None),
            is_gathering: RwSignal::new(false),
            toaster: use_toaster(),
            language: use_language(),
        }
    }

    /// Reactive.
    pub(super) fn len(self) -> usize {
        self.chosen.with(HashSet::len)
    }

    /// Reactive.
    pub(super) fn is_empty(self) -> bool {
        self.chosen.with(HashSet::is_empty)
    }

    /// Reactive.
    pub(super) fn has(self, key: &TileKey) -> bool {
        self.chosen.with(|chosen| chosen.contains(key))
    }

    /// The ids of what is chosen, newest first. Reactive.
    pub(super) fn ids(self) -> Vec<String> {
        let chosen = self.chosen.get();
        let tiles = self.gallery.tiles();
        let tiles = tiles.iter().filter(|tile| chosen.contains(tile.key()));
        tiles.filter_map(Tile::id).collect()
    }

    /// Chooses the picture at `index`, or not any more; with `as_range` all from the one that was
    /// chosen before it.
    pub(super) fn press(self, index: usize, as_range: bool) {
        let Some(tile) = untrack(|| self.gallery.at(index)) else {
            return;
        };
        let from = self.anchor.get_value();
        let from = from.and_then(|key| untrack(|| self.gallery.index(&key)));
        match from {
            Some(from) if as_range => self.choose(from, index),
            _ => {
                if tile.id().is_none() {
                    return;
                }
                let key = tile.key().clone();
                self.chosen.update(|chosen| {
                    if !chosen.remove(&key) {
                        chosen.insert(key);
                    }
                });
                self.anchor.set_value(Some(tile.key().clone()));
            }
        }
    }

    /// Goes on choosing from `from` to its neighbour `to`.
    pub(super) fn extend(self, from: usize, to: usize) {
        if untrack(|| self.is_empty()) {
            self.press(from, false);
        }
        self.choose(from, to);
    }

    fn choose(self, from: usize, to: usize) {
        let range = from.min(to)..=from.max(to);
        let tiles = range.filter_map(|at| untrack(|| self.gallery.at(at)));
        let keys = tiles.filter(|tile| tile.id().is_some());
        let keys: Vec<_> = keys.map(|tile| tile.key().clone()).collect();
        self.chosen.update(|chosen| chosen.extend(keys));
    }

    /// Chooses all pictures of the gallery: what is not here yet is fetched first.
    pub(super) fn select_all(self) {
        if self.is_gathering.get_untracked() {
            return;
        }
        self.is_gathering.set(true);
        spawn_local(async move {
            let is_whole = self.gallery.fetch_rest().await;
            let Some(tiles) = self.gallery.try_tiles() else {
                return;
            };
            let keys = tiles.iter().filter(|tile| tile.id().is_some());
            self.chosen
                .set(keys.map(|tile| tile.key().clone()).collect());
            self.is_gathering.set(false);
            if !is_whole {
                let said = text::SELECT_ALL_CUT.get(self.language.get_untracked());
                self.toaster.error_text(said);
            }
        });
    }

    /// All is being chosen. Reactive.
    pub(super) fn is_gathering(self) -> bool {
        self.is_gathering.get()
    }

    pub(super) fn clear(self) {
        self.chosen.update(HashSet::clear);
        self.anchor.set_value(None);
    }

    /// Asks whether what is chosen shall be deleted.
    pub(super) fn ask_to_delete(self) {
        let chosen = self.chosen.get_untracked();
        self.ask_to_delete_these(chosen.into_iter().collect());
    }

    /// Asks whether these shall be deleted.
    pub(super) fn ask_to_delete_these(self, keys: Vec<TileKey>) {
        self.condemned.set(keys);
        self.problem.set(None);
        self.is_asking.set(true);
    }

    pub(super) fn asking(self) -> RwSignal<bool> {
        self.is_asking
    }

    /// How many would be deleted. Reactive.
    pub(super) fn condemned(self) -> usize {
        self.condemned.with(Vec::len)
    }

    /// Reactive.
    pub(super) fn is_deleting(self) -> bool {
        self.is_deleting.get()
    }

    /// Why the last deletion failed. Reactive.
    pub(super) fn problem(self) -> Option<UiError> {
        self.problem.get()
    }

    /// Deletes what was asked about, and shows another picture large where one of them was.
    pub(super) fn delete(self, lightbox: Lightbox) {
        let keys = self.condemned.get_untracked();
        let id_of = |key: &TileKey| untrack(|| self.gallery.tile(key)).and_then(|tile| tile.id());
        // All at once: the page may be left while the first ones are deleted.
        let ids: Vec<_> = keys
            .iter()
            .filter_map(|key| Some((key.clone(), id_of(key)?)))
            .collect();
        let first = keys
            .iter()
            .filter_map(|key| untrack(|| self.gallery.index(key)));
        let first = first.min().unwrap_or_default();
        self.is_deleting.set(true);
        spawn_local(async move {
            let mut deleted = HashSet::new();
            let mut failed = None;
            for some in ids.chunks(MAX_CHOSEN_MEDIA) {
                let ids = some.iter().map(|(_, id)| id.clone()).collect();
                match delete_media(ids).await {
                    Ok(_) => deleted.extend(some.iter().map(|(key, _)| key.clone())),
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            if self.is_deleting.try_set(false).is_some() {
                // The page has been left.
                return;
            }
            self.is_asking.set(failed.is_some());
            self.condemned
                .update(|keys| keys.retain(|key| !deleted.contains(key)));
            self.problem.set(failed);
            if !deleted.is_empty() {
                lightbox.leave(|key| deleted.contains(key));
                self.gallery.remove(&deleted);
                self.chosen
                    .update(|chosen| chosen.retain(|key| !deleted.contains(key)));
                let said = text::DELETED.fill(self.language.get_untracked(), deleted.len() as u64);
                self.toaster.success(said);
                // The buttons that had the focus are gone.
                if !untrack(|| lightbox.is_open()) {
                    self.gallery.focus_near(first);
                }
            }
        });
    }
}
