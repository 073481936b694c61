//! A response as server-sent events.

use chat::{Delta, Finish};
use serde::Serialize;

use super::{
    echo::Echo,
    object::{Failure, Object, ResponseHead, Status},
    output::Sink,
};
use crate::wire::{append_json, to_json};

/// Writes the events of one streamed response.
///
/// Every method appends whole frames (`event: type`, `data: {json}` and a blank line) and cannot
/// fail. The numbers of the events go on from one to the next.
#[derive(Clone, Debug)]
pub struct ResponseWriter {
    object: Object,
    has_started: bool,
    /// The number of the next event.
    number: u64,
}

/// Writes events where they belong.
struct Frames<'a> {
    out: &'a mut Vec<u8>,
    number: &'a mut u64,
}

impl ResponseWriter {
    /// A writer of a response that has not begun.
    pub fn new(head: ResponseHead, echo: Echo) -> Self {
        Self {
            object: Object::new(head, echo),
            has_started: false,
            number: 0,
        }
    }

    /// Appends `response.created` and `response.in_progress`, between them `response.queued` if it is
    /// in the background. Only the first call does so, and every other method begins with it.
    pub fn start(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_started, true) {
            return;
        }
        let created = self.lifecycle("response.created", out);
        if self.object.status() == Status::Queued {
            self.write_lifecycle("response.queued", &created, out);
            self.object.begin();
            self.lifecycle("response.in_progress", out);
        } else {
            self.write_lifecycle("response.in_progress", &created, out);
        }
    }

    /// Appends the events of one delta. There are none for what this API has no place for.
    pub fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<u8>) {
        self.start(out);
        let (object, mut frames) = self.parts(out);
        object.push(delta, &mut frames);
    }

    /// Appends the end of a good answer, at `now` (unix seconds): the ends of its items, then
    /// `response.completed`, or `response.incomplete` if its limit of tokens ended it. The response as it is then, as
    /// JSON.
    pub fn finish(&mut self, finish: &Finish, now: i64, out: &mut Vec<u8>) -> Vec<u8> {
        self.start(out);
        let (object, mut frames) = self.parts(out);
        object.finish(finish, now, &mut frames);
        let name = match self.object.status() {
            Status::Incomplete => "response.incomplete",
            _ => "response.completed",
        };
        self.lifecycle(name, out)
    }

    /// Appends the end of an answer that broke off: the ends of its items and `response.failed`.
    pub fn fail(&mut self, failure: Failure, out: &mut Vec<u8>) {
        self.start(out);
        let (object, mut frames) = self.parts(out);
        object.fail(failure, &mut frames);
        self.lifecycle("response.failed", out);
    }

    fn parts<'a>(&'a mut self, out: &'a mut Vec<u8>) -> (&'a mut Object, Frames<'a>) {
        let frames = Frames {
            out,
            number: &mut self.number,
        };
        (&mut self.object, frames)
    }

    /// Appends an event with the response as it is now, which is returned as JSON.
    fn lifecycle(&mut self, name: &'static str, out: &mut Vec<u8>) -> Vec<u8> {
        let response = to_json(&self.object.json());
        self.write_lifecycle(name, &response, out);
        response
    }

    /// Appends an event with the response as this JSON.
    fn write_lifecycle(&mut self, name: &'static str, response: &[u8], out: &mut Vec<u8>) {
        self.parts(out).1.begin(name);
        for part in [b",\"response\":".as_slice(), response, b"}\n\n"] {
            out.extend_from_slice(part);
        }
    }
}

impl Frames<'_> {
    /// `event: …` and the first fields of its data.
    fn begin(&mut self, name: &str) {
        for part in [
            "event: ",
            name,
            "\ndata: {\"type\":\"",
            name,
            "\",\"sequence_number\":",
        ] {
            self.out.extend_from_slice(part.as_bytes());
        }
        append_json(&*self.number, self.out);
        *self.number += 1;
    }
}

impl Sink for Frames<'_> {
    fn event(&mut self, name: &'static str, body: &impl Serialize) {
        self.begin(name);
        let at = self.out.len();
        append_json(body, self.out);
        // The body goes on where the first fields end.
        if let Some(brace) = self.out.get_mut(at) {
            *brace = b',';
        }
        self.out.extend_from_slice(b"\n\n");
    }

    fn text(&mut self, name: &'static str, opening: &[u8], text: &str) {
        self.out.reserve(160 + opening.len() + text.len());
        self.begin(name);
        self.out.extend_from_slice(opening);
        append_json(text, self.out);
        self.out.extend_from_slice(match name {
            "response.output_text.delta" => b",\"logprobs\":[]}\n\n".as_slice(),
            _ => b"}\n\n",
        });
    }

    fn opening(&self, place: &impl Serialize) -> Vec<u8> {
        let mut opening = Vec::new();
        append_json(place, &mut opening);
        opening.pop();
        if let Some(brace) = opening.first_mut() {
            *brace = b',';
        }
        opening.extend_from_slice(b",\"delta\":");
        opening
    }
}
