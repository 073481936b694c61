//! The tree of turns and the path through it.

mod merge;

use super::{AttachmentRef, Author, Stamp, Turn, TurnId, TurnState, title_from};
use merge::Edits;
use serde::{Deserialize, Serialize};

/// What is sent with every question of a conversation. Absent values are not sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ChatSettings {
    pub(crate) system_prompt: String,
    /// 0 to 2.
    pub(crate) temperature: Option<f64>,
    /// `low`, `medium`, `high` …
    pub(crate) reasoning_effort: Option<String>,
}

/// One conversation with all its branches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) title: String,
    /// The person has named it: it is not named after its first words any more.
    #[serde(default)]
    pub(crate) has_own_title: bool,
    #[serde(default)]
    pub(crate) is_pinned: bool,
    #[serde(default)]
    pub(crate) model: Option<String>,
    #[serde(default)]
    pub(crate) settings: ChatSettings,
    pub(crate) created_at_ms: i64,
    pub(crate) updated_at_ms: i64,
    /// In the order of their ids.
    turns: Vec<Turn>,
    head: Option<TurnId>,
    /// Answers that were taken away. Another tab may still have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    discarded: Vec<TurnId>,
    #[serde(default)]
    edits: Edits,
}

impl Conversation {
    /// An empty conversation.
    pub(crate) fn new(id: String, now_ms: i64) -> Self {
        Self {
            id,
            title: String::new(),
            has_own_title: false,
            is_pinned: false,
            model: None,
            settings: ChatSettings::default(),
            created_at_ms: now_ms,
            updated_at_ms: now_ms,
            turns: Vec::new(),
            head: None,
            discarded: Vec::new(),
            edits: Edits::default(),
        }
    }

    pub(crate) fn turn(&self, id: TurnId) -> Option<&Turn> {
        self.turns.iter().find(|turn| turn.id == id)
    }

    pub(crate) fn turn_mut(&mut self, id: TurnId) -> Option<&mut Turn> {
        self.turns.iter_mut().find(|turn| turn.id == id)
    }

    /// Every turn of every branch, oldest first.
    pub(crate) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The shown turns, first to last.
    pub(crate) fn path(&self) -> Vec<&Turn> {
        let mut path = Vec::new();
        let mut next = self.head;
        // A stored conversation may be anything, also a ring.
        while path.len() < self.turns.len()
            && let Some(turn) = next.and_then(|id| self.turn(id))
        {
            path.push(turn);
            next = turn.parent;
        }
        path.reverse();
        path
    }

    pub(crate) fn head(&self) -> Option<TurnId> {
        self.head
    }

    /// Adds a question after `parent` and shows it. The first one names the conversation.
    pub(crate) fn ask(
        &mut self,
        parent: Option<TurnId>,
        text: String,
        attachments: Vec<AttachmentRef>,
        now: Stamp,
    ) -> TurnId {
        if !self.has_own_title && parent.is_none() {
            self.title = title_from(&text, attachments.first().map(|file| file.name.as_str()));
            Edits::set(&mut self.edits.title, now.at_ms);
        }
        self.add(
            parent,
            Author::User,
            text,
            attachments,
            TurnState::Complete,
            now,
        )
    }

    /// Adds an empty answer to `question` and shows it.
    pub(crate) fn begin_answer(&mut self, question: TurnId, model: &str, now: Stamp) -> TurnId {
        let state = TurnState::Streaming;
        let id = self.add(
            Some(question),
            Author::Assistant,
            String::new(),
            Vec::new(),
            state,
            now,
        );
        if let Some(turn) = self.turn_mut(id) {
            turn.model = Some(model.to_owned());
        }
        id
    }

