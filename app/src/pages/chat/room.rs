//! The state of the chat page and what keeps it in step with the address and the keyboard.

use super::{
    attachments::Draft,
    history::{Conversation, Summary, Turn, TurnId},
    library,
    request::Files,
    run::{LiveAnswer, Run},
};
use crate::{
    browser::page,
    components::{Toaster, use_toaster},
    dom,
    dto::ModelOption,
    i18n::{Language, text::chat as text, use_language},
    markdown::CodeBlock,
};
use leptos::{ev, prelude::*, task::spawn_local};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};
use std::collections::HashMap;

const MODEL_KEY: &str = "chat-model";

/// Everything that the parts of the page share. Cheap to copy; signals only.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub(super) models: StoredValue<Vec<ModelOption>>,
    /// The list on the left.
    pub(super) summaries: RwSignal<Vec<Summary>>,
    /// The list was read from the browser's store.
    pub(super) is_list_loaded: RwSignal<bool>,
    /// The shown conversation. Its id is empty until the first question is asked.
    pub(super) open: RwSignal<Conversation>,
    /// The address names a conversation that is still being read.
    pub(super) is_opening: RwSignal<bool>,
    /// Contents of the files of the shown conversation.
    pub(super) files: RwSignal<Files>,
    /// Answers that are being received, in any conversation.
    pub(super) runs: RwSignal<Vec<Run>>,
    /// Conversations that are not shown but still receive an answer.
    pub(super) parked: StoredValue<Vec<Conversation>>,
    pub(super) draft: Draft,
    /// The question whose text is being changed.
    pub(super) editing: RwSignal<Option<TurnId>>,
    /// New text scrolls into view; off once the person has scrolled up.
    pub(super) follows_end: RwSignal<bool>,
    pub(super) is_sidebar_open: RwSignal<bool>,
    pub(super) is_sheet_open: RwSignal<bool>,
    /// The model for conversations that have none of their own.
    usual_model: RwSignal<String>,
    /// Finished parts of the running answer, for screen readers.
    pub(super) spoken: RwSignal<Vec<String>>,
    /// Bytes of the running answer that are in `spoken`.
    pub(super) spoken_to: StoredValue<usize>,
    /// HTML of coloured code, by what it was made from.
    pub(super) coloured: StoredValue<HashMap<CodeBlock, String>>,
    /// The person was told that nothing is kept.
    has_warned: StoredValue<bool>,
    pub(super) toaster: Toaster,
    pub(super) language: RwSignal<Language>,
}

impl Room {
    pub(super) fn provide(models: Vec<ModelOption>) -> Self {
        let names_chat = use_query_map().with_untracked(|query| query.get("c").is_some());
        let first = models
            .iter()
            .find(|model| model.is_served)
            .or(models.first());
        let room = Self {
            usual_model: RwSignal::new(first.map(|model| model.id.clone()).unwrap_or_default()),
            models: StoredValue::new(models),
            summaries: RwSignal::new(Vec::new()),
            is_list_loaded: RwSignal::new(false),
            open: RwSignal::new(Conversation::new(String::new(), 0)),
            is_opening: RwSignal::new(names_chat),
            files: RwSignal::new(Files::new()),
            runs: RwSignal::new(Vec::new()),
            parked: StoredValue::new(Vec::new()),
            draft: Draft::default(),
            editing: RwSignal::new(None),
            follows_end: RwSignal::new(true),
            is_sidebar_open: RwSignal::new(true),
            is_sheet_open: RwSignal::new(false),
            spoken: RwSignal::new(Vec::new()),
            spoken_to: StoredValue::new(0),
            coloured: StoredValue::new(HashMap::new()),
            has_warned: StoredValue::new(false),
            toaster: use_toaster(),
            language: use_language(),
        };
        provide_context(room);
        on_cleanup(move || room.stop_all());
        room
    }

    pub(super) fn expect() -> Self {
        expect_context()
    }

    /// Title of the shown conversation, empty for a new one.
    pub(super) fn title(self) -> String {
        self.open.with(|chat| chat.title.clone())
    }

    /// The model that answers next.
    pub(super) fn model(self) -> String {
        let own = self.open.with(|chat| chat.model.clone());
        own.filter(|id| self.knows_model(id))
            .unwrap_or_else(|| self.usual_model.get())
    }

    fn knows_model(self, id: &str) -> bool {
        self.models
            .with_value(|models| models.iter().any(|model| model.id == id))
    }

    /// Chooses the model of the shown conversation and of new ones.
    pub(super) fn choose_model(self, id: &str) {
        page::keep(MODEL_KEY, id);
        self.usual_model.set(id.to_owned());
        self.open.update(|chat| chat.model = Some(id.to_owned()));
        self.save_open();
    }

