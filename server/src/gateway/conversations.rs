//! Which upstream conversation a request continues (`upstream-protocol.md` 2.13).
//!
//! In memory, bounded per account and by age. A request matches by its explicit
//! `conversation_id`, else by the hash of everything before its last user turn; both only within
//! the caller's own scope, so two callers with the same opening words never share a conversation.
//! Off while `app.temporary` is true: then the upstream keeps nothing to continue.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use openai::chat::{ChatRequest, History};
use parking_lot::Mutex;
use pool::AccountId;
use sha2::{Digest, Sha256};

use crate::{
    clock::now_ms,
    config::ConversationConfig,
    gateway::{Gateway, attempt::Attempt, chat::Plan},
};

/// Where a follow-up goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    pub account: AccountId,
    pub conversation_id: String,
    /// The last assistant answer, which the next turn follows.
    pub parent_response_id: String,
}

type HistoryHash = [u8; 32];

/// The conversations of this process.
pub struct Conversations {
    ttl_ms: i64,
    max_per_account: usize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    by_id: HashMap<String, Entry>,
    by_history: HashMap<(Arc<str>, HistoryHash), String>,
    /// Oldest first.
    by_account: HashMap<AccountId, VecDeque<String>>,
}

struct Entry {
    thread: Thread,
    scope: Arc<str>,
    history: HistoryHash,
    used_at_ms: i64,
}

impl Conversations {
    #[must_use]
    pub fn new(config: &ConversationConfig) -> Self {
        let ttl = Duration::from_secs(config.ttl_seconds);
        Self {
            ttl_ms: i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX),
            max_per_account: config.max_per_token.max(1) as usize,
            inner: Mutex::default(),
        }
    }

    /// The conversation that `request` continues, if this caller has it.
    #[must_use]
    pub fn find(&self, scope: &Arc<str>, request: &ChatRequest, now_ms: i64) -> Option<Thread> {
        let mut inner = self.inner.lock();
        let id = match &request.conversation_id {
            Some(id) => id.clone(),
            None => {
                let hash = hash(&openai::chat::history_key(request)?);
                inner.by_history.get(&(scope.clone(), hash))?.clone()
            }
        };
        let entry = inner.by_id.get(&id).filter(|entry| entry.scope == *scope)?;
        if now_ms.saturating_sub(entry.used_at_ms) > self.ttl_ms {
            inner.forget(&id);
            return None;
        }
        Some(entry.thread.clone())
    }

    /// Remembers where the next turn of this conversation goes.
    pub fn remember(
        &self,
        scope: Arc<str>,
        thread: Thread,
        next_history: &History<'_>,
        now_ms: i64,
    ) {
        let mut inner = self.inner.lock();
        let id = thread.conversation_id.clone();
        inner.forget(&id);
        let ids = inner.by_account.entry(thread.account.clone()).or_default();
        ids.push_back(id.clone());
        let oldest = if ids.len() > self.max_per_account {
            ids.front().cloned()
        } else {
            None
        };
        if let Some(oldest) = oldest {
            inner.forget(&oldest);
        }
        let history = hash(next_history);
        inner
            .by_history
            .insert((scope.clone(), history), id.clone());
        inner.by_id.insert(
            id,
            Entry {
                thread,
                scope,
                history,
                used_at_ms: now_ms,
            },
        );
    }

    /// Drops a conversation that the upstream no longer has.
    pub fn forget(&self, conversation_id: &str) {
        self.inner.lock().forget(conversation_id);
    }
}

impl Inner {
    fn forget(&mut self, id: &str) {
        let Some(entry) = self.by_id.remove(id) else {
            return;
        };
        let key = (entry.scope, entry.history);
        if self.by_history.get(&key).is_some_and(|known| known == id) {
            self.by_history.remove(&key);
        }
        if let Some(ids) = self.by_account.get_mut(&entry.thread.account) {
            ids.retain(|known| known != id);
            if ids.is_empty() {
                self.by_account.remove(&entry.thread.account);
            }
        }
    }
}

fn hash(history: &History<'_>) -> HistoryHash {
    let mut hasher = Sha256::new();
    history.feed(|piece| hasher.update(piece));
    hasher.finalize().into()
}

impl Gateway {
    /// A buffer for the answer's text when the next turn may need to be recognised by it.
    pub(super) fn transcript(&self, plan: &Plan) -> Option<String> {
        (!plan.live.config.app.temporary).then(String::new)
    }

    /// Notes the upstream conversation of a complete answer.
    pub(super) fn remember(&self, plan: &Plan, attempt: &Attempt, answer: &str) {
        if plan.live.config.app.temporary {
            return;
        }
        let (Some(conversation_id), Some(response_id)) =
            (attempt.conversation_id(), &attempt.translator.response_id)
        else {
            return;
        };
        let thread = Thread {
            account: attempt.lease.account_id().clone(),
            conversation_id: conversation_id.clone(),
            parent_response_id: response_id.clone(),
        };
        let next = openai::chat::history_after(&plan.request, answer);
        self.conversations
            .remember(plan.caller.scope.clone(), thread, &next, now_ms());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conversations(max_per_token: u32) -> Conversations {
        Conversations::new(&ConversationConfig {
            ttl_seconds: 60,
            max_per_token,
            ..ConversationConfig::default()
        })
    }

    fn thread(id: &str) -> Thread {
        Thread {
            account: AccountId::new("a"),
            conversation_id: id.to_owned(),
            parent_response_id: format!("r-{id}"),
        }
    }

    fn request(messages: &str) -> ChatRequest {
        let body = format!(r#"{{"model":"grok-4","messages":{messages}}}"#);
        openai::chat::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn the_next_turn_finds_its_conversation_and_another_caller_does_not() {
        let known = conversations(50);
        let first = request(r#"[{"role":"user","content":"Hi"}]"#);
        let next = openai::chat::history_after(&first, "Hello");
        known.remember("alice".into(), thread("c1"), &next, 0);
        let second = request(
            r#"[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},{"role":"user","content":"More"}]"#,
        );
        assert_eq!(known.find(&"alice".into(), &second, 1), Some(thread("c1")));
        assert_eq!(known.find(&"bob".into(), &second, 1), None);
        assert_eq!(
            known.find(&"alice".into(), &second, 61_000),
            None,
            "older than its TTL"
        );
    }

    #[test]
    fn an_edited_answer_does_not_match() {
        let known = conversations(50);
        let first = request(r#"[{"role":"user","content":"Hi"}]"#);
        known.remember(
            "a".into(),
            thread("c1"),
            &openai::chat::history_after(&first, "Hello"),
            0,
        );
        let edited = request(
            r#"[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hullo"},{"role":"user","content":"More"}]"#,
        );
        assert_eq!(known.find(&"a".into(), &edited, 1), None);
    }

    #[test]
    fn an_account_keeps_its_newest_conversations_only() {
        let known = conversations(2);
        let mut by_id = request(r#"[{"role":"user","content":"Hi"}]"#);
        for id in ["c1", "c2", "c3"] {
            known.remember(
                "a".into(),
                thread(id),
                &openai::chat::history_after(&by_id, id),
                0,
            );
        }
        by_id.conversation_id = Some("c1".to_owned());
        assert_eq!(known.find(&"a".into(), &by_id, 1), None);
        by_id.conversation_id = Some("c3".to_owned());
        assert_eq!(known.find(&"a".into(), &by_id, 1), Some(thread("c3")));
    }
}
