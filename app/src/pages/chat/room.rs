//! The state of the chat page.

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
    dto::ModelOption,
    i18n::{Language, text::chat as text, use_language},
    markdown::CodeBlock,
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;
use std::collections::HashMap;

pub(super) const MODEL_KEY: &str = "chat-model";

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
    pub(super) usual_model: RwSignal<String>,
    /// Finished parts of the running answer, for screen readers.
    pub(super) spoken: RwSignal<Vec<String>>,
    /// Bytes of the running answer that are in `spoken`.
    pub(super) spoken_to: StoredValue<usize>,
    /// HTML of coloured code, by what it was made from.
    pub(super) coloured: StoredValue<HashMap<CodeBlock, String>>,
    /// Lives as long as the page.
    owner: StoredValue<Owner>,
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
            owner: StoredValue::new(Owner::current().unwrap_or_default()),
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

    pub(super) fn knows_model(self, id: &str) -> bool {
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

    /// Makes something reactive that outlives the part of the page that asks for it.
    pub(super) fn lasting<T>(self, make: impl FnOnce() -> T) -> T {
        self.owner.with_value(|owner| owner.with(make))
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

    /// Takes away an answer of the shown conversation that has no text, before another try.
    pub(super) fn discard_empty(self, id: TurnId) {
        if !self.is_answering() {
            self.open.update(|chat| chat.discard_empty(id));
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
    pub(super) fn enter(self, chat: Conversation, files: Files) {
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
