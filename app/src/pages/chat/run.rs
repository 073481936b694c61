//! Asking and receiving: one [`Run`] is one answer on its way.
//!
//! Data flow: frames → [`Pending`] → at most once per animation frame into the run's signal, which
//! the page shows → into the conversation, at most once a second and at the end, which is saved.

use super::{
    history::{AttachmentRef, TurnId, TurnState},
    library,
    request::completion_body,
    room::Room,
};
use crate::{
    browser::{
        answer::open_answer,
        completion::{Failure, Frame, TokenCounts},
        page,
    },
    dom,
    markdown::plain_text,
};
use futures::future::{AbortHandle, Abortable};
use leptos::{prelude::*, task::spawn_local};
use std::{cell::RefCell, rc::Rc};

const SAVE_EVERY_MS: f64 = 1_000.0;

/// What has come of an answer so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LiveAnswer {
    pub(super) text: String,
    pub(super) thinking: String,
    /// Known once the answer itself has begun; grows while it is being thought.
    pub(super) thinking_ms: Option<u32>,
}

impl LiveAnswer {
    pub(super) fn is_thinking(&self) -> bool {
        self.text.is_empty() && !self.thinking.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.thinking.is_empty()
    }
}

/// An answer that is being received.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) chat_id: String,
    pub(super) turn: TurnId,
    pub(super) answer: ArcRwSignal<LiveAnswer>,
    handle: AbortHandle,
}

impl Run {
    /// Ends the request; what has come stays.
    pub(super) fn stop(&self) {
        self.handle.abort();
    }
}

/// Text that came since the last animation frame.
#[derive(Default)]
struct Pending {
    text: String,
    thinking: String,
    thinking_since: Option<f64>,
    thinking_ms: Option<u32>,
    tokens: Option<TokenCounts>,
    is_scheduled: bool,
    saved_at: f64,
}

