//! `logs.json`: requests become records. They are not summed: `stats.json` has counted them.

use std::collections::BTreeMap;

use anyhow::Context;
use store::{
    ClientKey, Row,
    legacy::{self, LegacyList, LogEntry},
};

use super::{FileReport, Target};
use crate::snapshot::client_keys;

/// Setting with the minutes that the clock of the imported files is ahead of UTC.
pub(crate) const AHEAD_MINUTES: &str = "imported.ahead_minutes";
/// Records that are written at once.
const CHUNK: usize = 500;

pub(super) async fn import(target: Target<'_>, text: &str) -> anyhow::Result<FileReport> {
    let mut found = match legacy::read_logs(text) {
        Ok(found) => found,
        Err(error) => return Ok(FileReport::refused(&error)),
    };
    found.tell_apart();
    let mut report = FileReport::of("request", &found.bad);
    let ahead = ahead_minutes(&found);
    let keys = client_keys::load(target.store).await?;
    let (mut rows, mut long_texts) = (Vec::new(), 0);
    for entry in &found.entries {
        let known = target.store.get_request(&entry.id).await;
        if known.context("reading the known requests")?.is_some() {
            report.known += 1;
            continue;
        }
        report.added += 1;
        long_texts += entry.long_texts();
        rows.push(Row::Request(entry.to_request(label(entry, &keys))));
    }
    if long_texts > 0 {
        report
            .notes
            .push(format!("{long_texts} text(s) were cut to 128 bytes"));
    }
    if target.is_dry {
        target.planned.set_ahead_minutes(ahead);
        return Ok(report);
    }
    let mut setting = ahead.map(|ahead| (AHEAD_MINUTES.to_owned(), Some(ahead.to_string())));
    while !rows.is_empty() || setting.is_some() {
        let rest = rows.split_off(rows.len().min(CHUNK));
        let written = target
            .store
            .write_rows(rows, setting.take().into_iter().collect());
        written.await.context("storing the requests")?;
        rows = rest;
    }
    Ok(report)
}

/// What most entries say.
fn ahead_minutes(found: &LegacyList<LogEntry>) -> Option<i64> {
    let mut votes = BTreeMap::<i64, usize>::new();
    for ahead in found.entries.iter().filter_map(LogEntry::ahead_minutes) {
        *votes.entry(ahead).or_default() += 1;
    }
    let most = votes.into_iter().max_by_key(|(_, votes)| *votes);
    most.map(|(ahead, _)| ahead)
}

/// The label of the key that an entry names.
fn label(entry: &LogEntry, keys: &[ClientKey]) -> Option<String> {
    let mut of_it = keys.iter().filter(|key| key.masked() == entry.key_masked);
    let by_name = of_it.clone().find(|key| key.name == entry.key_name);
    by_name.or_else(|| of_it.next()).map(ClientKey::label)
}
