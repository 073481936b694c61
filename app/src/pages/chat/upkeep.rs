//! What keeps the room in step with the address, the browser's store and the keyboard.

use super::{
    composer::INPUT_ID,
    history::Conversation,
    library,
    request::Files,
    room::{MODEL_KEY, Room},
    sidebar::focus_search,
};
use crate::{browser::page, dom, i18n::text::chat as text};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

/// Shows the conversation that the address names.
pub(super) fn follow_address(room: Room) {
    let query = use_query_map();
    let navigate = use_navigate();
    let wanted_now = Memo::new(move |_| query.with(|query| query.get("c")));
    Effect::new(move || {
        let wanted = wanted_now.get().unwrap_or_default();
        room.is_sheet_open.set(false);
        if room.open.with_untracked(|chat| chat.id == wanted) {
            room.is_opening.set(false);
            focus_composer();
            return;
        }
        if wanted.is_empty() {
            room.enter(Conversation::new(String::new(), 0), Files::new());
            focus_composer();
            return;
        }
        let navigate = navigate.clone();
        spawn_local(async move {
            let found = match room.held(&wanted) {
                Some(chat) => Some(chat),
                None => library::load_conversation(&wanted).await,
            };
            let Some(chat) = found else {
                room.toaster
                    .error_text(text::NOT_HERE.get(room.language.get_untracked()));
                navigate(
                    "/",
                    NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    },
                );
                return;
            };
            let wanted_files: Vec<_> = chat
                .turns()
                .iter()
                .flat_map(|turn| turn.attachments.clone())
                .collect();
            let files = library::load_files(&wanted_files).await;
            if wanted_now.try_get_untracked().flatten().as_ref() != Some(&wanted) {
                return;
            }
            // The parked copy has moved on while the files were read.
            room.enter(room.held(&wanted).unwrap_or(chat), files);
            focus_composer();
        });
    });
}

/// Reads the list and the remembered model; removes what was deleted for good.
pub(super) fn load_list(room: Room) {
    Effect::new(move || {
        if let Some(id) = page::recall(MODEL_KEY).filter(|id| room.knows_model(id)) {
            room.usual_model.set(id);
        }
        spawn_local(async move {
            refresh_list(room).await;
            let deleted = room.summaries.try_with_untracked(|list| {
                let deleted = list.iter().filter(|summary| summary.is_deleted);
                deleted
                    .map(|summary| summary.id.clone())
                    .collect::<Vec<_>>()
            });
            for id in deleted.unwrap_or_default() {
                // What fails stays hidden and is tried again with the next load.
                let _ = library::purge(&id).await;
            }
        });
        // Other tabs write to the same store.
        let handle = window_event_listener(ev::focus, move |_| spawn_local(refresh_list(room)));
        on_cleanup(move || handle.remove());
    });
}

async fn refresh_list(room: Room) {
    match library::load_summaries().await {
        Ok(list) => {
            room.summaries.try_set(list);
        }
        Err(_) => room.warn_about_storage(),
    }
    room.is_list_loaded.try_set(true);
}

/// Shortcuts of the whole page: Escape stops, Ctrl/Cmd K searches, Ctrl/Cmd Shift O starts anew.
pub(super) fn watch_keys(room: Room) {
    let navigate = use_navigate();
    Effect::new(move || {
        let navigate = navigate.clone();
        let handle = window_event_listener(ev::keydown, move |event| {
            let command = event.ctrl_key() || event.meta_key();
            match event.key().as_str() {
                "Escape" if !event.default_prevented() && !is_layer_open() => room.stop(),
                "k" | "K" if command => {
                    event.prevent_default();
                    focus_search(room);
                }
                "o" | "O" if command && event.shift_key() => {
                    event.prevent_default();
                    navigate("/", NavigateOptions::default());
                    focus_composer();
                }
                _ => {}
            }
        });
        on_cleanup(move || handle.remove());
    });
}

/// A menu, popover or dialog is open: Escape belongs to it.
fn is_layer_open() -> bool {
    let layers = "dialog[open], [aria-haspopup][aria-expanded='true']";
    document().query_selector(layers).ok().flatten().is_some()
}

/// Puts the cursor into the composer, except on touch screens, where the keyboard would jump up.
pub(super) fn focus_composer() {
    if !page::matches_media("(pointer: coarse)") {
        request_animation_frame(|| dom::focus(INPUT_ID));
    }
}
