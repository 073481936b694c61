//! Slows down password guessing: after a few failures every further attempt waits longer.
//!
//! An attempt is counted before it is judged, so that guesses sent at the same time are counted too.
//! Each door (the operator's form, the visitors' form) counts by itself: for each guesser, and for
//! all strangers together. Memory is bounded by [`MAX_GUESSERS`].

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use grok2api_app::service::Door;
use parking_lot::Mutex;

use crate::limits::network;

/// Failures that cost nothing, for a person who mistypes.
const FREE_FAILURES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Failures this long ago are forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(12 * 3600);
/// Guessers that are counted at one door; then the quarter seen longest ago is forgotten. Strangers
/// cannot get there: all of them together have fewer attempts in [`FORGET_AFTER`].
const MAX_GUESSERS: usize = 8192;
/// Attempts that all strangers together have at once, and the time in which one comes back.
const STRANGERS_BURST: u32 = 60;
const STRANGERS_INTERVAL: Duration = Duration::from_secs(10);

/// Who guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Guesser {
    /// A browser in which the operator has signed in before. Strangers' failures do not touch it.
    Device([u8; 16]),
    /// Somebody at this address, or in this IPv6 network.
    Stranger(IpAddr),
}

impl Guesser {
    #[must_use]
    pub(super) fn stranger(address: IpAddr) -> Self {
        Self::Stranger(network(address))
    }
}

/// Attempts of this process.
///
/// # Locking
/// One lock for each door, held for a look into a map.
#[derive(Default)]
pub(super) struct Attempts {
    operator: Mutex<Counters>,
    visitors: Mutex<Counters>,
}

impl Attempts {
    /// Counts an attempt as failed, before it is judged.
    ///
    /// # Errors
    /// How long to wait; nothing was counted.
    pub(super) fn reserve(&self, door: Door, who: Guesser, now: Instant) -> Result<(), Duration> {
        self.at(door).lock().reserve(who, now)
    }

    /// The attempt was no guess after all.
    pub(super) fn take_back(&self, door: Door, who: Guesser) {
        self.at(door).lock().take_back(who);
    }

    /// Forgets the failures of somebody who has proved to be the operator.
    pub(super) fn forgive(&self, door: Door, who: Guesser) {
        self.take_back(door, who);
        for door in [Door::Operator, Door::Visitors] {
            self.at(door).lock().guessers.remove(&who);
        }
    }

    fn at(&self, door: Door) -> &Mutex<Counters> {
        match door {
            Door::Operator => &self.operator,
            Door::Visitors => &self.visitors,
        }
    }
}

#[derive(Default)]
struct Counters {
    guessers: HashMap<Guesser, Failures>,
    /// When strangers will have all their attempts again.
    strangers_full_at: Option<Instant>,
}

struct Failures {
    count: u32,
    blocked_until: Option<Instant>,
    seen: Instant,
}

impl Counters {
    fn reserve(&mut self, who: Guesser, now: Instant) -> Result<(), Duration> {
        let known = self.guessers.get(&who);
        let known = known.filter(|one| now.saturating_duration_since(one.seen) < FORGET_AFTER);
        let until = known.and_then(|one| one.blocked_until);
        let wait = until.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        if !wait.is_zero() {
            return Err(wait);
        }
        let count = known.map_or(0, |one| one.count).saturating_add(1);
        if let Guesser::Stranger(_) = who {
            self.reserve_of_all(now)?;
        }
        let failures = Failures {
            count,
            blocked_until: wait_after(count).map(|wait| now + wait),
            seen: now,
        };
        if self.guessers.len() >= MAX_GUESSERS {
            self.make_room(now);
        }
        self.guessers.insert(who, failures);
        Ok(())
    }

    fn reserve_of_all(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.strangers_full_at.map_or(now, |at| at.max(now)) + STRANGERS_INTERVAL;
        let wait = full_at.saturating_duration_since(now + STRANGERS_INTERVAL * STRANGERS_BURST);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.strangers_full_at = Some(full_at);
        Ok(())
    }

    fn take_back(&mut self, who: Guesser) {
        if let Some(failures) = self.guessers.get_mut(&who) {
            failures.count = failures.count.saturating_sub(1);
            // It was let in, so the wait before it was over.
            failures.blocked_until = None;
            if failures.count == 0 {
                self.guessers.remove(&who);
            }
        }
        if let Guesser::Stranger(_) = who {
            let full_at = self.strangers_full_at.take();
            self.strangers_full_at = full_at.and_then(|at| at.checked_sub(STRANGERS_INTERVAL));
        }
    }

