//! The server's gallery, page by page.

use super::super::tile::{Picture, Tile};
use crate::{
    api::media::list_media,
    browser::pause::pause,
    dto::{MediaItem, MediaKind},
    error::UiError,
    limits::MAX_MEDIA_PAGE,
};
use leptos::{prelude::*, task::spawn_local};
use std::time::Duration;

/// How often it is looked whether a page that somebody else has asked for is there.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How far the server's gallery has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Paged {
    /// Nothing was asked for yet, or a page is on its way.
    #[default]
    Loading,
    /// There is more, behind this cursor.
    UpTo(String),
    Whole,
    Failed {
        error: UiError,
        /// Of the page that did not come.
        cursor: Option<String>,
    },
}

/// See the module.
#[derive(Clone, Copy)]
pub(in super::super) struct Paging(RwSignal<Paged>);

impl Paging {
    pub(super) fn new() -> Self {
        Self(RwSignal::new(Paged::Loading))
    }

    /// Reactive.
    pub(in super::super) fn state(self) -> Paged {
        self.0.get()
    }

    /// Fetches a page and hands it over. To be called once at the beginning, and then while
    /// [`Self::next`] names a page.
    pub(super) async fn fetch(self, cursor: Option<String>) -> Vec<Tile> {
        self.0.set(Paged::Loading);
        let page = list_media(Some(MediaKind::Image), cursor.clone(), MAX_MEDIA_PAGE).await;
        let (state, tiles) = match page {
            Ok(page) => {
                let state = page.next.map_or(Paged::Whole, Paged::UpTo);
                (state, page.items.into_iter().map(tile).collect())
            }
            Err(error) => (Paged::Failed { error, cursor }, Vec::new()),
        };
        // None: the page has been left.
        let _ = self.0.try_set(state);
        tiles
    }

    /// Fetches the rest, one page after the other, and hands each over. False when one did not come.
    pub(super) async fn fetch_rest(self, hand_over: impl Fn(Vec<Tile>)) -> bool {
        loop {
            match self.0.try_get_untracked() {
                Some(Paged::UpTo(cursor)) => hand_over(self.fetch(Some(cursor)).await),
                Some(Paged::Whole) => return true,
                // It is handed over by who has asked for it.
                Some(Paged::Loading) => pause(LOOK_AGAIN).await,
                Some(Paged::Failed { .. }) | None => return false,
            }
        }
    }

    /// Starts to fetch the page behind what is there.
    pub(super) fn fetch_next(self, hand_over: impl Fn(Vec<Tile>) + 'static) {
        let cursor = match self.0.get_untracked() {
            Paged::UpTo(cursor) => Some(cursor),
            Paged::Failed { cursor, .. } => cursor,
            Paged::Loading | Paged::Whole => return,
        };
        spawn_local(async move { hand_over(self.fetch(cursor).await) });
    }
}

fn tile(item: MediaItem) -> Tile {
    Tile::kept(Picture::from(item))
}

impl From<MediaItem> for Picture {
    fn from(item: MediaItem) -> Self {
        Self {
            id: item.id,
            address: item.url,
            thumbnail: item.thumbnail,
            width: item.width,
            height: item.height,
            bytes: item.bytes,
            prompt: item.prompt,
            model: item.model,
            at_ms: item.at_ms,
        }
    }
}
