//! Answers for benchmarks: serialised once, only the ids differ.
//!
//! A line costs one copy and one or two 36-byte patches when it is sent; nothing else is kept for a
//! waiting stream, so ten thousand of them are cheap.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Step, Steps,
    events::{Answer, Envelope, Ids, Role},
    script::human_gap,
};
use crate::options::Pace;

/// Stand-ins with the length of a UUID.
const CONVERSATION: &str = "cccccccc-0000-4000-8000-000000000000";
const USER_RESPONSE: &str = "aaaaaaaa-0000-4000-8000-000000000000";
const RESPONSE: &str = "bbbbbbbb-0000-4000-8000-000000000000";
/// Words of about the length that real tokens have.
const WORDS: [&str; 8] = [
    " the", " answer", " streams", " through", " one", " token", " at", " a time",
];

#[derive(Debug)]
struct Line {
    role: Role,
    text: Vec<u8>,
    patches: Vec<(usize, Id)>,
}

#[derive(Clone, Copy, Debug)]
enum Id {
    Conversation,
    UserResponse,
    Response,
}

/// The lines of an answer with a fixed number of tokens.
#[derive(Debug)]
pub(crate) struct Template {
    new: Arc<[Line]>,
    follow_up: Arc<[Line]>,
}

impl Template {
    pub(crate) fn new(tokens: usize, model_hash: &str) -> Self {
        let lines = |envelope| {
            let answer = Answer {
                ids: Ids {
                    conversation: CONVERSATION.to_owned(),
                    user_response: USER_RESPONSE.to_owned(),
                    response: RESPONSE.to_owned(),
                },
                envelope,
                model_hash: model_hash.to_owned(),
                thinking: Vec::new(),
                tokens: WORDS
                    .iter()
                    .cycle()
                    .take(tokens)
                    .map(|&word| word.to_owned())
                    .collect(),
                lookups: Vec::new(),
                cards: Vec::new(),
                drawing: None,
            };
            let lines = answer.events().into_iter().map(|event| Line {
                role: event.role,
                patches: patches(&event.line),
                text: event.line.to_vec(),
            });
            lines.collect()
        };
        Self {
            new: lines(Envelope::Nested),
            follow_up: lines(Envelope::Direct),
        }
    }

    /// The stream of one answer.
    pub(crate) fn steps(&self, ids: Ids, envelope: Envelope, pace: Pace, seed: u64) -> Steps {
        let lines = match envelope {
            Envelope::Nested => Arc::clone(&self.new),
            Envelope::Direct => Arc::clone(&self.follow_up),
        };
        Box::new(Run {
            lines,
            ids,
            pace,
            seed,
            at: 0,
            tokens: 0,
            paused: false,
        })
    }
}

fn patches(line: &[u8]) -> Vec<(usize, Id)> {
    let text = String::from_utf8_lossy(line);
    [
        (CONVERSATION, Id::Conversation),
        (USER_RESPONSE, Id::UserResponse),
        (RESPONSE, Id::Response),
    ]
    .into_iter()
    .flat_map(|(mark, id)| {
        text.match_indices(mark)
            .map(move |(at, _)| (at, id))
            .collect::<Vec<_>>()
    })
    .collect()
}

struct Run {
    lines: Arc<[Line]>,
    ids: Ids,
    pace: Pace,
    seed: u64,
    at: usize,
    tokens: usize,
    paused: bool,
}

impl Run {
    fn gap(&self) -> Option<std::time::Duration> {
        match self.pace {
            Pace::Full => None,
            Pace::Interval(gap) => Some(gap),
            Pace::Human => Some(human_gap(self.seed, self.tokens)),
        }
    }
}

impl Iterator for Run {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let line = self.lines.get(self.at)?;
        if line.role == Role::Token
            && !self.paused
            && let Some(gap) = self.gap()
        {
            self.paused = true;
            return Some(Step::Pause(gap));
        }
        self.tokens += usize::from(line.role == Role::Token);
        self.paused = false;
        self.at += 1;
        let mut text = line.text.clone();
        for (at, id) in &line.patches {
            let id = match id {
                Id::Conversation => &self.ids.conversation,
                Id::UserResponse => &self.ids.user_response,
                Id::Response => &self.ids.response,
            };
            if let Some(place) = text.get_mut(*at..at + id.len()) {
                place.copy_from_slice(id.as_bytes());
            }
        }
        Some(Step::Write(Bytes::from(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_has_its_own_ids() {
        let ids = Ids {
            conversation: "11111111-0000-4000-8000-000000000000".to_owned(),
            user_response: "22222222-0000-4000-8000-000000000000".to_owned(),
            response: "33333333-0000-4000-8000-000000000000".to_owned(),
        };
        let steps = Template::new(3, "hash").steps(ids, Envelope::Nested, Pace::Full, 0);
        let lines: Vec<String> = steps
            .map(|step| match step {
                Step::Write(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
                other => panic!("no pause at full speed, got {other:?}"),
            })
            .collect();
        assert_eq!(lines.len(), 2 + 3 + 2);
        assert!(lines[0].contains("11111111-") && lines[1].contains("22222222-"));
        for line in &lines[1..6] {
            assert!(
                line.contains("33333333-") && !line.contains("bbbbbbbb-"),
                "{line}"
            );
        }
    }
}
