//! A pause while the upstream's bot protection refuses everything.
//!
//! It judges this server's address and browser profile, not an account: asking on with one account
//! after the other only shows it all of them. After some refusals in a row requests fail at once
//! for a while; then one may try, and its end tells for all.

use std::time::Duration;

use parking_lot::Mutex;
use settings::ProxyConfig;
use tokio::time::Instant;

/// A pause grows with each refused try, up to this multiple of the first one.
const LONGEST_PAUSE: u32 = 3;
/// What others are told while one tries.
const PROBE_WAIT: Duration = Duration::from_secs(2);

/// One for the process; it knows one upstream at a time.
#[derive(Default)]
pub struct Clearance(Mutex<State>);

#[derive(Default)]
struct State {
    host: String,
    /// In a row.
    refusals: u32,
    pause: Option<Pause>,
}

struct Pause {
    length: Duration,
    until: Instant,
    is_probing: bool,
}

/// The right to ask the upstream once.
pub(super) struct Pass<'a> {
    clearance: &'a Clearance,
    is_probe: bool,
}

impl Clearance {
    /// Lets a call to `host` through, or says how long to wait.
    pub(super) fn enter(&self, host: &str) -> Result<Pass<'_>, Duration> {
        let mut state = self.0.lock();
        if state.host != host {
            *state = State {
                host: host.to_owned(),
                ..State::default()
            };
        }
        let is_probe = match &mut state.pause {
            None => false,
            Some(pause) => {
                let left = pause.until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    return Err(left);
                }
                if pause.is_probing {
                    return Err(PROBE_WAIT);
                }
                pause.is_probing = true;
                true
            }
        };
        Ok(Pass {
            clearance: self,
            is_probe,
        })
    }

    /// The bot protection refused a call.
    pub(super) fn refused(&self, config: &ProxyConfig) {
        let mut state = self.0.lock();
        state.refusals = state.refusals.saturating_add(1);
        if state.refusals < config.clearance_failures {
            return;
        }
        let now = Instant::now();
        let first = config.clearance_pause;
        let length = match &state.pause {
            // Calls that were under way when the pause began say nothing new.
            Some(pause) if pause.until > now => return,
            Some(pause) => (pause.length * 2).min(first * LONGEST_PAUSE),
            None => first,
        };
        tracing::warn!(
            pause_secs = length.as_secs(),
            "Grok's bot protection refuses this server: requests pause"
        );
        state.pause = Some(Pause {
            length,
            until: now + length,
            is_probing: false,
        });
    }

    /// The upstream itself answered a call, well or not.
    pub(super) fn passed(&self) {
        let mut state = self.0.lock();
        state.refusals = 0;
        if state.pause.take().is_some() {
            tracing::info!("Grok's bot protection lets this server pass again");
        }
    }

    /// Forgets everything: the operator may have changed what is judged.
    pub(super) fn reset(&self) {
        *self.0.lock() = State::default();
    }

    /// A line for the health report.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let state = self.0.lock();
        let text = "Grok's bot protection refuses this server, requests fail at once: see \
                    proxy.cf_clearance and proxy.user_agent";
        state.pause.is_some().then(|| text.to_owned())
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.is_probe
            && let Some(pause) = &mut self.clearance.0.lock().pause
        {
            pause.is_probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "grok.com";

    fn config() -> ProxyConfig {
        ProxyConfig::default()
    }

    fn wait(clearance: &Clearance) -> Option<u64> {
        clearance.enter(HOST).err().map(|wait| wait.as_secs())
    }

    async fn pass_secs(secs: u64) {
        tokio::time::sleep(Duration::from_secs(secs)).await;
    }

    /// Refused as often as it takes.
    fn paused() -> Clearance {
        let clearance = Clearance::default();
        for _ in 0..3 {
            assert_eq!(wait(&clearance), None);
            clearance.refused(&config());
        }
        clearance
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_in_a_row_pause_and_an_answer_between_them_does_not() {
        let clearance = Clearance::default();
        for _ in 0..5 {
            clearance.refused(&config());
            clearance.refused(&config());
            clearance.passed();
        }
        assert_eq!((wait(&clearance), clearance.trouble()), (None, None));
        let clearance = paused();
        assert_eq!(wait(&clearance), Some(10));
        assert!(clearance.trouble().is_some());
        assert!(clearance.enter("other.test").is_ok(), "another upstream");
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_tries_and_its_end_tells_for_all() {
        let clearance = paused();
        pass_secs(10).await;
        for length in [20, 30, 30] {
            let probe = clearance.enter(HOST);
            assert!(probe.is_ok());
            assert_eq!(wait(&clearance), Some(2), "one at a time");
            clearance.refused(&config());
            drop(probe);
            assert_eq!(wait(&clearance), Some(length));
            pass_secs(length).await;
        }
        let probe = clearance.enter(HOST);
        clearance.passed();
        drop(probe);
        assert_eq!((wait(&clearance), clearance.trouble()), (None, None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_tells_nothing_lets_the_next_one_try() {
        let clearance = paused();
        pass_secs(10).await;
        drop(clearance.enter(HOST));
        assert_eq!(wait(&clearance), None);
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_were_under_way_do_not_prolong_the_pause() {
        let clearance = paused();
        pass_secs(4).await;
        clearance.refused(&config());
        assert_eq!(wait(&clearance), Some(6));
        clearance.reset();
        assert_eq!(wait(&clearance), None);
    }
}
