//! Pauses before a host is asked again (`upstream-protocol.md` 1.9): an upstream in trouble is not
//! asked again at once by everybody.

use std::time::Duration;

use rand::Rng;
use settings::RetryConfig;
use tokio::time::Instant;

/// Pauses of one request.
#[derive(Debug)]
pub(super) struct Backoff {
    base: Duration,
    factor: f64,
    longest: Duration,
    /// What is left for pauses.
    budget: Duration,
    /// By when the request must have its answer.
    ends_at: Option<Instant>,
    pauses: i32,
    /// The last pause after a rate limit.
    last: Duration,
}

/// Why there is a pause.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cause {
    pub(super) is_rate_limit: bool,
    /// What the upstream asked for.
    pub(super) retry_after: Option<Duration>,
}

impl Backoff {
    /// No pause goes beyond `ends_at`.
    pub(super) fn new(retry: &RetryConfig, ends_at: Option<Instant>) -> Self {
        Self {
            base: retry.retry_backoff_base,
            factor: retry.retry_backoff_factor,
            longest: retry.retry_backoff_max,
            budget: retry.retry_budget,
            ends_at,
            pauses: 0,
            last: retry.retry_backoff_base,
        }
    }

    /// The next pause; `None` when the budget does not allow another. `share` is a random number from
    /// 0 to 1.
    fn next_of(&mut self, cause: Cause, share: f64) -> Option<Duration> {
        self.pauses = self.pauses.saturating_add(1);
        let pause = match cause {
            Cause {
                retry_after: Some(asked),
                ..
            } => asked.min(self.longest),
            Cause {
                is_rate_limit: true,
                ..
            } => self.decorrelated(share),
            Cause { .. } => self.growing(share),
        };
        self.budget = self.budget.checked_sub(pause)?;
        Some(pause)
    }

    /// Between nothing and a limit that grows with each pause.
    fn growing(&self, share: f64) -> Duration {
        let limit = self.base.as_secs_f64() * self.factor.powi(self.pauses);
        Duration::from_secs_f64(limit.min(self.longest.as_secs_f64()) * share)
    }

    /// Between the base and three times the last one.
    fn decorrelated(&mut self, share: f64) -> Duration {
        let (base, last) = (self.base.as_secs_f64(), self.last.as_secs_f64());
        let pause = base + (last * 3.0 - base).max(0.0) * share;
        self.last = Duration::from_secs_f64(pause.min(self.longest.as_secs_f64()));
        self.last
    }

    /// Waits before the next try; false when the request should give up instead.
    ///
    /// # Cancellation
    /// Ends the wait.
    pub(super) async fn pause(&mut self, cause: Cause) -> bool {
        let share = rand::rng().random_range(0.0..=1.0);
        let Some(pause) = self.next_of(cause, share) else {
            return false;
        };
        let until = Instant::now() + pause;
        if self.ends_at.is_some_and(|end| until >= end) {
            return false;
        }
        tokio::time::sleep_until(until).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_LIMIT: Cause = Cause {
        is_rate_limit: true,
        retry_after: None,
    };

    fn backoff(base_ms: u64, longest_ms: u64, budget_ms: u64) -> Backoff {
        let retry = RetryConfig {
            retry_backoff_base: Duration::from_millis(base_ms),
            retry_backoff_factor: 2.0,
            retry_backoff_max: Duration::from_millis(longest_ms),
            retry_budget: Duration::from_millis(budget_ms),
            ..RetryConfig::default()
        };
        Backoff::new(&retry, None)
    }

    fn asked(secs: u64) -> Cause {
        Cause {
            retry_after: Some(Duration::from_secs(secs)),
            ..RATE_LIMIT
        }
    }

    #[test]
    fn pauses_grow_to_the_longest_and_end_with_the_budget() {
        let mut backoff = backoff(50, 300, 1000);
        let mut next = || {
            backoff
                .next_of(Cause::default(), 1.0)
                .map(|pause| pause.as_millis())
        };
        let pauses = [next(), next(), next(), next(), next()];
        assert_eq!(pauses, [Some(100), Some(200), Some(300), Some(300), None]);
    }

    #[test]
    fn chance_makes_them_shorter_never_longer() {
        let mut backoff = backoff(50, 300, 1000);
        assert_eq!(backoff.next_of(Cause::default(), 0.0), Some(Duration::ZERO));
        assert_eq!(
            backoff.next_of(Cause::default(), 0.5),
            Some(Duration::from_millis(100))
        );
    }

    #[test]
    fn after_a_rate_limit_the_next_pause_follows_from_the_last_one() {
        let mut backoff = backoff(100, 800, 10_000);
        let mut next = |share| {
            let pause = backoff.next_of(RATE_LIMIT, share);
            pause.map(|pause| pause.as_millis())
        };
        let grown = [next(1.0), next(1.0), next(1.0)];
        assert_eq!(grown, [Some(300), Some(800), Some(800)]);
        assert_eq!([next(0.0), next(0.5)], [Some(100), Some(200)]);
    }

    #[test]
    fn what_the_upstream_asks_for_is_waited_but_no_longer_than_the_longest() {
        let mut backoff = backoff(100, 5000, 9000);
        assert_eq!(backoff.next_of(asked(3), 0.1), Some(Duration::from_secs(3)));
        assert_eq!(
            backoff.next_of(asked(60), 0.1),
            Some(Duration::from_secs(5))
        );
        assert_eq!(
            backoff.next_of(asked(3), 0.1),
            None,
            "the budget is used up"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn no_base_means_no_pause() {
        let mut backoff = backoff(0, 300, 0);
        let before = Instant::now();
        assert!(backoff.pause(Cause::default()).await);
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_beyond_the_requests_own_end_is_not_begun() {
        let retry = RetryConfig::default();
        let before = Instant::now();
        let mut backoff = Backoff::new(&retry, Some(before + Duration::from_secs(3)));
        assert!(!backoff.pause(asked(3)).await);
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert!(backoff.pause(asked(2)).await);
        assert_eq!(before.elapsed(), Duration::from_secs(2));
    }
}
