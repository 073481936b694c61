//! The usual answer: what a model that uses tools sensibly says to a message, always the same for
//! the same message. The table of it is in [`crate::directives`].
//!
//! `asked` is the question as far as the conversation is known, `scripted` plays its directives,
//! `choose` finds tools that fit, `write` writes calls down, `shaped` writes JSON, `awkward` cuts
//! both into tokens that are hard to read, `search` finds sources and cites them, `draw` finds what is
//! to be drawn.

mod asked;
mod awkward;
mod choose;
mod draw;
mod scripted;
mod search;
mod shaped;
mod write;

use crate::{
    directives::{self, Search, SearchKind},
    prompt::Prompt,
    schema::Cues,
    text as words,
};

pub(crate) use asked::Asked;
pub(crate) use search::{Findings, findings};

/// Longest text of tools that an answer repeats.
const MAX_QUOTED_CHARS: usize = 400;

/// What an answer is made from.
pub(crate) struct Task<'a> {
    pub(crate) message: &'a str,
    pub(crate) prompt: &'a Prompt<'a>,
    pub(crate) asked: &'a Asked,
    pub(crate) attachments: &'a [String],
    pub(crate) seed: u64,
    /// Where the upstream may look something up.
    pub(crate) places: &'a [SearchKind],
    /// The upstream may make pictures.
    pub(crate) may_draw: bool,
}

/// An answer before it becomes tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UsualAnswer {
    /// `None` when the searches are the answer.
    text: Option<String>,
    /// Calls and JSON come in pieces that are hard to read.
    is_awkward: bool,
    pub(crate) searches: Vec<Search>,
    /// The text ends with citations of what was found.
    is_cited: bool,
    /// What is drawn behind the text.
    pub(crate) drawn: Option<String>,
}

impl UsualAnswer {
    fn text(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    fn awkward(text: String) -> Self {
        Self {
            is_awkward: true,
            ..Self::text(text)
        }
    }

    /// The tokens, with what was found cited in them.
    pub(crate) fn tokens(&self, findings: &Findings, seed: u64) -> Vec<String> {
        let Some(text) = &self.text else {
            return findings.tokens();
        };
        let mut tokens = if self.is_awkward {
            awkward::tokens(text, seed)
        } else {
            words::tokens(text)
        };
        if self.is_cited {
            tokens.extend(findings.citations());
        }
        tokens
    }
}

/// The usual answer to a message.
pub(crate) fn answer(task: &Task<'_>) -> UsualAnswer {
    match directives::read(&task.asked.question) {
        Some(Err(why)) => {
            return UsualAnswer::text(format!("The script cannot be read: {why}."));
        }
        Some(Ok(script)) => {
            if let Some(answer) = scripted::answer(task, &script) {
                return answer;
            }
        }
        None => {}
    }
    unscripted(task)
}

fn unscripted(task: &Task<'_>) -> UsualAnswer {
    let prompt = task.prompt;
    if let Some(toolbox) = &prompt.tools {
        let chosen = choose::tools(task, toolbox);
        if !chosen.is_empty() {
            return UsualAnswer::awkward(write::chosen(task, &chosen));
        }
    }
    if let Some(output) = &prompt.output {
        return UsualAnswer::awkward(shaped::answer(task, output));
    }
    if let Some(quote) = task.quote() {
        return UsualAnswer::text(format!("The tool says: {quote}"));
    }
    if let Some(subject) = draw::asked_for(&task.asked.question)
        && task.may_draw
        && !prompt.is_shaped()
    {
        return UsualAnswer {
            drawn: Some(subject.clone()),
            ..UsualAnswer::text(format!("Here is {subject}:"))
        };
    }
    if let Some(search) = search::asked_for(&task.asked.question)
        && task.places.contains(&search.kind)
    {
        return UsualAnswer {
            searches: vec![search],
            ..UsualAnswer::default()
        };
    }
    let message = if prompt.is_shaped() {
        &task.asked.question
    } else {
        task.message
    };
    UsualAnswer::text(words::compose(message, task.attachments, task.seed))
}

impl Task<'_> {
    /// What tools have said last, on one line.
    fn quote(&self) -> Option<String> {
        let results = &self.prompt.turns.results;
        if results.is_empty() {
            return None;
        }
        let texts: Vec<String> = results
            .iter()
            .map(|result| result.text.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let whole = texts.join("; ");
        if whole.chars().count() <= MAX_QUOTED_CHARS {
            return Some(whole);
        }
        let cut: String = whole.chars().take(MAX_QUOTED_CHARS - 1).collect();
        Some(format!("{cut}…"))
    }

    /// What the question offers for values.
    fn cues(&self) -> Cues {
        let question = match directives::read(&self.asked.question) {
            Some(Ok(script)) => script.rest,
            _ => self.asked.question.to_string(),
        };
        let cues = Cues::of(&question);
        match self.quote() {
            Some(quote) => cues.answered(format!("The tool says: {quote}")),
            None => cues,
        }
    }
}
