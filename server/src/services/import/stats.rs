//! `stats.json`: counts become sums. What was imported before is remembered, and only what has come
//! since is added.

use anyhow::{Context, bail};
use store::{
    Outcome, Row, Span, SumRow, Totals,
    legacy::{self, Counts, LegacyStats},
};

use super::{AHEAD_MINUTES, FileReport, Target};

/// Setting with everything that was imported, as a `stats.json`.
pub(crate) const IMPORTED_STATS: &str = "imported.stats";
/// Largest setting that every engine keeps.
const SETTING_BYTES: usize = 60_000;

pub(super) async fn import(target: Target<'_>, text: &str) -> anyhow::Result<FileReport> {
    let stats = match legacy::read_stats(text) {
        Ok(stats) => stats,
        Err(error) => return Ok(FileReport::refused(&error)),
    };
    let store = target.store;
    let setting = store.get_setting(IMPORTED_STATS).await;
    let setting = setting.context("reading a setting")?;
    let mut imported: LegacyStats = setting
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    let ahead = store.get_setting(AHEAD_MINUTES).await;
    let ahead: Option<i64> = ahead
        .context("reading a setting")?
        .and_then(|text| text.parse().ok());
    let ahead = target.planned.ahead_minutes().or(ahead);
    let more = stats.since(&imported);
    let mut report = FileReport::of("count", &stats.bad);
    let entries = |stats: &LegacyStats| stats.hourly.len() + stats.daily.len() + stats.models.len();
    report.added = entries(&more);
    report.known = entries(&stats) - report.added;
    if ahead.is_none() && !more.hourly.is_empty() {
        let note =
            "its hours are taken as those of UTC: there is no logs.json that tells the time zone";
        report.notes.push(note.to_owned());
    }
    if target.is_dry || report.added == 0 {
        return Ok(report);
    }
    imported.merge(&more);
    let json = serde_json::to_string(&imported)?;
    if json.len() > SETTING_BYTES {
        bail!("it has too many hours, days and models");
    }
    let ahead_hours = ahead.unwrap_or(0).div_euclid(60);
    let hours = more.hours(ahead_hours).map(|hour| (Span::Hour, hour));
    let days = more.days().map(|day| (Span::Day, day));
    let rows = hours
        .chain(days)
        .flat_map(|(span, (start_ms, counts))| sums(span, start_ms, counts));
    let written = store.write_rows(
        rows.map(Row::Sum).collect(),
        vec![(IMPORTED_STATS.to_owned(), Some(json))],
    );
    written.await.context("storing the sums")?;
    Ok(report)
}

/// A sum for each way in which requests of a span have ended.
fn sums(span: Span, start_ms: i64, counts: Counts) -> impl Iterator<Item = SumRow> {
    let rest = counts.total - counts.success - counts.failed;
    let each = [
        (Outcome::Served, counts.success),
        (Outcome::Failed, counts.failed),
        (Outcome::ClientGone, rest),
    ];
    let some = each.into_iter().filter(|(_, requests)| *requests > 0);
    some.map(move |(outcome, requests)| SumRow {
        span,
        start_ms: span.start_ms(start_ms),
        model: String::new(),
        key: String::new(),
        outcome,
        totals: Totals {
            requests,
            ..Totals::default()
        },
    })
}
