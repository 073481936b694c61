//! The pause before the next account after an upstream failure (`upstream-protocol.md` 1.9): an
//! upstream in trouble is not asked again at once by everybody.

use std::time::Duration;

use rand::Rng;
use settings::RetryConfig;

/// Pauses of one request.
#[derive(Debug)]
pub(super) struct Backoff {
    base: Duration,
    factor: f64,
    longest: Duration,
    /// What is left for pauses.
    budget: Duration,
    pauses: i32,
}

impl Backoff {
    pub(super) fn new(retry: &RetryConfig) -> Self {
        Self {
            base: retry.retry_backoff_base,
            factor: retry.retry_backoff_factor,
            longest: retry.retry_backoff_max,
            budget: retry.retry_budget,
            pauses: 0,
        }
    }

    /// The next pause, between nothing and a limit that grows with each; `None` when the budget
    /// does not allow another. `share` is a random number from 0 to 1.
    fn next_of(&mut self, share: f64) -> Option<Duration> {
        let limit = self.base.as_secs_f64() * self.factor.powi(self.pauses);
        self.pauses = self.pauses.saturating_add(1);
        let pause = Duration::from_secs_f64(limit.min(self.longest.as_secs_f64()) * share);
        self.budget = self.budget.checked_sub(pause)?;
        Some(pause)
    }

    /// Waits before the next try; false when the request should give up instead.
    pub(super) async fn pause(&mut self) -> bool {
        let share = rand::rng().random_range(0.0..=1.0);
        let Some(pause) = self.next_of(share) else {
            return false;
        };
        tokio::time::sleep(pause).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(base_ms: u64, longest_ms: u64, budget_ms: u64) -> Backoff {
        Backoff::new(&RetryConfig {
            retry_backoff_base: Duration::from_millis(base_ms),
            retry_backoff_factor: 2.0,
            retry_backoff_max: Duration::from_millis(longest_ms),
            retry_budget: Duration::from_millis(budget_ms),
            ..RetryConfig::default()
        })
    }

    #[test]
    fn pauses_grow_to_the_longest_and_end_with_the_budget() {
        let mut backoff = backoff(100, 300, 1000);
        let mut next = || backoff.next_of(1.0).map(|pause| pause.as_millis());
        let pauses = [next(), next(), next(), next(), next()];
        assert_eq!(pauses, [Some(100), Some(200), Some(300), Some(300), None]);
    }

    #[test]
    fn chance_makes_them_shorter_never_longer() {
        let mut backoff = backoff(100, 300, 1000);
        assert_eq!(backoff.next_of(0.0), Some(Duration::ZERO));
        assert_eq!(backoff.next_of(0.5), Some(Duration::from_millis(100)));
    }

    #[tokio::test(start_paused = true)]
    async fn no_base_means_no_pause() {
        let mut backoff = backoff(0, 300, 0);
        let before = tokio::time::Instant::now();
        assert!(backoff.pause().await);
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}
