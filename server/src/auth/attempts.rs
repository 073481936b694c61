//! Slows down password guessing: after a few failures every further one waits longer.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Failures that cost nothing, for a person who mistypes.
const FREE_FAILURES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Failed sign-ins of this process. One counter for all callers: the operator is one person, and
/// an attacker with many addresses must not get many counters.
#[derive(Default)]
pub struct Attempts(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    blocked_until: Option<Instant>,
}

impl Attempts {
    /// How long the next attempt has to wait, if at all.
    #[must_use]
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let until = self.0.lock().blocked_until?;
        let wait = until.saturating_duration_since(now);
        (!wait.is_zero()).then_some(wait)
    }

    pub fn record_failure(&self, now: Instant) {
        let mut state = self.0.lock();
        state.failures = state.failures.saturating_add(1);
        if let Some(extra) = state.failures.checked_sub(FREE_FAILURES) {
            let wait = FIRST_WAIT
                .saturating_mul(1 << extra.min(16))
                .min(LONGEST_WAIT);
            state.blocked_until = Some(now + wait);
        }
    }

    pub fn record_success(&self) {
        *self.0.lock() = State::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_gets_slower_and_success_forgives() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for _ in 0..4 {
            attempts.record_failure(now);
        }
        assert_eq!(attempts.wait(now), None);
        attempts.record_failure(now);
        assert_eq!(attempts.wait(now), Some(Duration::from_secs(2)));
        attempts.record_failure(now);
        assert_eq!(attempts.wait(now), Some(Duration::from_secs(4)));
        assert_eq!(attempts.wait(now + Duration::from_secs(5)), None);
        for _ in 0..40 {
            attempts.record_failure(now);
        }
        assert_eq!(attempts.wait(now), Some(LONGEST_WAIT));
        attempts.record_success();
        assert_eq!(attempts.wait(now), None);
    }
}
