//! `logs.json`: the newest requests first.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;
use time::{Date, Month, OffsetDateTime, Time};

use super::{Fields, LegacyError, LegacyList, parse, pretty};
use crate::{Outcome, RequestRow};

/// [`RequestRow::endpoint`] of requests that the predecessor has answered: it does not tell.
pub const IMPORTED: &str = "imported";
/// Longest text that a record keeps, in bytes.
const TEXT_BYTES: usize = 128;
const MINUTE_MS: i64 = 60_000;
/// Clocks differ from UTC by whole quarters of an hour, and by less than this many minutes.
const QUARTER: i64 = 15;
const MAX_AHEAD: i64 = 14 * 60;

/// One request as the predecessor logs it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LogEntry {
    /// Its time in milliseconds; entries may share it.
    pub id: String,
    /// `2026-03-05 16:40:00` on the machine's own clock.
    pub time: String,
    /// Unix seconds with a fraction.
    pub timestamp: f64,
    pub ip: String,
    pub model: String,
    /// Seconds with a fraction.
    pub duration: f64,
    pub status: u16,
    pub key_name: String,
    pub key_masked: String,
    pub token_suffix: String,
    pub error: String,
    pub stream: bool,
}

/// Reads the text of a `logs.json`.
///
/// # Errors
/// Only when nothing can be read; bad entries are in the answer.
pub fn read_logs(text: &str) -> Result<LegacyList<LogEntry>, LegacyError> {
    let Value::Array(entries) = parse(text)? else {
        return Err(LegacyError::Shape("a list of requests"));
    };
    Ok(LegacyList::read("", &entries, read_entry))
}

fn read_entry(fields: Fields<'_>) -> Result<LogEntry, String> {
    let text = |name: &str| Ok::<_, String>(fields.text(name)?.unwrap_or_default().to_owned());
    let timestamp = fields.float("timestamp")?.ok_or("`timestamp` is missing")?;
    let id = text("id")?;
    if id.is_empty() || id.len() > TEXT_BYTES / 2 {
        return Err("`id` is missing or too long".to_owned());
    }
    let status = fields.integer("status")?.ok_or("`status` is missing")?;
    Ok(LogEntry {
        time: text("time")?,
        timestamp,
        ip: text("ip")?,
        model: text("model")?,
        duration: fields.float("duration")?.unwrap_or(0.0).max(0.0),
        status: u16::try_from(status).map_err(|_| "`status` is no HTTP status")?,
        key_name: text("key_name")?,
        key_masked: text("key_masked")?,
        token_suffix: text("token_suffix")?,
        error: text("error")?,
        stream: fields.flag("stream")?.unwrap_or(false),
        id,
    })
}

/// The text of a `logs.json` with these entries.
#[must_use]
pub fn write_logs(entries: &[LogEntry]) -> String {
    pretty(&entries)
}

impl LegacyList<LogEntry> {
    /// Gives entries that share an id each their own: `ID`, `ID-2` and so on, the oldest first.
    pub fn tell_apart(&mut self) {
        let mut taken = HashSet::new();
        for entry in self.entries.iter_mut().rev() {
            let first = entry.id.clone();
            let mut number = 1;
            while !taken.insert(entry.id.clone()) {
                number += 1;
                entry.id = format!("{first}-{number}");
            }
        }
    }
}

impl LogEntry {
    fn at_ms(&self) -> i64 {
        super::to_ms(self.timestamp)
    }

    /// How many minutes the clock that wrote it is ahead of UTC; `None` when it does not say.
    #[must_use]
    pub fn ahead_minutes(&self) -> Option<i64> {
        let clock_ms = clock_ms(&self.time)?;
        // The clock shows whole seconds.
        let ahead = (clock_ms - self.at_ms().div_euclid(1000) * 1000).div_euclid(MINUTE_MS);
        let is_offset = ahead % QUARTER == 0 && (-MAX_AHEAD..=MAX_AHEAD).contains(&ahead);
        is_offset.then_some(ahead)
    }

    /// How many of its texts a record cannot keep whole.
    #[must_use]
    pub fn long_texts(&self) -> usize {
        let texts = [
            &self.ip,
            &self.model,
            &self.key_name,
            &self.token_suffix,
            &self.error,
        ];
        texts.iter().filter(|text| text.len() > TEXT_BYTES).count()
    }

