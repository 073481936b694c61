//! Whole JSON documents, read entry by entry: no tree of all of them is built.

use std::{collections::BTreeMap, sync::Arc};

use pool::{Credential, Tier};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, value::RawValue};

use super::{
    At, Collector, Entry, RefusedReason, Told, credential,
    fields::{self, Field},
};
use crate::labels::cut_tags;

/// Reads the text if it is JSON; `false` when its lines are to be read instead.
pub(super) fn read(text: &str, list: &mut Collector) -> bool {
    let start = text.trim_start();
    if start.starts_with('[') {
        match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(entries) => read_entries(text, &entries, ("", None), list),
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

/// A document that is not whole; `true` when nothing else can be read of it. One object on each line
/// is no mistake.
fn refuse(error: &serde_json::Error, text: &str, list: &mut Collector) -> bool {
    let mut lines = text.trim().lines();
    let first = lines.next().unwrap_or_default();
    if serde_json::from_str::<IgnoredAny>(trimmed(first)).is_ok() {
        return false;
    }
    let column = error.column();
    list.refuse(error.line(), RefusedReason::Json { column });
    lines.next().is_none()
}

fn read_object(text: &str, object: &BTreeMap<String, &RawValue>, list: &mut Collector) {
    let mut lines = LineCounter::new(text);
    let is_token = |name: &str, value: &RawValue| {
        Field::from_name(name) == Some(Field::Token) && !value.get().starts_with(['[', '{'])
    };
    if object.iter().any(|(name, value)| is_token(name, value)) {
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
        let named = (name.as_str(), fields::tier(name));
        // Whoever has read the whole has read the part.
        if let Ok(entries) = serde_json::from_str::<Vec<&RawValue>>(value.get()) {
            read_entries(text, &entries, named, list);
        } else if let Ok(map) = serde_json::from_str(value.get()) {
            read_map(text, &map, named, list);
        } else {
            list.refuse(line, RefusedReason::Shape);
        }
    }
}

/// A list with a name that means accounts: of a tier, or of all. That of a tier may be a map.
fn is_list(name: &str, value: &RawValue) -> bool {
    let has_tier = fields::tier(name).is_some();
    let is_known = matches!(name, "accounts" | "tokens" | "data" | "items" | "cookies");
    match value.get().bytes().next() {
        Some(b'[') => is_known || has_tier,
        Some(b'{') => has_tier,
        _ => false,
    }
}

/// The name of a list, and the tier that it means.
type Named<'a> = (&'a str, Option<Tier>);

fn read_entries(text: &str, entries: &[&RawValue], (name, tier): Named<'_>, list: &mut Collector) {
    let mut places = Places::new(text, name);
    if let Some(cookies) = cookies(entries) {
        let mut is_found = false;
        for (entry, cookie) in entries.iter().zip(cookies) {
            let at = places.next(entry);
            // The others belong to it.
            if cookie.name == "sso" {
                is_found = true;
                let told = Told {
                    tier,
                    ..Told::default()
                };
                list.take(at, credential(&cookie.value).map(|found| (found, told)));
            }
        }
        if !is_found {
            list.refuse(1, RefusedReason::NoSsoCookie);
        }
        return;
    }
    for entry in entries {
        let at = places.next(entry);
        list.take(at, read_entry(entry.get(), tier));
    }
}

/// A cookie as the extensions of browsers export it.
#[derive(Deserialize)]
struct Cookie {
    name: String,
    value: String,
}

/// The entries as cookies of a browser; `None` unless every one is such a cookie.
fn cookies(entries: &[&RawValue]) -> Option<Vec<Cookie>> {
    let read = |entry: &&RawValue| serde_json::from_str(entry.get()).ok();
    let cookies: Option<Vec<Cookie>> = entries.iter().map(read).collect();
    cookies.filter(|cookies| !cookies.is_empty())
}

/// A map of cookies to what is known of each.
fn read_map(
    text: &str,
    map: &BTreeMap<String, &RawValue>,
    (name, tier): Named<'_>,
    list: &mut Collector,
) {
    let mut places = Places::new(text, name);
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by_key(|(_, value)| value.get().as_ptr());
    for (cookie, value) in entries {
        let at = places.next(value);
        let told = match serde_json::from_str(value.get()) {
            Ok(Value::Object(object)) => read_fields(&object, tier).1,
            _ => Told {
                tier,
                ..Told::default()
            },
        };
        list.take(at, credential(cookie).map(|found| (found, told)));
    }
}

/// One entry: a text, or an object with a token. `tier` is that of its list.
pub(super) fn read_entry(
    json: &str,
    tier: Option<Tier>,
) -> Result<(Credential, Told), RefusedReason> {
    let value: Value = serde_json::from_str(json).map_err(|_| RefusedReason::Fragment)?;
    match value {
        Value::String(text) => Ok((
            credential(&text)?,
            Told {
                tier,
                ..Told::default()
            },
        )),
        Value::Object(object) => {
            let (token, told) = read_fields(&object, tier);
            Ok((credential(token.ok_or(RefusedReason::NoToken)?)?, told))
        }
        _ => Err(RefusedReason::Shape),
    }
}

/// What an object says: its token, and the rest.
fn read_fields(object: &Map<String, Value>, tier: Option<Tier>) -> (Option<&str>, Told) {
    let mut told = Told {
        tier,
        ..Told::default()
    };
    let mut token = None;
    for (name, value) in object {
        match (Field::from_name(name), value) {
            // A token of its own counts more than all cookies.
            (Some(Field::Token), Value::String(text))
                if !text.trim().is_empty() && (token.is_none() || !name.contains("cookie")) =>
            {
                token = Some(text.as_str());
            }
            (Some(Field::Tier), Value::String(text)) => {
                told.tier = fields::tier(text).or(told.tier);
            }
            (Some(Field::Tags), Value::Array(items)) => {
                told.tags = cut_tags(items.iter().filter_map(Value::as_str));
            }
            (Some(Field::Tags), Value::String(text)) => {
                told.tags = cut_tags(text.split([',', ';']));
            }
            (Some(Field::Name), Value::String(text)) => told.notes.insert(0, text.clone()),
            (Some(Field::Note), Value::String(text)) => told.notes.push(text.clone()),
            (Some(Field::Status), Value::String(text)) => {
                told.is_disabled = fields::is_disabled(text);
            }
            (Some(Field::Created), Value::Number(at)) => told.created_at_ms = at.as_i64(),
            (Some(Field::Uses), Value::Number(uses)) => {
                told.use_count = uses.as_u64().unwrap_or(0);
            }
            _ => {}
        }
    }
    (token, told)
}

/// The places of a list's entries, which are asked for in their order.
struct Places<'a> {
    lines: LineCounter<'a>,
    list: Arc<str>,
    index: usize,
}

impl<'a> Places<'a> {
    fn new(text: &'a str, list: &str) -> Self {
        Self {
            lines: LineCounter::new(text),
            list: list.into(),
            index: 0,
        }
    }

    fn next(&mut self, entry: &RawValue) -> At {
        let index = self.index;
        self.index += 1;
        At {
            line: self.lines.line_of(entry.get()),
            entry: Some(Entry {
                list: self.list.clone(),
                index,
            }),
        }
    }
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
