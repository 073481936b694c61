//! The files of the Python predecessor: read, and written as it reads them.
//!
//! - `accounts`: `token.json`    `api_keys`: `api_keys.json`    `stats`: `stats.json`
//! - `logs`: `logs.json`    `conversations`: `conversations.json`
//!
//! Reading never stops at a bad entry: it is reported by list and position, never with its content,
//! because that may be a secret.
//!
//! Source: `docs/requirements.md` 2.18, `docs/upstream-protocol.md` 4.5.

mod accounts;
mod api_keys;
mod conversations;
mod logs;
mod stats;

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

pub use accounts::{LegacyAccounts, UnknownPool, read_token_json, write_entry, write_token_json};
pub use api_keys::{read_api_keys, write_api_keys};
pub use conversations::{LegacyConversation, read_conversations, write_conversations};
pub use logs::{IMPORTED, LogEntry, read_logs, write_logs};
pub use stats::{Counts, LegacyStats, read_stats, write_stats};

/// What a list holds.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyList<T> {
    /// The readable entries, in file order.
    pub entries: Vec<T>,
    /// Entries that were left out.
    pub bad: Vec<BadEntry>,
}

impl<T> LegacyList<T> {
    fn read<'a>(
        list: &'static str,
        entries: impl IntoIterator<Item = &'a Value>,
        read: impl Fn(Fields<'a>) -> Result<T, String>,
    ) -> Self {
        let mut found = Self {
            entries: Vec::new(),
            bad: Vec::new(),
        };
        for (index, entry) in entries.into_iter().enumerate() {
            let fields = entry.as_object().map(Fields);
            match fields
                .ok_or_else(|| "it is not an object".to_owned())
                .and_then(&read)
            {
                Ok(entry) => found.entries.push(entry),
                Err(reason) => found.bad.push(BadEntry {
                    list,
                    index,
                    reason,
                }),
            }
        }
        found
    }
}

/// An entry that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadEntry {
    /// Name of the list in the file; empty where the file is the list.
    pub list: &'static str,
    /// Position in the list, from 0.
    pub index: usize,
    /// What is wrong, without the entry's content.
    pub reason: String,
}

impl fmt::Display for BadEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}", self.list, self.index, self.reason)
    }
}

/// The file as a whole is not what its name says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LegacyError {
    /// Not JSON at all.
    #[error("it is not valid JSON (line {line}, column {column})")]
    NotJson { line: usize, column: usize },
    /// JSON of another shape.
    #[error("it is not {0}")]
    Shape(&'static str),
    /// A known list is something else.
    #[error("`{list}` is not a list")]
    NotAList { list: &'static str },
}

fn parse(text: &str) -> Result<Value, LegacyError> {
    let json = serde_json::from_str(text.trim_start_matches('\u{feff}'));
    json.map_err(|error| LegacyError::NotJson {
        line: error.line(),
        column: error.column(),
    })
}

/// With two blanks a level, as the predecessor writes.
fn pretty(value: &impl Serialize) -> String {
    // Maps with names, texts and numbers: this cannot fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

/// Unix milliseconds from a time in seconds, or in milliseconds where it is too large for seconds.
fn to_ms(time: f64) -> i64 {
    /// Later than any time in seconds, earlier than any in milliseconds.
    const TOO_LATE_SECS: f64 = 1e11;
    let ms = if time.abs() < TOO_LATE_SECS {
        time * 1000.0
    } else {
        time
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, which is wanted"
    )]
    let ms = ms.round() as i64;
    ms
}

/// Typed access that names the field, never the value, when the type is wrong.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A whole number; a fraction (Python writes some times as floats) is cut.
    fn integer(self, name: &str) -> Result<Option<i64>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`as` saturates, which is wanted"
        )]
        let number = value
            .as_i64()
            .or_else(|| value.as_f64().map(|float| float as i64));
        number
            .map(Some)
            .ok_or_else(|| format!("`{name}` is not a number"))
    }

    /// A number of any kind.
    fn float(self, name: &str) -> Result<Option<f64>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_f64()
            .map(Some)
            .ok_or_else(|| format!("`{name}` is not a number"))
    }

    /// As unix milliseconds.
    fn time(self, name: &str) -> Result<Option<i64>, String> {
        Ok(self.float(name)?.map(to_ms))
    }

    fn flag(self, name: &str) -> Result<Option<bool>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_bool()
            .map(Some)
            .ok_or_else(|| format!("`{name}` is neither true nor false"))
    }

    fn text(self, name: &str) -> Result<Option<&'a str>, String> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_str()
            .map(Some)
            .ok_or_else(|| format!("`{name}` is not a text"))
    }

    fn texts(self, name: &str) -> Result<Vec<String>, String> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let texts = value.as_array().and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<_>>()
        });
        texts.ok_or_else(|| format!("`{name}` is not a list of texts"))
    }
}