    /// A turn of the shown conversation.
    pub(super) fn turn(self, id: TurnId) -> Option<Turn> {
        self.open.with(|chat| chat.turn(id).cloned())
    }

    /// The answer that is being received for a turn of the shown conversation.
    pub(super) fn live(self, turn: TurnId) -> Option<ArcRwSignal<LiveAnswer>> {
        let chat_id = self.open.with(|chat| chat.id.clone());
        self.runs.with(|runs| {
            let run = runs
                .iter()
                .find(|run| run.turn == turn && run.chat_id == chat_id);
            run.map(|run| run.answer.clone())
        })
    }

    /// Whether the shown conversation is receiving an answer.
    pub(super) fn is_answering(self) -> bool {
        let chat_id = self.open.with(|chat| chat.id.clone());
        self.runs
            .with(|runs| runs.iter().any(|run| run.chat_id == chat_id))
    }

    /// Changes a conversation wherever it is held: shown or parked.
    pub(super) fn update_chat(self, id: &str, change: impl FnOnce(&mut Conversation)) {
        if self.open.try_with_untracked(|chat| chat.id == id) == Some(true) {
            self.open.try_update(change);
        } else {
            self.parked.try_update_value(|parked| {
                if let Some(chat) = parked.iter_mut().find(|chat| chat.id == id) {
                    change(chat);
                }
            });
        }
    }

    /// A conversation that is shown or parked.
    pub(super) fn held(self, id: &str) -> Option<Conversation> {
        let shown = self
            .open
            .try_with_untracked(|chat| (chat.id == id).then(|| chat.clone()));
        shown.flatten().or_else(|| {
            let find =
                |parked: &Vec<Conversation>| parked.iter().find(|chat| chat.id == id).cloned();
            self.parked.try_with_value(find).flatten()
        })
    }

    /// Writes a held conversation to the browser's store and brings the list up to date.
    pub(super) fn save(self, id: &str) {
        let Some(chat) = self.held(id).filter(|chat| !chat.id.is_empty()) else {
            return;
        };
        let is_deleted =
            |list: &Vec<Summary>| list.iter().any(|known| known.id == id && known.is_deleted);
        if self.summaries.try_with_untracked(is_deleted) == Some(true) {
            return;
        }
        self.list(Summary::from(&chat));
        spawn_local(async move {
            if library::save(&chat).await.is_err() {
                self.warn_about_storage();
            }
        });
    }

    pub(super) fn save_open(self) {
        let id = self.open.with_untracked(|chat| chat.id.clone());
        self.save(&id);
    }

    /// Adds or replaces an entry of the list.
    pub(super) fn list(self, summary: Summary) {
        self.summaries.try_update(|list| {
            match list.iter_mut().find(|known| known.id == summary.id) {
                Some(known) => *known = summary,
                None => list.push(summary),
            }
        });
    }

    /// Says once that this browser keeps nothing.
    pub(super) fn warn_about_storage(self) {
        if self.has_warned.try_get_value() == Some(false) {
            self.has_warned.set_value(true);
            self.toaster
                .error_text(text::STORAGE_REFUSED.get(self.language.get_untracked()));
        }
    }

    /// Shows a conversation; the one that was shown is parked if it still receives an answer.
    fn enter(self, chat: Conversation, files: Files) {
        let left = self.open.get_untracked();
        let is_running = self
            .runs
            .with_untracked(|runs| runs.iter().any(|run| run.chat_id == left.id));
        self.parked.update_value(|parked| {
            parked.retain(|other| other.id != chat.id);
            if is_running && left.id != chat.id {
                parked.push(left);
            }
        });
        self.editing.set(None);
        self.follows_end.set(true);
        self.files.set(files);
        self.open.set(chat);
        self.is_opening.set(false);
    }

    fn stop_all(self) {
        if let Some(runs) = self.runs.try_get_untracked() {
            runs.iter().for_each(Run::stop);
        }
    }
}

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
            match library::load_summaries().await {
                Ok(list) => {
                    let (deleted, kept): (Vec<_>, Vec<_>) =
                        list.into_iter().partition(|summary| summary.is_deleted);
                    room.summaries.try_set(kept);
                    room.is_list_loaded.try_set(true);
                    for summary in deleted {
                        let _ = library::purge(&summary.id).await;
                    }
                }
                Err(_) => {
                    room.is_list_loaded.try_set(true);
                    room.warn_about_storage();
                }
            }
        });
    });
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
                    super::sidebar::focus_search(room);
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
        request_animation_frame(|| dom::focus(super::composer::INPUT_ID));
    }
}
