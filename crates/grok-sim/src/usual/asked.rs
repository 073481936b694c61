//! The question of a conversation and how far its answer is. A follow-up may bring results alone;
//! then both come from what the conversation was before.

use std::sync::Arc;

use crate::{hash, prompt::Prompt};

/// Longest question that a conversation remembers.
const MAX_QUESTION_BYTES: usize = 256 * 1024;
/// Names of tools that are remembered.
const MAX_CALLED: usize = 64;

/// What was asked, and how often tools have answered since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) question: Arc<str>,
    pub(crate) rounds: usize,
    /// Tools that have answered since.
    pub(crate) called: Vec<String>,
    /// Tells the newest results from others.
    results: u64,
}

impl Asked {
    /// Reads a message; `before` is what its conversation was when it was answered last.
    pub(crate) fn of(prompt: &Prompt<'_>, before: Option<&Self>) -> Self {
        let turns = &prompt.turns;
        let called = turns.called.iter().map(|&name| name.to_owned());
        let results = turns.results.iter();
        let results = results.fold(0, |seed, result| hash::mix(seed, hash::of(result.text)));
        match before.filter(|_| turns.question.is_empty()) {
            // The results were there when the bad answer was given.
            Some(before) if prompt.is_correction && before.results == results => before.clone(),
            Some(before) => Self {
                results,
                question: Arc::clone(&before.question),
                rounds: before.rounds + turns.rounds,
                called: before.called.iter().cloned().chain(called).collect(),
            },
            None => Self {
                results,
                question: turns.question.into(),
                rounds: turns.rounds,
                called: called.collect(),
            },
        }
    }

    /// The same within bounds, to be kept.
    pub(crate) fn kept(mut self) -> Self {
        if self.question.len() > MAX_QUESTION_BYTES {
            self.question = Arc::default();
        }
        self.called.truncate(MAX_CALLED);
        self
    }
}
