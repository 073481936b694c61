//! What keeps the page in step with the address, the browser's store and the keyboard.

use super::{
    drafts,
    history::Conversation,
    request::Files,
    sidebar::focus_search,
    state::{
        Draft, Generations, INPUT_ID, Layout, Library, Lost, Message, ModelChoice,
        OpenConversation, Tabs,
    },
    storage,
};
use crate::{
    browser::page,
    components::use_toaster,
    dom,
    i18n::{text::chat as text, use_language},
};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

/// Shows the conversation that the address names.
pub(super) fn follow_address() {
    let (open, layout): (OpenConversation, Layout) = (expect_context(), expect_context());
    let (generations, draft): (Generations, Draft) = (expect_context(), expect_context());
    let (toaster, language) = (use_toaster(), use_language());
    let query = use_query_map();
    let navigate = use_navigate();
    let wanted_now = Memo::new(move |_| query.with(|query| query.get("c")));
    Effect::new(move || {
        let wanted = wanted_now.get().unwrap_or_default();
        layout.close_sheet();
        draft.turn_to(&wanted);
        if open.with_untracked(|chat| chat.id == wanted) {
            open.take_up_draft();
            open.set_opened();
            focus_composer();
            return;
        }
        if wanted.is_empty() {
            generations.show(Conversation::new(String::new(), 0), Files::new());
            open.take_up_draft();
            focus_composer();
            return;
        }
        let navigate = navigate.clone();
        spawn_local(async move {
            let is_wanted =
                |id: &str| wanted_now.try_get_untracked().flatten().as_deref() == Some(id);
            if show_stored(generations, &wanted, is_wanted).await {
                return;
            }
            toaster.error_text(text::NOT_HERE.get(language.get_untracked()));
            draft.move_to("");
            navigate(
                "/",
                NavigateOptions {
                    replace: true,
                    ..NavigateOptions::default()
                },
            );
        });
    });
}

/// Shows a conversation from memory or from the browser's store, unless another one is wanted when
/// it has been read. False when it is in neither.
async fn show_stored(
    generations: Generations,
    wanted: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> bool {
    let found = match generations.held(wanted) {
        Some(chat) => Some(chat),
        None => generations.load(wanted).await,
    };
    let Some(chat) = found else {
        return false;
    };
    let turns = chat.turns().iter();
    let attached: Vec<_> = turns.flat_map(|turn| turn.attachments.clone()).collect();
    let files = storage::load_files(&attached).await;
    if !is_wanted(wanted) {
        return true;
    }
    // The parked copy has moved on while the files were read.
    let parked = generations.held(wanted);
    let is_as_read = parked.is_none();
    generations.show(parked.unwrap_or(chat), files);
    focus_composer();
    // What was stored while it was being read has been told to nobody here.
    if is_as_read {
        generations.follow(wanted).await;
    }
    true
}

/// Leaves drafts for the next visit when the page goes, and removes those that nobody came for.
pub(super) fn keep_drafts() {
    let draft: Draft = expect_context();
    Effect::new(move || {
        let handle = window_event_listener_untyped("pagehide", move |_| draft.leave());
        on_cleanup(move || handle.remove());
        let files = drafts::prune(dom::now_ms());
        spawn_local(async move {
            // What stays behind costs room and nothing else.
            let _ = storage::delete_files(&files).await;
        });
    });
}

/// Reads the list and the remembered model; removes what was deleted for good.
pub(super) fn load_list() {
    let (library, models): (Library, ModelChoice) = (expect_context(), expect_context());
    Effect::new(move || {
        models.recall();
        spawn_local(async move {
            library.refresh().await;
            library.purge_deleted().await;
        });
    });
}

/// Shows what other tabs store while they store it.
pub(super) fn follow_tabs() {
    let (library, tabs): (Library, Tabs) = (expect_context(), expect_context());
    let (generations, open): (Generations, OpenConversation) = (expect_context(), expect_context());
    let draft: Draft = expect_context();
    let (navigate, query) = (use_navigate(), use_query_map());
    let take_in = move |id: String| {
        let navigate = navigate.clone();
        spawn_local(async move {
            if !library.refresh_entry(&id).await {
                generations.follow(&id).await;
                return;
            }
            generations.stop_in(&id);
            // Not when the person is on the way to another one.
            let is_named = query.with_untracked(|query| query.get("c").as_deref() == Some(&*id));
            if is_named && open.is_shown(&id) {
                let has_moved_draft = draft.move_to("");
                open.lose(Lost {
                    id: id.clone(),
                    has_moved_draft,
                });
                navigate("/", NavigateOptions::default());
                library.offer_undo(&id, text::DELETED_ELSEWHERE);
            }
        });
    };
    Effect::new(move || {
        let take_in = take_in.clone();
        let hear = take_in.clone();
        tabs.listen(move |message| match message {
            Message::Stop(id) => generations.stop_in(&id),
            Message::Stored(id) => hear(id),
        });
        // A page that was frozen or restored has not heard everything.
        let handle = window_event_listener(ev::focus, move |_| {
            spawn_local(library.refresh());
            take_in(open.with_untracked(|chat| chat.id.clone()));
        });
        on_cleanup(move || handle.remove());
    });
}

/// Leads back into a conversation whose deletion was undone, in this tab or another, unless the
/// person is in another one by now, or has begun to write a new one.
pub(super) fn follow_undo() {
    let (library, open): (Library, OpenConversation) = (expect_context(), expect_context());
    let draft: Draft = expect_context();
    let (navigate, query) = (use_navigate(), use_query_map());
    Effect::new(move || {
        let Some(returned) = library.returned() else {
            return;
        };
        let is_elsewhere = query.with_untracked(|query| query.get("c").is_some());
        match open.find_lost(&returned.id) {
            Some(lost) if !is_elsewhere && (lost.has_moved_draft || !draft.has_question()) => {
                if lost.has_moved_draft {
                    draft.move_to(&lost.id);
                }
                navigate(&format!("/?c={}", lost.id), NavigateOptions::default());
            }
            _ if returned.is_undone_here => focus_composer(),
            _ => {}
        }
    });
}

/// Shortcuts of the whole page: Escape stops, Ctrl/Cmd K searches, Ctrl/Cmd Shift O opens a new
/// conversation.
pub(super) fn watch_keys() {
    let (generations, layout): (Generations, Layout) = (expect_context(), expect_context());
    let navigate = use_navigate();
    Effect::new(move || {
        let navigate = navigate.clone();
        let handle = window_event_listener(ev::keydown, move |event| {
            let command = event.ctrl_key() || event.meta_key();
            match event.key().as_str() {
                "Escape" if !event.default_prevented() && !is_layer_open() => generations.stop(),
                "k" | "K" if command => {
                    event.prevent_default();
                    focus_search(layout);
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
