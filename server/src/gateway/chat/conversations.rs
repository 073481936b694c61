//! Which upstream conversation a request continues (`upstream-protocol.md` 2.13).
//!
//! In memory (`shared_conversations` has them for other instances too), bounded per account, per
//! conversation and by age. Each answer is a place: the history up to it, and the upstream's id of it, which the next turn follows. A place never changes, so two
//! callers who said the same so far continue it side by side and never see what the other says next,
//! and a history that was edited goes on from where it still agrees, or nowhere.
//!
//! A request matches by the hash of everything before its last user turn, within its caller's scope
//! and, if it names a conversation, within that one. Off while `app.temporary` is true: then the
//! upstream keeps nothing to continue.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use chat::{History, Request, history_key};
use parking_lot::Mutex;
use pool::{AccountId, Credential};
use serde::{Deserialize, Serialize};
use settings::ConversationConfig;
use sha2::{Digest, Sha256};

/// Places of one conversation that are kept; the oldest gives way.
const MAX_PLACES: usize = 200;

/// Who may continue a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One caller, by a name that is no secret.
    Own(Arc<str>),
    /// Strangers whom nothing tells apart. They must name their conversation: by its history alone
    /// one could continue that of another.
    Shared,
}

/// Which credential an account had when it answered: a piece of a hash, which shows that it is another
/// one now, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialMark(u32);

impl CredentialMark {
    #[must_use]
    pub fn of(credential: &Credential) -> Self {
        let hash = Sha256::new_with_prefix(b"conversation\0");
        let hash: [u8; 32] = hash.chain_update(credential.expose()).finalize().into();
        let [first, second, third, fourth, ..] = hash;
        Self(u32::from_be_bytes([first, second, third, fourth]))
    }
}

/// Where a follow-up goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamConversation {
    pub account: AccountId,
    /// Of the account's credential, whose owner has the conversation.
    pub credential: CredentialMark,
    pub id: String,
    /// The assistant's answer that the next turn follows.
    pub parent_response_id: String,
}

pub(super) type HistoryHash = [u8; 32];

/// What a sweep has forgotten.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub count: usize,
    /// Those among them that nobody can go on with, here or elsewhere.
    pub without_account: Vec<String>,
}

/// The conversations of this process. Their limits come with each call, since they may change.
#[derive(Default)]
pub struct Conversations {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    by_id: HashMap<String, Entry>,
    /// The first conversation that got there: never replaced by a later one.
    by_history: HashMap<(Scope, HistoryHash), String>,
    /// Least recently used first.
    by_account: HashMap<AccountId, VecDeque<String>>,
}

struct Entry {
    account: AccountId,
    credential: CredentialMark,
    scope: Scope,
    /// Oldest first.
    places: VecDeque<Place>,
    used_at_ms: i64,
}

struct Place {
    history: HistoryHash,
    response_id: String,
}

impl Conversations {
    /// The conversation that `request` continues, if this caller has it.
    #[must_use]
    pub fn find(
        &self,
        limits: &ConversationConfig,
        scope: &Scope,
        request: &Request,
        now_ms: i64,
    ) -> Option<UpstreamConversation> {
        let history = hash(&history_key(request)?);
        let mut inner = self.inner.lock();
        let id = match (&request.conversation_id, scope) {
            (Some(id), _) => id.clone(),
            (None, Scope::Shared) => return None,
            (None, Scope::Own(_)) => inner.by_history.get(&(scope.clone(), history))?.clone(),
        };
        let entry = inner.by_id.get(&id).filter(|entry| entry.scope == *scope)?;
        if entry.is_over(limits, now_ms) {
            inner.forget(&id);
            return None;
        }
        let place = entry.places.iter().find(|one| one.history == history)?;
        Some(UpstreamConversation {
            account: entry.account.clone(),
            credential: entry.credential,
            parent_response_id: place.response_id.clone(),
            id,
        })
    }

