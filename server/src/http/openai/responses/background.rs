//! Responses that are made while nobody waits for them.
//!
//! One task of one server makes a response and says every few seconds that it is alive, in the head of
//! what is kept. If that was changed meanwhile, its caller has cancelled or deleted it, wherever they
//! asked. One whose server has died has failed as soon as somebody looks.

use std::{collections::HashMap, sync::Arc, time::Duration};

use openai::responses::{Failure, ResponseDocument, Status};
use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    create::{Asked, Keeper, collect, failure},
    kept::Kept,
};
use crate::{
    clock::now_ms,
    gateway::{Caller, Gateway, GatewayError, chat::Delivery},
    http::{AppState, error::ApiError, middleware::body::BodyMemory},
    limits::Share,
    record::Unserved,
    runtime::drain::Guard,
};

/// How often a task says that it is alive, and looks whether it is still wanted.
const ALIVE_EVERY: Duration = Duration::from_secs(2);

/// The responses that this process makes in the background. Cheap to clone.
#[derive(Clone, Default)]
pub struct Background(Arc<Inner>);

#[derive(Default)]
struct Inner {
    tasks: TaskTracker,
    stop: CancellationToken,
    running: Mutex<HashMap<String, CancellationToken>>,
}

impl Background {
    /// Ends one of them, if it is made here.
    pub(super) fn stop(&self, id: &str) {
        if let Some(token) = self.0.running.lock().get(id) {
            token.cancel();
        }
    }

    /// Ends all of them; they have failed as interrupted.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn enter(&self, id: &str, limit: u32) -> Result<CancellationToken, ApiError> {
        let mut running = self.0.running.lock();
        if running.len() >= limit as usize {
            return Err(
                GatewayError::at_capacity(limit as usize, "responses.max_background").into(),
            );
        }
        let token = self.0.stop.child_token();
        running.insert(id.to_owned(), token.clone());
        Ok(token)
    }
}

/// Begins to make a response; as it is at first.
///
/// # Errors
/// Too many are made, or the store does not take it.
pub(super) async fn begin(
    state: &AppState,
    asked: Asked,
    body: Option<BodyMemory>,
) -> Result<Vec<u8>, ApiError> {
    let Asked {
        caller,
        request,
        head,
        echo,
        keeper,
        said,
        ..
    } = asked;
    let Some(mut keeper) = keeper else {
        return Err(anyhow::anyhow!("a response in the background is not kept").into());
    };
    // Before anything is kept, so that a mistake is an answer.
    state.gateway.check_chat(&caller, &request)?;
    let background = state.background.clone();
    let limit = caller.snapshot.settings.config.responses.max_background;
    let stop = background.enter(&head.id, limit)?;
    let mut document = ResponseDocument::new(head, echo);
    let first = document.to_json();
    // Whoever asks later finds it under way.
    document.begin();
    keeper.kept.response = document.to_json();
    keeper.kept.head.alive_ms = Some(now_ms());
    let entry = Entry {
        background: background.clone(),
        id: keeper.kept.id.clone(),
        _in_flight: state.in_flight.enter(),
    };
    keeper.kept.add(&keeper.state.kept, &keeper.limits).await?;
    let caller = Caller {
        record: caller.record.further(1),
        ..caller
    };
    let making = Making {
        gateway: Arc::clone(&state.gateway),
        caller,
        document,
        keeper,
        stop,
        entry,
        _memory: (body, said),
    };
    background.0.tasks.spawn(making.run(request));
    Ok(first)
}

/// Its place among those that are made.
struct Entry {
    background: Background,
    id: String,
    /// A server that stops gives it the time of a request.
    _in_flight: Guard,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.background.0.running.lock().remove(&self.id);
    }
}

struct Making {
    gateway: Arc<Gateway>,
    caller: Caller,
    document: ResponseDocument,
    keeper: Keeper,
    stop: CancellationToken,
    /// Held until it has ended.
    entry: Entry,
    _memory: (Option<BodyMemory>, Vec<Arc<Share>>),
}

