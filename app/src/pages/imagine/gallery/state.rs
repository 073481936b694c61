//! What the gallery holds, and what of it can be seen.

use super::{
    super::tile::{Tile, TileKey},
    layout::{Layout, Place},
    paging::{Paged, Paging},
};
use crate::{dom, pages::making::PROMPT_ID};
use futures::{FutureExt, channel::oneshot, future::Shared};
use leptos::{prelude::*, task::spawn_local};
use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

/// Rows within this many pixels of the view are in the document.
const MARGIN: f64 = 600.0;
/// With fewer tiles than this below the view the next page is fetched.
const TILES_AHEAD: usize = 60;

/// The part of the gallery that is in view, in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct View {
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// All tiles in order, and where they stand.
#[derive(Default)]
pub(super) struct Arrangement {
    tiles: Vec<Tile>,
    at: HashMap<TileKey, usize>,
    layout: Layout,
}

/// See the module. Its methods are reactive unless they say otherwise.
#[derive(Clone, Copy)]
pub(in super::super) struct Gallery {
    /// Asked for on this page, newest last.
    newer: RwSignal<Vec<Tile>>,
    /// From the server, newest first.
    older: RwSignal<Vec<Tile>>,
    pub(in super::super) paging: Paging,
    pub(super) view: RwSignal<View>,
    width: Memo<f64>,
    arrangement: Memo<Arc<Arrangement>>,
    /// The tile that has the focus, or had it last.
    pub(super) current: RwSignal<Option<TileKey>>,
    /// The tile that shall get it.
    wanted: RwSignal<Option<TileKey>>,
    /// Resolves when the first page has been answered.
    first_page: StoredValue<Option<Shared<oneshot::Receiver<()>>>>,
}

impl PartialEq for Arrangement {
    /// Arrangements are made anew only when something has changed.
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

impl Gallery {
    /// Empty. [`Self::load`] fills it.
    pub(in super::super) fn new() -> Self {
        let (newer, older) = (RwSignal::new(Vec::new()), RwSignal::new(Vec::new()));
        let view = RwSignal::new(View::default());
        let width = Memo::new(move |_| view.with(|view| view.width));
        let arrangement = Memo::new(move |_| {
            let made = newer.with(|newer| older.with(|older| arrange(newer, older, width.get())));
            Arc::new(made)
        });
        Self {
            newer,
            older,
            paging: Paging::new(),
            view,
            width,
            arrangement,
            current: RwSignal::new(None),
            wanted: RwSignal::new(None),
            first_page: StoredValue::new(None),
        }
    }

    pub(in super::super) fn len(self) -> usize {
        self.newer.with(Vec::len) + self.older.with(Vec::len)
    }

    pub(in super::super) fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether the place of the gallery is known; before that nothing can be shown.
    pub(super) fn is_measured(self) -> bool {
        self.width.get() > 0.0
    }

    pub(super) fn height(self) -> f64 {
        self.arrangement.with(|all| all.layout.height())
    }

    pub(super) fn place(self, key: &TileKey) -> Option<Place> {
        self.arrangement
            .with(|all| all.layout.place(*all.at.get(key)?))
    }

    pub(in super::super) fn index(self, key: &TileKey) -> Option<usize> {
        self.arrangement.with(|all| all.at.get(key).copied())
    }

    pub(in super::super) fn at(self, index: usize) -> Option<Tile> {
        self.arrangement.with(|all| all.tiles.get(index).cloned())
    }

    pub(in super::super) fn tile(self, key: &TileKey) -> Option<Tile> {
        self.at(self.index(key)?)
    }

    /// All tiles, newest first. Not reactive.
    pub(in super::super) fn tiles(self) -> Vec<Tile> {
        self.arrangement.with_untracked(|all| all.tiles.clone())
    }

    /// The tile one row above or below that is nearest. Not reactive.
    pub(super) fn beside(self, index: usize, is_below: bool) -> Option<usize> {
        self.arrangement
            .with_untracked(|all| all.layout.beside(index, is_below))
    }

    /// Tiles that were asked for on this page.
    pub(super) fn newer_len(self) -> usize {
        self.newer.with(Vec::len)
    }

    /// All tiles unless the page has been left. Not reactive.
    pub(in super::super) fn try_tiles(self) -> Option<Vec<Tile>> {
        self.arrangement.try_with_untracked(|all| all.tiles.clone())
    }

    /// Whether the tab key reaches the gallery at this tile: at one only.
    pub(super) fn is_tab_stop(self, key: &TileKey) -> bool {
        self.current.with(|current| match current {
            Some(current) => current == key,
            None => self.index(key) == Some(0),
        })
    }

    /// Brings a tile into view and gives it the focus. Not reactive.
    pub(in super::super) fn focus(self, index: usize) {
        let Some(tile) = untrack(|| self.at(index)) else {
            return;
        };
        self.current.set(Some(tile.key().clone()));
        self.wanted.set(Some(tile.key().clone()));
    }

    /// Gives the focus to the tile at `index`, or the last one, once what had it is gone; to the prompt
    /// when there is none.
    pub(in super::super) fn focus_near(self, index: usize) {
        request_animation_frame(move || match self.try_tiles().map(|tiles| tiles.len()) {
            None => {}
            Some(0) => dom::focus(PROMPT_ID),
            Some(count) => self.focus(index.min(count - 1)),
        });
    }

