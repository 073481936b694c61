//! Which upstream conversation a request continues (`upstream-protocol.md` 2.13).
//!
//! In memory, bounded per account and by age. A request matches by its explicit
//! `conversation_id`, else by the hash of everything before its last user turn; both only within
//! the caller's own scope, so two callers with the same opening words never share a conversation.
//! Off while `app.temporary` is true: then the upstream keeps nothing to continue.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use chat::{History, Request, history_after, history_key};
use parking_lot::Mutex;
use pool::AccountId;
use settings::ConversationConfig;
use sha2::{Digest, Sha256};

/// Where a follow-up goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamConversation {
    pub account: AccountId,
    pub id: String,
    /// The last assistant answer, which the next turn follows.
    pub parent_response_id: String,
}

type HistoryHash = [u8; 32];

/// The conversations of this process. Their limits come with each call, since they may change.
#[derive(Default)]
pub struct Conversations {
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
    conversation: UpstreamConversation,
    scope: Arc<str>,
    history: HistoryHash,
    used_at_ms: i64,
}

impl Conversations {
    /// The conversation that `request` continues, if this caller has it.
    #[must_use]
    pub fn find(
        &self,
        limits: &ConversationConfig,
        scope: &Arc<str>,
        request: &Request,
        now_ms: i64,
    ) -> Option<UpstreamConversation> {
        let mut inner = self.inner.lock();
        let id = match &request.conversation_id {
            Some(id) => id.clone(),
            None => {
                let hash = hash(&history_key(request)?);
                inner.by_history.get(&(scope.clone(), hash))?.clone()
            }
        };
        let entry = inner.by_id.get(&id).filter(|entry| entry.scope == *scope)?;
        if entry.is_over(limits, now_ms) {
            inner.forget(&id);
            return None;
        }
        Some(entry.conversation.clone())
    }

    /// Remembers where the next turn goes after `request` got `answer`.
    pub fn remember(
        &self,
        limits: &ConversationConfig,
        scope: Arc<str>,
        conversation: UpstreamConversation,
        (request, answer): (&Request, &str),
        now_ms: i64,
    ) {
        let history = hash(&history_after(request, answer));
        let mut inner = self.inner.lock();
        let id = conversation.id.clone();
        inner.forget(&id);
        let account = conversation.account.clone();
        let ids = inner.by_account.entry(account.clone()).or_default();
        ids.push_back(id.clone());
        while let Some(oldest) = inner.surplus(&account, limits.max_per_token) {
            inner.forget(&oldest);
        }
        inner
            .by_history
            .insert((scope.clone(), history), id.clone());
        inner.by_id.insert(
            id,
            Entry {
                conversation,
                scope,
                history,
                used_at_ms: now_ms,
            },
        );
    }

    /// Drops a conversation that the upstream no longer has.
    pub fn forget(&self, id: &str) {
        self.inner.lock().forget(id);
    }

    /// Drops every conversation that nobody has used for too long; returns how many.
    pub fn sweep(&self, limits: &ConversationConfig, now_ms: i64) -> usize {
        let mut inner = self.inner.lock();
        let over = inner
            .by_id
            .iter()
            .filter(|(_, entry)| entry.is_over(limits, now_ms));
        let ids: Vec<String> = over.map(|(id, _)| id.clone()).collect();
        ids.iter().for_each(|id| inner.forget(id));
        ids.len()
    }
}

impl Entry {
    fn is_over(&self, limits: &ConversationConfig, now_ms: i64) -> bool {
        let ttl_ms = i64::try_from(limits.ttl_seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        now_ms.saturating_sub(self.used_at_ms) > ttl_ms
    }
}

impl Inner {
    /// The account's oldest conversation, if it has more than `max`.
    fn surplus(&self, account: &AccountId, max: u32) -> Option<String> {
        let ids = self.by_account.get(account)?;
        (ids.len() > max.max(1) as usize).then(|| ids.front().cloned())?
    }

