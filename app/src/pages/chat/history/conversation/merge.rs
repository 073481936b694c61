//! Two copies of a conversation become one, whichever tab they come from.
//!
//! Turns are put together by their ids; of one turn the copy that has come further counts. Of what
//! a person sets (title, pin, model, settings, shown branch) the later counts. So the order in which
//! tabs write does not matter, nothing that was written is lost, and merging twice changes nothing.

use super::Conversation;
use crate::pages::chat::history::{Turn, TurnId};
use serde::{Deserialize, Serialize};

/// When each part was set last, unix milliseconds; 0 for never.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Edits {
    pub(super) title: i64,
    pub(super) pin: i64,
    pub(super) model: i64,
    pub(super) settings: i64,
    pub(super) head: i64,
}

impl Edits {
    /// Later than before, also when the clock was set back.
    pub(super) fn set(edit: &mut i64, now_ms: i64) {
        *edit = now_ms.max(*edit + 1);
    }
}

impl Conversation {
    /// Takes over what `other` knows and this copy does not.
    pub(crate) fn merge(&mut self, other: Self) {
        let (mine, theirs) = (&mut self.edits, other.edits);
        // A name that a person chose outlives those that come from a question.
        let title = |own: bool, at: i64, title: &str| (own, at, title.to_owned());
        if title(other.has_own_title, theirs.title, &other.title)
            > title(self.has_own_title, mine.title, &self.title)
        {
            (self.title, self.has_own_title) = (other.title, other.has_own_title);
            mine.title = theirs.title;
        }
        if (theirs.pin, other.is_pinned) > (mine.pin, self.is_pinned) {
            (self.is_pinned, mine.pin) = (other.is_pinned, theirs.pin);
        }
        if (theirs.model, &other.model) > (mine.model, &self.model) {
            (self.model, mine.model) = (other.model, theirs.model);
        }
        if theirs.settings > mine.settings {
            (self.settings, mine.settings) = (other.settings, theirs.settings);
        }
        if theirs.head > mine.head {
            (self.head, mine.head) = (other.head, theirs.head);
        }
        self.created_at_ms = self.created_at_ms.min(other.created_at_ms);
        self.updated_at_ms = self.updated_at_ms.max(other.updated_at_ms);
        for turn in other.turns {
            self.take(turn);
        }
        self.discard(other.discarded);
        let is_lost = |head| self.turn(head).is_none();
        if self.head.is_none_or(is_lost) {
            self.head = self.turns.last().map(|turn| turn.id);
        }
    }

    /// Merges the stored copy into the one on the page. The shown branch stays, unless the stored one
    /// goes on from where it ends.
    pub(crate) fn follow(&mut self, stored: Self) {
        let shown = self.head;
        self.merge(stored);
        let Some(shown) = shown.filter(|shown| self.turn(*shown).is_some()) else {
            return;
        };
        if !self.path().iter().any(|turn| turn.id == shown) {
            self.head = Some(shown);
        }
    }

    fn take(&mut self, turn: Turn) {
        match self.turns.binary_search_by_key(&turn.id, |known| known.id) {
            Ok(at) => {
                if progress(&turn) > progress(&self.turns[at]) {
                    self.turns[at] = turn;
                }
            }
            Err(at) => self.turns.insert(at, turn),
        }
    }

    /// What one tab has taken away goes, unless another has gone on from it.
    fn discard(&mut self, ids: Vec<TurnId>) {
        for id in ids {
            if !self.discarded.contains(&id) {
                self.discarded.push(id);
            }
        }
        let is_gone = |id: &TurnId| !self.has_child(*id);
        let gone: Vec<TurnId> = self.discarded.iter().copied().filter(is_gone).collect();
        self.turns.retain(|turn| !gone.contains(&turn.id));
    }
}

/// How far a turn has come: it only grows.
fn progress(turn: &Turn) -> (bool, usize) {
    (turn.state.is_final(), turn.text.len() + turn.thinking.len())
}

#[cfg(test)]
mod tests {
    use super::super::super::{Stamp, TurnState};
    use super::*;

    fn at(at_ms: i64, tie_breaker: u32) -> Stamp {
        Stamp { at_ms, tie_breaker }
    }

    fn ask(chat: &mut Conversation, text: &str, now: Stamp) -> [TurnId; 2] {
        let question = chat.ask(chat.head(), text.into(), vec![], now);
        [question, chat.begin_answer(question, "m", now)]
    }

    fn finish(chat: &mut Conversation, id: TurnId, text: &str) {
        let turn = chat.turn_mut(id).unwrap();
        (turn.text, turn.state) = (text.into(), TurnState::Complete);
    }

    fn texts(chat: &Conversation) -> Vec<&str> {
        let turns = chat.turns().iter();
        turns.map(|turn| turn.text.as_str()).collect()
    }