/// Why the making of a response ended.
enum End {
    Made(Vec<u8>),
    Failed(ApiError),
    /// The server stops.
    Stopped,
    /// It was cancelled or deleted.
    Unwanted,
}

impl Making {
    async fn run(mut self, request: chat::Request) {
        let end = self.make(request).await;
        let record = self.caller.record.clone();
        match end {
            End::Made(response) => {
                // Recorded when it was collected.
                self.keeper.kept.response = response;
                self.keeper.kept.head.alive_ms = None;
            }
            End::Failed(error) => {
                record.error(error.status().as_u16(), error.code());
                record.finish(error.status().as_u16(), true);
                self.keeper.kept.end(Status::Failed, Some(failure(&error)));
            }
            End::Stopped => {
                record.fail(Unserved::Failed("interrupted"));
                self.keeper.kept.end(Status::Failed, Some(interrupted()));
            }
            End::Unwanted => return record.fail(Unserved::Cancelled),
        }
        if self.keeper.is_too_large() {
            self.keeper.kept.end(Status::Failed, Some(too_large()));
        }
        let (store, keep_days) = (self.keeper.state.kept.clone(), self.keeper.limits.keep_days);
        match self.keeper.kept.replace(&store, keep_days).await {
            // Cancelled or deleted at the last moment: it is no part of anything.
            Ok(false) => {}
            Ok(true) if self.keeper.kept.has_failed() => {}
            Ok(true) => self.keeper.add_to_conversation().await,
            Err(error) => {
                tracing::warn!(id = self.keeper.kept.id, %error, "the end of a response is not kept");
            }
        }
    }

    async fn make(&mut self, request: chat::Request) -> End {
        let (gateway, caller) = (Arc::clone(&self.gateway), self.caller.clone());
        let mut document = self.document.clone();
        let asking = async move {
            let answer = gateway.chat(caller, request, Delivery::Whole).await?;
            collect(answer, &mut document, None).await
        };
        let mut asking = Box::pin(asking);
        let mut alive = tokio::time::interval(ALIVE_EVERY);
        loop {
            tokio::select! {
                made = &mut asking => return match made {
                    Ok(response) => End::Made(response),
                    Err(error) => End::Failed(error),
                },
                () = self.stop.cancelled() => return match self.stopped_by_server() {
                    true => End::Stopped,
                    false => End::Unwanted,
                },
                _ = alive.tick() => {
                    if !self.say_alive().await {
                        return End::Unwanted;
                    }
                }
            }
        }
    }

    fn stopped_by_server(&self) -> bool {
        self.entry.background.0.stop.is_cancelled()
    }

    /// False if nobody wants it any more.
    async fn say_alive(&mut self) -> bool {
        self.keeper.kept.head.alive_ms = Some(now_ms());
        let store = self.keeper.state.kept.clone();
        // A store that is away has not changed its mind.
        let kept = self.keeper.kept.replace_head(&store).await;
        kept.unwrap_or(true)
    }
}

fn too_large() -> Failure {
    Failure {
        code: "response_too_large".to_owned(),
        message: "Input and answer are larger together than `responses.max_stored_mb`.".to_owned(),
    }
}

fn interrupted() -> Failure {
    Failure {
        code: "interrupted".to_owned(),
        message: "The server was stopped while it made the response. Ask for it once more."
            .to_owned(),
    }
}

/// A response as it is, also when the server that made it has died.
///
/// # Errors
/// It is gone; the store does not answer.
pub(super) async fn settled(
    state: &AppState,
    caller: &Caller,
    mut kept: Kept,
) -> Result<Kept, ApiError> {
    if !kept.is_lost() {
        return Ok(kept);
    }
    let (store, id) = (&state.kept, kept.id.clone());
    kept.end(Status::Failed, Some(interrupted()));
    let keep_days = caller.snapshot.settings.config.responses.keep_days;
    match kept.replace(store, keep_days).await? {
        true => Ok(kept),
        false => Kept::find(store, caller, &id).await,
    }
}
