//! What is open on the page, and whether it scrolls with the answer.

use crate::browser::page;
use leptos::prelude::*;

/// Below this width the list is a sheet; the style sheet says the same.
const NARROW: &str = "(max-width: 860px)";

/// The list of conversations stands at the left edge of wide screens and is a sheet on narrow ones.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    is_sidebar_open: RwSignal<bool>,
    is_sheet_open: RwSignal<bool>,
    /// New text scrolls into view; off once the person has scrolled up.
    follows_end: RwSignal<bool>,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            is_sidebar_open: RwSignal::new(true),
            is_sheet_open: RwSignal::new(false),
            follows_end: RwSignal::new(true),
        }
    }
}

impl Layout {
    /// Reactive.
    pub(crate) fn is_sidebar_open(self) -> bool {
        self.is_sidebar_open.get()
    }

    /// For the sheet itself, which is also closed by the browser.
    pub(crate) fn sheet(self) -> RwSignal<bool> {
        self.is_sheet_open
    }

    /// Shows or hides the list, where it stands on this screen.
    pub(crate) fn toggle_list(self) {
        if page::matches_media(NARROW) {
            self.is_sheet_open.set(true);
        } else {
            self.is_sidebar_open.update(|open| *open = !*open);
        }
    }

    /// Shows the list; true when that is the sheet.
    pub(crate) fn show_list(self) -> bool {
        let is_narrow = page::matches_media(NARROW);
        let list = if is_narrow {
            self.is_sheet_open
        } else {
            self.is_sidebar_open
        };
        list.set(true);
        is_narrow
    }

    pub(crate) fn close_sheet(self) {
        self.is_sheet_open.set(false);
    }

    /// Reactive.
    pub(crate) fn follows_end(self) -> bool {
        self.follows_end.get()
    }

    /// As [`Layout::follows_end`], not reactive.
    pub(crate) fn is_following_untracked(self) -> bool {
        self.follows_end.get_untracked()
    }

    /// New text scrolls into view from now on.
    pub(crate) fn follow_end(self) {
        self.follows_end.set(true);
    }

    /// The page stays where it is while text comes in.
    pub(crate) fn stay_here(self) {
        self.follows_end.set(false);
    }
}