    /// The record of the request; `key` is the label of the key that it names, if it is known.
    #[must_use]
    pub fn to_request(&self, key: Option<String>) -> RequestRow {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, which is wanted"
        )]
        let duration_ms = (self.duration * 1000.0).round() as u64;
        RequestRow {
            id: self.id.clone(),
            at_ms: self.at_ms(),
            endpoint: IMPORTED.to_owned(),
            stream: self.stream,
            key: key.or_else(|| some(&self.key_name)),
            client: some(&self.ip),
            model: some(&self.model),
            served_model: None,
            account_id: None,
            account: some(&self.token_suffix),
            attempts: Vec::new(),
            status: self.status,
            outcome: match self.status {
                ..400 => Outcome::Served,
                400..500 => Outcome::Refused,
                500.. => Outcome::Failed,
            },
            error_code: some(&self.error),
            first_byte_ms: None,
            duration_ms,
            bytes: 0,
            prompt_tokens: 0,
            completion_tokens: 0,
            reasoning_tokens: 0,
            estimated: false,
            cost: 0,
        }
    }

    /// The entry of a request; `key` is name and masked form of the key that its record names.
    #[must_use]
    pub fn from_request(row: &RequestRow, key: Option<(&str, &str)>, ahead_minutes: i64) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let label = row.key.as_deref().unwrap_or_default();
        // The predecessor names a key without a name by its masked form.
        let masked = if label.contains("...") { label } else { "" };
        let (key_name, key_masked) = key.unwrap_or((label, masked));
        let id = match row.id.split_once('-') {
            Some((id, _)) if row.endpoint == IMPORTED => id.to_owned(),
            _ => row.id.clone(),
        };
        Self {
            id,
            time: clock(row.at_ms + ahead_minutes * MINUTE_MS),
            timestamp: seconds(row.at_ms),
            ip: text(&row.client),
            model: text(&row.model),
            duration: seconds(i64::try_from(row.duration_ms).unwrap_or(i64::MAX)),
            status: row.status,
            key_name: key_name.to_owned(),
            key_masked: key_masked.to_owned(),
            token_suffix: text(&row.account),
            error: text(&row.error_code),
            stream: row.stream,
        }
    }
}

/// Seconds with a fraction.
fn seconds(ms: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries fit")]
    let ms = ms as f64;
    ms / 1000.0
}

/// `2026-03-05 16:40:00` as if it were UTC, in unix milliseconds.
fn clock_ms(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ')?;
    let number = |text: &str| text.parse::<u8>().ok();
    let mut date = date.split('-');
    let year = date.next()?.parse().ok()?;
    let month = Month::try_from(number(date.next()?)?).ok()?;
    let date = Date::from_calendar_date(year, month, number(date.next()?)?).ok()?;
    let mut time = time.split(':').map(number);
    let time = Time::from_hms(time.next()??, time.next()??, time.next()??).ok()?;
    Some(date.with_time(time).assume_utc().unix_timestamp() * 1000)
}

fn clock(at_ms: i64) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000)) else {
        return String::new();
    };
    let (hour, minute, second) = at.time().as_hms();
    format!("{} {hour:02}:{minute:02}:{second:02}", at.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"[{"id": "1772700000123", "time": "2026-03-05 16:40:00", "timestamp": 1772700000.123,
        "ip": "192.0.2.7", "model": "grok-4", "duration": 1.25, "status": 502, "key_name": "sk-a...gh-1",
        "key_masked": "sk-a...gh-1", "token_suffix": "c2ln", "error": "boom", "stream": true},
        {"id": "1772700000123", "time": "2026-03-05 16:40:00", "timestamp": 1772700000.123, "ip": "",
        "model": "grok-4", "duration": 0.5, "status": 200, "key_name": "team", "key_masked": "",
        "token_suffix": "", "error": "", "stream": false},
        {"id": "1"}, {"id": "1", "timestamp": 1, "status": 99999}]"#;

    #[test]
    fn entries_become_records_and_back() {
        let mut read = read_logs(FILE).unwrap();
        let bad: Vec<_> = read.bad.iter().map(ToString::to_string).collect();
        assert_eq!(
            bad,
            [
                "[2]: `timestamp` is missing",
                "[3]: `status` is no HTTP status"
            ]
        );
        let before = read.entries.clone();
        read.tell_apart();
        let rows: Vec<_> = read
            .entries
            .iter()
            .map(|one| one.to_request(None))
            .collect();
        assert_eq!(rows[0].id, "1772700000123-2", "the older one keeps it");
        assert_eq!(
            (rows[0].at_ms, rows[0].duration_ms),
            (1_772_700_000_123, 1250)
        );
        assert_eq!(
            (rows[0].outcome, rows[1].outcome),
            (Outcome::Failed, Outcome::Served)
        );
        let ahead = before[0].ahead_minutes().unwrap();
        assert_eq!(ahead, 480);
        let back: Vec<_> = rows
            .iter()
            .map(|row| LogEntry::from_request(row, None, ahead))
            .collect();
        assert_eq!(back, before);
        assert_eq!(read_logs(&write_logs(&back)).unwrap().entries, before);
    }

    #[test]
    fn a_time_that_is_no_time_zone_says_nothing() {
        let mut entry = read_logs(FILE).unwrap().entries.remove(0);
        for time in [
            "",
            "yesterday",
            "2026-03-05 16:41:00",
            "2026-03-09 16:40:00",
            "2026-13-05 1:1:1",
        ] {
            time.clone_into(&mut entry.time);
            assert_eq!(entry.ahead_minutes(), None, "{time}");
        }
    }
}
