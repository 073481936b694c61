//! The conversations that are kept upstream, as the operator lists and deletes them.
//!
//! One document for each (`DocumentKind::UpstreamConversationUse`) beside those of its places
//! (`shared_conversations`), all in one group. A deleted one stays as a mark for as long as the
//! conversation would have: other instances still have it in memory, and an answer that is under way
//! would bring it back.

use std::time::Duration;

use futures::future::try_join_all;
use serde::{Deserialize, Serialize};
use store::{Document, DocumentKind, DocumentQuery, Store, StoreError, bounded};
use tokio::time::Instant;

use super::{
    conversations::{Scope, UpstreamConversation},
    shared_conversations::group_of,
};
use crate::gateway::Gateway;

const KIND: DocumentKind = DocumentKind::UpstreamConversationUse;
/// Documents of one read.
const PAGE: u32 = 500;
/// Conversations that are deleted side by side.
const AT_ONCE: usize = 16;
/// How long deleting all of them may take; the rest is left to the next call.
const CLEAR_TIME: Duration = Duration::from_secs(20);
/// Reads for one page, where most of what is stored are marks.
const MAX_READS: usize = 20;
/// No answer takes so long.
const LONGEST_ANSWER_MS: i64 = 6 * 60 * 60 * 1000;
/// Answers of one conversation that end at the same moment.
const MAX_TRIES: usize = 5;

/// A conversation that callers can go on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedConversation {
    /// As the upstream named it.
    pub id: String,
    pub account: String,
    /// The caller's label in records; `None`: strangers whom nothing tells apart.
    pub caller: Option<String>,
    /// Unix milliseconds of its first answer, of its last one, and from when on it is forgotten.
    pub created_ms: i64,
    pub used_ms: i64,
    pub expires_ms: i64,
    /// Answers in it, those that were asked again included.
    pub answers: u32,
}

/// A page of them.
#[derive(Debug)]
pub struct ConversationPage {
    pub rows: Vec<ListedConversation>,
    /// What begins the next page.
    pub next: Option<(i64, String)>,
}

/// How far deleting all of them came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cleared {
    pub deleted: u64,
    pub is_complete: bool,
}

/// What is stored of one.
#[derive(Serialize, Deserialize)]
struct StoredUse {
    account: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller: Option<String>,
    used_ms: i64,
    answers: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_deleted: bool,
}

impl StoredUse {
    fn of(document: &Document) -> Option<Self> {
        serde_json::from_str(&document.data).ok()
    }
}

/// Counts an answer of a conversation. `false`: the operator has deleted it.
pub(super) async fn note_use(
    store: &dyn Store,
    conversation: &UpstreamConversation,
    scope: &Scope,
    (now, expires_ms): (i64, i64),
) -> Result<bool, StoreError> {
    let id = group_of(&conversation.id);
    for _ in 0..MAX_TRIES {
        let known = store.get_document(KIND, &id).await?;
        let known = known.filter(|known| known.expires_ms > now);
        let before = known.as_ref().and_then(StoredUse::of);
        if before.as_ref().is_some_and(|before| before.is_deleted) {
            return Ok(false);
        }
        let stored = StoredUse {
            account: conversation.account.to_string(),
            caller: match scope {
                Scope::Own(name) => Some(name.to_string()),
                Scope::Shared => None,
            },
            used_ms: now,
            answers: before.map_or(0, |before| before.answers).saturating_add(1),
            is_deleted: false,
        };
        let document = Document {
            kind: KIND,
            id: id.clone(),
            group: String::new(),
            at_ms: known.as_ref().map_or(now, |known| known.at_ms),
            expires_ms,
            revision: known.as_ref().map_or(0, |known| known.revision),
            data: serde_json::to_string(&stored).unwrap_or_default(),
        };
        if known.is_none() {
            store.put_document(document).await?;
            return Ok(true);
        }
        if store.replace_document(document).await? {
            return Ok(true);
        }
    }
    Ok(true)
}

/// It is no longer listed. A mark stays.
pub(super) async fn forget_use(store: &dyn Store, group: &str) -> Result<(), StoreError> {
    let known = store.get_document(KIND, group).await?;
    let stored = known.as_ref().and_then(StoredUse::of);
    if stored.is_some_and(|stored| !stored.is_deleted) {
        store.delete_document(KIND, group).await?;
    }
    Ok(())
}

