//! The question that is being written, and those that are being changed: kept in the browser for
//! each conversation.

use super::super::{
    drafts::{self, StoredDraft},
    history::{AttachmentRef, ChatSettings, TurnId},
    storage,
};
use crate::{
    browser::{early, files::read_data_uri, page},
    components::{Toaster, use_toaster},
    dom,
    i18n::{Language, text::chat as text, use_language},
    limits::MAX_FILES,
};
use leptos::{prelude::*, task::spawn_local};

/// Of the composer's field.
pub(crate) const INPUT_ID: &str = "chat-input";
/// Of one file.
const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024;

/// Words and files of the next question.
#[derive(Clone, Copy)]
pub(crate) struct Draft {
    text: RwSignal<String>,
    files: RwSignal<Vec<DraftFile>>,
    /// Questions that were asked, as they were changed.
    edits: StoredValue<Vec<(TurnId, String)>>,
    /// Of a new conversation.
    settings: StoredValue<ChatSettings>,
    /// Whose draft it is: empty for a new conversation, `None` until the page is there.
    chat_id: StoredValue<Option<String>>,
    toaster: Toaster,
    language: RwSignal<Language>,
}

/// A file of a [`Draft`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DraftFile {
    pub(crate) file: AttachmentRef,
    /// Data URI; `None` while it is being read.
    pub(crate) content: Option<String>,
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) attachments: Vec<AttachmentRef>,
    /// Contents of new attachments, as data URIs by their id.
    pub(crate) contents: Vec<(String, String)>,
}

impl Draft {
    pub(super) fn new() -> Self {
        Self {
            text: RwSignal::new(early::typed(INPUT_ID).unwrap_or_default()),
            files: RwSignal::new(Vec::new()),
            edits: StoredValue::new(Vec::new()),
            settings: StoredValue::new(ChatSettings::default()),
            chat_id: StoredValue::new(None),
            toaster: use_toaster(),
            language: use_language(),
        }
    }

    pub(crate) fn text(self) -> Signal<String> {
        self.text.into()
    }

    pub(crate) fn write(self, text: String) {
        self.text.set(text);
        self.keep();
    }

    /// A question as it was changed, until that is sent or given up.
    pub(crate) fn edit(self, turn: TurnId) -> Option<String> {
        let find = |edits: &Vec<(TurnId, String)>| {
            edits
                .iter()
                .find(|edit| edit.0 == turn)
                .map(|edit| edit.1.clone())
        };
        self.edits.with_value(find)
    }

    /// Keeps a question as it was changed; `None` when it is not changed any more.
    pub(crate) fn keep_edit(self, turn: TurnId, text: Option<String>) {
        self.edits.update_value(|edits| {
            edits.retain(|edit| edit.0 != turn);
            edits.extend(text.map(|text| (turn, text)));
        });
        self.keep();
    }

    /// What was set for the conversation that this question begins.
    pub(super) fn settings(self) -> ChatSettings {
        self.settings.get_value()
    }

    pub(super) fn keep_settings(self, settings: ChatSettings) {
        self.settings.set_value(settings);
        self.keep();
    }

    /// Takes everything but these words out of the text; what stood around them.
    pub(crate) fn leave_only(self, words: &str) -> String {
        let text = self.text.get_untracked();
        let Some((before, after)) = text.split_once(words) else {
            return String::new();
        };
        self.text.set(words.to_owned());
        format!("{before}{after}").trim().to_owned()
    }

    /// Goes on with the draft of a conversation. What was typed before the first one was known is
    /// added to it.
    pub(crate) fn turn_to(self, chat_id: &str) {
        let before = self.chat_id.try_get_value().flatten();
        if before.as_deref() == Some(chat_id) {
            return;
        }
        self.chat_id.set_value(Some(chat_id.to_owned()));
        let stored = drafts::claim(&drafts::tab_id(), chat_id, dom::now_ms()).unwrap_or_default();
        let typed = self.text.get_untracked();
        let is_typed = before.is_none() && !typed.is_empty();
        self.text.set(match (is_typed, stored.text.is_empty()) {
            (true, true) => typed,
            (true, false) => format!("{}\n{typed}", stored.text),
            (false, _) => stored.text,
        });
        self.edits.set_value(stored.edits);
        self.settings.set_value(stored.settings);
        self.bring_back(stored.files);
        self.keep();
    }

