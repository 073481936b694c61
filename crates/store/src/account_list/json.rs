//! Whole JSON documents, read entry by entry: no tree of all of them is built.

use std::collections::BTreeMap;

use pool::{Credential, Tier};
use serde_json::{Value, value::RawValue};

use super::{
    Collector, RefusedReason, Told, credential,
    fields::{self, Field},
};
use crate::labels::cut_tags;

/// Reads the text if it is JSON; `false` when its lines are to be read instead.
pub(super) fn read(text: &str, list: &mut Collector) -> bool {
    let start = text.trim_start();
    if start.starts_with('[') {
        match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(entries) => read_entries(text, &entries, None, list),
            Err(error) => return refuse(&error, text, list),
        }
        return true;
    }
    if !start.starts_with('{') {
        return false;
    }
    match serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        Ok(object) => read_object(text, &object, list),
        Err(error) => return refuse(&error, text, list),
    }
    true
}

/// A document that is not whole. One object on each line is no mistake.
fn refuse(error: &serde_json::Error, text: &str, list: &mut Collector) -> bool {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default();
    let is_whole = serde_json::from_str::<serde::de::IgnoredAny>(trimmed(first)).is_ok();
    // A single line is refused as what it is.
    if !is_whole && lines.next().is_some() {
        list.refuse(error.line(), RefusedReason::Json);
    }
    false
}

fn read_object(text: &str, object: &BTreeMap<String, &RawValue>, list: &mut Collector) {
    let mut lines = LineCounter::new(text);
    if object
        .keys()
        .any(|name| Field::from_name(name) == Some(Field::Token))
    {
        let line = lines.line_of(text.trim_start());
        return list.take(line, read_entry(text, None));
    }
    // In the order of the text, for the sake of line numbers.
    let mut lists: Vec<_> = object
        .iter()
        .filter(|(name, value)| is_list(name, value))
        .collect();
    lists.sort_by_key(|(_, value)| value.get().as_ptr());
    if lists.is_empty() {
        return list.refuse(1, RefusedReason::NoAccounts);
    }
    for (name, value) in lists {
        let line = lines.line_of(value.get());
        // Whoever has read the whole has read the part.
        match serde_json::from_str::<Vec<&RawValue>>(value.get()) {
            Ok(entries) => read_entries(text, &entries, fields::tier(name), list),
            Err(_) => list.refuse(line, RefusedReason::Shape),
        }
    }
}

/// A list with a name that means accounts: of a tier, or of all.
fn is_list(name: &str, value: &RawValue) -> bool {
    let is_known =
        matches!(name, "accounts" | "tokens" | "data" | "items") || fields::tier(name).is_some();
    is_known && value.get().starts_with('[')
}

fn read_entries(text: &str, entries: &[&RawValue], tier: Option<Tier>, list: &mut Collector) {
    let mut lines = LineCounter::new(text);
    for entry in entries {
        let line = lines.line_of(entry.get());
        list.take(line, read_entry(entry.get(), tier));
    }
}

/// One entry: a text, or an object with a token. `tier` is that of its list.
pub(super) fn read_entry(
    json: &str,
    tier: Option<Tier>,
) -> Result<(Credential, Told), RefusedReason> {
    let value: Value = serde_json::from_str(json).map_err(|_| RefusedReason::Fragment)?;
    let mut told = Told {
        tier,
        ..Told::default()
    };
    let object = match value {
        Value::String(text) => return Ok((credential(&text)?, told)),
        Value::Object(object) => object,
        _ => return Err(RefusedReason::Shape),
    };
    let mut token = None;
    for (name, value) in &object {
        match (Field::from_name(name), value) {
            // A token of its own counts more than all cookies.
            (Some(Field::Token), Value::String(text))
                if !text.trim().is_empty() && (token.is_none() || !name.contains("cookie")) =>
            {
                token = Some(text);
            }
            (Some(Field::Tier), Value::String(text)) => {
                told.tier = fields::tier(text).or(told.tier);
            }
            (Some(Field::Tags), Value::Array(items)) => {
                told.tags = cut_tags(items.iter().filter_map(Value::as_str));
            }
            (Some(Field::Tags), Value::String(text)) => {
                told.tags = cut_tags(text.split([',', ';']))
            }
            (Some(Field::Name), Value::String(text)) => told.notes.insert(0, text.clone()),
            (Some(Field::Note), Value::String(text)) => told.notes.push(text.clone()),
            _ => {}
        }
    }
    Ok((credential(token.ok_or(RefusedReason::NoToken)?)?, told))
}

/// A line of JSON without what separates it from the next.
pub(super) fn trimmed(line: &str) -> &str {
    line.trim().trim_end_matches(',').trim_end()
}

/// Line numbers of parts of a text, which are asked for in their order.
struct LineCounter<'a> {
    text: &'a str,
    offset: usize,
    line: usize,
}

impl<'a> LineCounter<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            offset: 0,
            line: 1,
        }
    }

    fn line_of(&mut self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let between = self.text.as_bytes().get(self.offset..offset);
        let ends = between.unwrap_or_default().iter();
        self.line += ends.filter(|byte| **byte == b'\n').count();
        self.offset = self.offset.max(offset.min(self.text.len()));
        self.line
    }
}
