//! Asking and receiving: answers on their way, in any conversation.
//!
//! Data flow: frames → [`Pending`] → at most once per animation frame into the answer's signal,
//! which the page shows → into the conversation, at most once a second and at the end, which is
//! saved.

use super::{
    super::{
        history::{Conversation, TurnId, TurnState},
        later,
        request::Files,
        storage,
    },
    Announcer, Layout, Library, LiveAnswer, OpenConversation, Question, Tabs,
    generation::{Begun, Generation, Pending},
    tabs::{Message, claim_answer},
};
use crate::{
    browser::{
        answer::open_answer,
        completion::{Failure, Frame},
        page,
    },
    dom,
};
use futures::future::{AbortHandle, Abortable};
use leptos::{prelude::*, task::spawn_local};
use std::{cell::RefCell, rc::Rc};

const SAVE_EVERY_MS: f64 = 1_000.0;

/// See the module.
#[derive(Clone, Copy)]
pub(crate) struct Generations {
    running: RwSignal<Vec<Generation>>,
    /// Conversations that are not shown but still receive an answer.
    parked: StoredValue<Vec<Conversation>>,
    open: OpenConversation,
    library: Library,
    layout: Layout,
    announcer: Announcer,
    tabs: Tabs,
    /// Answers that other tabs receive and whose end is waited for, with their conversations.
    watched: StoredValue<Vec<(String, TurnId)>>,
}

/// How an answer ended.
enum End {
    Whole,
    Stopped,
    Failed(Failure),
}

impl Generations {
    pub(super) fn new(
        open: OpenConversation,
        library: Library,
        layout: Layout,
        announcer: Announcer,
        tabs: Tabs,
    ) -> Self {
        Self {
            running: RwSignal::new(Vec::new()),
            parked: StoredValue::new(Vec::new()),
            open,
            library,
            layout,
            announcer,
            tabs,
            watched: StoredValue::new(Vec::new()),
        }
    }

    pub(super) fn open(self) -> OpenConversation {
        self.open
    }

    /// The answer that is being received for a turn of the shown conversation. Reactive.
    pub(crate) fn live(self, turn: TurnId) -> Option<ArcRwSignal<LiveAnswer>> {
        let chat_id = self.open.with(|chat| chat.id.clone());
        self.running.with(|running| {
            let generation = running
                .iter()
                .find(|one| one.turn == turn && one.chat_id == chat_id);
            generation.map(|one| one.answer.clone())
        })
    }

    /// Whether the shown conversation is receiving an answer, here or in another tab. Reactive.
    pub(crate) fn is_answering(self) -> bool {
        self.open.with(|chat| !chat.streaming().is_empty())
    }

    /// Whether a conversation is receiving an answer here. Reactive.
    pub(crate) fn is_running(self, chat_id: &str) -> bool {
        self.running
            .with(|running| running.iter().any(|one| one.chat_id == chat_id))
    }

    /// Asks in the shown conversation, after `parent`, and receives the answer. Returns the
    /// conversation's id.
    pub(crate) fn ask(self, parent: Option<TurnId>, question: Question) -> String {
        if let Some(turn) = self.open.ask(parent, question) {
            self.answer(turn);
        }
        self.open.with_untracked(|chat| chat.id.clone())
    }

    /// Receives another answer to the question of `answer`. One without text is taken away first.
    pub(crate) fn answer_again(self, answer: TurnId) {
        let question = self
            .open
            .with_untracked(|chat| chat.question_of(answer).map(|turn| turn.id));
        if let Some(question) = question {
            if !untrack(|| self.is_answering()) {
                self.open
                    .update(|chat| chat.discard_empty(answer, dom::now_ms()));
            }
            self.answer(question);
        }
    }

    /// Stops the answers of the shown conversation, whoever receives them.
    pub(crate) fn stop(self) {
        let (chat_id, streaming) = self
            .open
            .with_untracked(|chat| (chat.id.clone(), chat.streaming()));
        self.stop_in(&chat_id);
        let is_here = |turn: &TurnId| untrack(|| self.live(*turn)).is_some();
        let elsewhere: Vec<TurnId> = streaming
            .into_iter()
            .filter(|turn| !is_here(turn))
            .collect();
        if !elsewhere.is_empty() {
            // Should nobody hear it, nothing more comes.
            self.open.update(|chat| chat.mark_interrupted(&elsewhere));
            self.tabs.tell(&Message::Stop(chat_id));
        }
    }

