//! Drafts in the browser's store: the words and files of questions that are not sent yet, and the
//! changed texts of questions that are to be asked again. That of a new conversation has its settings
//! too.
//!
//! Each tab keeps a draft of its own for each conversation, written with every key press, so two
//! tabs never overwrite each other's words. A tab that is closed or reloaded leaves its drafts; the
//! next tab that opens the conversation takes over the newest of those that were left. A draft that
//! nobody has written to for a day counts as left too: its tab has crashed, or stands open with words
//! that it still shows and writes again with the next key press. A new conversation has the empty id.
//!
//! Words are in `localStorage`, which is written at once, also while the page goes. Contents of
//! files are in the table of files.

use super::history::{AttachmentRef, ChatSettings, TurnId};
use crate::browser::page::{self, Kept};
use serde::{Deserialize, Serialize};

const PREFIX: &str = "chat-draft/";
const TAB_KEY: &str = "chat-tab";
const DAY_MS: i64 = 86_400_000;
/// A draft that nobody has opened for so long is removed.
const KEEP_MS: i64 = 30 * DAY_MS;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct StoredDraft {
    pub(super) text: String,
    pub(super) files: Vec<AttachmentRef>,
    /// Questions of the conversation as they were changed.
    #[serde(default)]
    pub(super) edits: Vec<(TurnId, String)>,
    /// Of a new conversation; one that has begun keeps its own.
    #[serde(default)]
    pub(super) settings: ChatSettings,
    pub(super) written_at_ms: i64,
    /// Its tab has gone.
    pub(super) is_left: bool,
}

impl StoredDraft {
    /// Nothing yet, written now.
    pub(super) fn empty(now_ms: i64) -> Self {
        Self {
            written_at_ms: now_ms,
            ..Self::default()
        }
    }

    /// Nothing that could be sent as the next question.
    pub(super) fn has_no_question(&self) -> bool {
        self.text.is_empty() && self.files.is_empty()
    }

    fn is_empty(&self) -> bool {
        self.has_no_question() && self.edits.is_empty() && self.settings == ChatSettings::default()
    }

    fn is_free(&self, now_ms: i64) -> bool {
        self.is_left || now_ms - self.written_at_ms >= DAY_MS
    }
}

/// The number of this tab: stays over a reload.
pub(super) fn tab_id() -> String {
    page::recall(Kept::WithTab, TAB_KEY).unwrap_or_else(|| {
        let id = page::random_id();
        page::keep(Kept::WithTab, TAB_KEY, &id);
        id
    })
}

/// Keeps a tab's draft of a conversation; an empty one is removed.
pub(super) fn keep(tab: &str, chat_id: &str, draft: &StoredDraft) {
    let key = key(chat_id, tab);
    match serde_json::to_string(draft) {
        Ok(row) if !draft.is_empty() => page::keep(Kept::Always, &key, &row),
        _ => page::forget(Kept::Always, &key),
    }
}

/// The draft that a tab goes on with: its own, else the newest that was left, which becomes its own.
pub(super) fn claim(tab: &str, chat_id: &str, now_ms: i64) -> Option<StoredDraft> {
    let own = key(chat_id, tab);
    let found = match read(&own) {
        Some(draft) => Some((own.clone(), draft)),
        None => left(chat_id, now_ms),
    };
    let (from, mut draft) = found?;
    draft.is_left = false;
    if from != own {
        page::forget(Kept::Always, &from);
    }
    keep(tab, chat_id, &draft);
    Some(draft)
}

fn left(chat_id: &str, now_ms: i64) -> Option<(String, StoredDraft)> {
    let prefix = key(chat_id, "");
    let drafts = page::kept_keys(&prefix)
        .into_iter()
        .filter_map(|key| read(&key).map(|draft| (key, draft)));
    drafts
        .filter(|(_, draft)| draft.is_free(now_ms))
        .max_by_key(|(_, draft)| draft.written_at_ms)
}

/// The tab goes: others may take over what it has not sent.
pub(super) fn leave(tab: &str) {
    for key in page::kept_keys(PREFIX) {
        if key.ends_with(&format!("/{tab}"))
            && let Some(draft) = read(&key)
            && let Ok(row) = serde_json::to_string(&StoredDraft {
                is_left: true,
                ..draft
            })
        {
            page::keep(Kept::Always, &key, &row);
        }
    }
}

/// Removes drafts that are too old; the ids of their files.
pub(super) fn prune(now_ms: i64) -> Vec<String> {
    let mut files = Vec::new();
    for key in page::kept_keys(PREFIX) {
        let draft = read(&key).unwrap_or_default();
        if now_ms - draft.written_at_ms >= KEEP_MS {
            page::forget(Kept::Always, &key);
            files.extend(draft.files.into_iter().map(|file| file.id));
        }
    }
    files
}

fn read(key: &str) -> Option<StoredDraft> {
    serde_json::from_str(&page::recall(Kept::Always, key)?).ok()
}

fn key(chat_id: &str, tab: &str) -> String {
    format!("{PREFIX}{chat_id}/{tab}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_free_when_its_tab_has_gone_or_has_not_written_for_a_day() {
        let mut draft = StoredDraft::empty(5);
        assert!(!draft.is_free(4 + DAY_MS));
        assert!(draft.is_free(5 + DAY_MS));
        draft.is_left = true;
        assert!(draft.is_free(5));
    }

    #[test]
    fn settings_and_changed_questions_are_worth_keeping() {
        let mut draft = StoredDraft::empty(5);
        assert!(draft.is_empty());
        draft.settings.system_prompt = "Be brief".into();
        assert!(!draft.is_empty());
        let mut draft = StoredDraft::empty(5);
        draft.edits.push((TurnId(1), "changed".into()));
        assert!(!draft.is_empty());
        assert!(draft.has_no_question());
    }

    #[test]
    fn drafts_of_earlier_versions_are_read() {
        let row = r#"{"text":"words","files":[],"written_at_ms":5,"is_left":true}"#;
        let draft: StoredDraft = serde_json::from_str(row).unwrap();
        assert_eq!((&*draft.text, draft.is_left), ("words", true));
        assert!(draft.edits.is_empty());
    }

    #[test]
    fn a_new_conversation_has_drafts_of_its_own() {
        assert_eq!(key("", "t"), "chat-draft//t");
        assert_eq!(key("c1", "t"), "chat-draft/c1/t");
    }
}
