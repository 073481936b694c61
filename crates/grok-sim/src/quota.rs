//! What each account has left (protocol 4.1, and 8.6 for modes).

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{names, options::Quota};

const BASIC: Limits = Limits {
    total: 80,
    window: Duration::from_secs(72_000),
};
const SUPER: Limits = Limits {
    total: 140,
    window: Duration::from_secs(7_200),
};
const HEAVY: Limits = Limits {
    total: 150,
    window: Duration::from_secs(7_200),
};
/// Window of a mode, whatever is paid.
const MODE_WINDOW: Duration = Duration::from_secs(7_200);

#[derive(Clone, Copy, Debug)]
struct Limits {
    total: u32,
    window: Duration,
}

fn limits(account: &str) -> Limits {
    if names::is_heavy(account) {
        HEAVY
    } else if names::is_super(account) {
        SUPER
    } else {
        BASIC
    }
}

#[derive(Clone, Copy, Debug)]
struct State {
    remaining: u32,
    window_since: Instant,
}

/// Answer to a quota question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) remaining: u32,
    pub(crate) total: u32,
    pub(crate) window: Duration,
}

/// The ledger of all accounts; an account exists from its first call on.
#[derive(Debug)]
pub(crate) struct Ledger {
    mode: Quota,
    accounts: Mutex<HashMap<String, State>>,
}

impl Ledger {
    pub(crate) fn new(mode: Quota) -> Self {
        Self {
            mode,
            accounts: Mutex::default(),
        }
    }

    fn with<T>(&self, account: &str, work: impl FnOnce(&mut State) -> T) -> T {
        let limits = limits(account);
        let total = if names::starts_empty(account) {
            0
        } else {
            limits.total
        };
        let mut accounts = self.accounts.lock();
        if let Some(state) = accounts.get_mut(account) {
            if state.window_since.elapsed() >= limits.window {
                *state = State {
                    remaining: total,
                    window_since: Instant::now(),
                };
            }
            return work(state);
        }
        let mut state = State {
            remaining: total,
            window_since: Instant::now(),
        };
        let result = work(&mut state);
        accounts.insert(account.to_owned(), state);
        result
    }

    /// Takes up to `cost` queries; false when nothing is left.
    pub(crate) fn consume(&self, account: &str, cost: u32) -> bool {
        if self.mode == Quota::Unlimited {
            return true;
        }
        self.with(account, |state| {
            let available = state.remaining > 0;
            state.remaining = state.remaining.saturating_sub(cost);
            available
        })
    }

    pub(crate) fn set(&self, account: &str, remaining: u32) {
        self.with(account, |state| state.remaining = remaining);
    }

    pub(crate) fn standing(&self, account: &str) -> Standing {
        let Limits { total, window } = limits(account);
        let remaining = match self.mode {
            Quota::Unlimited => total,
            Quota::Enforced => self.with(account, |state| state.remaining),
        };
        Standing {
            remaining,
            total,
            window,
        }
    }

    /// The same, seen as the window of a mode: the share that is left, rounded up.
    pub(crate) fn standing_of_mode(&self, account: &str, mode: &str) -> Standing {
        let whole = self.standing(account);
        let paid = (names::is_heavy(account), names::is_super(account));
        let total = match (mode, paid) {
            ("fast", (true, _)) => 400,
            ("fast", (false, true)) => 140,
            ("fast", (false, false)) => 30,
            (_, (true, _)) => 150,
            (_, (false, true)) => 50,
            (_, (false, false)) => 20,
        };
        Standing {
            remaining: (whole.remaining * total).div_ceil(whole.total),
            total,
            window: MODE_WINDOW,
        }
    }

    pub(crate) fn clear(&self) {
        self.accounts.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn quota_empties_and_returns_with_the_window() {
        let ledger = Ledger::new(Quota::Enforced);
        for _ in 0..80 {
            assert!(ledger.consume("basic-one", 1));
        }
        assert!(!ledger.consume("basic-one", 1), "80 queries a window");
        tokio::time::advance(Duration::from_secs(72_000)).await;
        assert_eq!(ledger.standing("basic-one").remaining, 80);
    }

    #[test]
    fn a_mode_has_its_own_total_by_what_is_paid() {
        let ledger = Ledger::new(Quota::Enforced);
        for (account, auto, fast) in [("one", 20, 30), ("super-1", 50, 140), ("heavy-1", 150, 400)]
        {
            let total = |mode| ledger.standing_of_mode(account, mode).total;
            assert_eq!((total("auto"), total("fast")), (auto, fast));
        }
        ledger.set("one", 1);
        assert_eq!(ledger.standing_of_mode("one", "auto").remaining, 1);
        ledger.set("one", 0);
        assert_eq!(ledger.standing_of_mode("one", "fast").remaining, 0);
    }

    #[test]
    fn the_last_query_pays_for_an_expensive_chat() {
        let ledger = Ledger::new(Quota::Enforced);
        ledger.set("super-one", 1);
        assert!(ledger.consume("super-one", 4));
        let standing = ledger.standing("super-one");
        assert_eq!((standing.remaining, standing.total), (0, 140));
    }
}
