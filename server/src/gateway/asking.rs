//! Small calls for one account outside the loop over accounts: past the breakers, and repeated on the
//! same account as `[retry]` says.

use grok::{Class, UpstreamError};
use pool::{Account, Event, Outcome, Pool};
use settings::Config;
use store::Store;

use super::{
    backoff::Backoff,
    breakers::{Breakers, Paused, Verdict},
    judgement::{cause, may_repeat, verdict},
    retry_budget::RetryBudget,
    submit_changes,
};
use crate::clock::now_ms;

/// What stands between every call and the upstream. One for the process.
#[derive(Default)]
pub(super) struct Guards {
    pub(super) breakers: Breakers,
    pub(super) retries: RetryBudget,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The host was not asked.
    Paused(Paused),
    Failed(UpstreamError),
}

impl Guards {
    /// Makes a call to the web app, and again while its status allows that, up to `retry.max_retry`
    /// times with a pause before each.
    ///
    /// # Errors
    /// What the last try said, or why none was made.
    ///
    /// # Cancellation
    /// Dropping the future ends the call and the pauses.
    pub(super) async fn ask<T, F>(
        &self,
        config: &Config,
        call: impl FnMut() -> F,
    ) -> Result<T, Unanswered>
    where
        F: Future<Output = Result<T, UpstreamError>>,
    {
        self.ask_at(web_host(config), config, call).await
    }

    /// As [`Self::ask`], for a call to another host.
    pub(super) async fn ask_at<T, F>(
        &self,
        host: &str,
        config: &Config,
        mut call: impl FnMut() -> F,
    ) -> Result<T, Unanswered>
    where
        F: Future<Output = Result<T, UpstreamError>>,
    {
        let retry = &config.retry;
        let active = self.retries.enter();
        let mut backoff = Backoff::new(retry, None);
        let mut retrying = None;
        let mut failed = None;
        for tries in 1..=retry.max_retry.max(1) {
            let pass = match (self.breakers.enter(host), failed.take()) {
                (Ok(pass), _) => pass,
                (Err(_), Some(error)) => return Err(Unanswered::Failed(error)),
                (Err(paused), None) => return Err(Unanswered::Paused(paused)),
            };
            let error = match call().await {
                Ok(answer) => {
                    pass.end(Verdict::Passed, config);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            pass.end(verdict(&error), config);
            drop(retrying.take());
            let is_last =
                tries >= retry.max_retry || !may_repeat(&error, &retry.retry_status_codes);
            if !is_last {
                retrying = active.retry();
            }
            if retrying.is_none() || !backoff.pause(cause(&error)).await {
                return Err(Unanswered::Failed(error));
            }
            failed = Some(error);
        }
        Err(Unanswered::Failed(failed.unwrap_or(UpstreamError::Timeout)))
    }
}

/// A dead session, or a blocked account, counts as in every other call, unless the credential was
/// replaced meanwhile. `reason` is why a dead session counts.
pub(super) fn count_refusal(
    pool: &Pool,
    store: &dyn Store,
    account: &Account,
    (error, reason): (&UpstreamError, &'static str),
) {
    let outcome = match error.class() {
        Class::Unauthorized => Outcome::Unauthorized { reason },
        Class::Blocked => Outcome::Blocked {
            reason: "account_blocked",
        },
        _ => return,
    };
    let event = Event::Outcome(outcome);
    let changes = pool.apply_for(&account.id, &account.credential, &event, now_ms());
    submit_changes(store, changes);
}

/// The host of the web app, which nearly every call goes to.
pub(super) fn web_host(config: &Config) -> &str {
    config.upstream.web_url.host_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use grok::Class;
    use tokio::time::Instant;

    use super::*;

    fn refused(status: u16, class: Class) -> UpstreamError {
        UpstreamError::Refused {
            status,
            class,
            retry_after: Some(Duration::from_secs(2)),
            message: String::new(),
        }
    }

    async fn asked(guards: &Guards, error: &UpstreamError) -> (u32, Unanswered) {
        let mut calls = 0;
        let config = Config::default();
        let answer = guards.ask(&config, || {
            calls += 1;
            std::future::ready(Err::<(), _>(error.clone()))
        });
        let unanswered = answer.await.unwrap_err();
        (calls, unanswered)
    }

    #[tokio::test(start_paused = true)]
    async fn a_listed_status_is_repeated_after_the_wait_that_the_upstream_asks_for() {
        let before = Instant::now();
        let (calls, _) = asked(&Guards::default(), &refused(429, Class::RateLimited)).await;
        assert_eq!((calls, before.elapsed()), (3, Duration::from_secs(4)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_decision_and_a_failure_are_told_at_once() {
        let guards = Guards::default();
        for error in [
            refused(403, Class::Fatal),
            refused(400, Class::Moderated),
            refused(503, Class::Retryable),
            UpstreamError::Timeout,
        ] {
            let before = Instant::now();
            let (calls, _) = asked(&guards, &error).await;
            assert_eq!((calls, before.elapsed()), (1, Duration::ZERO), "{error:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wall_ends_the_tries_and_is_not_asked_again() {
        let guards = Guards::default();
        let wall = refused(403, Class::Clearance);
        let (calls, told) = asked(&guards, &wall).await;
        assert!(matches!(told, Unanswered::Failed(_)), "{told:?}");
        assert_eq!(calls, 3);
        let (calls, told) = asked(&guards, &wall).await;
        assert!(matches!(told, Unanswered::Paused(_)), "{told:?}");
        assert_eq!(calls, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_retry_left_the_first_failure_is_told() {
        let guards = Guards::default();
        let active = guards.retries.enter();
        let _others: Vec<_> = (0..3).filter_map(|_| active.retry()).collect();
        let (calls, told) = asked(&guards, &refused(401, Class::Unauthorized)).await;
        assert!(matches!(told, Unanswered::Failed(_)), "{told:?}");
        assert_eq!((calls, guards.retries.in_use().refused), (1, 1));
    }
}
