//! The shown conversation.

use super::{
    super::{
        history::{AttachmentRef, ChatSettings, Conversation, Stamp, Turn, TurnId},
        request::{Files, completion_body},
    },
    Draft, Library, ModelChoice, Question,
};
use crate::{browser::page, dom};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_query_map;

/// A conversation that was shown here when it was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) id: String,
    /// Its draft has become that of a new conversation.
    pub(crate) has_moved_draft: bool,
}

/// See the module.
#[derive(Clone, Copy)]
pub(crate) struct OpenConversation {
    /// Its id is empty until the first question is asked.
    chat: RwSignal<Conversation>,
    /// Contents of its files.
    files: RwSignal<Files>,
    /// The address names a conversation that is still being read.
    is_opening: RwSignal<bool>,
    /// The question whose text is being changed.
    editing: RwSignal<Option<TurnId>>,
    /// The last one.
    lost: StoredValue<Option<Lost>>,
    models: ModelChoice,
    library: Library,
    draft: Draft,
}

impl OpenConversation {
    pub(super) fn new(models: ModelChoice, library: Library, draft: Draft) -> Self {
        let names_chat = use_query_map().with_untracked(|query| query.get("c").is_some());
        Self {
            chat: RwSignal::new(Conversation::new(String::new(), 0)),
            files: RwSignal::new(Files::new()),
            is_opening: RwSignal::new(names_chat),
            editing: RwSignal::new(None),
            lost: StoredValue::new(None),
            models,
            library,
            draft,
        }
    }

    /// Reads the conversation. Reactive.
    pub(crate) fn with<T>(self, read: impl FnOnce(&Conversation) -> T) -> T {
        self.chat.with(read)
    }

    pub(crate) fn with_untracked<T>(self, read: impl FnOnce(&Conversation) -> T) -> T {
        self.chat.with_untracked(read)
    }

    /// Empty for a new one. Reactive.
    pub(crate) fn title(self) -> String {
        self.with(|chat| chat.title.clone())
    }

    /// The model that answers next. Reactive.
    pub(crate) fn model(self) -> String {
        self.with(|chat| chat.model.clone())
            .filter(|id| self.models.offers(id))
            .unwrap_or_else(|| self.models.usual())
    }

    /// Reactive.
    pub(crate) fn turn(self, id: TurnId) -> Option<Turn> {
        self.with(|chat| chat.turn(id).cloned())
    }

    /// The content of a file, as a data URI. Reactive.
    pub(crate) fn file(self, id: &str) -> Option<String> {
        self.files.with(|files| files.get(id).cloned())
    }

    /// Runs the caller again when contents of files arrive.
    pub(crate) fn track_files(self) {
        self.files.track();
    }

    /// Whether the conversation that the address names is still being read. Reactive.
    pub(crate) fn is_opening(self) -> bool {
        self.is_opening.get()
    }

    pub(crate) fn is_opening_untracked(self) -> bool {
        self.is_opening.get_untracked()
    }

    /// Whether the text of this question is being changed. Reactive.
    pub(crate) fn is_editing(self, id: TurnId) -> bool {
        self.editing.get() == Some(id)
    }

    /// Begins to change the text of a question; `None` ends it.
    pub(crate) fn edit(self, id: Option<TurnId>) {
        self.editing.set(id);
    }

    /// Notes that the shown conversation is deleted.
    pub(crate) fn lose(self, lost: Lost) {
        self.lost.set_value(Some(lost));
    }

    /// The conversation that was lost here last, if it is this one. Only once.
    pub(crate) fn find_lost(self, id: &str) -> Option<Lost> {
        let take = |lost: &mut Option<Lost>| lost.take_if(|lost| lost.id == id);
        self.lost.try_update_value(take).flatten()
    }

    /// Chooses the model of this conversation and of new ones.
    pub(crate) fn choose_model(self, id: &str) {
        self.models.remember(id);
        self.chat
            .update(|chat| chat.choose_model(id, dom::now_ms()));
        self.save();
    }

