//! The answers, whole and streamed. Only text has a place in them, and pictures as a part of it.

use chat::{Delta, Event, Finish, Usage};
use serde::Serialize;

use crate::{
    content,
    error::ErrorBody,
    stream::Head,
    wire::{Opening, UsageJson, append_json, finish_reason, to_json},
};

#[derive(Serialize)]
struct Completion<'a> {
    #[serde(flatten)]
    opening: Opening<'a>,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<UsageJson>>,
}

#[derive(Serialize)]
struct Choice<'a> {
    text: &'a str,
    index: u8,
    logprobs: (),
    finish_reason: Option<&'static str>,
}

/// Collects the deltas of one choice.
#[derive(Clone, Debug, Default)]
pub struct CompletionAnswer {
    text: String,
}

impl CompletionAnswer {
    /// An answer that begins with `prefix`.
    #[must_use]
    pub fn new(prefix: String) -> Self {
        Self { text: prefix }
    }

    /// Takes the next delta.
    pub fn push(&mut self, delta: Delta<'_>) {
        match delta {
            Delta::Text(text) => self.text.push_str(text),
            Delta::Event(Event::Image { url, alt }) => {
                let is_line_start = content::is_line_start(&self.text);
                self.text.push_str(&content::image(url, alt, is_line_start));
            }
            Delta::Reasoning(_) | Delta::Event(_) => {}
        }
    }

    /// The body of the HTTP answer with all choices, in their order.
    #[must_use]
    pub fn to_json(head: &Head, answers: &[(Self, Finish)]) -> Vec<u8> {
        let choices = answers.iter().zip(0_u8..);
        let usages = answers.iter().map(|(_, finish)| finish.usage);
        to_json(&Completion {
            opening: Opening::new(head, "text_completion"),
            choices: choices
                .map(|((answer, finish), index)| Choice {
                    text: &answer.text,
                    index,
                    logprobs: (),
                    finish_reason: Some(finish_reason(&finish.reason, false)),
                })
                .collect(),
            usage: Some(Some(UsageJson::new(Usage::of_all(usages)))),
        })
    }
}

/// Writes the frames of one choice. Every method appends whole frames and cannot fail.
#[derive(Clone, Debug)]
pub struct CompletionWriter {
    head: Head,
    index: u8,
    prefix: String,
    include_usage: bool,
    is_line_start: bool,
}

impl CompletionWriter {
    /// A writer of the choice `index`, which begins with `prefix`.
    #[must_use]
    pub fn of_choice(head: Head, index: u8, prefix: String, include_usage: bool) -> Self {
        Self {
            head,
            index,
            is_line_start: content::is_line_start(&prefix),
            prefix,
            include_usage,
        }
    }

    /// Appends the prefix, if there is one.
    pub fn start(&mut self, out: &mut Vec<u8>) {
        let prefix = std::mem::take(&mut self.prefix);
        if !prefix.is_empty() {
            self.write(&prefix, None, out);
        }
    }

    /// Appends the frame of one delta.
    pub fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        let image;
        let text = match delta {
            Delta::Text(text) => text,
            Delta::Event(Event::Image { url, alt }) => {
                image = content::image(url, alt, self.is_line_start);
                &image
            }
            Delta::Reasoning(_) | Delta::Event(_) => return,
        };
        if !text.is_empty() {
            self.is_line_start = content::is_line_start(text);
            self.write(text, None, out);
        }
    }

    /// Appends the end of the choice.
    pub fn finish_choice(&mut self, finish: &Finish, out: &mut Vec<u8>) {
        self.write("", Some(finish_reason(&finish.reason, false)), out);
    }

    /// Appends the end of all choices: the usage of them together, when asked for, and `[DONE]`.
    pub fn end(&self, usage: Usage, out: &mut Vec<u8>) {
        if self.include_usage {
            self.frame(Vec::new(), Some(Some(UsageJson::new(usage))), out);
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }

    /// Appends `data: {"error":…}`, the last frame of an answer that failed on the way.
    pub fn error(&self, error: &ErrorBody, out: &mut Vec<u8>) {
        error.write_frame(out);
    }

    fn write(&self, text: &str, word: Option<&'static str>, out: &mut Vec<u8>) {
        let choice = Choice {
            text,
            index: self.index,
            logprobs: (),
            finish_reason: word,
        };
        self.frame(vec![choice], self.include_usage.then_some(None), out);
    }

    fn frame(&self, choices: Vec<Choice<'_>>, usage: Option<Option<UsageJson>>, out: &mut Vec<u8>) {
        out.extend_from_slice(b"data: ");
        let frame = Completion {
            opening: Opening::new(&self.head, "text_completion"),
            choices,
            usage,
        };
        append_json(&frame, out);
        out.extend_from_slice(b"\n\n");
    }
}
