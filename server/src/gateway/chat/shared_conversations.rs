//! Conversations for the other instances on the same store, and for the time after a restart.
//!
//! Each place of a conversation (`conversations`) is two documents: one found by caller and history,
//! one by caller, conversation and history. They say where the next turn goes and nothing of what was
//! said: names are hashes. They end as the conversation does, and go with it: when it gives way to
//! others of its account in the memory of an instance, is lost upstream, or its account is gone.

use std::sync::Arc;

use chat::{History, Request, history_key};
use pool::{AccountId, Pool};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{Document, DocumentKind, Store, StoreError, bounded};

use super::{
    Caller,
    conversations::{
        Conversations, CredentialMark, HistoryHash, Scope, UpstreamConversation, hash,
    },
    listed_conversations::{forget_use, is_deleted, note_use},
};
use crate::{clock::now_ms, gateway::Gateway, snapshot::Snapshot};

/// A place as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredPlace {
    account: String,
    credential: CredentialMark,
    conversation: String,
    response: String,
}

impl Gateway {
    /// The conversation that the request continues, if this caller has it here or on another instance.
    pub(super) async fn find_conversation(
        &self,
        caller: &Caller,
        request: &Request,
    ) -> Option<UpstreamConversation> {
        let config = &caller.snapshot.settings.config;
        if config.app.temporary {
            return None;
        }
        let (limits, scope, now) = (&config.conversation, &caller.scope, now_ms());
        let found = match self.conversations.find(limits, scope, request, now) {
            Some(here) => here,
            None => self.find_stored(scope, request, now).await?,
        };
        let held = credential_of(&caller.snapshot.pool, &found.account);
        if is_deleted(&*self.store, &found.id, now).await {
            self.conversations.forget(&found.id);
            return None;
        }
        if held == Some(found.credential) {
            return Some(found);
        }
        self.forget_conversation(&found.id);
        None
    }

    async fn find_stored(
        &self,
        scope: &Scope,
        request: &Request,
        now_ms: i64,
    ) -> Option<UpstreamConversation> {
        let history = hash(&history_key(request)?);
        let id = request.conversation_id.as_deref();
        if id.is_none() && *scope == Scope::Shared {
            return None;
        }
        let name = name_of(scope, id, &history);
        let found = self
            .store
            .get_document(DocumentKind::UpstreamConversation, &name);
        // Without an answer it is a new conversation, with its whole history.
        let found = bounded(found).await.ok()??;
        let place: StoredPlace = serde_json::from_str(&found.data).ok()?;
        (found.expires_ms > now_ms).then(|| UpstreamConversation {
            account: AccountId::new(place.account),
            credential: place.credential,
            id: place.conversation,
            parent_response_id: place.response,
        })
    }