    fn merged(one: &Conversation, other: &Conversation) -> Conversation {
        let mut both = one.clone();
        both.merge(other.clone());
        both
    }

    /// A conversation of one exchange, in two tabs.
    fn two_tabs() -> (Conversation, Conversation) {
        let mut chat = Conversation::new("c".into(), 1);
        let [_, answer] = ask(&mut chat, "q", at(1, 9));
        finish(&mut chat, answer, "a");
        (chat.clone(), chat)
    }

    #[test]
    fn what_two_tabs_ask_at_once_stays_in_one_order() {
        let (mut one, mut two) = two_tabs();
        ask(&mut one, "from one", at(2, 1));
        ask(&mut two, "from two", at(2, 2));
        let both = merged(&one, &two);
        assert_eq!(texts(&both), ["q", "a", "from one", "from two", "", ""]);
        assert_eq!(both.turns(), merged(&two, &one).turns());
        assert_eq!(merged(&both, &two), both, "merging again changes nothing");
    }

    #[test]
    fn the_copy_of_a_turn_that_came_further_counts() {
        let (mut owner, _) = two_tabs();
        let [_, answer] = ask(&mut owner, "more", at(2, 1));
        let mut reader = owner.clone();
        owner.turn_mut(answer).unwrap().text = "so f".into();
        reader.mark_interrupted(&[answer]);
        reader.merge(owner.clone());
        assert_eq!(reader.turn(answer).unwrap().state, TurnState::Streaming);
        finish(&mut owner, answer, "so far");
        reader.merge(owner.clone());
        assert_eq!(reader.turn(answer), owner.turn(answer));
        owner.merge(two_tabs().0);
        assert_eq!(owner.turn(answer).unwrap().text, "so far");
    }

    #[test]
    fn the_later_name_pin_and_settings_count_whoever_writes_last() {
        let (mut one, mut two) = two_tabs();
        one.rename("Late".into(), 9);
        two.rename("Early".into(), 8);
        two.pin(true, 9);
        one.pin(true, 7);
        one.pin(false, 8);
        two.change_settings(|settings| settings.temperature = Some(1.0), 9);
        one.choose_model("grok-4", 9);
        for both in [merged(&one, &two), merged(&two, &one)] {
            assert_eq!(both.title, "Late");
            assert!(both.is_pinned);
            assert_eq!(both.settings.temperature, Some(1.0));
            assert_eq!(both.model.as_deref(), Some("grok-4"));
        }
    }

    #[test]
    fn a_chosen_name_outlives_an_edited_first_question() {
        let (mut one, mut two) = two_tabs();
        one.rename("Mine".into(), 2);
        two.ask(None, "other".into(), vec![], at(3, 2));
        assert_eq!(merged(&one, &two).title, "Mine");
        assert_eq!(merged(&two, &one).title, "Mine");
    }

    #[test]
    fn a_discarded_answer_stays_away_unless_it_was_followed() {
        let (mut one, _) = two_tabs();
        let [question, empty] = ask(&mut one, "more", at(2, 1));
        let stale = one.clone();
        one.discard_empty(empty, 3);
        let both = merged(&one, &stale);
        assert!(both.turn(empty).is_none());
        assert_eq!(both.head(), Some(question));
        let mut two = stale;
        ask(&mut two, "went on", at(3, 2));
        let both = merged(&one, &two);
        assert!(both.turn(empty).is_some(), "somebody asked after it");
        assert_eq!(both.path().len(), 6);
    }

    #[test]
    fn a_reader_follows_the_end_and_keeps_another_branch() {
        let (mut one, mut two) = two_tabs();
        ask(&mut one, "more", at(2, 1));
        two.follow(one.clone());
        assert_eq!(two.head(), one.head(), "it goes on from the shown end");
        let [question, answer] = ask(&mut one, "even more", at(3, 1));
        two.follow(one.clone());
        finish(&mut one, answer, "");
        let again = one.begin_answer(question, "m", at(4, 1));
        two.follow(one.clone());
        assert_eq!(two.head(), Some(answer), "another version moves nobody");
        assert_eq!(two.siblings(answer), [answer, again]);
        assert_eq!(
            merged(&one, &two).head(),
            Some(again),
            "nor is it written back"
        );
    }

    #[test]
    fn an_older_stored_form_is_read() {
        let old = r#"{"id":"c","title":"T","created_at_ms":1,"updated_at_ms":2,"head":1,"turns":[
            {"id":0,"parent":null,"author":"user","text":"q","state":{"kind":"complete"},"at_ms":1},
            {"id":1,"parent":0,"author":"assistant","text":"a","state":{"kind":"complete"},"at_ms":2}]}"#;
        let mut chat: Conversation = serde_json::from_str(old).unwrap();
        ask(&mut chat, "more", at(3, 4));
        assert_eq!(chat.path().len(), 4);
    }
}