    fn make_room(&mut self, now: Instant) {
        self.guessers
            .retain(|_, one| now.saturating_duration_since(one.seen) < FORGET_AFTER);
        if self.guessers.len() >= MAX_GUESSERS {
            let mut seen: Vec<Instant> = self.guessers.values().map(|one| one.seen).collect();
            let (_, oldest, _) = seen.select_nth_unstable(MAX_GUESSERS / 4);
            self.guessers.retain(|_, one| one.seen > *oldest);
        }
    }
}

/// How long the next attempt waits after so many failures.
fn wait_after(failures: u32) -> Option<Duration> {
    let extra = failures.checked_sub(FREE_FAILURES)?;
    Some(
        FIRST_WAIT
            .saturating_mul(1 << extra.min(16))
            .min(LONGEST_WAIT),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stranger(n: u8) -> Guesser {
        Guesser::stranger(IpAddr::from([192, 0, 2, n]))
    }

    /// Attempts until one has to wait, and how long.
    fn exhaust(attempts: &Attempts, who: Guesser, now: Instant) -> (usize, Duration) {
        let mut count = 0;
        loop {
            match attempts.reserve(Door::Operator, who, now) {
                Ok(()) => count += 1,
                Err(wait) => return (count, wait),
            }
        }
    }

    #[test]
    fn guessing_gets_slower_and_the_operator_is_forgiven() {
        let attempts = Attempts::default();
        let (who, mut now) = (stranger(1), Instant::now());
        assert_eq!(exhaust(&attempts, who, now), (5, Duration::from_secs(2)));
        for secs in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            now += Duration::from_secs(secs);
            let (count, wait) = exhaust(&attempts, who, now);
            assert_eq!(
                (count, wait),
                (1, LONGEST_WAIT.min(2 * Duration::from_secs(secs)))
            );
        }
        assert!(attempts.reserve(Door::Operator, stranger(2), now).is_ok());
        now += LONGEST_WAIT;
        assert!(attempts.reserve(Door::Operator, who, now).is_ok());
        attempts.forgive(Door::Operator, who);
        assert_eq!(exhaust(&attempts, who, now).0, 5);
        now += FORGET_AFTER;
        assert_eq!(exhaust(&attempts, who, now).0, 5, "long ago");
    }

    #[test]
    fn an_attempt_taken_back_is_not_counted_and_forgives_nothing() {
        let attempts = Attempts::default();
        let (who, now) = (stranger(1), Instant::now());
        for _ in 0..4 {
            attempts.reserve(Door::Visitors, who, now).unwrap();
        }
        for _ in 0..100 {
            attempts.reserve(Door::Visitors, who, now).unwrap();
            attempts.take_back(Door::Visitors, who);
        }
        attempts.reserve(Door::Visitors, who, now).unwrap();
        assert!(attempts.reserve(Door::Visitors, who, now).is_err());
        assert!(attempts.reserve(Door::Operator, who, now).is_ok(), "apart");
    }

    #[test]
    fn all_strangers_together_are_slow_and_a_known_device_is_not_one() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for n in 0..60 {
            assert!(attempts.reserve(Door::Operator, stranger(n), now).is_ok());
        }
        let wait = attempts.reserve(Door::Operator, stranger(99), now);
        assert_eq!(wait, Err(STRANGERS_INTERVAL));
        let device = Guesser::Device([1; 16]);
        assert_eq!(exhaust(&attempts, device, now).0, 5);
        let later = now + STRANGERS_INTERVAL;
        assert_eq!(exhaust(&attempts, stranger(99), later).0, 1);
    }

    #[test]
    fn the_number_of_guessers_in_memory_is_bounded() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for n in 0..2 * MAX_GUESSERS as u128 {
            let device = Guesser::Device(n.to_be_bytes());
            let now = now + Duration::from_millis(n as u64);
            attempts.reserve(Door::Operator, device, now).unwrap();
        }
        let kept = attempts.operator.lock().guessers.len();
        assert!((MAX_GUESSERS / 2..=MAX_GUESSERS).contains(&kept), "{kept}");
    }

    #[test]
    fn an_ipv6_network_is_one_guesser() {
        let at = |text: &str| Guesser::stranger(text.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
    }
}
