//! One circuit: closed, open for a while, then one try whose end tells for all. Pure: time and
//! chance are passed in.

use std::time::Duration;

use tokio::time::Instant;

/// What others are told while one tries.
const PROBE_WAIT: Duration = Duration::from_secs(2);
/// The shortest that chance makes of a pause, so that instances do not come back together.
const SHORTEST_SHARE: f64 = 0.75;

/// When a circuit opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rule {
    /// Failures in a row.
    pub(super) failures: u32,
    pub(super) first: Duration,
    /// Pauses double up to it.
    pub(super) longest: Duration,
}

#[derive(Debug, Default)]
pub(super) struct Circuit {
    /// In a row.
    failures: u32,
    reason: &'static str,
    open: Option<Open>,
    /// Calls before this one say nothing new.
    newest: u64,
    kept_back: u64,
}

#[derive(Debug)]
struct Open {
    since: Instant,
    until: Instant,
    length: Duration,
    is_probing: bool,
}

/// What a circuit lets a call do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Free,
    /// It tries for all.
    Probe,
    /// Not for so long.
    Closed(Duration),
}

/// A circuit as others may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) failures: u32,
    pub(super) reason: &'static str,
    pub(super) kept_back: u64,
    /// Since when, until when, and whether one tries.
    pub(super) open: Option<(Instant, Instant, bool)>,
}

impl Circuit {
    pub(super) fn entry(&self, now: Instant) -> Entry {
        match &self.open {
            None => Entry::Free,
            Some(open) if open.until > now => Entry::Closed(open.until - now),
            Some(open) if open.is_probing => Entry::Closed(PROBE_WAIT),
            Some(_) => Entry::Probe,
        }
    }

    pub(super) fn keep_back(&mut self) {
        self.kept_back = self.kept_back.saturating_add(1);
    }

    /// Call after [`Entry::Probe`].
    pub(super) fn begin_probe(&mut self) {
        self.set_probing(true);
    }

    /// The probe has ended, with whatever it told.
    pub(super) fn end_probe(&mut self) {
        self.set_probing(false);
    }

    fn set_probing(&mut self, is_probing: bool) {
        if let Some(open) = &mut self.open {
            open.is_probing = is_probing;
        }
    }

    /// Calls numbered below `next` count together with the failure that was just noted: a connection
    /// that breaks takes many calls with it.
    pub(super) fn counts(&self, call: u64) -> bool {
        call >= self.newest
    }

    /// A call failed; the pause that begins with it, if one does. `share` is a random number from 0
    /// to 1, `next` the number of the next call.
    pub(super) fn fail(
        &mut self,
        reason: &'static str,
        rule: Rule,
        (now, next): (Instant, u64),
        share: f64,
    ) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        self.reason = reason;
        self.newest = next;
        if self.failures < rule.failures {
            return None;
        }
        let longest = rule.longest.max(rule.first);
        let (since, length) = match &self.open {
            // Calls that were under way when the pause began say nothing new.
            Some(open) if open.until > now => return None,
            Some(open) => (open.since, (open.length * 2).min(longest)),
            None => (now, rule.first),
        };
        let pause = length.mul_f64(SHORTEST_SHARE + (1.0 - SHORTEST_SHARE) * share);
        self.open = Some(Open {
            since,
            until: now + pause,
            length,
            is_probing: false,
        });
        Some(pause)
    }

    /// A call went well; whether that ends a pause. One from before the pause tells nothing about it.
    pub(super) fn pass(&mut self, call: u64) -> bool {
        if self.open.is_some() && !self.counts(call) {
            return false;
        }
        self.failures = 0;
        self.open.take().is_some()
    }

    pub(super) fn seen(&self) -> Seen {
        let open = self.open.as_ref();
        Seen {
            failures: self.failures,
            reason: self.reason,
            kept_back: self.kept_back,
            open: open.map(|open| (open.since, open.until, open.is_probing)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        failures: 2,
        first: Duration::from_secs(10),
        longest: Duration::from_secs(30),
    };

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_chance_only_shortens_them() {
        let start = Instant::now();
        let mut circuit = Circuit::default();
        assert_eq!(circuit.fail("x", RULE, (start, 1), 1.0), None);
        let mut now = start;
        for length in [10, 20, 30, 30] {
            assert_eq!(circuit.fail("x", RULE, (now, 2), 1.0), Some(secs(length)));
            now += secs(length);
        }
        assert_eq!(
            circuit.fail("x", RULE, (now, 2), 0.0),
            Some(Duration::from_millis(22_500))
        );
        let open = circuit.seen().open.map(|(since, ..)| since);
        assert_eq!(open, Some(start), "open since the first pause");
    }

    #[test]
    fn a_longest_pause_below_the_first_one_is_the_first_one() {
        let rule = Rule {
            longest: secs(1),
            failures: 1,
            ..RULE
        };
        let now = Instant::now();
        let mut circuit = Circuit::default();
        assert_eq!(circuit.fail("x", rule, (now, 1), 1.0), Some(secs(10)));
        let later = now + secs(10);
        assert_eq!(circuit.fail("x", rule, (later, 2), 1.0), Some(secs(10)));
    }

    #[test]
    fn one_tries_when_the_pause_is_over() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        for call in 1..=2 {
            circuit.fail("x", RULE, (now, call), 1.0);
        }
        assert_eq!(circuit.entry(now + secs(4)), Entry::Closed(secs(6)));
        let later = now + secs(10);
        assert_eq!(circuit.entry(later), Entry::Probe);
        circuit.begin_probe();
        assert_eq!(circuit.entry(later), Entry::Closed(PROBE_WAIT));
        circuit.end_probe();
        assert_eq!(circuit.entry(later), Entry::Probe);
        assert!(circuit.pass(2));
        assert_eq!(circuit.entry(later), Entry::Free);
    }

    #[test]
    fn an_answer_to_a_call_from_before_the_pause_does_not_end_it() {
        let now = Instant::now();
        let mut circuit = Circuit::default();
        for _ in 0..2 {
            circuit.fail("x", RULE, (now, 7), 1.0);
        }
        assert!(!circuit.pass(6));
        assert_ne!(circuit.entry(now), Entry::Free);
        assert!(circuit.pass(7));
    }
}
