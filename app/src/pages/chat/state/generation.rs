//! One answer on its way.

use super::super::history::TurnId;
use crate::browser::completion::TokenCounts;
use futures::future::{AbortHandle, AbortRegistration};
use leptos::prelude::*;

/// What has come of an answer so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LiveAnswer {
    pub(crate) text: String,
    pub(crate) thinking: String,
    /// Known once the answer itself has begun; grows while it is being thought.
    pub(crate) thinking_ms: Option<u32>,
}

impl LiveAnswer {
    pub(crate) fn is_thinking(&self) -> bool {
        self.text.is_empty() && !self.thinking.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.thinking.is_empty()
    }
}

/// An answer that is being received.
#[derive(Clone)]
pub(super) struct Generation {
    pub(super) chat_id: String,
    pub(super) turn: TurnId,
    pub(super) answer: ArcRwSignal<LiveAnswer>,
    pub(super) handle: AbortHandle,
}

impl Generation {
    /// Ends the request; what has come stays.
    pub(super) fn stop(&self) {
        self.handle.abort();
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.turn == other.turn && self.chat_id == other.chat_id
    }
}

/// An answer that was asked for and of which nothing has been received yet.
pub(crate) struct Begun {
    pub(super) generation: Generation,
    pub(super) registration: AbortRegistration,
    /// Of the request.
    pub(super) body: String,
}

/// Text that came since the last animation frame.
#[derive(Default)]
pub(super) struct Pending {
    text: String,
    thinking: String,
    thinking_since: Option<f64>,
    thinking_ms: Option<u32>,
    pub(super) tokens: Option<TokenCounts>,
    /// The next animation frame will show it.
    pub(super) is_scheduled: bool,
    pub(super) saved_at: f64,
}

impl Pending {
    pub(super) fn take(&mut self, content: &str, reasoning: &str, now: f64) {
        if !reasoning.is_empty() {
            self.thinking_since.get_or_insert(now);
            self.thinking.push_str(reasoning);
        }
        if let Some(since) = self.thinking_since {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a clock"
            )]
            let elapsed = (now - since) as u32;
            self.thinking_ms = Some(elapsed);
            if !content.is_empty() {
                self.thinking_since = None;
            }
        }
        self.text.push_str(content);
    }

    /// Moves the text over; false when there was none.
    pub(super) fn flush(&mut self, answer: &ArcRwSignal<LiveAnswer>) -> bool {
        self.is_scheduled = false;
        if self.text.is_empty() && self.thinking.is_empty() {
            return false;
        }
        let (text, thinking) = (
            std::mem::take(&mut self.text),
            std::mem::take(&mut self.thinking),
        );
        answer.update(|live| {
            live.text.push_str(&text);
            live.thinking.push_str(&thinking);
            live.thinking_ms = self.thinking_ms;
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_is_timed_until_the_answer_begins() {
        let mut pending = Pending::default();
        pending.take("", "hm", 1_000.0);
        pending.take("", " well", 2_500.0);
        assert_eq!(pending.thinking_ms, Some(1_500));
        pending.take("So", "", 4_000.0);
        pending.take(" it is", "", 9_000.0);
        assert_eq!(
            pending.thinking_ms,
            Some(3_000),
            "writing takes no thinking time"
        );
        assert_eq!(
            (pending.text.as_str(), pending.thinking.as_str()),
            ("So it is", "hm well")
        );
    }

    #[test]
    fn flushing_moves_text_once() {
        let answer = ArcRwSignal::new(LiveAnswer::default());
        let mut pending = Pending::default();
        pending.take("a", "", 0.0);
        assert!(pending.flush(&answer));
        pending.take("b", "", 0.0);
        assert!(pending.flush(&answer));
        assert!(!pending.flush(&answer));
        assert_eq!(answer.get_untracked().text, "ab");
    }
}
