//! Conversations in the browser's store.
//!
//! A conversation, its summary for the list and its files are kept apart: the list loads without
//! the texts, and saving a growing answer does not rewrite pictures. Tabs share the store: each
//! write reads what is there and merges in the same transaction, so none undoes another's. Deleting
//! only marks the summary, so that it can be undone; [`purge`] removes what stayed marked, and
//! leaves a mark against tabs that still have the conversation.

use super::{
    history::{AttachmentRef, Conversation, Hit, Summary, find},
    request::Files,
};
use crate::browser::database::{Change, StorageRefused, Table, get, get_all};
use serde::de::DeserializeOwned;

/// All summaries, also the ones marked as deleted. Entries that cannot be read are skipped.
pub(super) async fn load_summaries() -> Result<Vec<Summary>, StorageRefused> {
    let rows = get_all(Table::Summaries).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| parse(Some(row)))
        .collect())
}

pub(super) async fn load_summary(id: &str) -> Option<Summary> {
    parse(get(Table::Summaries, id).await.ok()?)
}

/// A conversation as it was written, unless it is deleted.
pub(super) async fn load_conversation(id: &str) -> Option<Conversation> {
    let is_deleted = load_summary(id)
        .await
        .is_some_and(|summary| summary.is_deleted);
    if is_deleted {
        return None;
    }
    parse(get(Table::Conversations, id).await.ok()?)
}

/// Merges the conversation into the stored one and brings its summary up to date. A conversation
/// that was removed for good is not written.
pub(super) async fn save(chat: Conversation) -> Result<(), StorageRefused> {
    let id = chat.id.clone();
    let change = Change::begin(&[Table::Conversations, Table::Summaries]).await?;
    let mut summary: Summary =
        parse(change.get(Table::Summaries, &id).await?).unwrap_or_else(|| Summary::from(&chat));
    if summary.is_purged {
        return Ok(());
    }
    let merged = match parse::<Conversation>(change.get(Table::Conversations, &id).await?) {
        Some(mut stored) => {
            stored.merge(chat);
            stored
        }
        None => chat,
    };
    summary.update(&merged);
    if let (Ok(whole), Ok(summary)) = (
        serde_json::to_string(&merged),
        serde_json::to_string(&summary),
    ) {
        change.put(Table::Conversations, &id, &whole).await?;
        change.put(Table::Summaries, &id, &summary).await?;
    }
    change.commit().await
}

/// Stores whether the conversation is deleted, and nothing else of the summary if there is one. What
/// another tab has decided later stays.
pub(super) async fn mark(mark: &Summary) -> Result<(), StorageRefused> {
    let id = &mark.id;
    let change = Change::begin(&[Table::Summaries]).await?;
    let mut summary: Summary =
        parse(change.get(Table::Summaries, id).await?).unwrap_or_else(|| mark.clone());
    summary.merge_deletion(mark);
    if let Ok(row) = serde_json::to_string(&summary) {
        change.put(Table::Summaries, id, &row).await?;
    }
    change.commit().await
}

/// Stores the content of files; `content` is a data URI.
pub(super) async fn save_files(files: &[(String, String)]) -> Result<(), StorageRefused> {
    if files.is_empty() {
        return Ok(());
    }
    let change = Change::begin(&[Table::Files]).await?;
    for (id, content) in files {
        change.put(Table::Files, id, content).await?;
    }
    change.commit().await
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

pub(super) async fn delete_files(ids: &[String]) -> Result<(), StorageRefused> {
    let change = Change::begin(&[Table::Files]).await?;
    for id in ids {
        change.delete(Table::Files, id).await?;
    }
    change.commit().await
}

/// Removes a conversation for good, with its files, if its deletion was not undone by now. Later it
/// removes the mark as well.
pub(super) async fn purge(id: &str, now_ms: i64) -> Result<(), StorageRefused> {
    let change = Change::begin(&[Table::Summaries, Table::Conversations, Table::Files]).await?;
    let Some(summary) = parse::<Summary>(change.get(Table::Summaries, id).await?) else {
        return Ok(());
    };
    if summary.is_forgotten(now_ms) {
        change.delete(Table::Summaries, id).await?;
    } else if summary.is_due(now_ms) {
        let chat = parse::<Conversation>(change.get(Table::Conversations, id).await?);
        for file in chat.map(|chat| chat.attachment_ids()).unwrap_or_default() {
            change.delete(Table::Files, &file).await?;
        }
        change.delete(Table::Conversations, id).await?;
        if let Ok(mark) = serde_json::to_string(&summary.purged()) {
            change.put(Table::Summaries, id, &mark).await?;
        }
    }
    change.commit().await
}

/// Conversations that have every word of `query`, newest first, at most `limit`. Those whose
/// summary is in `hidden` are left out.
pub(super) async fn search(query: &str, hidden: &[String], limit: usize) -> Vec<Hit> {
    let rows = get_all(Table::Conversations).await.unwrap_or_default();
    let chats = rows
        .into_iter()
        .filter_map(|row| parse::<Conversation>(Some(row)));
    let mut hits: Vec<Hit> = chats
        .filter(|chat| !hidden.contains(&chat.id))
        .filter_map(|chat| find(&chat, query))
        .collect();
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.updated_at_ms));
    hits.truncate(limit);
    hits
}

/// `None` also for a row that cannot be read.
fn parse<T: DeserializeOwned>(row: Option<String>) -> Option<T> {
    serde_json::from_str(&row?).ok()
}
