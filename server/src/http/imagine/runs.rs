//! Runs that were started and not yet watched, and those that are under way.

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

/// What a run makes.
#[derive(Clone, Debug)]
pub struct Wish {
    pub prompt: String,
    /// Such as `2:3`.
    pub aspect_ratio: &'static str,
    /// `None`: `image.nsfw`.
    pub nsfw: Option<bool>,
}

/// A started run.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: String,
    pub wish: Wish,
    /// Cancelled when it is stopped.
    pub stop: CancellationToken,
    pub ends_at: Instant,
}

/// Too many runs are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRuns;

/// The runs of all visitors. An id is a secret: who has it may watch and stop the run.
#[derive(Debug, Default)]
pub struct Runs(Mutex<HashMap<String, Run>>);

impl Runs {
    /// Notes a run.
    ///
    /// # Errors
    /// Too many are known, none of which is over.
    pub fn start(&self, wish: Wish) -> Result<Run, TooManyRuns> {
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
        };
        runs.insert(run.id.clone(), run.clone());
        Ok(run)
    }

    #[must_use]
    pub fn find(&self, id: &str) -> Option<Run> {
        let runs = self.0.lock();
        runs.get(id)
            .filter(|run| run.ends_at > Instant::now())
            .cloned()
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

    fn wish() -> Wish {
        Wish {
            prompt: "x".to_owned(),
            aspect_ratio: "2:3",
            nsfw: None,
        }
    }

    #[test]
    fn a_stopped_run_is_gone_and_makes_room() {
        let runs = Runs::default();
        let first = runs.start(wish()).unwrap();
        for _ in 1..MAX_RUNS {
            runs.start(wish()).unwrap();
        }
        assert_eq!(runs.start(wish()).unwrap_err(), TooManyRuns);
        assert_eq!(runs.stop([first.id.as_str(), "unknown"].into_iter()), 1);
        assert!(first.stop.is_cancelled() && runs.find(&first.id).is_none());
        assert!(runs.start(wish()).is_ok());
    }
}