    /// Stops the answers that this tab receives in a conversation.
    pub(crate) fn stop_in(self, chat_id: &str) {
        let running = self.running.get_untracked();
        running
            .iter()
            .filter(|one| one.chat_id == chat_id)
            .for_each(Generation::stop);
    }

    pub(super) fn stop_all(self) {
        if let Some(running) = self.running.try_get_untracked() {
            running.iter().for_each(Generation::stop);
        }
    }

    /// Shows a conversation; the one that was shown is parked if it still receives an answer.
    pub(crate) fn show(self, chat: Conversation, files: Files) {
        let left = self.open.with_untracked(Conversation::clone);
        let is_running = untrack(|| self.is_running(&left.id));
        self.parked.update_value(|parked| {
            parked.retain(|other| other.id != chat.id);
            if is_running && left.id != chat.id {
                parked.push(left);
            }
        });
        self.layout.follow_end();
        self.open.replace(chat, files);
    }

    /// A conversation that is shown or parked: newer than the stored one.
    pub(crate) fn held(self, id: &str) -> Option<Conversation> {
        self.open.if_shown(id).or_else(|| {
            let find =
                |parked: &Vec<Conversation>| parked.iter().find(|chat| chat.id == id).cloned();
            self.parked.try_with_value(find).flatten()
        })
    }

    /// Changes a conversation wherever it is, and saves it.
    pub(crate) fn change(self, id: String, change: impl FnOnce(&mut Conversation) + 'static) {
        if self.held(&id).is_some() {
            self.update(&id, change);
            self.save(&id);
            return;
        }
        spawn_local(async move {
            if let Some(mut chat) = storage::load_conversation(&id).await {
                change(&mut chat);
                self.library.save(chat).await;
            }
        });
    }

    /// Receives a new answer to `question` beside those that it has.
    fn answer(self, question: TurnId) {
        if untrack(|| self.is_answering()) {
            return;
        }
        let Some((chat_id, turn, body)) = self.open.begin_answer(question) else {
            return;
        };
        let (handle, registration) = AbortHandle::new_pair();
        let generation = Generation {
            chat_id,
            turn,
            answer: ArcRwSignal::default(),
            handle,
        };
        self.running
            .update(|running| running.push(generation.clone()));
        self.layout.follow_end();
        self.announcer.begin();
        spawn_local(async move {
            // Before others can read of it.
            let claim = claim_answer(&generation.chat_id, generation.turn).await;
            self.save(&generation.chat_id);
            let begun = Begun {
                generation,
                registration,
                body,
            };
            later::receive(self, begun).await;
            drop(claim);
        });
    }

    /// Receives what was begun, to its end. Called by `later`, whose part has this code.
    pub(crate) async fn receive_whole(self, begun: Begun) {
        let Begun {
            generation,
            registration,
            body,
        } = begun;
        let pending = Rc::new(RefCell::new(Pending::default()));
        let task = self.receive(&generation, &body, &pending);
        let end = match Abortable::new(task, registration).await {
            Ok(Ok(())) => End::Whole,
            Ok(Err(failure)) => End::Failed(failure),
            Err(_) => End::Stopped,
        };
        let written = self.finish(&generation, &mut pending.borrow_mut(), end);
        written.await;
    }

    async fn receive(
        self,
        generation: &Generation,
        body: &str,
        pending: &Rc<RefCell<Pending>>,
    ) -> Result<(), Failure> {
        let mut stream = open_answer(body).await?;
        pending.borrow_mut().saved_at = page::monotonic_ms();
        while let Some(frame) = stream.next().await? {
            match frame {
                Frame::Delta { content, reasoning } => {
                    let now = page::monotonic_ms();
                    pending.borrow_mut().take(&content, &reasoning, now);
                    schedule(generation, pending);
                    self.save_now_and_then(generation, pending, now);
                }
                Frame::Usage(tokens) => pending.borrow_mut().tokens = Some(tokens),
                Frame::Done | Frame::Failed(_) => {}
            }
        }
        Ok(())
    }

