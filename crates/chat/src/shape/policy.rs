//! What is handed out of an answer, what is held, and what is asked for again.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use super::{
    MAX_CALLS, MAX_HELD_BYTES, Rules, Verdict, WrittenCall,
    answer::begins_as_json,
    ask::{self, Misfit},
    read::{self, Unreadable},
    scan::{EndedBlock, Sink},
};
use crate::json;

/// Most misfit blocks of one answer; further ones are text.
const MAX_MISFITS: usize = 16;

/// The state of one request's answers: the first and, if that did not fit, the second.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    rules: Arc<Rules>,
    /// Calls that wait to be taken.
    calls: Vec<WrittenCall>,
    /// A mark of each call that has been handed out.
    handed: Vec<u64>,
    /// The answer that comes is the second.
    is_asked: bool,
    /// Text has been handed out.
    has_text: bool,
    /// Text of the first answer that was held, in case the second has none.
    earlier: String,
    answer: Answer,
}

/// The state of the answer that comes.
#[derive(Clone, Debug, Default)]
struct Answer {
    has_call: bool,
    is_over: bool,
    /// Text, and blocks that do not fit, in their order.
    held: String,
    /// Where in `held` the first block stands that does not fit.
    first_misfit: Option<usize>,
    misfits: Vec<Misfit>,
    /// Whether it is JSON, as far as that is known.
    is_json: Option<bool>,
    /// It grew beyond what may be held.
    is_too_long: bool,
}

impl Policy {
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            calls: Vec::new(),
            handed: Vec::new(),
            is_asked: false,
            has_text: false,
            earlier: String::new(),
            answer: Answer::default(),
        }
    }

    pub(super) fn take_calls(&mut self) -> Vec<WrittenCall> {
        std::mem::take(&mut self.calls)
    }

    pub(super) fn has_calls(&self) -> bool {
        !self.handed.is_empty()
    }

    pub(super) fn is_over(&self) -> bool {
        self.answer.is_over
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.answer.held.len() + self.earlier.len()
    }

    /// With a place for what the caller may see.
    pub(super) fn to<'a>(&'a mut self, out: &'a mut String) -> Output<'a> {
        Output { policy: self, out }
    }

    /// What becomes of the answer that has ended.
    pub(super) fn finish(&mut self, is_cut: bool, out: &mut String) -> Verdict {
        let answer = std::mem::take(&mut self.answer);
        if is_cut {
            self.hand_out(&answer.held, out);
            return Verdict::Fine;
        }
        let is_done = self.is_done();
        if !answer.misfits.is_empty() && !self.is_asked && !is_done {
            let said = answer.held.get(answer.first_misfit.unwrap_or(0)..);
            let ask = ask::for_calls(said.unwrap_or_default(), &answer.misfits, self.has_calls());
            return self.ask_again(answer, ask);
        }
        if self.has_calls() {
            return Verdict::Fine;
        }
        if self.rules.must_call && !self.is_asked && !answer.is_too_long {
            let ask = ask::for_any_call(&answer.held, self.rules.named.as_deref());
            return self.ask_again(answer, ask);
        }
        self.finish_text(answer, out)
    }

    /// An answer without calls.
    fn finish_text(&mut self, answer: Answer, out: &mut String) -> Verdict {
        let rules = Arc::clone(&self.rules);
        let Some(json) = &rules.json else {
            let is_silent = answer.held.trim().is_empty() && !answer.is_too_long;
            let earlier = std::mem::take(&mut self.earlier);
            self.hand_out(if is_silent { &earlier } else { &answer.held }, out);
            return Verdict::Fine;
        };
        let extracted = if answer.is_too_long {
            Err(format!("it is longer than {MAX_HELD_BYTES} bytes"))
        } else {
            // The arguments of a call are not the answer.
            let end = answer.first_misfit.unwrap_or(answer.held.len());
            json.extract(answer.held.get(..end).unwrap_or_default())
        };
        match extracted {
            Ok(json) => {
                self.hand_out(&json, out);
                Verdict::Fine
            }
            Err(why) if self.is_asked => Verdict::Misfit(format!(
                "Grok's answer is not the JSON that was asked for, not at the second try either: {why}."
            )),
            Err(why) => {
                let ask = ask::for_json(&answer.held, &why);
                self.ask_again(answer, ask)
            }
        }
    }

    fn ask_again(&mut self, answer: Answer, ask: String) -> Verdict {
        self.is_asked = true;
        if !self.has_calls() {
            self.earlier = answer.held;
        }
        Verdict::AskAgain(ask)
    }

    /// Hands out text that was held, unless a call has made it meaningless.
    fn hand_out(&mut self, text: &str, out: &mut String) {
        if self.has_calls() || text.is_empty() {
            return;
        }
        if self.is_asked && self.has_text && !text.trim().is_empty() {
            out.push_str("\n\n");
        }
        self.has_text = true;
        out.push_str(text);
    }

    /// Whether text waits for the end of the answer.
    fn holds_text(&self) -> bool {
        self.rules.must_call
            || self.rules.json.is_some()
            || self.is_asked
            || self.answer.first_misfit.is_some()
    }

    /// No further call may be made.
    fn is_done(&self) -> bool {
        self.handed.len() >= if self.rules.one_call { 1 } else { MAX_CALLS }
    }

    /// Takes a call that fits.
    fn accept(&mut self, call: WrittenCall, out: &mut String) {
        let mark = mark_of(&call);
        self.answer.has_call = true;
        if self.is_asked && self.handed.contains(&mark) {
            // Written again although it was right: to run it twice would be wrong.
            return;
        }
        if self.handed.is_empty() {
            let held = std::mem::take(&mut self.answer.held);
            let before = self.answer.first_misfit.unwrap_or(held.len());
            let is_repeated = self.is_asked && self.has_text;
            if self.rules.json.is_none() && !is_repeated {
                self.hand_out(held.get(..before).unwrap_or_default().trim_end(), out);
            }
            // What did not fit is kept to be quoted.
            held.get(before..)
                .unwrap_or_default()
                .clone_into(&mut self.answer.held);
            self.answer.first_misfit = self.answer.first_misfit.map(|_| 0);
            self.earlier.clear();
        }
        self.calls.push(call);
        self.handed.push(mark);
        self.answer.is_over = self.is_done();
    }

    fn hold(&mut self, text: &str, out: &mut String) {
        let answer = &mut self.answer;
        if answer.is_too_long && self.rules.json.is_some() {
            return;
        }
        if answer.held.len() + text.len() > MAX_HELD_BYTES {
            answer.is_too_long = true;
        }
        answer.held.push_str(text);
        if answer.is_json.is_none() && self.rules.json.is_some() {
            answer.is_json = begins_as_json(&answer.held);
        }
        if answer.is_too_long && self.rules.json.is_none() {
            answer.misfits.clear();
            let held = std::mem::take(&mut answer.held);
            self.hand_out(&held, out);
        }
    }
}