/// Whether the operator has deleted it.
pub(super) async fn is_deleted(store: &dyn Store, id: &str, now_ms: i64) -> bool {
    let known = bounded(store.get_document(KIND, &group_of(id))).await;
    // Without an answer, what this instance remembers counts.
    known.ok().flatten().is_some_and(|known| {
        let stored = StoredUse::of(&known);
        known.expires_ms > now_ms && stored.is_some_and(|stored| stored.is_deleted)
    })
}

impl Gateway {
    /// Conversations that can be continued, in the order in which they began: at most `limit` behind
    /// `after`.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn list_conversations(
        &self,
        after: Option<(i64, String)>,
        limit: u32,
        now_ms: i64,
    ) -> Result<ConversationPage, StoreError> {
        let mut query = DocumentQuery {
            kind: KIND,
            group: String::new(),
            after,
            limit,
        };
        let mut rows = Vec::new();
        for _ in 0..MAX_READS {
            let page = bounded(self.store.list_documents(&query)).await?;
            let mut documents = page.rows.into_iter();
            while let Some(document) = documents.next() {
                query.after = Some((document.at_ms, document.id.clone()));
                rows.extend(listed(document, now_ms));
                if rows.len() >= limit as usize {
                    let next = query.after.filter(|_| documents.len() > 0 || page.has_more);
                    return Ok(ConversationPage { rows, next });
                }
            }
            if !page.has_more {
                return Ok(ConversationPage { rows, next: None });
            }
        }
        let next = query.after;
        Ok(ConversationPage { rows, next })
    }

    /// Nobody goes on with it any more; `false` when there is none of that id. The upstream keeps its
    /// own.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn delete_conversation(&self, id: &str, now_ms: i64) -> Result<bool, StoreError> {
        self.conversations.forget(id);
        let known = bounded(self.store.get_document(KIND, &group_of(id))).await?;
        match known {
            Some(document) => bounded(delete(&*self.store, document, now_ms)).await,
            None => Ok(false),
        }
    }

    /// Nobody goes on with any of them.
    ///
    /// # Errors
    /// The store cannot be asked.
    pub async fn clear_conversations(&self, now_ms: i64) -> Result<Cleared, StoreError> {
        self.conversations.forget_all();
        let end = Instant::now() + CLEAR_TIME;
        let mut query = DocumentQuery {
            kind: KIND,
            group: String::new(),
            after: None,
            limit: PAGE,
        };
        let mut deleted = 0;
        loop {
            let page = bounded(self.store.list_documents(&query)).await?;
            let last = page.rows.last();
            query.after = last.map(|last| (last.at_ms, last.id.clone()));
            let mut rows = page.rows;
            while !rows.is_empty() {
                if Instant::now() > end {
                    let is_complete = false;
                    return Ok(Cleared {
                        deleted,
                        is_complete,
                    });
                }
                let some = rows.split_off(rows.len().saturating_sub(AT_ONCE));
                let some = some
                    .into_iter()
                    .map(|one| bounded(delete(&*self.store, one, now_ms)));
                let done = try_join_all(some).await?;
                deleted += done.into_iter().map(u64::from).sum::<u64>();
            }
            if !page.has_more {
                let is_complete = true;
                return Ok(Cleared {
                    deleted,
                    is_complete,
                });
            }
        }
    }
}

fn listed(document: Document, now_ms: i64) -> Option<ListedConversation> {
    let stored = StoredUse::of(&document)?;
    (document.expires_ms > now_ms && !stored.is_deleted).then_some(ListedConversation {
        id: document.id,
        account: stored.account,
        caller: stored.caller,
        created_ms: document.at_ms,
        used_ms: stored.used_ms,
        expires_ms: document.expires_ms,
        answers: stored.answers,
    })
}

/// Marks one as deleted and removes its places; `false` when it was deleted or over before.
async fn delete(store: &dyn Store, document: Document, now_ms: i64) -> Result<bool, StoreError> {
    let Some(stored) = StoredUse::of(&document).filter(|stored| !stored.is_deleted) else {
        return Ok(false);
    };
    let is_over = document.expires_ms <= now_ms;
    let group = document.id.clone();
    // As long as an instance has it in memory, and an answer is under way.
    let kept_ms = document.expires_ms.saturating_sub(stored.used_ms).max(0);
    let expires_ms = now_ms
        .saturating_add(kept_ms)
        .saturating_add(LONGEST_ANSWER_MS);
    let mark = StoredUse {
        is_deleted: true,
        ..stored
    };
    store
        .put_document(Document {
            expires_ms,
            data: serde_json::to_string(&mark).unwrap_or_default(),
            ..document
        })
        .await?;
    store
        .delete_documents(DocumentKind::UpstreamConversation, &group)
        .await?;
    Ok(!is_over)
}
