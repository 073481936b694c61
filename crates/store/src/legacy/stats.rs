//! `stats.json`: requests counted by hour and day of the machine's own time zone, and by model.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::{Date, Month, OffsetDateTime};

use super::{BadEntry, Fields, LegacyError, parse, pretty};

/// Longest name of a model that is kept, in bytes.
const MODEL_BYTES: usize = 128;
const HOUR_MS: i64 = 3_600_000;

/// How many requests of a span ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// At least the other two together.
    pub total: u64,
    pub success: u64,
    pub failed: u64,
}

/// What a `stats.json` holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LegacyStats {
    /// By hour, as `2026-03-05T08`.
    pub hourly: BTreeMap<String, Counts>,
    /// By day, as `2026-03-05`.
    pub daily: BTreeMap<String, Counts>,
    /// Requests by model.
    pub models: BTreeMap<String, u64>,
    /// Entries that were left out.
    #[serde(skip)]
    pub bad: Vec<BadEntry>,
}

/// Reads the text of a `stats.json`.
///
/// # Errors
/// Only when nothing can be read; bad entries are in the answer.
pub fn read_stats(text: &str) -> Result<LegacyStats, LegacyError> {
    let Value::Object(file) = parse(text)? else {
        return Err(LegacyError::Shape(
            "an object with `hourly`, `daily` and `models`",
        ));
    };
    let mut stats = LegacyStats::default();
    let empty = Map::new();
    let list = |name| match file.get(name) {
        None | Some(Value::Null) => Ok(&empty),
        Some(Value::Object(entries)) => Ok(entries),
        Some(_) => Err(LegacyError::Shape("an object with objects in it")),
    };
    for (index, (label, entry)) in list("hourly")?.iter().enumerate() {
        match hour_start(label, 0).and_then(|_| read_counts(entry)) {
            Ok(counts) => drop(stats.hourly.insert(label.clone(), counts)),
            Err(reason) => stats.bad.push(bad("hourly", index, reason)),
        }
    }
    for (index, (label, entry)) in list("daily")?.iter().enumerate() {
        match day_start(label).and_then(|_| read_counts(entry)) {
            Ok(counts) => drop(stats.daily.insert(label.clone(), counts)),
            Err(reason) => stats.bad.push(bad("daily", index, reason)),
        }
    }
    for (index, (model, count)) in list("models")?.iter().enumerate() {
        match count.as_u64() {
            Some(_) if model.is_empty() || model.len() > MODEL_BYTES => {
                let reason = "the name of the model is empty or too long".to_owned();
                stats.bad.push(bad("models", index, reason));
            }
            Some(count) => drop(stats.models.insert(model.clone(), count)),
            None => stats
                .bad
                .push(bad("models", index, "it is not a number".to_owned())),
        }
    }
    Ok(stats)
}

fn bad(list: &'static str, index: usize, reason: String) -> BadEntry {
    BadEntry {
        list,
        index,
        reason,
    }
}

fn read_counts(entry: &Value) -> Result<Counts, String> {
    let fields = Fields(entry.as_object().ok_or("it is not an object")?);
    let count = |name: &str| {
        let count = fields.integer(name)?.unwrap_or(0);
        u64::try_from(count).map_err(|_| format!("`{name}` is below zero"))
    };
    let (success, failed) = (count("success")?, count("failed")?);
    Ok(Counts {
        total: count("total")?.max(success.saturating_add(failed)),
        success,
        failed,
    })
}

/// Begin of the hour with this label in unix milliseconds, on a clock that is this many whole hours
/// ahead of UTC.
///
/// # Errors
/// It is no label of an hour.
pub(super) fn hour_start(label: &str, ahead_hours: i64) -> Result<i64, String> {
    let error = || "its name is no hour, such as 2026-03-05T08".to_owned();
    let (day, hour) = label.split_once('T').ok_or_else(error)?;
    let hour: i64 = match hour.len() {
        2 => hour.parse().ok().filter(|hour| (0..24).contains(hour)),
        _ => None,
    }
    .ok_or_else(error)?;
    let day = day_start(day).map_err(|_| error())?;
    Ok(day + (hour - ahead_hours) * HOUR_MS)
}

/// Begin of the day of UTC with this label in unix milliseconds.
///
/// # Errors
/// It is no label of a day.
pub(super) fn day_start(label: &str) -> Result<i64, String> {
    let read = || {
        let mut parts = label.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
            return None;
        }
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
        Some(date.midnight().assume_utc().unix_timestamp() * 1000)
    };
    read().ok_or_else(|| "its name is no day, such as 2026-03-05".to_owned())
}

impl LegacyStats {
    /// Adds an hour that begins at an instant of UTC.
    pub fn add_hour(&mut self, start_ms: i64, ahead_hours: i64, counts: Counts) {
        if let Some(at) = date_time(start_ms.saturating_add(ahead_hours * HOUR_MS)) {
            let label = format!("{}T{:02}", at.date(), at.hour());
            self.hourly.entry(label).or_default().add(counts);
        }
    }

    /// Adds a day of UTC.
    pub fn add_day(&mut self, start_ms: i64, counts: Counts) {
        if let Some(at) = date_time(start_ms) {
            self.daily
                .entry(at.date().to_string())
                .or_default()
                .add(counts);
        }
    }