/// The same for calls that do the same.
fn mark_of(call: &WrittenCall) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&call.name, json::canonical(&call.arguments)).hash(&mut hasher);
    hasher.finish()
}

/// A policy, and where to put what the caller may see.
pub(super) struct Output<'a> {
    policy: &'a mut Policy,
    out: &'a mut String,
}

impl Sink for Output<'_> {
    fn text(&mut self, text: &str) {
        let policy = &mut *self.policy;
        if policy.answer.has_call {
            policy.answer.is_over = true;
        } else if policy.has_calls() {
            // Around the calls that were asked for again nothing is wanted.
        } else if policy.answer.is_too_long || !policy.holds_text() {
            policy.has_text = true;
            self.out.push_str(text);
        } else {
            policy.hold(text, self.out);
        }
    }

    fn block(&mut self, found: &EndedBlock<'_>) -> bool {
        let policy = &mut *self.policy;
        let rules = Arc::clone(&policy.rules);
        let Some(tools) = &rules.tools else {
            return false;
        };
        if rules.is_quoted(&found.block.raw) {
            return false;
        }
        let written = match read::read(found.block) {
            Ok(written) => written,
            Err(Unreadable::NoCall) => return false,
            Err(Unreadable::Broken(_)) if found.is_unfinished => return false,
            Err(Unreadable::Broken(why)) => {
                return policy.note_misfits(
                    vec![Misfit::new(None, why.to_owned())],
                    &found.block.raw,
                    self.out,
                );
            }
        };
        let (mut misfits, mut has_good) = (Vec::new(), false);
        for one in written {
            if policy.answer.is_over {
                break;
            }
            let name = one.name.clone();
            match tools.check(one) {
                Ok(call) => {
                    has_good = true;
                    policy.accept(call, self.out);
                }
                Err(why) => misfits.push(Misfit::new(Some(&name), why)),
            }
        }
        if misfits.is_empty() {
            return has_good;
        }
        policy.note_misfits(misfits, &found.block.raw, self.out) || has_good
    }

    fn is_over(&self) -> bool {
        self.policy.answer.is_over
    }

    fn wants_only_text(&self) -> bool {
        let answer = &self.policy.answer;
        self.policy.rules.tools.is_none() || answer.is_too_long || answer.is_json == Some(true)
    }
}

impl Policy {
    /// Keeps what does not fit; false if it is too much, so that the block is text.
    fn note_misfits(&mut self, misfits: Vec<Misfit>, raw: &str, out: &mut String) -> bool {
        if self.answer.misfits.len() >= MAX_MISFITS {
            return false;
        }
        let place = self.answer.held.len();
        self.answer.first_misfit.get_or_insert(place);
        self.answer.misfits.extend(misfits);
        self.hold(raw, out);
        true
    }
}