    /// Remembers where the next turn goes after `history`.
    pub(super) fn remember_conversation(
        &self,
        caller: &Caller,
        conversation: UpstreamConversation,
        history: History<'_>,
    ) {
        let limits = &caller.snapshot.settings.config.conversation;
        let (scope, now) = (&caller.scope, now_ms());
        let history = hash(&history);
        let ttl_ms = i64::try_from(limits.ttl_seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        let expires_ms = now.saturating_add(ttl_ms);
        let place = StoredPlace {
            account: conversation.account.to_string(),
            credential: conversation.credential,
            conversation: conversation.id.clone(),
            response: conversation.parent_response_id.clone(),
        };
        let document = |id: Option<&str>| Document {
            kind: DocumentKind::UpstreamConversation,
            id: name_of(scope, id, &history),
            group: group_of(&conversation.id),
            at_ms: now,
            expires_ms,
            revision: 0,
            data: serde_json::to_string(&place).unwrap_or_default(),
        };
        let named = document(Some(&conversation.id));
        let unnamed = (*scope != Scope::Shared).then(|| document(None));
        let used = conversation.clone();
        let given_way =
            self.conversations
                .remember(limits, scope.clone(), conversation, history, now);
        self.forget_stored(given_way);
        let new = NewPlace {
            used,
            scope: scope.clone(),
            now,
            expires_ms,
            named,
            unnamed,
        };
        let (store, conversations) = (self.store.clone(), Arc::clone(&self.conversations));
        self.tasks.spawn(async move {
            if let Err(error) = bounded(new.store(&*store, &conversations)).await {
                tracing::debug!(%error, "a conversation is continued on this instance alone");
            }
        });
    }

    /// Drops a conversation that nobody can go on with.
    pub(super) fn forget_conversation(&self, id: &str) {
        self.conversations.forget(id);
        self.forget_stored(vec![id.to_owned()]);
    }

    /// Drops conversations that nobody has continued for too long, or whose account is gone or has
    /// another credential; how many.
    pub fn sweep_conversations(&self, snapshot: &Snapshot) -> usize {
        let limits = &snapshot.settings.config.conversation;
        let credential_of = |account: &AccountId| credential_of(&snapshot.pool, account);
        let swept = self.conversations.sweep(limits, now_ms(), credential_of);
        self.forget_stored(swept.without_account);
        swept.count
    }

    /// Removes what the store has of conversations.
    fn forget_stored(&self, ids: Vec<String>) {
        if ids.is_empty() {
            return;
        }
        let store = self.store.clone();
        self.tasks.spawn(async move {
            for id in ids {
                if let Err(error) = bounded(remove(&*store, &id)).await {
                    tracing::debug!(%error, "a conversation was not forgotten in the store");
                }
            }
        });
    }
}

/// A new place, on its way to the store.
struct NewPlace {
    used: UpstreamConversation,
    scope: Scope,
    now: i64,
    expires_ms: i64,
    /// The place by caller, conversation and history, and by caller and history alone.
    named: Document,
    unnamed: Option<Document>,
}

impl NewPlace {
    async fn store(
        self,
        store: &dyn Store,
        conversations: &Conversations,
    ) -> Result<(), StoreError> {
        let times = (self.now, self.expires_ms);
        if !note_use(store, &self.used, &self.scope, times).await? {
            conversations.forget(&self.used.id);
            return Ok(());
        }
        store.put_document(self.named).await?;
        if let Some(unnamed) = self.unnamed {
            // The first conversation that got there is never replaced by a later one.
            let known = store.get_document(unnamed.kind, &unnamed.id).await?;
            if known.is_none_or(|known| known.expires_ms <= self.now) {
                store.put_document(unnamed).await?;
            }
        }
        if conversations.has(&self.used.id) {
            return Ok(());
        }
        // It was forgotten while it was written: what removes it may have come first.
        remove(store, &self.used.id).await
    }
}

/// Removes what the store has of one; a mark of the operator stays.
async fn remove(store: &dyn Store, id: &str) -> Result<(), StoreError> {
    let group = group_of(id);
    store
        .delete_documents(DocumentKind::UpstreamConversation, &group)
        .await?;
    forget_use(store, &group).await
}

/// Longest id of a conversation that is looked at when it is forgotten; Grok's have 36 characters.
const MAX_GROUP: usize = 64;

/// What a conversation's documents are listed under.
pub(super) fn group_of(id: &str) -> String {
    id.chars().take(MAX_GROUP).collect()
}

fn credential_of(pool: &Pool, account: &AccountId) -> Option<CredentialMark> {
    let credential = pool.credential(account)?;
    Some(CredentialMark::of(&credential))
}

fn name_of(scope: &Scope, id: Option<&str>, history: &HistoryHash) -> String {
    let mut hasher = Sha256::new();
    let (kind, name) = match scope {
        Scope::Own(name) => ("own", name.as_ref()),
        Scope::Shared => ("shared", ""),
    };
    for part in [kind, name, id.unwrap_or_default()] {
        hasher.update(part.len().to_le_bytes());
        hasher.update(part);
    }
    hasher.update(history);
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use pool::Credential;
    use settings::ConversationConfig;
    use store::DocumentQuery;

    use super::*;

    fn scope() -> Scope {
        Scope::Own("alice".into())
    }

    fn document(id: &str, group: &str) -> Document {
        Document {
            kind: DocumentKind::UpstreamConversation,
            id: id.to_owned(),
            group: group.to_owned(),
            at_ms: 0,
            expires_ms: i64::MAX,
            revision: 0,
            data: "{}".to_owned(),
        }
    }

    async fn stored(store: &dyn Store, kind: DocumentKind, group: &str) -> usize {
        let query = DocumentQuery {
            kind,
            group: group.to_owned(),
            after: None,
            limit: 10,
        };
        store.list_documents(&query).await.unwrap().rows.len()
    }

    #[tokio::test]
    async fn a_place_that_is_written_after_its_conversation_was_forgotten_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let key = store::MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        let conversations = Conversations::default();
        for is_forgotten in [false, true] {
            let used = UpstreamConversation {
                account: AccountId::new("a"),
                credential: CredentialMark::of(&Credential::try_new("credential").unwrap()),
                id: "c1".to_owned(),
                parent_response_id: "r1".to_owned(),
            };
            let limits = ConversationConfig::default();
            let gave_way =
                conversations.remember(&limits, scope(), used.clone(), [7; 32], now_ms());
            assert_eq!(gave_way, [""; 0]);
            let new = NewPlace {
                used,
                scope: scope(),
                now: now_ms(),
                expires_ms: i64::MAX,
                named: document("named", "c1"),
                unnamed: Some(document("unnamed", "c1")),
            };
            if is_forgotten {
                conversations.forget("c1");
                remove(&*store, "c1").await.unwrap();
            }
            new.store(&*store, &conversations).await.unwrap();
            let (places, uses) = if is_forgotten { (0, 0) } else { (2, 1) };
            assert_eq!(
                stored(&*store, DocumentKind::UpstreamConversation, "c1").await,
                places
            );
            assert_eq!(
                stored(&*store, DocumentKind::UpstreamConversationUse, "").await,
                uses
            );
        }
    }
}