    /// Remembers where the next turn goes after `history`: the conversation with its last answer as
    /// the parent. Conversations of the account that had to give way for it.
    #[must_use = "they are stored as well"]
    pub fn remember(
        &self,
        limits: &ConversationConfig,
        scope: Scope,
        conversation: UpstreamConversation,
        history: HistoryHash,
        now_ms: i64,
    ) -> Vec<String> {
        let mut inner = self.inner.lock();
        let UpstreamConversation {
            account,
            credential,
            id,
            parent_response_id: response_id,
        } = conversation;
        let is_it = |entry: &Entry| {
            entry.account == account && entry.credential == credential && entry.scope == scope
        };
        if !inner.by_id.get(&id).is_some_and(is_it) {
            inner.forget(&id);
        }
        inner.touch(&account, &id);
        let mut given_way = Vec::new();
        while let Some(oldest) = inner.surplus(&account, limits.max_per_token) {
            inner.forget(&oldest);
            given_way.push(oldest);
        }
        let entry = inner.by_id.entry(id.clone()).or_insert_with(|| Entry {
            account,
            credential,
            scope: scope.clone(),
            places: VecDeque::new(),
            used_at_ms: now_ms,
        });
        entry.used_at_ms = now_ms;
        if entry.places.iter().any(|place| place.history == history) {
            return given_way;
        }
        entry.places.push_back(Place {
            history,
            response_id,
        });
        let surplus = (entry.places.len() > MAX_PLACES).then(|| entry.places.pop_front());
        if let Some(place) = surplus.flatten() {
            inner.forget_place(&scope, &place, &id);
        }
        inner.by_history.entry((scope, history)).or_insert(id);
        given_way
    }

    /// Whether this instance still has it.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.inner.lock().by_id.contains_key(id)
    }

    /// Drops a conversation that the upstream no longer has.
    pub fn forget(&self, id: &str) {
        self.inner.lock().forget(id);
    }

    /// Drops all of them.
    pub fn forget_all(&self) {
        *self.inner.lock() = Inner::default();
    }

    /// Drops every conversation that nobody has used for too long, or whose account is gone or has
    /// another credential.
    pub fn sweep(
        &self,
        limits: &ConversationConfig,
        now_ms: i64,
        credential_of: impl Fn(&AccountId) -> Option<CredentialMark>,
    ) -> Swept {
        let mut inner = self.inner.lock();
        let mut swept = Swept::default();
        let mut over = Vec::new();
        for (id, entry) in &inner.by_id {
            if credential_of(&entry.account) != Some(entry.credential) {
                swept.without_account.push(id.clone());
            } else if entry.is_over(limits, now_ms) {
                over.push(id.clone());
            }
        }
        let ids = over.iter().chain(&swept.without_account);
        ids.for_each(|id| inner.forget(id));
        swept.count = over.len() + swept.without_account.len();
        swept
    }
}

impl Entry {
    fn is_over(&self, limits: &ConversationConfig, now_ms: i64) -> bool {
        let ttl_ms = i64::try_from(limits.ttl_seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        now_ms.saturating_sub(self.used_at_ms) > ttl_ms
    }
}

impl Inner {
    /// Makes the conversation the account's most recently used one.
    fn touch(&mut self, account: &AccountId, id: &str) {
        let ids = self.by_account.entry(account.clone()).or_default();
        ids.retain(|known| known != id);
        ids.push_back(id.to_owned());
    }

    /// The account's least recently used conversation, if it has more than `max`.
    fn surplus(&self, account: &AccountId, max: u32) -> Option<String> {
        let ids = self.by_account.get(account)?;
        (ids.len() > max.max(1) as usize).then(|| ids.front().cloned())?
    }

    fn forget(&mut self, id: &str) {
        let Some(entry) = self.by_id.remove(id) else {
            return;
        };
        for place in &entry.places {
            self.forget_place(&entry.scope, place, id);
        }
        if let Some(ids) = self.by_account.get_mut(&entry.account) {
            ids.retain(|known| known != id);
            if ids.is_empty() {
                self.by_account.remove(&entry.account);
            }
        }
    }