    /// Those that did not come. Reactive.
    pub(in super::super) fn failed(self) -> HashSet<TileKey> {
        self.newer.with(|newer| {
            let failed = newer.iter().filter(|tile| tile.has_failed());
            failed.map(|tile| tile.key().clone()).collect()
        })
    }

    /// Runs `show` for each tile that shall get the focus.
    pub(super) fn on_focus(self, show: impl Fn(TileKey) + 'static) {
        Effect::new(move || {
            if let Some(key) = self.wanted.get() {
                show(key);
            }
        });
    }

    /// The tiles near the view.
    fn near(self) -> Range<usize> {
        let View { top, height, .. } = self.view.get();
        self.arrangement
            .with(|all| all.layout.between(top - MARGIN, top + height + MARGIN))
    }

    /// What is in the document: the tiles near the view, and the one with the focus.
    pub(super) fn shown(self) -> Memo<Shown> {
        let near = Memo::new(move |_| self.near());
        Memo::new(move |_| {
            let near = near.get();
            let current = self.current.get();
            self.arrangement.with(|all| {
                let mut tiles = all.tiles.get(near.clone()).unwrap_or_default().to_vec();
                let current = current.and_then(|key| all.at.get(&key).copied());
                if let Some(at) = current.filter(|at| !near.contains(at))
                    && let Some(tile) = all.tiles.get(at)
                {
                    let place = if at < near.start { 0 } else { tiles.len() };
                    tiles.insert(place, tile.clone());
                }
                Shown(tiles)
            })
        })
    }

    /// Fetches the first page, and further ones while the end of what is there is near.
    ///
    /// Server-side rendering: stays empty; the browser alone knows whose gallery it is.
    pub(in super::super) fn load(self) {
        Effect::new(move || {
            let (answered, answer) = oneshot::channel();
            self.first_page.set_value(Some(answer.shared()));
            spawn_local(async move {
                self.append(self.paging.fetch(None).await);
                let _ = answered.send(());
            });
        });
        let is_near_end =
            Memo::new(move |_| self.is_measured() && self.near().end + TILES_AHEAD >= self.len());
        Effect::new(move || {
            if is_near_end.get() && matches!(self.paging.state(), Paged::UpTo(_)) {
                self.fetch_next();
            }
        });
    }

    /// Waits for the answer to the first page: with it a new browser gets the name under which its
    /// pictures are kept, and two names at once would be one too many.
    pub(in super::super) async fn first_page(self) {
        if let Some(answer) = self.first_page.try_get_value().flatten() {
            let _ = answer.await;
        }
    }

    /// Fetches the next page now, or again the one that did not come. Not reactive.
    pub(in super::super) fn fetch_next(self) {
        self.paging.fetch_next(move |tiles| self.append(tiles));
    }

    /// Fetches all that is left. False when a page did not come.
    pub(in super::super) async fn fetch_rest(self) -> bool {
        self.paging
            .fetch_rest(move |tiles| self.append(tiles))
            .await
    }

    /// Puts tiles that are being drawn at the top. Who has scrolled down keeps the place.
    pub(in super::super) fn add(self, tiles: &[Tile]) {
        // The first of them stands first.
        self.newer
            .update(|newer| newer.extend(tiles.iter().rev().cloned()));
    }

    fn append(self, tiles: Vec<Tile>) {
        // None: the page has been left.
        let Some(here) = self.try_tiles() else {
            return;
        };
        let known: HashSet<String> = here.iter().filter_map(Tile::id).collect();
        let is_new = |tile: &Tile| tile.id().is_none_or(|id| !known.contains(&id));
        self.older
            .update(|older| older.extend(tiles.into_iter().filter(is_new)));
    }

    /// Takes tiles away; the tab key reaches the next one. Does nothing once the page has been left.
    pub(in super::super) fn remove(self, keys: &HashSet<TileKey>) {
        let is_gone = |tile: &Tile| keys.contains(tile.key());
        let Some(current) = self.current.try_get_untracked() else {
            return;
        };
        if let Some(current) = current
            && keys.contains(&current)
        {
            let tiles = self.tiles();
            let at = tiles.iter().position(|tile| *tile.key() == current);
            let next = tiles
                .iter()
                .skip(at.unwrap_or(0))
                .find(|tile| !is_gone(tile));
            self.current.set(next.map(|tile| tile.key().clone()));
        }
        if self.newer.with_untracked(|newer| newer.iter().any(is_gone)) {
            self.newer
                .update(|newer| newer.retain(|tile| !is_gone(tile)));
        }
        if self.older.with_untracked(|older| older.iter().any(is_gone)) {
            self.older
                .update(|older| older.retain(|tile| !is_gone(tile)));
        }
    }
}

/// Tiles in the document.
#[derive(Clone)]
pub(super) struct Shown(pub(super) Vec<Tile>);

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        let keys = |shown: &Self| {
            shown
                .0
                .iter()
                .map(|tile| tile.key().clone())
                .collect::<Vec<_>>()
        };
        keys(self) == keys(other)
    }
}

fn arrange(newer: &[Tile], older: &[Tile], width: f64) -> Arrangement {
    let tiles: Vec<Tile> = newer.iter().rev().chain(older).cloned().collect();
    let ratios: Vec<f64> = tiles.iter().map(Tile::ratio).collect();
    let layout = Layout::new(&ratios, newer.len(), width);
    let keys = tiles.iter().map(|tile| tile.key().clone());
    let at = keys.enumerate().map(|(at, key)| (key, at)).collect();
    Arrangement { tiles, at, layout }
}
