//! The frames of one answer, in order.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{drawing::Drawing, frames};

/// Where the payload of an event sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `{"result":{"response":{…}}}`, in a new conversation.
    Nested,
    /// `{"result":{…}}`, in a follow-up (protocol 2.13).
    Direct,
}

impl Envelope {
    /// One line, newline included.
    pub(super) fn line(self, payload: Value) -> Bytes {
        match self {
            Self::Nested => line(&json!({"result": {"response": payload}})),
            Self::Direct => line(&json!({"result": payload})),
        }
    }
}

/// One line, newline included.
pub(super) fn line(value: &Value) -> Bytes {
    let mut text = value.to_string();
    text.push('\n');
    Bytes::from(text)
}

/// The ids of one answer, UUIDs as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) conversation: String,
    pub(crate) user_response: String,
    pub(crate) response: String,
}

/// An answer before it becomes frames.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) ids: Ids,
    pub(crate) envelope: Envelope,
    pub(crate) model_hash: String,
    /// Reasoning tokens with the number of their step.
    pub(crate) thinking: Vec<(usize, String)>,
    pub(crate) tokens: Vec<String>,
    /// Payloads of what the upstream has looked up, sent before the words.
    pub(crate) lookups: Vec<Value>,
    /// Cards that the tokens refer to, as JSON each.
    pub(crate) cards: Vec<Value>,
    /// What is drawn between the words.
    pub(crate) drawing: Option<Drawing>,
}

/// What a line is for, which decides about the pause before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Head,
    Token,
    Tail,
}

/// One line of the stream.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) role: Role,
    pub(super) line: Bytes,
}

impl Event {
    pub(super) fn new(role: Role, line: Bytes) -> Self {
        Self { role, line }
    }
}

impl Answer {
    /// The complete text, as `modelResponse.message` carries it.
    pub(super) fn message(&self) -> String {
        self.tokens.concat()
    }

    /// The lines that carry ids: the conversation (when it is new) and the user's turn.
    pub(super) fn head(&self) -> Vec<Event> {
        let mut head = Vec::with_capacity(2);
        if self.envelope == Envelope::Nested {
            head.push(Event::new(
                Role::Head,
                line(&frames::conversation(&self.ids)),
            ));
        }
        let user = frames::user_response(&self.ids, &self.model_hash);
        head.push(Event::new(Role::Head, self.envelope.line(user)));
        head
    }

    /// What was looked up, then the cards.
    fn looked_up(&self) -> Vec<Event> {
        let mut lookups = self.lookups.clone();
        for lookup in &mut lookups {
            lookup["responseId"] = self.ids.response.clone().into();
        }
        let cards = self.cards.iter().map(frames::card);
        lookups
            .into_iter()
            .chain(cards)
            .map(|payload| Event::new(Role::Token, self.envelope.line(payload)))
            .collect()
    }

    /// Reasoning tokens, then answer tokens, with what is drawn between them.
    pub(super) fn words(&self) -> Vec<Event> {
        let thinking = self
            .thinking
            .iter()
            .map(|(step, token)| frames::thinking(&self.ids, *step, token));
        let tokens = self
            .tokens
            .iter()
            .map(|token| frames::token(&self.ids, token));
        let words = thinking
            .chain(tokens)
            .map(|payload| Event::new(Role::Token, self.envelope.line(payload)));
        let mut words: Vec<Event> = words.collect();
        if let Some(drawing) = &self.drawing {
            let at = self.thinking.len() + drawing.after_tokens;
            let at = at.min(words.len());
            words.splice(at..at, drawing.events(self.envelope));
        }
        words
    }

    /// The complete answer and the end mark.
    pub(super) fn tail(&self, cards: &[Value]) -> Vec<Event> {
        let drawn = self.drawing.as_ref().map(|drawing| drawing.urls.as_slice());
        let listed = (cards, drawn.unwrap_or_default());
        let complete = frames::model_response(&self.ids, &self.model_hash, &self.message(), listed);
        [complete, frames::last()]
            .into_iter()
            .map(|payload| Event::new(Role::Tail, self.envelope.line(payload)))
            .collect()
    }

    /// All lines of an ordinary answer.
    pub(super) fn events(&self) -> Vec<Event> {
        let mut events = self.head();
        events.extend(self.looked_up());
        events.extend(self.words());
        events.extend(self.tail(&self.cards));
        events
    }
}