    /// Changes what is sent with every question. Before the first one it is a part of the draft.
    pub(crate) fn change_settings(self, change: impl FnOnce(&mut ChatSettings)) {
        self.chat
            .update(|chat| chat.change_settings(change, dom::now_ms()));
        if self.is_new() {
            let settings = self.with_untracked(|chat| chat.settings.clone());
            self.draft.keep_settings(settings);
        }
        self.save();
    }

    /// Whether nothing has been asked yet. Not reactive.
    pub(crate) fn is_new(self) -> bool {
        self.with_untracked(|chat| chat.id.is_empty())
    }

    /// Goes on with the settings of a draft that begins a conversation.
    pub(crate) fn take_up_draft(self) {
        let settings = self.draft.settings();
        if self.is_new() && settings != ChatSettings::default() {
            self.chat.update(|chat| chat.settings = settings);
        }
    }

    /// Shows the branch of a turn.
    pub(crate) fn show_branch(self, id: TurnId) {
        self.chat.update(|chat| chat.show(id, dom::now_ms()));
        self.save();
    }

    /// The conversation that the address names is shown.
    pub(crate) fn set_opened(self) {
        self.is_opening.set(false);
    }

    /// Shows another conversation.
    pub(super) fn replace(self, chat: Conversation, files: Files) {
        self.editing.set(None);
        self.files.set(files);
        self.chat.set(chat);
        self.set_opened();
    }

    /// The conversation if it is the one with this id. `None` also once the page has gone.
    pub(super) fn if_shown(self, id: &str) -> Option<Conversation> {
        let shown = self
            .chat
            .try_with_untracked(|chat| (chat.id == id).then(|| chat.clone()));
        shown.flatten()
    }

    pub(crate) fn is_shown(self, id: &str) -> bool {
        self.chat.try_with_untracked(|chat| chat.id == id) == Some(true)
    }

    pub(super) fn update(self, change: impl FnOnce(&mut Conversation)) {
        self.chat.try_update(change);
    }

    /// Contents of files arrive, also once the page has gone.
    pub(super) fn add_files(self, files: Files) {
        if !files.is_empty() {
            self.files.try_update(|known| known.extend(files));
        }
    }

    /// Files of `chat` whose contents are not here. Not reactive.
    pub(super) fn missing_files(self, chat: &Conversation) -> Vec<AttachmentRef> {
        let is_missing = |file: &&AttachmentRef| {
            self.files
                .try_with_untracked(|known| !known.contains_key(&file.id))
                .unwrap_or_default()
        };
        let files = chat.turns().iter().flat_map(|turn| &turn.attachments);
        files.filter(is_missing).cloned().collect()
    }

    /// Adds a question after `parent`; a new conversation gets its id.
    pub(super) fn ask(self, parent: Option<TurnId>, question: Question) -> Option<TurnId> {
        let now = stamp();
        let contents = question.contents.iter().cloned();
        self.files.update(|known| known.extend(contents));
        let asked = self.chat.try_update(|chat| {
            if chat.id.is_empty() {
                (chat.id, chat.created_at_ms) = (page::random_id(), now.at_ms);
            }
            chat.ask(parent, question.text, question.attachments, now)
        });
        self.library.store_files(question.contents);
        asked
    }

    /// Adds an empty answer to `question`: the conversation's id, the answer, and the request for it.
    pub(super) fn begin_answer(self, question: TurnId) -> Option<(String, TurnId, String)> {
        let model = untrack(|| self.model());
        let now = stamp();
        let (chat_id, turn) = self.chat.try_update(|chat| {
            chat.choose_model(&model, now.at_ms);
            let turn = chat.begin_answer(question, &model, now);
            (chat.id.clone(), turn)
        })?;
        let body = self.with_untracked(|chat| {
            self.files
                .with_untracked(|files| completion_body(chat, question, &model, files))
        });
        Some((chat_id, turn, body))
    }

    fn save(self) {
        spawn_local(self.library.save(self.chat.get_untracked()));
    }
}

fn stamp() -> Stamp {
    Stamp {
        at_ms: dom::now_ms(),
        tie_breaker: page::random_word(),
    }
}
