//! The other tabs that show the chat page. What they say is told in ids only: the words are in the
//! browser's store.

use super::super::history::TurnId;
use crate::browser::{
    channel::Channel,
    lock::{self, Held},
};
use leptos::prelude::*;

const CHANNEL: &str = "grok2api-chat";

/// What a tab tells the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Something of this conversation was stored.
    Stored(String),
    /// Whoever receives an answer in this conversation is to stop it.
    Stop(String),
}

impl Message {
    fn encode(&self) -> String {
        match self {
            Self::Stored(id) => format!("stored {id}"),
            Self::Stop(id) => format!("stop {id}"),
        }
    }

    /// `None` for what a newer page says.
    fn decode(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("stored", id) => Some(Self::Stored(id.to_owned())),
            ("stop", id) => Some(Self::Stop(id.to_owned())),
            _ => None,
        }
    }
}

/// See the module.
#[derive(Clone, Copy)]
pub(crate) struct Tabs {
    /// Opened by an effect of the page: on the server there is nothing that threads cannot share.
    channel: StoredValue<Option<StoredValue<Option<Channel>, LocalStorage>>>,
}

impl Tabs {
    pub(super) fn new() -> Self {
        Self {
            channel: StoredValue::new(None),
        }
    }

    /// Hears the other tabs as long as the calling effect lives.
    pub(crate) fn listen(self, on_message: impl Fn(Message) + 'static) {
        let hear = move |text: String| {
            if let Some(message) = Message::decode(&text) {
                on_message(message);
            }
        };
        let channel = StoredValue::new_local(Channel::open(CHANNEL, hear));
        self.channel.set_value(Some(channel));
    }

    pub(crate) fn tell(self, message: &Message) {
        let Some(channel) = self.channel.try_get_value().flatten() else {
            return;
        };
        channel.try_with_value(|channel| {
            if let Some(channel) = channel {
                channel.tell(&message.encode());
            }
        });
    }
}

/// Says to all tabs that this one receives the answer, until it is dropped.
pub(super) async fn claim_answer(chat_id: &str, turn: TurnId) -> Option<Held> {
    lock::hold(&answer_lock(chat_id, turn)).await
}

/// Whether some tab receives the answer; `None` when this browser cannot tell.
pub(super) async fn is_answer_claimed(chat_id: &str, turn: TurnId) -> Option<bool> {
    lock::is_held(&answer_lock(chat_id, turn)).await
}

/// Waits until no tab receives the answer.
pub(super) async fn answer_left(chat_id: &str, turn: TurnId) {
    lock::freed(&answer_lock(chat_id, turn)).await;
}

fn answer_lock(chat_id: &str, turn: TurnId) -> String {
    format!("{CHANNEL}/{chat_id}/{}", turn.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_their_way() {
        for message in [Message::Stored("a1".into()), Message::Stop("b2".into())] {
            assert_eq!(Message::decode(&message.encode()), Some(message));
        }
        assert_eq!(Message::decode("later a1"), None);
        assert_eq!(Message::decode(""), None);
    }
}