    /// The conversation `id` is no longer found by this history.
    fn forget_place(&mut self, scope: &Scope, place: &Place, id: &str) {
        let key = (scope.clone(), place.history);
        if self.by_history.get(&key).is_some_and(|known| known == id) {
            self.by_history.remove(&key);
        }
    }
}

pub(super) fn hash(history: &History<'_>) -> HistoryHash {
    let mut hasher = Sha256::new();
    history.feed(|piece| hasher.update(piece));
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use chat::{Role, Turn, history_after};

    use super::*;

    fn limits(max_per_token: u32) -> ConversationConfig {
        ConversationConfig {
            ttl_seconds: 60,
            max_per_token,
            ..ConversationConfig::default()
        }
    }

    fn own(name: &str) -> Scope {
        Scope::Own(name.into())
    }

    fn mark(credential: &str) -> CredentialMark {
        CredentialMark::of(&Credential::try_new(credential).unwrap())
    }

    /// The conversation `id` after its answer `response`.
    fn at(id: &str, response: &str) -> UpstreamConversation {
        UpstreamConversation {
            account: AccountId::new("a"),
            credential: mark("only-account"),
            id: id.to_owned(),
            parent_response_id: response.to_owned(),
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

    fn naming(id: &str, texts: &[&str]) -> Request {
        Request {
            conversation_id: Some(id.to_owned()),
            ..request(texts)
        }
    }

    struct Known(Conversations);

    impl Known {
        /// `place` is what `texts` (the last one is the answer) led to.
        fn remember(&self, scope: &Scope, place: UpstreamConversation, texts: &[&str], at_ms: i64) {
            let (answer, asked) = texts.split_last().unwrap();
            let history = hash(&history_after(&request(asked), answer, &[]));
            let gone = self
                .0
                .remember(&limits(50), scope.clone(), place, history, at_ms);
            assert_eq!(gone, [""; 0]);
        }

        fn find(&self, scope: &Scope, request: &Request) -> Option<UpstreamConversation> {
            self.0.find(&limits(50), scope, request, 1)
        }
    }

    fn known() -> Known {
        Known(Conversations::default())
    }

    #[test]
    fn the_next_turn_finds_its_conversation_and_another_caller_does_not() {
        let known = known();
        known.remember(&own("alice"), at("c1", "r1"), &["Hi", "Hello"], 0);
        let second = request(&["Hi", "Hello", "More"]);
        let find = |name: &str, now_ms| known.0.find(&limits(50), &own(name), &second, now_ms);
        assert_eq!(find("alice", 60_000), Some(at("c1", "r1")));
        assert_eq!(find("bob", 1), None);
        assert_eq!(find("alice", 60_001), None, "older than its TTL");
        assert_eq!(find("alice", 1), None, "and forgotten");
    }

    #[test]
    fn an_edited_answer_does_not_match() {
        let known = known();
        known.remember(&own("a"), at("c1", "r1"), &["Hi", "Hello"], 0);
        let edited = ["Hi", "Hullo", "More"];
        assert_eq!(known.find(&own("a"), &request(&edited)), None);
        assert_eq!(known.find(&own("a"), &naming("c1", &edited)), None);
        assert_eq!(known.find(&own("a"), &naming("c1", &["More"])), None);
    }

    #[test]
    fn what_one_user_of_a_scope_says_does_not_move_the_place_of_the_other() {
        let (known, scope) = (known(), own("a"));
        known.remember(&scope, at("c1", "r1"), &["Hi", "Hello"], 0);
        known.remember(&scope, at("c2", "r2"), &["Hi", "Hello"], 0);
        let pin = ["Hi", "Hello", "My PIN is 4711", "Noted"];
        known.remember(&scope, at("c1", "r3"), &pin, 0);
        let next = ["Hi", "Hello", "More"];
        assert_eq!(known.find(&scope, &request(&next)), Some(at("c1", "r1")));
        let named = known.find(&scope, &naming("c2", &next));
        assert_eq!(named, Some(at("c2", "r2")), "its own, with its own parent");
    }

    #[test]
    fn an_earlier_turn_that_is_edited_goes_on_from_the_place_before_it() {
        let (known, scope) = (known(), own("a"));
        known.remember(&scope, at("c1", "r1"), &["Hi", "Hello"], 0);
        known.remember(&scope, at("c1", "r2"), &["Hi", "Hello", "More", "Yes"], 0);
        let edited = naming("c1", &["Hi", "Hello", "Less"]);
        assert_eq!(known.find(&scope, &edited), Some(at("c1", "r1")));
        let beyond = naming("c1", &["Hi", "Hello", "Less", "Yes", "And?"]);
        assert_eq!(known.find(&scope, &beyond), None);
    }

    #[test]
    fn strangers_must_name_their_conversation() {
        let known = known();
        known.remember(&Scope::Shared, at("c1", "r1"), &["Hi", "Hello"], 0);
        let next = ["Hi", "Hello", "More"];
        assert_eq!(known.find(&Scope::Shared, &request(&next)), None);
        let named = known.find(&Scope::Shared, &naming("c1", &next));
        assert_eq!(named, Some(at("c1", "r1")));
    }

    #[test]
    fn an_account_keeps_its_newest_conversations_only() {
        let known = Conversations::default();
        let remember = |max: u32, id: &str| {
            let history = hash(&history_after(&request(&[id]), "x", &[]));
            known.remember(&limits(max), own("a"), at(id, "r"), history, 0)
        };
        let find = |id: &str| known.find(&limits(3), &own("a"), &request(&[id, "x", "?"]), 1);
        for id in ["c1", "c2", "c3"] {
            assert_eq!(remember(3, id), [""; 0]);
        }
        assert_eq!(remember(3, "c4"), ["c1"]);
        assert_eq!(find("c1"), None);
        assert_eq!(find("c2"), Some(at("c2", "r")));
        // A lower limit takes effect with the next conversation.
        assert_eq!(remember(1, "c5"), ["c2", "c3", "c4"]);
        assert_eq!(find("c4"), None);
        assert_eq!(find("c5"), Some(at("c5", "r")));
    }

    #[test]
    fn a_conversation_keeps_its_newest_places_only() {
        let (known, scope) = (known(), own("a"));
        let question = |n: usize| format!("q{n}");
        for n in 0..=MAX_PLACES {
            known.remember(&scope, at("c1", "r"), &[&question(n), "x"], 0);
        }
        let find = |n: usize| known.find(&scope, &request(&[&question(n), "x", "?"]));
        assert_eq!(find(0), None);
        assert_eq!(find(1), Some(at("c1", "r")));
        assert_eq!(known.0.inner.lock().by_history.len(), MAX_PLACES);
    }

    #[test]
    fn a_sweep_forgets_what_nobody_has_used_and_what_has_lost_its_account() {
        let known = known();
        for (id, at_ms) in [("c1", 0), ("c2", 30_000)] {
            known.remember(&own("a"), at(id, "r"), &[id, "x"], at_ms);
        }
        let sweep = |credential| known.0.sweep(&limits(50), 60_001, |_| credential);
        let swept = |count, without: &[&str]| Swept {
            count,
            without_account: without.iter().map(|&id| id.to_owned()).collect(),
        };
        let same = Some(mark("only-account"));
        assert_eq!(sweep(same), swept(1, &[]), "it may be younger elsewhere");
        assert_eq!(sweep(same), swept(0, &[]));
        let next = request(&["c2", "x", "?"]);
        assert!(known.find(&own("a"), &next).is_some());
        assert_eq!(sweep(Some(mark("another-account"))), swept(1, &["c2"]));
        known.remember(&own("a"), at("c3", "r"), &["c3", "x"], 60_000);
        assert_eq!(sweep(None), swept(1, &["c3"]));
        let inner = known.0.inner.lock();
        assert!(inner.by_history.is_empty() && inner.by_account.is_empty());
    }
}