    /// Begins of hours (on a clock that is so many hours ahead of UTC) and their counts.
    pub fn hours(&self, ahead_hours: i64) -> impl Iterator<Item = (i64, Counts)> {
        let each = self.hourly.iter();
        each.filter_map(move |(label, counts)| {
            Some((hour_start(label, ahead_hours).ok()?, *counts))
        })
    }

    /// Begins of days of UTC with the same date, and their counts.
    pub fn days(&self) -> impl Iterator<Item = (i64, Counts)> {
        let each = self.daily.iter();
        each.filter_map(|(label, counts)| Some((day_start(label).ok()?, *counts)))
    }

    /// What has come since `earlier` was read: of each entry what it has more.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let more = |now: &BTreeMap<String, Counts>, then: &BTreeMap<String, Counts>| {
            let each = now.iter();
            each.map(|(label, counts)| {
                let then = then.get(label).copied().unwrap_or_default();
                (label.clone(), counts.since(then))
            })
            .filter(|(_, counts)| *counts != Counts::default())
            .collect()
        };
        let models = self.models.iter().map(|(model, count)| {
            let then = earlier.models.get(model).copied().unwrap_or(0);
            (model.clone(), count.saturating_sub(then))
        });
        Self {
            hourly: more(&self.hourly, &earlier.hourly),
            daily: more(&self.daily, &earlier.daily),
            models: models.filter(|(_, count)| *count > 0).collect(),
            bad: Vec::new(),
        }
    }

    /// This and what has come since.
    pub fn merge(&mut self, more: &Self) {
        for (label, counts) in &more.hourly {
            self.hourly.entry(label.clone()).or_default().add(*counts);
        }
        for (label, counts) in &more.daily {
            self.daily.entry(label.clone()).or_default().add(*counts);
        }
        for (model, count) in &more.models {
            *self.models.entry(model.clone()).or_default() += count;
        }
    }
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.success = self.success.saturating_add(other.success);
        self.failed = self.failed.saturating_add(other.failed);
    }

    fn since(self, then: Self) -> Self {
        let success = self.success.saturating_sub(then.success);
        let failed = self.failed.saturating_sub(then.failed);
        let total = self.total.saturating_sub(then.total);
        Self {
            total: total.max(success.saturating_add(failed)),
            success,
            failed,
        }
    }
}

fn date_time(at_ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(at_ms.div_euclid(1000)).ok()
}

/// The text of a `stats.json`.
#[must_use]
pub fn write_stats(stats: &LegacyStats) -> String {
    pretty(stats)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"hourly": {"2026-03-05T08": {"total": 3, "success": 2, "failed": 1},
        "2026-03-05T24": {"total": 1}, "x": {}}, "daily": {"2026-03-05": {"total": 4, "success": 2, "failed": 1},
        "2026-02-30": {}, "2026-03-04": {"total": -1}}, "models": {"grok-4": 3, "": 1, "grok-3": "many"}}"#;

    #[test]
    fn counts_read_back_as_they_were_and_bad_ones_are_named() {
        let stats = read_stats(FILE).unwrap();
        let bad: Vec<_> = stats.bad.iter().map(ToString::to_string).collect();
        assert_eq!(
            bad,
            [
                "hourly[1]: its name is no hour, such as 2026-03-05T08",
                "hourly[2]: its name is no hour, such as 2026-03-05T08",
                "daily[0]: its name is no day, such as 2026-03-05",
                "daily[1]: `total` is below zero",
                "models[0]: the name of the model is empty or too long",
                "models[1]: it is not a number",
            ]
        );
        let again = read_stats(&write_stats(&stats)).unwrap();
        assert_eq!(again.bad, []);
        assert_eq!(
            (again.hourly, again.daily, again.models),
            (stats.hourly, stats.daily, stats.models)
        );
    }

    #[test]
    fn hours_are_of_the_clock_that_counted_them_and_days_keep_their_date() {
        let stats = read_stats(FILE).unwrap();
        let mut back = LegacyStats::default();
        for (start_ms, counts) in stats.hours(8) {
            assert_eq!(start_ms, 1_772_668_800_000, "midnight of UTC");
            back.add_hour(start_ms, 8, counts);
        }
        for (start_ms, counts) in stats.days() {
            back.add_day(start_ms, counts);
        }
        assert_eq!((back.hourly, back.daily), (stats.hourly, stats.daily));
    }

    #[test]
    fn only_what_is_new_has_come_since() {
        let then = read_stats(FILE).unwrap();
        assert_eq!(then.since(&then), LegacyStats::default());
        let mut now = then.clone();
        now.hourly.get_mut("2026-03-05T08").unwrap().total += 1;
        now.models.insert("grok-3".to_owned(), 2);
        let more = now.since(&then);
        assert_eq!(more.hourly["2026-03-05T08"].total, 1);
        assert_eq!(more.models, BTreeMap::from([("grok-3".to_owned(), 2)]));
        let mut sum = then.clone();
        sum.merge(&more);
        assert_eq!((sum.hourly, sum.models), (now.hourly, now.models));
    }
}
