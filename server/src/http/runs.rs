//! Runs that the predecessor's pages have started: those not yet watched, and those under way. What
//! these pages are told is here as far as all of them are told it.

use std::{collections::HashMap, time::Duration};

use axum::{
    Json,
    extract::{FromRequest, Request},
    response::{IntoResponse, Response},
};
use openai::Invalid;
use parking_lot::{Mutex, MutexGuard};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{AppState, body::WholeBody, error::ApiError};
use crate::limits::{Limit, Share};

/// How long a run waits to be watched, and how long one that many may watch goes on.
const LIFETIME: Duration = Duration::from_secs(600);

/// A started run, which makes a `W`.
#[derive(Clone, Debug)]
pub struct Run<W> {
    pub id: String,
    pub wish: W,
    /// Cancelled when it is stopped.
    pub stop: CancellationToken,
    pub ends_at: Instant,
}

/// Too many runs wait to be watched, or their wishes are too large together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyRuns;

/// The runs of all visitors. An id is a secret: who has it may watch and stop the run.
#[derive(Debug)]
pub struct Runs<W> {
    known: Mutex<HashMap<String, Known<W>>>,
    waiting: Limit,
    waiting_bytes: Limit,
    max_waiting: u64,
    max_bytes: u64,
}

#[derive(Debug)]
struct Known<W> {
    /// `None`: it is claimed, and goes when it is stopped.
    waiting: Option<Waiting<W>>,
    stop: CancellationToken,
    ends_at: Instant,
}

#[derive(Debug)]
struct Waiting<W> {
    wish: W,
    _shares: [Share; 2],
}

impl<W> Runs<W> {
    /// At most so many wait to be watched, with wishes of so many bytes together.
    #[must_use]
    pub fn new(max_waiting: u64, max_bytes: u64) -> Self {
        Self {
            known: Mutex::default(),
            waiting: Limit::default(),
            waiting_bytes: Limit::default(),
            max_waiting,
            max_bytes,
        }
    }

    /// Notes a run whose wish takes so many bytes; its id.
    ///
    /// # Errors
    /// Too many are waiting, or too large ones.
    pub fn start(&self, wish: W, bytes: usize) -> Result<String, TooManyRuns> {
        let mut known = self.current();
        let place = self.waiting.take(1, self.max_waiting);
        let place = place.ok_or(TooManyRuns)?;
        let room = self.waiting_bytes.take(bytes as u64, self.max_bytes);
        let room = room.ok_or(TooManyRuns)?;
        let id = Uuid::new_v4().simple().to_string();
        let run = Known {
            waiting: Some(Waiting {
                wish,
                _shares: [place, room],
            }),
            stop: CancellationToken::new(),
            ends_at: Instant::now() + LIFETIME,
        };
        known.insert(id.clone(), run);
        Ok(id)
    }

    /// The run of that id, for the first who asks so. It is known until it is stopped, by whoever has
    /// claimed it in the end.
    #[must_use]
    pub fn claim(&self, id: &str) -> Option<Run<W>> {
        let mut known = self.current();
        let run = known.get_mut(id)?;
        Some(Run {
            id: id.to_owned(),
            wish: run.waiting.take()?.wish,
            stop: run.stop.clone(),
            ends_at: run.ends_at,
        })
    }

    /// Stops these; how many were known.
    pub fn stop<'i>(&self, ids: impl Iterator<Item = &'i str>) -> usize {
        let mut known = self.current();
        ids.filter_map(|id| known.remove(id))
            .map(|run| run.stop.cancel())
            .count()
    }

    /// What is known now. A run that nobody has claimed in its time ends.
    fn current(&self) -> MutexGuard<'_, HashMap<String, Known<W>>> {
        let (mut known, now) = (self.known.lock(), Instant::now());
        known.retain(|_, run| {
            let goes_on = run.waiting.is_none() || run.ends_at > now;
            if !goes_on {
                run.stop.cancel();
            }
            goes_on
        });
        known
    }
}