    /// Whether something was written or attached.
    pub(crate) fn has_question(self) -> bool {
        !self.stored().has_no_question()
    }

    /// The question becomes the draft of another conversation, for example of the one that it has
    /// begun. An empty one, or one where the other has a question, stays behind; so do changed
    /// questions and settings. Whether it has moved.
    pub(crate) fn move_to(self, chat_id: &str) -> bool {
        let (tab, now) = (drafts::tab_id(), dom::now_ms());
        let here = self.stored();
        let there = drafts::claim(&tab, chat_id, now).unwrap_or_default();
        if here.has_no_question() || !there.has_no_question() {
            self.turn_to(chat_id);
            return false;
        }
        if let Some(before) = self.chat_id.try_get_value().flatten() {
            let left = StoredDraft {
                text: String::new(),
                files: Vec::new(),
                ..here
            };
            drafts::keep(&tab, &before, &left);
        }
        self.chat_id.set_value(Some(chat_id.to_owned()));
        self.edits.set_value(there.edits);
        self.settings.set_value(there.settings);
        self.keep();
        true
    }

    /// The tab goes; what is not sent is there when the page is opened again.
    pub(crate) fn leave(self) {
        drafts::leave(&drafts::tab_id());
    }

    fn keep(self) {
        if let Some(chat_id) = self.chat_id.try_get_value().flatten() {
            drafts::keep(&drafts::tab_id(), &chat_id, &self.stored());
        }
    }

    fn stored(self) -> StoredDraft {
        let files = self.files.try_get_untracked().unwrap_or_default();
        StoredDraft {
            text: self.text.try_get_untracked().unwrap_or_default(),
            files: files.into_iter().map(|known| known.file).collect(),
            edits: self.edits.try_get_value().unwrap_or_default(),
            settings: self.settings.try_get_value().unwrap_or_default(),
            ..StoredDraft::empty(dom::now_ms())
        }
    }

    /// Reads the contents of files that were attached before; those that are lost are taken away.
    fn bring_back(self, files: Vec<AttachmentRef>) {
        self.files.set(
            files
                .iter()
                .map(|file| DraftFile {
                    file: file.clone(),
                    content: None,
                })
                .collect(),
        );
        if files.is_empty() {
            return;
        }
        spawn_local(async move {
            let mut contents = storage::load_files(&files).await;
            self.files.try_update(|known| {
                for one in known.iter_mut() {
                    if let Some(content) = contents.remove(&one.file.id) {
                        one.content = Some(content);
                    }
                }
                let is_lost = |one: &DraftFile| {
                    one.content.is_none() && files.iter().any(|file| file.id == one.file.id)
                };
                known.retain(|one| !is_lost(one));
            });
        });
    }

    /// Reactive.
    pub(crate) fn files(self) -> Vec<DraftFile> {
        self.files.get()
    }

    /// Reactive.
    pub(crate) fn has_files(self) -> bool {
        self.files.with(|files| !files.is_empty())
    }

    /// Whether there is something to send and all of it is there. Reactive.
    pub(crate) fn is_ready(self) -> bool {
        let has_words = self.text.with(|text| !text.trim().is_empty());
        self.files.with(|files| {
            (has_words || !files.is_empty()) && files.iter().all(|file| file.content.is_some())
        })
    }

