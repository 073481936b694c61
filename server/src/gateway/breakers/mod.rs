//! Breakers: a host that refuses or fails everybody is left alone for a while.
//!
//! Each upstream host has two circuits. *Bot protection* judges this server's address and browser
//! profile, not an account: asking on with one account after the other only shows it all of them.
//! *Failing* is a host that cannot be reached or answers 5xx. After some failures in a row requests
//! fail at once; when the pause is over one may try, and its end tells for all: at most one account
//! is shown for each pause. What the host answers to a caller's own mistake is an answer.

mod circuit;
mod report;

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;
use rand::Rng;
use serde::Serialize;
use settings::Config;
use tokio::time::Instant;

use self::circuit::{Circuit, Entry, Rule};
pub use self::report::BreakerReport;
use super::error::GatewayError;

/// What is wrong with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// Its bot protection refuses this server.
    BotProtection,
    /// It cannot be reached, or has trouble of its own.
    Failing,
}

/// What the end of a call says of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It answered, well or not.
    Passed,
    /// Its bot protection refused.
    Walled(&'static str),
    /// It could not be reached, or said that it cannot.
    Failed(&'static str),
    /// Nothing.
    Unknown,
}

/// All breakers of the process, by host.
pub struct Breakers {
    hosts: Mutex<BTreeMap<String, Host>>,
    /// A random number from 0 to 1.
    chance: fn() -> f64,
}

#[derive(Default)]
struct Host {
    /// Number of the next call.
    next: u64,
    bot_protection: Circuit,
    failing: Circuit,
}

/// Why a host is not asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paused {
    pub trouble: Trouble,
    /// When asking makes sense again.
    pub wait: Duration,
}

/// The right to ask a host once. Dropped without a verdict it says nothing.
pub struct Pass<'a> {
    breakers: &'a Breakers,
    host: String,
    call: u64,
    probes: [bool; 2],
}

impl Default for Breakers {
    fn default() -> Self {
        Self {
            hosts: Mutex::default(),
            chance: || rand::rng().random_range(0.0..=1.0),
        }
    }
}

impl Trouble {
    const ALL: [Self; 2] = [Self::BotProtection, Self::Failing];

    fn rule(self, config: &Config) -> Rule {
        let (proxy, retry) = (&config.proxy, &config.retry);
        match self {
            Self::BotProtection => Rule {
                failures: proxy.clearance_failures,
                first: proxy.clearance_pause,
                longest: proxy.clearance_longest_pause,
            },
            Self::Failing => Rule {
                failures: retry.breaker_failures,
                first: retry.breaker_pause,
                longest: retry.breaker_longest_pause,
            },
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::BotProtection => "its bot protection refuses this server",
            Self::Failing => "it fails or cannot be reached",
        }
    }
}

impl Host {
    fn circuit(&mut self, trouble: Trouble) -> &mut Circuit {
        match trouble {
            Trouble::BotProtection => &mut self.bot_protection,
            Trouble::Failing => &mut self.failing,
        }
    }
}

impl Breakers {
    /// Lets a call to `host` through, or says how long to wait.
    pub(super) fn enter(&self, host: &str) -> Result<Pass<'_>, Paused> {
        let now = Instant::now();
        let mut hosts = self.hosts.lock();
        if !hosts.contains_key(host) {
            hosts.insert(host.to_owned(), Host::default());
        }
        let Some(of) = hosts.get_mut(host) else {
            return Ok(self.pass(host, 0, [false; 2]));
        };
        let entries = Trouble::ALL.map(|trouble| (trouble, of.circuit(trouble).entry(now)));
        for (trouble, entry) in entries {
            if let Entry::Closed(wait) = entry {
                of.circuit(trouble).keep_back();
                return Err(Paused { trouble, wait });
            }
        }
        let probes = entries.map(|(trouble, entry)| {
            let is_probe = entry == Entry::Probe;
            if is_probe {
                of.circuit(trouble).begin_probe();
            }
            is_probe
        });
        let call = of.next;
        of.next += 1;
        Ok(self.pass(host, call, probes))
    }

    fn pass(&self, host: &str, call: u64, probes: [bool; 2]) -> Pass<'_> {
        Pass {
            breakers: self,
            host: host.to_owned(),
            call,
            probes,
        }
    }

    /// The bot protection of a host refused in the middle of an answer.
    pub(super) fn refused(&self, host: &str, config: &Config) {
        self.note(host, None, Verdict::Walled("clearance"), config);
    }

    fn note(&self, host: &str, call: Option<u64>, verdict: Verdict, config: &Config) {
        let (trouble, reason) = match verdict {
            Verdict::Passed | Verdict::Unknown => return,
            Verdict::Walled(reason) => (Trouble::BotProtection, reason),
            Verdict::Failed(reason) => (Trouble::Failing, reason),
        };
        let now = Instant::now();
        let mut hosts = self.hosts.lock();
        let of = hosts.entry(host.to_owned()).or_default();
        let next = of.next;
        if trouble == Trouble::BotProtection
            && let Some(call) = call
        {
            // Something at the host's door answers.
            of.failing.pass(call);
        }
        let circuit = of.circuit(trouble);
        // Each refusal has shown an account; failures that began together count once.
        let is_news = trouble == Trouble::BotProtection || call.is_none_or(|n| circuit.counts(n));
        if !is_news {
            return;
        }
        let rule = trouble.rule(config);
        let pause = circuit.fail(reason, rule, (now, next), (self.chance)());
        if let Some(pause) = pause {
            tracing::warn!(
                host,
                reason,
                pause_secs = pause.as_secs(),
                "requests to {host} pause: {}",
                trouble.in_words()
            );
        }
    }

    fn passed(&self, host: &str, call: u64) {
        let mut hosts = self.hosts.lock();
        let Some(of) = hosts.get_mut(host) else {
            return;
        };
        for trouble in Trouble::ALL {
            if of.circuit(trouble).pass(call) {
                tracing::info!(host, ?trouble, "requests to {host} go out again");
            }
        }
    }

    /// Forgets everything: the operator may have changed what is judged.
    pub(super) fn reset(&self) {
        self.hosts.lock().clear();
    }
}

impl Pass<'_> {
    /// The host has answered, though the call may go on for minutes.
    pub(super) fn passed(&self) {
        self.breakers.passed(&self.host, self.call);
    }

    /// The call has ended.
    pub(super) fn end(self, verdict: Verdict, config: &Config) {
        if verdict == Verdict::Passed {
            self.passed();
        } else {
            let breakers = self.breakers;
            breakers.note(&self.host, Some(self.call), verdict, config);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probes == [false; 2] {
            return;
        }
        if let Some(of) = self.breakers.hosts.lock().get_mut(&self.host) {
            for (trouble, is_probe) in Trouble::ALL.into_iter().zip(self.probes) {
                if is_probe {
                    of.circuit(trouble).end_probe();
                }
            }
        }
    }
}

impl Paused {
    /// The word for the record of a request that was not sent.
    pub(super) fn label(self) -> &'static str {
        match self.trouble {
            Trouble::BotProtection => "clearance_pause",
            Trouble::Failing => "upstream_pause",
        }
    }

    pub(super) fn into_error(self) -> GatewayError {
        let error = match self.trouble {
            Trouble::BotProtection => GatewayError::clearance(),
            Trouble::Failing => GatewayError::upstream_pauses(),
        };
        error.retry_after(self.wait)
    }
}

#[cfg(test)]
mod tests;