impl<W: Clone> Runs<W> {
    /// A run that many may watch.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<Run<W>> {
        let known = self.current();
        let run = known.get(id)?;
        Some(Run {
            id: id.to_owned(),
            wish: run.waiting.as_ref()?.wish.clone(),
            stop: run.stop.clone(),
            ends_at: run.ends_at,
        })
    }
}

impl From<TooManyRuns> for ApiError {
    fn from(TooManyRuns: TooManyRuns) -> Self {
        Self::Busy("Too many runs have been started. Stop one, or try again in a moment.")
    }
}

/// The answer to the start of a run.
pub(super) fn started(id: &str, aspect_ratio: &str) -> Response {
    Json(json!({"task_id": id, "aspect_ratio": aspect_ratio})).into_response()
}

/// Stops the runs that a request names.
pub(super) async fn stop<W>(
    state: &AppState,
    runs: &Runs<W>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    #[derive(Deserialize)]
    struct Named {
        task_ids: Vec<String>,
    }
    let named: Named = json_body(state, request).await?;
    let removed = runs.stop(named.task_ids.iter().map(String::as_str));
    Ok(Json(json!({"status": "success", "removed": removed})))
}

/// There is no run of that id, or it is somebody else's.
pub(super) fn unknown() -> ApiError {
    let message = "There is no such run any more. Start a new one.";
    Invalid::new("invalid_task", "task_id", message).into()
}

/// The JSON body of a page of the predecessor.
pub(super) async fn json_body<T: for<'de> Deserialize<'de> + Send + 'static>(
    state: &AppState,
    request: Request,
) -> Result<T, ApiError> {
    let body = WholeBody::from_request(request, state).await?;
    let read = |bytes: &[u8]| {
        serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("The body is not the JSON that is expected: {error}.");
            Invalid::new("invalid_payload", "body", message)
        })
    };
    Ok(body.parse(read).await?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOX: &str = "a red fox";

    #[tokio::test]
    async fn a_stopped_run_is_gone_and_makes_room() {
        let runs = Runs::new(2, 100);
        let first = runs.start(FOX, 0).unwrap();
        runs.start(FOX, 0).unwrap();
        assert_eq!(runs.start(FOX, 0).unwrap_err(), TooManyRuns);
        let stop = runs.find(&first).unwrap().stop;
        assert_eq!(runs.stop([first.as_str(), "unknown"].into_iter()), 1);
        assert!(stop.is_cancelled() && runs.find(&first).is_none());
        assert!(runs.start(FOX, 0).is_ok());
    }

    #[tokio::test]
    async fn waiting_wishes_have_no_more_bytes_together_than_they_may() {
        let runs = Runs::new(10, 100);
        let first = runs.start(FOX, 60).unwrap();
        assert_eq!(runs.start(FOX, 41).unwrap_err(), TooManyRuns);
        assert!(runs.claim(&first).is_some(), "it does not wait any more");
        runs.start(FOX, 100).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_ends_that_nobody_claims_in_time_and_no_other() {
        let runs = Runs::new(10, 100);
        let (claimed, lost) = (runs.start(FOX, 0).unwrap(), runs.start(FOX, 0).unwrap());
        let claimed = runs.claim(&claimed).unwrap();
        let lost = runs.find(&lost).unwrap();
        tokio::time::advance(LIFETIME).await;
        assert!(runs.find(&lost.id).is_none() && lost.stop.is_cancelled());
        assert!(!claimed.stop.is_cancelled());
        assert_eq!(runs.stop([claimed.id.as_str()].into_iter()), 1);
        assert!(claimed.stop.is_cancelled());
    }

    #[tokio::test]
    async fn a_run_is_claimed_once() {
        let runs = Runs::new(10, 100);
        let id = runs.start(FOX, 0).unwrap();
        assert!(runs.claim(&id).is_some());
        assert!(runs.claim(&id).is_none());
        assert!(runs.claim("unknown").is_none());
    }
}
