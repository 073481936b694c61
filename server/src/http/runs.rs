//! Runs that the predecessor's pages have started: those not yet watched, and those under way. A run is
//! watched once, by whoever claims it. What these pages are told is here as far as all of them are told it.

use std::{collections::HashMap, net::IpAddr, time::Duration};

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
use crate::{
    gateway::Caller,
    limits::{Limit, Share, network},
};

/// How long a run waits to be watched: the pages do so at once.
const WATCH_WAIT: Duration = Duration::from_secs(60);
/// Runs of one browser that wait to be watched; the oldest makes room for another.
const MAX_OF_OWNER: usize = 10;
/// The same for an address, whose callers may all come without a cookie.
const MAX_OF_ADDRESS: usize = 50;

/// A started run, which makes a `W`.
#[derive(Clone, Debug)]
pub struct Run<W> {
    pub id: String,
    pub wish: W,
    /// Cancelled when it is stopped.
    pub stop: CancellationToken,
}

/// Who starts runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starter {
    owner: String,
    address: Option<IpAddr>,
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
}

#[derive(Debug)]
struct Waiting<W> {
    starter: Starter,
    since: Instant,
    wish: W,
    _shares: [Share; 2],
}

impl Starter {
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self {
            owner: caller.owner.clone(),
            address: caller.record.client().map(network),
        }
    }
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

    /// Notes a run whose wish takes so many bytes; its id. The oldest that the same browser or address
    /// has started and nobody watches make room for it.
    ///
    /// # Errors
    /// Too many are waiting, or too large ones.
    pub fn start(&self, starter: Starter, wish: W, bytes: usize) -> Result<String, TooManyRuns> {
        let mut known = self.current();
        make_room(&mut known, MAX_OF_OWNER, |one| one.owner == starter.owner);
        if starter.address.is_some() {
            make_room(&mut known, MAX_OF_ADDRESS, |one| {
                one.address == starter.address
            });
        }
        let place = self.waiting.take(1, self.max_waiting);
        let place = place.ok_or(TooManyRuns)?;
        let room = self.waiting_bytes.take(bytes as u64, self.max_bytes);
        let room = room.ok_or(TooManyRuns)?;
        let id = Uuid::new_v4().simple().to_string();
        let run = Known {
            waiting: Some(Waiting {
                starter,
                since: Instant::now(),
                wish,
                _shares: [place, room],
            }),
            stop: CancellationToken::new(),
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
            let waiting = run.waiting.as_ref();
            let goes_on = waiting.is_none_or(|waiting| now < waiting.since + WATCH_WAIT);
            if !goes_on {
                run.stop.cancel();
            }
            goes_on
        });
        known
    }
}

/// Stops the oldest of the runs that wait and have such a starter, until fewer than `max` are left.
fn make_room<W>(
    known: &mut HashMap<String, Known<W>>,
    max: usize,
    is_one: impl Fn(&Starter) -> bool,
) {
    let waiting = known.iter().filter_map(|(id, run)| {
        let waiting = run.waiting.as_ref()?;
        is_one(&waiting.starter).then_some((waiting.since, id))
    });
    let mut waiting: Vec<_> = waiting.collect();
    waiting.sort_unstable();
    let excess = (waiting.len() + 1).saturating_sub(max);
    let oldest: Vec<_> = waiting[..excess]
        .iter()
        .map(|(_, id)| (*id).clone())
        .collect();
    for id in oldest {
        if let Some(run) = known.remove(&id) {
            run.stop.cancel();
        }
    }
}

impl From<TooManyRuns> for ApiError {
    fn from(TooManyRuns: TooManyRuns) -> Self {
        Self::Busy("Too many runs wait to be watched.")
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

    fn by(owner: &str) -> Starter {
        Starter {
            owner: owner.to_owned(),
            address: None,
        }
    }

    fn from(address: &str, n: usize) -> Starter {
        Starter {
            owner: format!("visitor:{n}"),
            address: Some(address.parse().unwrap()),
        }
    }

    fn is_known(runs: &Runs<&str>, id: &str) -> bool {
        runs.current().contains_key(id)
    }

    #[tokio::test]
    async fn a_stopped_run_is_gone_and_makes_room() {
        let runs = Runs::new(2, 100);
        let first = runs.start(by("a"), FOX, 0).unwrap();
        let second = runs.start(by("a"), FOX, 0).unwrap();
        assert_eq!(runs.start(by("a"), FOX, 0).unwrap_err(), TooManyRuns);
        assert_eq!(runs.stop([first.as_str(), "unknown"].into_iter()), 1);
        assert!(runs.claim(&first).is_none());
        assert!(runs.start(by("a"), FOX, 0).is_ok());
        let stop = runs.claim(&second).unwrap().stop;
        assert_eq!(runs.stop([second.as_str()].into_iter()), 1);
        assert!(stop.is_cancelled());
    }

    #[tokio::test]
    async fn waiting_wishes_have_no_more_bytes_together_than_they_may() {
        let runs = Runs::new(10, 100);
        let first = runs.start(by("a"), FOX, 60).unwrap();
        assert_eq!(runs.start(by("a"), FOX, 41).unwrap_err(), TooManyRuns);
        assert!(runs.claim(&first).is_some(), "it does not wait any more");
        runs.start(by("a"), FOX, 100).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_ends_that_nobody_claims_in_time_and_no_other() {
        let runs = Runs::new(10, 100);
        let [claimed, lost] = ["a", "b"].map(|owner| runs.start(by(owner), FOX, 0).unwrap());
        let claimed = runs.claim(&claimed).unwrap();
        tokio::time::advance(WATCH_WAIT).await;
        assert!(runs.claim(&lost).is_none());
        assert!(!claimed.stop.is_cancelled());
        assert_eq!(runs.stop([claimed.id.as_str()].into_iter()), 1);
        assert!(claimed.stop.is_cancelled());
    }

    #[tokio::test]
    async fn a_run_is_claimed_once() {
        let runs = Runs::new(10, 100);
        let id = runs.start(by("a"), FOX, 0).unwrap();
        assert!(runs.claim(&id).is_some());
        assert!(runs.claim(&id).is_none());
        assert!(runs.claim("unknown").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_unwatched_runs_of_a_browser_make_room_and_nobody_elses() {
        let runs = Runs::new(100, 100);
        let other = runs.start(by("b"), FOX, 0).unwrap();
        let watched = runs.start(by("a"), FOX, 0).unwrap();
        let watched = runs.claim(&watched).unwrap();
        let mut ids = Vec::new();
        for _ in 0..MAX_OF_OWNER + 2 {
            tokio::time::advance(Duration::from_millis(1)).await;
            ids.push(runs.start(by("a"), FOX, 0).unwrap());
        }
        let known: Vec<_> = ids.iter().map(|id| is_known(&runs, id)).collect();
        assert!(!known[0] && !known[1] && known[2..].iter().all(|known| *known));
        assert!(!watched.stop.is_cancelled() && is_known(&runs, &other));
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_few_unwatched_runs_however_many_browsers_it_has() {
        let runs = Runs::new(100, 100);
        let first = runs.start(from("192.0.2.1", 0), FOX, 0).unwrap();
        let other = runs.start(from("192.0.2.2", 0), FOX, 0).unwrap();
        for n in 1..=MAX_OF_ADDRESS {
            tokio::time::advance(Duration::from_millis(1)).await;
            runs.start(from("192.0.2.1", n), FOX, 0).unwrap();
        }
        assert!(!is_known(&runs, &first) && is_known(&runs, &other));
        assert_eq!(runs.current().len(), MAX_OF_ADDRESS + 1);
    }
}
