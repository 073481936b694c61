//! One picture over the whole window: large, with what is known of it and what can be done.

mod actions;
mod details;
mod stage;
mod view;
mod zoom;

pub(super) use view::LightboxView;

use super::{
    gallery::{Gallery, Paged},
    tile::{Picture, TileKey},
};
use leptos::prelude::*;
use std::sync::Arc;

/// With fewer pictures than this behind the shown one the next page is fetched.
const PICTURES_AHEAD: usize = 20;

/// Which picture is shown large.
#[derive(Clone, Copy)]
pub(super) struct Lightbox {
    gallery: Gallery,
    shown: RwSignal<Option<TileKey>>,
}

impl Lightbox {
    pub(super) fn new(gallery: Gallery) -> Self {
        let lightbox = Self {
            gallery,
            shown: RwSignal::new(None),
        };
        lightbox.fetch_ahead();
        lightbox
    }

    pub(super) fn open(self, key: TileKey) {
        self.shown.set(Some(key));
    }

    /// Reactive.
    pub(super) fn is_open(self) -> bool {
        self.shown.with(Option::is_some)
    }

    /// Returns to the gallery, to the picture that was shown last.
    pub(super) fn close(self) {
        let Some(key) = self.shown.get_untracked() else {
            return;
        };
        self.shown.set(None);
        if let Some(at) = untrack(|| self.gallery.index(&key)) {
            self.gallery.focus(at);
        }
    }

    /// Reactive.
    fn key(self) -> Option<TileKey> {
        self.shown.get()
    }

    /// Reactive.
    fn picture(self) -> Option<Arc<Picture>> {
        self.gallery.tile(&self.shown.get()?)?.picture()
    }

    /// The picture before or after the shown one. Reactive.
    fn neighbour(self, is_next: bool) -> Option<(TileKey, Arc<Picture>)> {
        let at = self.gallery.index(&self.shown.get()?)?;
        let finished = |at: usize| {
            let tile = self.gallery.at(at)?;
            tile.picture().map(|picture| (tile.key().clone(), picture))
        };
        if is_next {
            (at + 1..self.gallery.len()).find_map(finished)
        } else {
            (0..at).rev().find_map(finished)
        }
    }

    /// Fetches what follows while the shown picture is near the end of what is here.
    fn fetch_ahead(self) {
        let is_near_end = Memo::new(move |_| {
            let at = self.shown.get().and_then(|key| self.gallery.index(&key));
            at.is_some_and(|at| at + PICTURES_AHEAD >= self.gallery.len())
        });
        Effect::new(move || {
            if is_near_end.get() && matches!(self.gallery.paging.state(), Paged::UpTo(_)) {
                self.gallery.fetch_next();
            }
        });
    }

    fn step(self, is_next: bool) {
        if let Some((key, _)) = untrack(|| self.neighbour(is_next)) {
            self.shown.set(Some(key));
        }
    }

    /// The first or last picture that is here.
    fn end(self, is_last: bool) {
        let tiles = self.gallery.tiles();
        let is_finished = |tile: &&super::tile::Tile| untrack(|| tile.picture()).is_some();
        let found = if is_last {
            tiles.iter().rev().find(is_finished)
        } else {
            tiles.iter().find(is_finished)
        };
        if let Some(tile) = found {
            self.shown.set(Some(tile.key().clone()));
        }
    }

    /// Shows the next picture, or the one before it, in place of those that go.
    pub(super) fn leave(self, going: impl Fn(&TileKey) -> bool) {
        let Some(shown) = self.shown.get_untracked().filter(&going) else {
            return;
        };
        let tiles = self.gallery.tiles();
        let at = tiles.iter().position(|tile| *tile.key() == shown);
        let at = at.unwrap_or_default();
        let stays =
            |tile: &&super::tile::Tile| !going(tile.key()) && untrack(|| tile.picture()).is_some();
        let after = tiles.iter().skip(at).find(stays);
        let next = after.or_else(|| tiles.iter().take(at).rev().find(stays));
        self.shown.set(next.map(|tile| tile.key().clone()));
    }
}
