//! Conversations in the browser's store.
//!
//! A conversation, its summary for the list and its files are kept apart: the list loads without
//! the texts, and saving a growing answer does not rewrite pictures. Deleting only marks the
//! summary, so that it can be undone; [`purge`] removes what stayed marked.

use super::{
    history::{AttachmentRef, Conversation, Hit, Summary, find},
    request::Files,
};
use crate::browser::database::{StorageRefused, Table, delete_all, get, get_all, put_all};

/// All summaries, also the ones marked as deleted. Entries that cannot be read are skipped.
pub(super) async fn load_summaries() -> Result<Vec<Summary>, StorageRefused> {
    let rows = get_all(Table::Summaries).await?;
    Ok(rows
        .iter()
        .filter_map(|row| serde_json::from_str(row).ok())
        .collect())
}

/// A conversation, with answers that were cut short marked as such.
pub(super) async fn load_conversation(id: &str) -> Option<Conversation> {
    let row = get(Table::Conversations, id).await.ok().flatten()?;
    let mut chat: Conversation = serde_json::from_str(&row).ok()?;
    chat.mark_interrupted();
    Some(chat)
}

/// Writes the conversation and its summary together.
pub(super) async fn save(chat: &Conversation) -> Result<(), StorageRefused> {
    let (Ok(whole), Ok(summary)) = (
        serde_json::to_string(chat),
        serde_json::to_string(&Summary::from(chat)),
    ) else {
        return Ok(());
    };
    put_all(&[
        (Table::Conversations, &chat.id, &whole),
        (Table::Summaries, &chat.id, &summary),
    ])
    .await
}

pub(super) async fn save_summary(summary: &Summary) -> Result<(), StorageRefused> {
    let Ok(row) = serde_json::to_string(summary) else {
        return Ok(());
    };
    put_all(&[(Table::Summaries, &summary.id, &row)]).await
}

/// Stores the content of files; `content` is a data URI.
pub(super) async fn save_files(files: &[(String, String)]) -> Result<(), StorageRefused> {
    if files.is_empty() {
        return Ok(());
    }
    let entries: Vec<_> = files
        .iter()
        .map(|(id, content)| (Table::Files, id.as_str(), content.as_str()))
        .collect();
    put_all(&entries).await
}

/// The contents of these files; missing ones are left out.
pub(super) async fn load_files(wanted: &[AttachmentRef]) -> Files {
    let mut files = Files::new();
    for file in wanted {
        if let Ok(Some(content)) = get(Table::Files, &file.id).await {
            files.insert(file.id.clone(), content);
        }
    }
    files
}

/// Removes a conversation for good, with its files.
pub(super) async fn purge(id: &str) -> Result<(), StorageRefused> {
    let files = match load_conversation(id).await {
        Some(chat) => chat.attachment_ids(),
        None => Vec::new(),
    };
    let mut keys = vec![(Table::Summaries, id), (Table::Conversations, id)];
    keys.extend(files.iter().map(|file| (Table::Files, file.as_str())));
    delete_all(&keys).await
}

/// Conversations that have every word of `query`, newest first, at most `limit`. Those whose
/// summary is in `hidden` are left out.
pub(super) async fn search(query: &str, hidden: &[String], limit: usize) -> Vec<Hit> {
    let rows = get_all(Table::Conversations).await.unwrap_or_default();
    let chats = rows
        .iter()
        .filter_map(|row| serde_json::from_str::<Conversation>(row).ok());
    let mut hits: Vec<Hit> = chats
        .filter(|chat| !hidden.contains(&chat.id))
        .filter_map(|chat| find(&chat, query))
        .collect();
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.updated_at_ms));
    hits.truncate(limit);
    hits
}