    fn add(
        &mut self,
        parent: Option<TurnId>,
        author: Author,
        text: String,
        attachments: Vec<AttachmentRef>,
        state: TurnState,
        now: Stamp,
    ) -> TurnId {
        let id = TurnId::after(self.turns.last().map(|turn| turn.id), now.tie_breaker);
        self.turns.push(Turn {
            id,
            parent,
            author,
            text,
            thinking: String::new(),
            thinking_ms: None,
            attachments,
            state,
            model: None,
            tokens: None,
            at_ms: now.at_ms,
        });
        self.set_head(Some(id), now.at_ms);
        self.updated_at_ms = now.at_ms;
        id
    }

    fn set_head(&mut self, head: Option<TurnId>, now_ms: i64) {
        self.head = head;
        Edits::set(&mut self.edits.head, now_ms);
    }

    /// The person names it.
    pub(crate) fn rename(&mut self, title: String, now_ms: i64) {
        (self.title, self.has_own_title) = (title, true);
        Edits::set(&mut self.edits.title, now_ms);
    }

    pub(crate) fn pin(&mut self, is_pinned: bool, now_ms: i64) {
        self.is_pinned = is_pinned;
        Edits::set(&mut self.edits.pin, now_ms);
    }

    pub(crate) fn choose_model(&mut self, model: &str, now_ms: i64) {
        if self.model.as_deref() != Some(model) {
            self.model = Some(model.to_owned());
            Edits::set(&mut self.edits.model, now_ms);
        }
    }

    pub(crate) fn change_settings(&mut self, change: impl FnOnce(&mut ChatSettings), now_ms: i64) {
        change(&mut self.settings);
        Edits::set(&mut self.edits.settings, now_ms);
    }

    /// The turns that stand in the same place as `id`, itself included, oldest first.
    pub(crate) fn siblings(&self, id: TurnId) -> Vec<TurnId> {
        let Some(turn) = self.turn(id) else {
            return Vec::new();
        };
        let same_place = |other: &&Turn| other.parent == turn.parent;
        self.turns
            .iter()
            .filter(same_place)
            .map(|other| other.id)
            .collect()
    }

    /// Shows the branch of `id` down to its newest turn.
    pub(crate) fn show(&mut self, id: TurnId, now_ms: i64) {
        let mut head = id;
        for _ in 0..self.turns.len() {
            let child = self.turns.iter().rfind(|turn| turn.parent == Some(head));
            let Some(child) = child else { break };
            head = child.id;
        }
        self.set_head(Some(head), now_ms);
    }

    /// Removes an answer without text that nothing follows: there is nothing in it to keep.
    pub(crate) fn discard_empty(&mut self, id: TurnId, now_ms: i64) {
        let Some(turn) = self.turn(id).filter(|turn| turn.text.is_empty()) else {
            return;
        };
        if self.has_child(id) {
            return;
        }
        if self.head == Some(id) {
            self.set_head(turn.parent, now_ms);
        }
        self.turns.retain(|turn| turn.id != id);
        self.discarded.push(id);
    }

    fn has_child(&self, id: TurnId) -> bool {
        self.turns.iter().any(|turn| turn.parent == Some(id))
    }

    /// The question that `id` is or answers.
    pub(crate) fn question_of(&self, id: TurnId) -> Option<&Turn> {
        let turn = self.turn(id)?;
        match turn.author {
            Author::User => Some(turn),
            Author::Assistant => turn.parent.and_then(|parent| self.turn(parent)),
        }
    }

    /// Answers that are on their way, in this tab or another.
    pub(crate) fn streaming(&self) -> Vec<TurnId> {
        let is_streaming = |turn: &&Turn| turn.state == TurnState::Streaming;
        let turns = self.turns.iter().filter(is_streaming);
        turns.map(|turn| turn.id).collect()
    }

    /// Answers that nobody receives any more were cut by closing the page, and say so.
    pub(crate) fn mark_interrupted(&mut self, orphans: &[TurnId]) {
        for turn in &mut self.turns {
            if turn.state == TurnState::Streaming && orphans.contains(&turn.id) {
                turn.state = TurnState::Interrupted;
            }
        }
    }

