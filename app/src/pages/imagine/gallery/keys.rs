//! The gallery by keyboard: arrows walk, Enter opens, the space bar chooses.

use super::{super::selection::Selection, Gallery};
use leptos::{ev, prelude::*};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Back,
    On,
    Up,
    Down,
    First,
    Last,
}

/// What a key does on the tile at `index`. True when it did something.
pub(super) fn press(
    event: &ev::KeyboardEvent,
    gallery: Gallery,
    selection: Selection,
    index: usize,
) -> bool {
    let has_command = event.ctrl_key() || event.meta_key();
    let key = event.key();
    if has_command && key.eq_ignore_ascii_case("a") {
        selection.select_all();
        return true;
    }
    if has_command || event.alt_key() {
        return false;
    }
    if walk(event, gallery, selection, index) {
        return true;
    }
    let has_chosen = !untrack(|| selection.is_empty());
    match key.as_str() {
        " " => selection.press(index, event.shift_key()),
        "Escape" if has_chosen => selection.clear(),
        "Delete" if has_chosen => selection.ask_to_delete(),
        _ => return false,
    }
    true
}

/// Goes from the tile at `index` to another; with the shift key chooses what lies between. True when the
/// key is one for walking.
pub(super) fn walk(
    event: &ev::KeyboardEvent,
    gallery: Gallery,
    selection: Selection,
    index: usize,
) -> bool {
    let Some(step) = step_of(&event.key()) else {
        return false;
    };
    if let Some(to) = target(gallery, index, step) {
        if event.shift_key() {
            selection.extend(index, to);
        }
        gallery.focus(to);
    }
    true
}

fn step_of(key: &str) -> Option<Step> {
    Some(match key {
        "ArrowLeft" => Step::Back,
        "ArrowRight" => Step::On,
        "ArrowUp" => Step::Up,
        "ArrowDown" => Step::Down,
        "Home" => Step::First,
        "End" => Step::Last,
        _ => return None,
    })
}

fn target(gallery: Gallery, index: usize, step: Step) -> Option<usize> {
    let count = untrack(|| gallery.len());
    match step {
        Step::Back => index.checked_sub(1),
        Step::On => Some(index + 1).filter(|&next| next < count),
        Step::Up => gallery.beside(index, false),
        Step::Down => gallery.beside(index, true),
        Step::First => Some(0),
        Step::Last => count.checked_sub(1),
    }
}
