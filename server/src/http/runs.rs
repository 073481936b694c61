//! Runs that the predecessor's pages have started: those not yet watched, and those under way.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long a run waits to be watched, and how long it may be watched.
const LIFETIME: Duration = Duration::from_secs(600);
/// Runs that are known at a time.
const MAX_RUNS: usize = 1_000;

/// A started run, which makes a `W`.
#[derive(Clone, Debug)]
pub struct Run<W> {
    pub id: String,
    pub wish: W,
    /// Cancelled when it is stopped.
    pub stop: CancellationToken,
    pub ends_at: Instant,
    is_claimed: bool,
}

/// Too many runs are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRuns;

/// The runs of all visitors. An id is a secret: who has it may watch and stop the run.
#[derive(Debug)]
pub struct Runs<W>(Mutex<HashMap<String, Run<W>>>);

impl<W> Default for Runs<W> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<W: Clone> Runs<W> {
    /// Notes a run.
    ///
    /// # Errors
    /// Too many are known, none of which is over.
    pub fn start(&self, wish: W) -> Result<Run<W>, TooManyRuns> {
        let now = Instant::now();
        let mut runs = self.0.lock();
        runs.retain(|_, run| run.ends_at > now && !run.stop.is_cancelled());
        if runs.len() >= MAX_RUNS {
            return Err(TooManyRuns);
        }
        let run = Run {
            id: Uuid::new_v4().simple().to_string(),
            wish,
            stop: CancellationToken::new(),
            ends_at: now + LIFETIME,
            is_claimed: false,
        };
        runs.insert(run.id.clone(), run.clone());
        Ok(run)
    }

    #[must_use]
    pub fn find(&self, id: &str) -> Option<Run<W>> {
        let runs = self.0.lock();
        runs.get(id)
            .filter(|run| run.ends_at > Instant::now())
            .cloned()
    }

    /// The run of that id, for the first who asks so.
    #[must_use]
    pub fn claim(&self, id: &str) -> Option<Run<W>> {
        let mut runs = self.0.lock();
        let run = runs.get_mut(id)?;
        let is_free = !run.is_claimed && run.ends_at > Instant::now();
        run.is_claimed = true;
        is_free.then(|| run.clone())
    }

    /// Stops these; how many were known.
    pub fn stop<'i>(&self, ids: impl Iterator<Item = &'i str>) -> usize {
        let mut runs = self.0.lock();
        ids.filter_map(|id| runs.remove(id))
            .map(|run| run.stop.cancel())
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_run_is_gone_and_makes_room() {
        let runs = Runs::default();
        let first = runs.start("a red fox").unwrap();
        for _ in 1..MAX_RUNS {
            runs.start("a red fox").unwrap();
        }
        assert_eq!(runs.start("a red fox").unwrap_err(), TooManyRuns);
        assert_eq!(runs.stop([first.id.as_str(), "unknown"].into_iter()), 1);
        assert!(first.stop.is_cancelled() && runs.find(&first.id).is_none());
        assert!(runs.start("a red fox").is_ok());
    }

    #[test]
    fn a_run_is_claimed_once() {
        let runs = Runs::default();
        let id = runs.start("a red fox").unwrap().id;
        assert!(runs.claim(&id).is_some());
        assert!(runs.claim(&id).is_none() && runs.find(&id).is_some());
        assert!(runs.claim("unknown").is_none());
    }
}
