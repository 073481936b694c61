//! Conversations as other tabs write them.
//!
//! A tab that has stored something says so. The others read it and merge it into what they hold.
//! Who receives an answer holds a lock for it, so a tab that was closed in mid-answer is told from
//! one that still writes. Browsers without locks (plain `http` from another machine) cannot tell:
//! there an answer counts as cut off when it is loaded, until more of it comes.

use super::{
    super::{
        history::{Conversation, TurnId},
        storage,
    },
    Generations,
    tabs::{answer_left, is_answer_claimed},
};
use leptos::task::spawn_local;

/// Answers on their way, by what is known of who receives them.
#[derive(Default)]
struct Claims {
    claimed: Vec<TurnId>,
    orphaned: Vec<TurnId>,
    unknown: Vec<TurnId>,
}

impl Claims {
    async fn of(chat: &Conversation) -> Self {
        let mut claims = Self::default();
        for turn in chat.streaming() {
            match is_answer_claimed(&chat.id, turn).await {
                Some(true) => claims.claimed.push(turn),
                Some(false) => claims.orphaned.push(turn),
                None => claims.unknown.push(turn),
            }
        }
        claims
    }
}

impl Generations {
    /// A conversation from the browser's store, unless it is deleted.
    pub(crate) async fn load(self, id: &str) -> Option<Conversation> {
        let mut chat = storage::load_conversation(id).await?;
        let claims = Claims::of(&chat).await;
        chat.mark_interrupted(&claims.orphaned);
        chat.mark_interrupted(&claims.unknown);
        self.watch(id, &claims);
        Some(chat)
    }

    /// Takes over what another tab has stored, if the conversation is held here.
    pub(crate) async fn follow(self, id: &str) {
        if self.held(id).is_none() {
            return;
        }
        let Some(chat) = storage::load_conversation(id).await else {
            return;
        };
        let files = storage::load_files(&self.open().missing_files(&chat)).await;
        let claims = Claims::of(&chat).await;
        if self.open().is_shown(id) {
            self.open().add_files(files);
        }
        self.update(id, |held| {
            held.follow(chat);
            held.mark_interrupted(&claims.orphaned);
        });
        self.watch(id, &claims);
    }

    /// Looks again when the tabs that receive these answers have ended.
    fn watch(self, id: &str, claims: &Claims) {
        for turn in &claims.claimed {
            let answer = (id.to_owned(), *turn);
            if self.start_watching(&answer) {
                spawn_local(async move {
                    answer_left(&answer.0, answer.1).await;
                    self.end_watching(&answer);
                    self.follow(&answer.0).await;
                });
            }
        }
    }
}
