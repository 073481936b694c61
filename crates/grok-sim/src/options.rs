//! How a simulator listens, how fast it talks and what it keeps.

use std::{
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
    time::Duration,
};

/// Settings of one simulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on; port 0 picks a free one. Default `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// Speed of streamed answers. Default [`Pace::Human`].
    pub pace: Pace,
    /// Number of answer tokens of every unscripted chat answer; such answers are serialised once and
    /// only their ids differ. `None` composes an answer from the prompt. Default `None`.
    pub events: Option<usize>,
    /// How many lines of a [`Pace::Full`] stream leave in one socket write. The real upstream
    /// flushes each line, so the default is 1; 0 counts as 1.
    pub events_per_write: usize,
    /// Which year's upstream is played. Default [`Generation::August`].
    pub generation: Generation,
    /// Whether accounts run out of quota. Default [`Quota::Enforced`].
    pub quota: Quota,
    /// How many of the newest requests are kept for [`crate::Simulator::requests`]; 0 records
    /// nothing, which also switches off the helpers that wait for a request. Default 4096.
    pub keep_requests: usize,
    /// Panic on drop when scripted replies were left unused. Default `true`; a simulator that serves
    /// people must not ([`Options::serving`]).
    pub strict: bool,
    /// Whether the control endpoints `/__sim/*` exist. Default `true`.
    pub control: bool,
    /// How long [`crate::Simulator::stop`] waits for open streams before it cuts them. Default 1 s.
    pub stop_deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            pace: Pace::Human,
            events: None,
            events_per_write: 1,
            generation: Generation::August,
            quota: Quota::Enforced,
            keep_requests: 4096,
            strict: true,
            control: true,
            stop_deadline: Duration::from_secs(1),
        }
    }
}

impl Options {
    /// For tests: a free port, no pauses, unused scripts fail the test.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            pace: Pace::Full,
            ..Self::default()
        }
    }

    /// For people: human pace, few requests kept, never panics.
    #[must_use]
    pub fn serving(listen: SocketAddr) -> Self {
        Self {
            listen,
            keep_requests: 256,
            strict: false,
            ..Self::default()
        }
    }

    /// For benchmarks: answers of `events` tokens at full speed, no quota, nothing recorded.
    #[must_use]
    pub fn for_benchmarks(listen: SocketAddr, events: usize) -> Self {
        Self {
            pace: Pace::Full,
            events: Some(events),
            quota: Quota::Unlimited,
            keep_requests: 0,
            ..Self::serving(listen)
        }
    }
}

/// Speed of a streamed answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// First token after about 300 ms, then one every 15 to 40 ms; the same prompt always gets the
    /// same gaps.
    Human,
    /// No pause at all.
    Full,
    /// The same pause before every token.
    Interval(Duration),
}

/// A pace that [`Pace::from_str`] does not know.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a pace: use human, full or a number of milliseconds such as 20ms")]
pub struct UnknownPace(String);

impl FromStr for Pace {
    type Err = UnknownPace;

    /// Reads `human`, `full` or an interval such as `20ms`.
    fn from_str(text: &str) -> Result<Self, UnknownPace> {
        match text {
            "human" => Ok(Self::Human),
            "full" => Ok(Self::Full),
            other => other
                .strip_suffix("ms")
                .and_then(|number| number.parse().ok())
                .map(|ms| Self::Interval(Duration::from_millis(ms)))
                .ok_or_else(|| UnknownPace(other.to_owned())),
        }
    }
}

/// Forms of the protocol that changed in 2026.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// Pictures come without a percentage or a status, as many as the upstream likes.
    February,
    /// As many pictures as asked for, each with percentage and status.
    August,
}

/// Whether chats consume quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// 80 queries a window, 140 for accounts with `super` in their name.
    Enforced,
    /// Never runs out; for benchmarks.
    Unlimited,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pace_is_read_from_text() {
        assert_eq!("human".parse(), Ok(Pace::Human));
        assert_eq!("full".parse(), Ok(Pace::Full));
        assert_eq!(
            "20ms".parse(),
            Ok(Pace::Interval(Duration::from_millis(20)))
        );
        assert_eq!("fast".parse::<Pace>(), Err(UnknownPace("fast".to_owned())));
    }
}
