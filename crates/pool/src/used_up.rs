//! Which accounts have nothing left for a model, so that it stays away from them while their other
//! models serve.

use std::collections::{BTreeSet, HashMap};

use crate::QuotaWindow;
use crate::entry::EntryKey;

/// Of each model: ends of used-up windows in unix milliseconds, in order of time.
#[derive(Debug, Default)]
pub(crate) struct UsedUp(HashMap<String, BTreeSet<(i64, EntryKey)>>);

impl UsedUp {
    /// The account's windows are others than before.
    pub(crate) fn replace(&mut self, key: EntryKey, before: &[QuotaWindow], now: &[QuotaWindow]) {
        for (model, until_ms) in before.iter().filter_map(end) {
            let Some(ends) = self.0.get_mut(model) else {
                continue;
            };
            ends.remove(&(until_ms, key));
            if ends.is_empty() {
                self.0.remove(model);
            }
        }
        for (model, until_ms) in now.iter().filter_map(end) {
            let ends = self.0.entry(model.to_owned()).or_default();
            ends.insert((until_ms, key));
        }
    }

    /// The accounts that have nothing left for the model. Forgets what has passed.
    pub(crate) fn of(&mut self, model: &str, now_ms: i64) -> impl Iterator<Item = EntryKey> + '_ {
        if let Some(ends) = self.0.get_mut(model) {
            while ends
                .first()
                .is_some_and(|(until_ms, _)| *until_ms <= now_ms)
            {
                ends.pop_first();
            }
        }
        let ends = self.0.get(model).into_iter().flatten();
        ends.map(|(_, key)| *key)
    }

    /// When the first account may have something left for the model, in unix milliseconds.
    pub(crate) fn until_ms(&self, model: &str, now_ms: i64) -> Option<i64> {
        let mut ends = self.0.get(model)?.iter().map(|(until_ms, _)| *until_ms);
        ends.find(|until_ms| *until_ms > now_ms)
    }
}

/// Model and end of a window that is used up.
fn end(window: &QuotaWindow) -> Option<(&str, i64)> {
    let until_ms = window.resets_at_ms.filter(|_| window.remaining == 0)?;
    Some((window.model.as_str(), until_ms))
}