    fn save_now_and_then(self, generation: &Generation, pending: &Rc<RefCell<Pending>>, now: f64) {
        let mut pending = pending.borrow_mut();
        if now - pending.saved_at < SAVE_EVERY_MS {
            return;
        }
        pending.saved_at = now;
        // Hidden pages get no animation frames: bring the text over here.
        pending.flush(&generation.answer);
        // The text goes into a copy: the shown turn is drawn from the signal until it ends.
        let live = generation.answer.get_untracked();
        let Some(mut chat) = self.held(&generation.chat_id) else {
            return;
        };
        if let Some(turn) = chat.turn_mut(generation.turn) {
            (turn.text, turn.thinking, turn.thinking_ms) =
                (live.text, live.thinking, live.thinking_ms);
        }
        spawn_local(self.library.store(chat));
    }

    /// Resolves when other tabs can read the whole answer.
    fn finish(
        self,
        generation: &Generation,
        pending: &mut Pending,
        end: End,
    ) -> impl Future<Output = ()> + use<> {
        pending.flush(&generation.answer);
        let live = generation.answer.get_untracked();
        let state = match end {
            End::Whole => TurnState::Complete,
            End::Stopped => TurnState::Stopped,
            End::Failed(failure) => TurnState::Failed(failure),
        };
        let now = dom::now_ms();
        let text = live.text.clone();
        let chat_id = &generation.chat_id;
        self.update(chat_id, |chat| {
            chat.updated_at_ms = now;
            if let Some(turn) = chat.turn_mut(generation.turn) {
                (turn.text, turn.thinking, turn.thinking_ms) =
                    (live.text, live.thinking, live.thinking_ms);
                (turn.state, turn.tokens, turn.at_ms) = (state, pending.tokens, now);
            }
        });
        let written = self.held(chat_id).map(|chat| self.library.save(chat));
        if self.open.is_shown(chat_id) {
            self.announcer.finish(&text);
        }
        self.running
            .try_update(|running| running.retain(|other| !other.is_same(generation)));
        let chat_id = chat_id.clone();
        async move {
            if let Some(written) = written {
                written.await;
            }
            // Not before: until it is written it can be shown from here only.
            if self.is_running_untracked(&chat_id) == Some(false) {
                self.parked
                    .try_update_value(|parked| parked.retain(|chat| chat.id != chat_id));
            }
        }
    }

    /// `None` once the page has gone.
    fn is_running_untracked(self, chat_id: &str) -> Option<bool> {
        self.running
            .try_with_untracked(|running| running.iter().any(|one| one.chat_id == chat_id))
    }

    /// True unless the end of this answer is waited for already, or the page has gone.
    pub(super) fn start_watching(self, answer: &(String, TurnId)) -> bool {
        let is_here = untrack(|| self.running.try_get()).is_none_or(|running| {
            running
                .iter()
                .any(|one| one.turn == answer.1 && one.chat_id == answer.0)
        });
        let is_new = self.watched.try_update_value(|watched| {
            let is_new = !is_here && !watched.contains(answer);
            if is_new {
                watched.push(answer.clone());
            }
            is_new
        });
        is_new.unwrap_or_default()
    }

    pub(super) fn end_watching(self, answer: &(String, TurnId)) {
        self.watched
            .try_update_value(|watched| watched.retain(|other| other != answer));
    }

    /// Changes a conversation wherever it is held: shown or parked.
    pub(super) fn update(self, id: &str, change: impl FnOnce(&mut Conversation)) {
        if self.open.is_shown(id) {
            self.open.update(change);
        } else {
            self.parked.try_update_value(|parked| {
                if let Some(chat) = parked.iter_mut().find(|chat| chat.id == id) {
                    change(chat);
                }
            });
        }
    }

    /// Saves a held conversation.
    fn save(self, id: &str) {
        if let Some(chat) = self.held(id) {
            spawn_local(self.library.save(chat));
        }
    }
}

/// Shows what is pending with the next animation frame.
fn schedule(generation: &Generation, pending: &Rc<RefCell<Pending>>) {
    if std::mem::replace(&mut pending.borrow_mut().is_scheduled, true) {
        return;
    }
    let (answer, pending) = (generation.answer.clone(), Rc::clone(pending));
    request_animation_frame(move || {
        pending.borrow_mut().flush(&answer);
    });
}
