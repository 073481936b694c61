//! A response as one JSON document.

use std::{borrow::Cow, collections::BTreeMap};

use chat::{Delta, Finish};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    echo::Echo,
    object::{Failure, Object, ResponseHead, Status},
    output::Sink,
};
use crate::wire::to_json;

/// Collects the deltas of one response. It can be written at any time: a response in the background
/// is answered as it is queued, and stored when it has begun and when it has ended.
#[derive(Clone, Debug)]
pub struct ResponseDocument(Object);

/// Hears nothing.
struct Silent;

impl Sink for Silent {
    fn event(&mut self, _name: &'static str, _body: &impl Serialize) {}

    fn text(&mut self, _name: &'static str, _opening: &[u8], _text: &str) {}

    fn opening(&self, _place: &impl Serialize) -> Vec<u8> {
        Vec::new()
    }
}

impl ResponseDocument {
    /// A response that has not begun: queued if it is in the background, else in progress.
    pub fn new(head: ResponseHead, echo: Echo) -> Self {
        Self(Object::new(head, echo))
    }

    /// It is in progress.
    pub fn begin(&mut self) {
        self.0.begin();
    }

    /// Takes the next delta. What this API has no place for is dropped.
    pub fn push(&mut self, delta: Delta<'_>) {
        self.0.push(delta, &mut Silent);
    }

    /// Takes the end of a good answer, at `now` (unix seconds).
    pub fn finish(&mut self, finish: &Finish, now: i64) {
        self.0.finish(finish, now, &mut Silent);
    }

    /// Takes the end of an answer that broke off.
    pub fn fail(&mut self, failure: Failure) {
        self.0.fail(failure, &mut Silent);
    }

    /// The body of the HTTP answer, which is also what is stored.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        to_json(&self.0.json())
    }
}

/// A kept response that has ended without an answer: cancelled, or failed for this reason.
#[must_use]
pub fn ended_json(response: &[u8], status: Status, failure: Option<&Failure>) -> Vec<u8> {
    let mut fields: BTreeMap<Cow<'_, str>, Box<RawValue>> =
        serde_json::from_slice(response).unwrap_or_default();
    for (name, value) in [
        ("status", serde_json::value::to_raw_value(&status)),
        ("error", serde_json::value::to_raw_value(&failure)),
    ] {
        if let Ok(value) = value {
            fields.insert(name.into(), value);
        }
    }
    to_json(&fields)
}