    /// Empties the draft; its conversation keeps the settings. Files that are still being read are left
    /// out.
    pub(crate) fn take(self) -> Question {
        let text = self.text.get_untracked().trim().to_owned();
        let (attachments, contents) = self
            .files
            .get_untracked()
            .into_iter()
            .filter_map(|known| Some((known.file.clone(), (known.file.id, known.content?))))
            .unzip();
        self.text.set(String::new());
        self.files.set(Vec::new());
        self.settings.set_value(ChatSettings::default());
        self.keep();
        Question {
            text,
            attachments,
            contents,
        }
    }

    /// Takes files that were picked, pasted or dropped; says why one is not taken.
    pub(crate) fn attach(self, files: Vec<web_sys::File>) {
        for file in files {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a byte count"
            )]
            let size_bytes = file.size() as u64;
            let already = self.files.with_untracked(Vec::len);
            if let Err(refusal) = validate(size_bytes, already) {
                let language = self.language.get_untracked();
                self.toaster
                    .error_text(explain(refusal, &file.name(), language));
                if refusal == Refusal::TooMany {
                    return;
                }
                continue;
            }
            let mime = file.type_();
            let mime = if mime.is_empty() {
                "application/octet-stream".to_owned()
            } else {
                mime
            };
            let entry = AttachmentRef {
                id: page::random_id(),
                name: file.name(),
                mime,
                size_bytes,
            };
            self.read(entry, file);
        }
    }

    pub(crate) fn remove(self, id: &str) {
        self.files
            .try_update(|files| files.retain(|known| known.file.id != id));
        self.keep();
        let id = id.to_owned();
        spawn_local(async move {
            // What stays behind costs room and nothing else.
            let _ = storage::delete_files(&[id]).await;
        });
    }

    fn read(self, entry: AttachmentRef, file: web_sys::File) {
        let id = entry.id.clone();
        self.files.update(|files| {
            files.push(DraftFile {
                file: entry,
                content: None,
            })
        });
        self.keep();
        spawn_local(async move {
            let Some(content) = read_data_uri(&file).await else {
                let name = &file.name();
                let language = self.language.get_untracked();
                self.toaster
                    .error_text(text::FileUnreadable { name }.fill(language));
                self.remove(&id);
                return;
            };
            let row = (id, content);
            // Refused where the browser keeps nothing: then the draft goes with the page.
            let _ = storage::save_files(std::slice::from_ref(&row)).await;
            self.files.try_update(|files| {
                if let Some(known) = files.iter_mut().find(|known| known.file.id == row.0) {
                    known.content = Some(row.1);
                }
            });
        });
    }
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    TooMany,
    TooBig,
    Empty,
}

fn validate(size_bytes: u64, already: usize) -> Result<(), Refusal> {
    match size_bytes {
        _ if already >= MAX_FILES => Err(Refusal::TooMany),
        0 => Err(Refusal::Empty),
        size if size > MAX_FILE_BYTES => Err(Refusal::TooBig),
        _ => Ok(()),
    }
}

fn explain(refusal: Refusal, name: &str, language: Language) -> String {
    match refusal {
        Refusal::TooMany => text::FileTooMany { files: &MAX_FILES }.fill(language),
        Refusal::TooBig => {
            let megabytes = &(MAX_FILE_BYTES / 1024 / 1024);
            let name = &name;
            text::FileTooBig { name, megabytes }.fill(language)
        }
        Refusal::Empty => text::FileEmpty { name: &name }.fill(language),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_twenty_megabytes_and_eight_files() {
        assert_eq!(validate(MAX_FILE_BYTES, 7), Ok(()));
        assert_eq!(validate(MAX_FILE_BYTES + 1, 0), Err(Refusal::TooBig));
        assert_eq!(validate(1, 8), Err(Refusal::TooMany));
        assert_eq!(validate(0, 0), Err(Refusal::Empty));
    }

    #[test]
    fn a_refusal_names_the_file_and_the_limit() {
        let message = explain(Refusal::TooBig, "a.mov", Language::English);
        assert!(
            message.contains("a.mov") && message.contains("20 MB"),
            "{message}"
        );
    }
}
