//! One proxy of many, and how it has lately done.

use std::fmt;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use url::Url;

/// Connections that failed in a row before a proxy is set aside.
const MAX_FAILURES: u32 = 2;
/// For how long it is set aside first; twice as long each time that it fails again.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);

/// A proxy that may be set aside.
pub(crate) struct Proxy {
    url: Url,
    /// Scheme, host and port.
    shown: String,
    seed: u64,
    health: Mutex<Health>,
}

#[derive(Default)]
struct Health {
    /// Connections that could not be made, in a row.
    failures: u32,
    /// Refusals by the upstream's bot protection, in a row.
    refusals: u32,
    aside: Option<Aside>,
}

#[derive(Clone, Copy)]
struct Aside {
    until: Instant,
    length: Duration,
    reason: &'static str,
}

/// A proxy as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyReport {
    /// Scheme, host and port; no user name and no password.
    pub address: String,
    /// From the list, rather than an account's own.
    pub is_listed: bool,
    /// How long it stays set aside; `None`: it is used.
    pub aside_for: Option<Duration>,
    /// Why it is, or was last, set aside: `unreachable`, `refused` or empty.
    pub reason: &'static str,
    /// Connections that could not be made, in a row.
    pub failures: u32,
    /// Refusals by the upstream's bot protection, in a row.
    pub refusals: u32,
    /// Accounts whose calls go by it.
    pub accounts: usize,
}

impl Proxy {
    /// `url` is normalised.
    pub(super) fn new(url: Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        Self {
            shown: format!("{}://{host}{port}", url.scheme()),
            seed: fnv(url.as_str()),
            health: Mutex::default(),
            url,
        }
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// How well it suits a caller; the best of a list stays the best while it is there, whatever
    /// comes and goes beside it (rendezvous hashing).
    pub(super) fn score(&self, caller: u64) -> u64 {
        mix(self.seed ^ mix(caller))
    }

    /// When it may be used again, if not now.
    pub(super) fn aside_until(&self, now: Instant) -> Option<Instant> {
        let aside = self.health.lock().aside?;
        (aside.until > now).then_some(aside.until)
    }

    /// The upstream has answered.
    pub(crate) fn passed(&self) {
        let mut health = self.health.lock();
        if health.aside.is_some() {
            tracing::info!(proxy = self.shown, "proxy {} works again", self.shown);
        }
        *health = Health::default();
    }

    /// No connection could be made.
    pub(crate) fn failed(&self, now: Instant) {
        let mut health = self.health.lock();
        health.failures = health.failures.saturating_add(1);
        if health.failures >= MAX_FAILURES || health.aside.is_some() {
            self.set_aside(&mut health, "unreachable", now);
        }
    }

    /// The upstream's bot protection has refused it.
    pub(crate) fn refused(&self, max: u32, now: Instant) {
        let mut health = self.health.lock();
        // It was reached.
        health.failures = 0;
        health.refusals = health.refusals.saturating_add(1);
        if health.refusals >= max || health.aside.is_some() {
            self.set_aside(&mut health, "refused", now);
        }
    }

    fn set_aside(&self, health: &mut Health, reason: &'static str, now: Instant) {
        let length = match health.aside {
            // Calls that were under way say nothing new.
            Some(aside) if aside.until > now => return,
            Some(aside) => (aside.length * 2).min(LONGEST_PAUSE),
            None => FIRST_PAUSE,
        };
        health.aside = Some(Aside {
            until: now + length,
            length,
            reason,
        });
        tracing::warn!(
            proxy = self.shown,
            reason,
            pause_secs = length.as_secs(),
            "proxy {} is set aside: {reason}",
            self.shown
        );
    }

    pub(super) fn report(&self, is_listed: bool, accounts: usize, now: Instant) -> ProxyReport {
        let health = self.health.lock();
        let aside_for = health
            .aside
            .map(|aside| aside.until.saturating_duration_since(now));
        ProxyReport {
            address: self.shown.clone(),
            is_listed,
            aside_for: aside_for.filter(|left| !left.is_zero()),
            reason: health.aside.map_or("", |aside| aside.reason),
            failures: health.failures,
            refusals: health.refusals,
            accounts,
        }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

/// FNV-1a: the same in every process and version, so that all instances choose alike.
pub(super) fn fnv(text: &str) -> u64 {
    let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// The last step of splitmix64: spreads what differs in a few bits.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> Proxy {
        Proxy::new(Url::parse("socks5h://user:planted@proxy.test:1080").unwrap())
    }

    fn aside_secs(proxy: &Proxy, now: Instant) -> Option<u64> {
        let left = proxy.report(true, 0, now).aside_for;
        left.map(|left| left.as_secs())
    }

    #[test]
    fn a_proxy_that_fails_twice_is_set_aside_longer_each_time() {
        let (proxy, mut now) = (proxy(), Instant::now());
        proxy.failed(now);
        assert_eq!(aside_secs(&proxy, now), None);
        for pause in [30, 60, 120, 240, 480, 960, 1800, 1800] {
            proxy.failed(now);
            proxy.failed(now);
            assert_eq!(aside_secs(&proxy, now), Some(pause));
            now += Duration::from_secs(pause);
            assert_eq!(aside_secs(&proxy, now), None, "it is tried again");
        }
        proxy.passed();
        proxy.failed(now);
        assert_eq!(aside_secs(&proxy, now), None);
    }

    #[test]
    fn refusals_in_a_row_set_it_aside_and_an_answer_between_them_does_not() {
        let (proxy, now) = (proxy(), Instant::now());
        for _ in 0..9 {
            proxy.refused(2, now);
            proxy.passed();
        }
        assert_eq!(aside_secs(&proxy, now), None);
        proxy.refused(2, now);
        proxy.refused(2, now);
        let told = proxy.report(true, 7, now);
        assert_eq!(
            (told.reason, told.refusals, told.accounts),
            ("refused", 2, 7)
        );
        // Tried again, one refusal is enough.
        let later = now + FIRST_PAUSE;
        proxy.refused(2, later);
        assert_eq!(aside_secs(&proxy, later), Some(60));
    }

    #[test]
    fn nothing_shows_a_password() {
        let proxy = proxy();
        let told = format!("{proxy:?} {:?}", proxy.report(true, 0, Instant::now()));
        assert!(told.contains("socks5h://proxy.test:1080"), "{told}");
        assert!(
            !told.contains("planted") && !told.contains("user"),
            "{told}"
        );
    }
}