    /// Keys of all stored files.
    pub(crate) fn attachment_ids(&self) -> Vec<String> {
        let files = self.turns.iter().flat_map(|turn| &turn.attachments);
        files.map(|file| file.id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_ms: i64) -> Stamp {
        Stamp {
            at_ms,
            tie_breaker: 7,
        }
    }

    fn sample() -> (Conversation, [TurnId; 4]) {
        let mut chat = Conversation::new("c".into(), 1);
        let first = chat.ask(None, "Hello there".into(), vec![], at(2));
        let answer = chat.begin_answer(first, "grok-4", at(3));
        let second = chat.ask(Some(answer), "More".into(), vec![], at(4));
        let last = chat.begin_answer(second, "grok-4", at(5));
        (chat, [first, answer, second, last])
    }

    fn path(chat: &Conversation) -> Vec<TurnId> {
        chat.path().into_iter().map(|turn| turn.id).collect()
    }

    #[test]
    fn turns_follow_each_other() {
        let (chat, ids) = sample();
        assert_eq!(path(&chat), ids);
        assert_eq!(chat.title, "Hello there");
        assert_eq!(chat.updated_at_ms, 5);
    }

    #[test]
    fn turns_in_a_ring_are_shown_once() {
        let (mut chat, ids) = sample();
        chat.turn_mut(ids[0]).unwrap().parent = Some(ids[3]);
        assert_eq!(path(&chat), ids);
        chat.show(ids[1], 7);
        assert_eq!(path(&chat).len(), ids.len());
    }

    #[test]
    fn asking_again_keeps_the_old_answer_beside_the_new_one() {
        let (mut chat, [first, answer, second, last]) = sample();
        let again = chat.begin_answer(second, "grok-4", at(6));
        assert_eq!(path(&chat), [first, answer, second, again]);
        assert_eq!(chat.siblings(again), [last, again]);
        chat.show(last, 7);
        assert_eq!(path(&chat), [first, answer, second, last]);
    }

    #[test]
    fn editing_a_question_branches_and_the_old_branch_comes_back_whole() {
        let (mut chat, ids) = sample();
        let edited = chat.ask(None, "Other".into(), vec![], at(7));
        assert_eq!(path(&chat), [edited]);
        assert_eq!(chat.siblings(edited), [ids[0], edited]);
        chat.show(ids[0], 8);
        assert_eq!(path(&chat), ids, "down to its newest turn");
    }

    #[test]
    fn an_empty_answer_is_discarded_and_a_followed_one_is_not() {
        let (mut chat, [first, answer, second, last]) = sample();
        chat.discard_empty(answer, 6);
        assert_eq!(path(&chat), [first, answer, second, last]);
        chat.discard_empty(last, 6);
        assert_eq!(path(&chat), [first, answer, second]);
    }

    #[test]
    fn a_chosen_title_stays() {
        let mut chat = Conversation::new("c".into(), 1);
        chat.rename("Mine".into(), 1);
        chat.ask(None, "Hello".into(), vec![], at(2));
        assert_eq!(chat.title, "Mine");
    }

    #[test]
    fn the_question_of_an_answer_is_found() {
        let (chat, [first, answer, ..]) = sample();
        assert_eq!(chat.question_of(answer).map(|turn| turn.id), Some(first));
        assert_eq!(chat.question_of(first).map(|turn| turn.id), Some(first));
    }

    #[test]
    fn a_cut_answer_is_marked_after_a_reload() {
        let (mut chat, [.., last]) = sample();
        let json = serde_json::to_string(&chat).unwrap();
        chat = serde_json::from_str(&json).unwrap();
        chat.mark_interrupted(&chat.streaming());
        assert_eq!(
            chat.turn(last).map(|turn| turn.state.clone()),
            Some(TurnState::Interrupted)
        );
    }

    #[test]
    fn a_conversation_survives_its_stored_form() {
        let (chat, _) = sample();
        let json = serde_json::to_string(&chat).unwrap();
        assert_eq!(serde_json::from_str::<Conversation>(&json).unwrap(), chat);
    }
}
