//! Models that single accounts have used up.
//!
//! After a 429 the upstream is asked for the model's quota. "None left in this model's window" says
//! nothing about the account's other models, so only this model stays away from the account until
//! its window must have passed. In memory: after a restart the next 429 tells again.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use pool::AccountId;

/// Longer windows than the upstream has are a mistake.
const LONGEST_WINDOW: Duration = Duration::from_secs(24 * 3600);

#[derive(Default)]
pub(super) struct ModelWindows(Mutex<HashMap<String, HashMap<AccountId, i64>>>);

/// Accounts that have nothing left for a model.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct UsedUp {
    pub(super) accounts: Vec<AccountId>,
    /// When the first of them may have quota again, unix milliseconds.
    pub(super) until_ms: Option<i64>,
}

impl ModelWindows {
    /// The account has nothing left for the model in a window of this length.
    pub(super) fn note(&self, model: &str, account: AccountId, window: Duration, now_ms: i64) {
        let window_ms = window.min(LONGEST_WINDOW).as_millis() as i64;
        let mut windows = self.0.lock();
        let accounts = windows.entry(model.to_owned()).or_default();
        accounts.insert(account, now_ms.saturating_add(window_ms));
    }

    /// The accounts that have nothing left for the model.
    pub(super) fn used_up(&self, model: &str, now_ms: i64) -> UsedUp {
        let mut windows = self.0.lock();
        let Some(accounts) = windows.get_mut(model) else {
            return UsedUp::default();
        };
        accounts.retain(|_, until_ms| *until_ms > now_ms);
        let used_up = UsedUp {
            accounts: accounts.keys().cloned().collect(),
            until_ms: accounts.values().min().copied(),
        };
        if accounts.is_empty() {
            windows.remove(model);
        }
        used_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_stays_away_from_an_account_until_its_window_has_passed() {
        let windows = ModelWindows::default();
        let id = AccountId::new;
        windows.note("grok-4", id("a"), Duration::from_secs(2), 0);
        windows.note("grok-4", id("b"), Duration::from_secs(9_000_000), 0);
        let day_ms = 24 * 3_600_000;
        let mut both = windows.used_up("grok-4", 1_999);
        both.accounts.sort();
        assert_eq!(both.accounts, [id("a"), id("b")]);
        assert_eq!(both.until_ms, Some(2_000));
        assert_eq!(windows.used_up("grok-3", 0), UsedUp::default());
        let one = windows.used_up("grok-4", 2_000);
        assert_eq!((one.accounts, one.until_ms), (vec![id("b")], Some(day_ms)));
        assert_eq!(windows.used_up("grok-4", day_ms), UsedUp::default());
        assert!(windows.0.lock().is_empty());
    }
}