    fn forget(&mut self, id: &str) {
        let Some(entry) = self.by_id.remove(id) else {
            return;
        };
        let key = (entry.scope, entry.history);
        if self.by_history.get(&key).is_some_and(|known| known == id) {
            self.by_history.remove(&key);
        }
        let account = &entry.conversation.account;
        if let Some(ids) = self.by_account.get_mut(account) {
            ids.retain(|known| known != id);
            if ids.is_empty() {
                self.by_account.remove(account);
            }
        }
    }
}

fn hash(history: &History<'_>) -> HistoryHash {
    let mut hasher = Sha256::new();
    history.feed(|piece| hasher.update(piece));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use chat::{Role, Turn};

    use super::*;

    fn limits(max_per_token: u32) -> ConversationConfig {
        ConversationConfig {
            ttl_seconds: 60,
            max_per_token,
            ..ConversationConfig::default()
        }
    }

    fn conversation(id: &str) -> UpstreamConversation {
        UpstreamConversation {
            account: AccountId::new("a"),
            id: id.to_owned(),
            parent_response_id: format!("r-{id}"),
        }
    }

    /// Turns of user and assistant, in turn.
    fn request(texts: &[&str]) -> Request {
        let turns = texts.iter().enumerate().map(|(at, text)| {
            let role = if at % 2 == 0 {
                Role::User
            } else {
                Role::Assistant
            };
            Turn::text(role, *text)
        });
        Request {
            turns: turns.collect(),
            ..Request::default()
        }
    }

    #[test]
    fn the_next_turn_finds_its_conversation_and_another_caller_does_not() {
        let (known, limits) = (Conversations::default(), limits(50));
        let first = request(&["Hi"]);
        known.remember(
            &limits,
            "alice".into(),
            conversation("c1"),
            (&first, "Hello"),
            0,
        );
        let second = request(&["Hi", "Hello", "More"]);
        let find = |scope: &str, now_ms| known.find(&limits, &scope.into(), &second, now_ms);
        assert_eq!(find("alice", 60_000), Some(conversation("c1")));
        assert_eq!(find("bob", 1), None);
        assert_eq!(find("alice", 60_001), None, "older than its TTL");
        assert_eq!(find("alice", 1), None, "and forgotten");
    }

    #[test]
    fn an_edited_answer_does_not_match() {
        let (known, limits) = (Conversations::default(), limits(50));
        let first = request(&["Hi"]);
        known.remember(
            &limits,
            "a".into(),
            conversation("c1"),
            (&first, "Hello"),
            0,
        );
        let edited = request(&["Hi", "Hullo", "More"]);
        assert_eq!(known.find(&limits, &"a".into(), &edited, 1), None);
    }

    #[test]
    fn an_account_keeps_its_newest_conversations_only() {
        let known = Conversations::default();
        let mut by_id = request(&["Hi"]);
        for id in ["c1", "c2", "c3", "c4"] {
            known.remember(&limits(3), "a".into(), conversation(id), (&by_id, id), 0);
        }
        let mut find = |id: &str| {
            by_id.conversation_id = Some(id.to_owned());
            known.find(&limits(3), &"a".into(), &by_id, 1)
        };
        assert_eq!(find("c1"), None);
        assert_eq!(find("c2"), Some(conversation("c2")));
        // A lower limit takes effect with the next conversation.
        let other = request(&["Ho"]);
        known.remember(&limits(1), "a".into(), conversation("c5"), (&other, "x"), 0);
        assert_eq!(find("c4"), None);
        assert_eq!(find("c5"), Some(conversation("c5")));
    }

    #[test]
    fn a_sweep_forgets_what_nobody_has_used() {
        let (known, limits) = (Conversations::default(), limits(50));
        for (id, at_ms) in [("c1", 0), ("c2", 30_000)] {
            known.remember(
                &limits,
                "a".into(),
                conversation(id),
                (&request(&[id]), "x"),
                at_ms,
            );
        }
        assert_eq!(known.sweep(&limits, 60_001), 1);
        assert_eq!(known.sweep(&limits, 60_001), 0);
        let mut request = request(&["c2"]);
        request.conversation_id = Some("c2".to_owned());
        assert!(known.find(&limits, &"a".into(), &request, 60_001).is_some());
    }
}
