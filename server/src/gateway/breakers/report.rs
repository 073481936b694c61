//! What breakers tell: which are open since when, until when and why.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::{Breakers, Host, Trouble};
use crate::clock::now_ms;

/// One circuit that has something to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakerReport {
    pub host: String,
    pub trouble: Trouble,
    /// `closed` (failures so far, but calls go out), `open` or `probing` (one call tries).
    pub state: &'static str,
    /// Unix milliseconds; of an open one.
    pub since_ms: Option<i64>,
    /// Unix milliseconds; when the next call may try.
    pub until_ms: Option<i64>,
    /// In a row.
    pub failures: u32,
    /// How the last of them failed, from a closed set.
    pub reason: &'static str,
    /// Calls that failed at once because of it, since the start.
    pub kept_back: u64,
}

impl Breakers {
    /// Every circuit that has failures to tell of, open or not.
    #[must_use]
    pub fn reports(&self) -> Vec<BreakerReport> {
        let (now, wall_ms) = (Instant::now(), now_ms());
        let at_ms = |at: Instant| {
            let (ahead, behind) = (at.saturating_duration_since(now), now.duration_since(at));
            wall_ms + millis(ahead) - millis(behind)
        };
        let mut hosts = self.hosts.lock();
        let mut reports = Vec::new();
        for (host, of) in hosts.iter_mut() {
            for trouble in Trouble::ALL {
                let seen = of.circuit(trouble).seen();
                if seen.failures == 0 && seen.kept_back == 0 {
                    continue;
                }
                reports.push(BreakerReport {
                    host: host.clone(),
                    trouble,
                    state: match seen.open {
                        None => "closed",
                        Some((.., true)) => "probing",
                        Some((.., false)) => "open",
                    },
                    since_ms: seen.open.map(|(since, ..)| at_ms(since)),
                    until_ms: seen.open.map(|(_, until, _)| at_ms(until)),
                    failures: seen.failures,
                    reason: seen.reason,
                    kept_back: seen.kept_back,
                });
            }
        }
        reports
    }

    /// Lines for the health report, one for each kind of trouble.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        let is_open = |of: &mut Host, trouble| of.circuit(trouble).seen().open.is_some();
        let mut hosts = self.hosts.lock();
        let open = Trouble::ALL
            .into_iter()
            .filter(|&trouble| hosts.values_mut().any(|of| is_open(of, trouble)));
        let text = |trouble| match trouble {
            Trouble::BotProtection => {
                "Grok's bot protection refuses this server, requests fail at once: see \
                 proxy.cf_clearance and proxy.user_agent"
            }
            Trouble::Failing => {
                "Grok fails or cannot be reached, requests fail at once: see the network and proxy"
            }
        };
        open.map(|trouble| text(trouble).to_owned()).collect()
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