impl Pending {
    fn take(&mut self, content: &str, reasoning: &str, now: f64) {
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
    fn flush(&mut self, answer: &ArcRwSignal<LiveAnswer>) -> bool {
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

/// How an answer ended.
enum End {
    Whole,
    Stopped,
    Failed(Failure),
}

impl Room {
    /// Asks in the shown conversation, after `parent`, and receives the answer.
    ///
    /// Returns the conversation's id. `files` are contents of new attachments, by id.
    pub(super) fn ask(
        self,
        parent: Option<TurnId>,
        text: String,
        attachments: Vec<AttachmentRef>,
        files: Vec<(String, String)>,
    ) -> String {
        let now = dom::now_ms();
        self.files
            .update(|known| known.extend(files.iter().cloned()));
        let question = self.open.try_update(|chat| {
            if chat.id.is_empty() {
                (chat.id, chat.created_at_ms) = (page::random_id(), now);
            }
            chat.ask(parent, text, attachments, now)
        });
        spawn_local(async move {
            if library::save_files(&files).await.is_err() {
                self.warn_about_storage();
            }
        });
        if let Some(question) = question {
            self.answer(question);
        }
        self.open.with_untracked(|chat| chat.id.clone())
    }

    /// Receives a new answer to `question` beside those that it has.
    pub(super) fn answer(self, question: TurnId) {
        if self.is_answering() {
            return;
        }
        let model = untrack(|| self.model());
        let now = dom::now_ms();
        let begun = self.open.try_update(|chat| {
            chat.model = Some(model.clone());
            let turn = chat.begin_answer(question, &model, now);
            (chat.id.clone(), turn)
        });
        let Some((chat_id, turn)) = begun else { return };
        let body = self.open.with_untracked(|chat| {
            self.files
                .with_untracked(|files| completion_body(chat, question, &model, files))
        });
        let (handle, registration) = AbortHandle::new_pair();
        let run = Run {
            chat_id,
            turn,
            answer: ArcRwSignal::default(),
            handle,
        };
        self.runs.update(|runs| runs.push(run.clone()));
        self.follows_end.set(true);
        self.spoken.set(Vec::new());
        self.spoken_to.set_value(0);
        self.save(&run.chat_id);
        spawn_local(async move {
            let pending = Rc::new(RefCell::new(Pending::default()));
            let task = receive(self, &run, &body, &pending);
            let end = match Abortable::new(task, registration).await {
                Ok(Ok(())) => End::Whole,
                Ok(Err(failure)) => End::Failed(failure),
                Err(_) => End::Stopped,
            };
            finish(self, &run, &mut pending.borrow_mut(), end);
        });
    }

    /// Stops the answer of the shown conversation.
    pub(super) fn stop(self) {
        let chat_id = self.open.with_untracked(|chat| chat.id.clone());
        let runs = self.runs.get_untracked();
        runs.iter()
            .filter(|run| run.chat_id == chat_id)
            .for_each(Run::stop);
    }
}

async fn receive(
    room: Room,
    run: &Run,
    body: &str,
    pending: &Rc<RefCell<Pending>>,
) -> Result<(), Failure> {
    let mut stream = open_answer(body).await?;
    pending.borrow_mut().saved_at = page::monotonic_ms();
    while let Some(frame) = stream.next().await? {
        match frame {
            Frame::Delta {
                content, reasoning, ..
            } => {
                let now = page::monotonic_ms();
                pending.borrow_mut().take(&content, &reasoning, now);
                schedule(run, pending);
                save_now_and_then(room, run, pending, now);
            }
            Frame::Usage(tokens) => pending.borrow_mut().tokens = Some(tokens),
            Frame::Done | Frame::Failed(_) => {}
        }
    }
    Ok(())
}

/// Shows what is pending with the next animation frame.
fn schedule(run: &Run, pending: &Rc<RefCell<Pending>>) {
    if std::mem::replace(&mut pending.borrow_mut().is_scheduled, true) {
        return;
    }
    let (answer, pending) = (run.answer.clone(), Rc::clone(pending));
    request_animation_frame(move || {
        pending.borrow_mut().flush(&answer);
    });
}

fn save_now_and_then(room: Room, run: &Run, pending: &Rc<RefCell<Pending>>, now: f64) {
    let mut pending = pending.borrow_mut();
    if now - pending.saved_at < SAVE_EVERY_MS {
        return;
    }
    pending.saved_at = now;
    // Hidden pages get no animation frames: bring the text over here.
    pending.flush(&run.answer);
    // The text goes into a copy: the shown turn is drawn from the run until it ends.
    let live = run.answer.get_untracked();
    let Some(mut chat) = room.held(&run.chat_id) else {
        return;
    };
    if let Some(turn) = chat.turn_mut(run.turn) {
        (turn.text, turn.thinking, turn.thinking_ms) = (live.text, live.thinking, live.thinking_ms);
    }
    spawn_local(async move {
        if library::save(&chat).await.is_err() {
            room.warn_about_storage();
        }
    });
}

fn finish(room: Room, run: &Run, pending: &mut Pending, end: End) {
    pending.flush(&run.answer);
    let live = run.answer.get_untracked();
    let state = match end {
        End::Whole => TurnState::Complete,
        End::Stopped => TurnState::Stopped,
        End::Failed(failure) => TurnState::Failed(failure),
    };
    let now = dom::now_ms();
    let spoken = live.text.clone();
    room.update_chat(&run.chat_id, |chat| {
        chat.updated_at_ms = now;
        if let Some(turn) = chat.turn_mut(run.turn) {
            (turn.text, turn.thinking, turn.thinking_ms) =
                (live.text, live.thinking, live.thinking_ms);
            (turn.state, turn.tokens, turn.at_ms) = (state, pending.tokens, now);
        }
    });
    room.save(&run.chat_id);
    speak_rest(room, run, &spoken);
    room.runs.try_update(|runs| {
        runs.retain(|other| other.turn != run.turn || other.chat_id != run.chat_id);
    });
    room.parked
        .try_update_value(|parked| parked.retain(|chat| chat.id != run.chat_id));
}

/// Hands the last part of the shown answer to screen readers.
fn speak_rest(room: Room, run: &Run, text: &str) {
    if room.open.try_with_untracked(|chat| chat.id == run.chat_id) == Some(true) {
        let from = room.spoken_to.try_get_value().unwrap_or_default();
        let rest = plain_text(text.get(from..).unwrap_or_default());
        room.spoken.try_update(|spoken| spoken.push(rest));
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
