//! One run: batch after batch, until it is stopped, nobody watches, or waiting cannot help.

use std::{collections::HashMap, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::request::Parts;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::Wish;
use crate::{
    gateway::{
        Caller, ErrorKind,
        pictures::{Picture, PictureRequest, Pictures},
    },
    http::{AppState, caller::PublicCaller, endpoint::Endpoint, error::ApiError, runs::Run},
    record::RequestRecord,
    snapshot::Snapshot,
};

/// Pictures of one batch.
const BATCH: u32 = 6;
/// Pause when no account can serve.
const NO_ACCOUNT_PAUSE: Duration = Duration::from_secs(2);
/// Pause after another error that may pass.
const ERROR_PAUSE: Duration = Duration::from_millis(1500);

/// How long a run goes on.
const LIFETIME: Duration = Duration::from_secs(600);

/// A run that is being watched. Dropping it ends the upstream call and forgets the run.
pub(super) struct Watched {
    state: AppState,
    /// The request that watches: who asks is checked again for each batch.
    parts: Parts,
    run: Run<Wish>,
    run_id: String,
    ends_at: Instant,
    step: Step,
}

/// What comes next.
enum Step {
    Begin,
    Batch,
    Pictures {
        pictures: Box<Pictures>,
        /// How many stages of each picture were shown.
        shown: HashMap<u32, u32>,
        /// The event of the last finished picture, told when the batch is recorded.
        held: Option<String>,
    },
    Pause(Duration),
    Stopped,
    Over,
}

impl Watched {
    pub(super) fn new(state: AppState, parts: Parts, run: Run<Wish>) -> Self {
        Self {
            state,
            parts,
            run,
            run_id: Uuid::new_v4().simple().to_string(),
            ends_at: Instant::now() + LIFETIME,
            step: Step::Begin,
        }
    }

    /// The next event as it is sent, or `None` when the run is over.
    pub(super) async fn next(&mut self) -> Option<String> {
        let (stop, end) = (self.run.stop.clone(), self.ends_at);
        let ended = async {
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep_until(end) => {}
            }
        };
        if matches!(self.step, Step::Over) {
            return None;
        }
        let event = tokio::select! {
            biased;
            () = ended => None,
            event = self.advance() => event,
        };
        // Whatever ended it is told; a picture that was under way is given up.
        if event.is_none() {
            self.step = Step::Over;
            return Some(self.status("stopped"));
        }
        event
    }

    /// The next event; `None` = the run ends.
    async fn advance(&mut self) -> Option<String> {
        loop {
            match &mut self.step {
                Step::Begin => {
                    self.step = Step::Batch;
                    return Some(self.status("running"));
                }
                Step::Batch => {
                    if let Err(error) = self.begin_batch().await {
                        return Some(self.failed(&error));
                    }
                }
                Step::Pictures { .. } => {
                    if let Some(event) = self.picture().await {
                        return Some(event);
                    }
                }
                Step::Pause(time) => {
                    sleep(*time).await;
                    self.step = Step::Batch;
                }
                Step::Stopped | Step::Over => return None,
            }
        }
    }

    async fn begin_batch(&mut self) -> Result<(), ApiError> {
        let caller = self.caller().await?;
        let wish = &self.run.wish;
        let allowed = caller.snapshot.settings.config.image.nsfw;
        let request = PictureRequest {
            model: None,
            prompt: wish.prompt.clone(),
            count: BATCH,
            aspect_ratio: Some(wish.aspect_ratio),
            is_high_quality: false,
            is_nsfw_allowed: wish.nsfw.map(|wanted| wanted && allowed),
            is_stream: true,
            needs_file: false,
            inputs: Vec::new(),
        };
        let pictures = Box::pin(self.state.gateway.pictures(caller, request)).await?;
        self.step = Step::Pictures {
            pictures: Box::new(pictures),
            shown: HashMap::new(),
            held: None,
        };
        Ok(())
    }

    /// Each batch is a request of its own, in records as well.
    async fn caller(&mut self) -> Result<Caller, ApiError> {
        let snapshot = Snapshot::clone(&self.state.current.load());
        let old = self.parts.extensions.get::<RequestRecord>();
        let client = old.and_then(RequestRecord::client);
        let id: Arc<str> = Uuid::now_v7().simple().to_string().into();
        let record = RequestRecord::begin(id, client, self.state.store.clone());
        self.parts.extensions.insert(snapshot);
        self.parts.extensions.insert(record.clone());
        let PublicCaller(caller) = PublicCaller::check_again(&mut self.parts, &self.state).await?;
        record.identify(Endpoint::PublicImagine.as_str(), None);
        Ok(caller)
    }

    /// The next event of the batch; `None` at its end.
    async fn picture(&mut self) -> Option<String> {
        let Step::Pictures {
            pictures,
            shown,
            held,
        } = &mut self.step
        else {
            return None;
        };
        let created = pictures.created();
        match pictures.next().await {
            Ok(Some(Picture::Partial {
                id,
                index,
                stage,
                file,
            })) => {
                let count = shown.entry(index).or_default();
                let event = json!({
                    "type": "image_generation.partial_image",
                    "b64_json": STANDARD.encode(file), "created_at": created,
                    "index": index, "partial_image_index": *count, "image_id": id, "stage": stage,
                });
                *count += 1;
                Some(sent(&self.run_id, event))
            }
            Ok(Some(Picture::Progress { .. })) => None,
            Ok(Some(Picture::Finished(picture))) => {
                let event = json!({
                    "type": "image_generation.completed",
                    "b64_json": STANDARD.encode(&picture.file), "created_at": created,
                    "index": picture.index, "image_id": picture.id, "stage": "final",
                });
                held.replace(sent(&self.run_id, event))
            }
            Ok(None) => self.end_batch().await,
            Err(error) => Some(self.failed(&error.into())),
        }
    }

    async fn end_batch(&mut self) -> Option<String> {
        let step = std::mem::replace(&mut self.step, Step::Batch);
        let Step::Pictures { pictures, held, .. } = step else {
            return None;
        };
        let bytes = held.as_ref().map_or(0, String::len);
        match pictures.commit(bytes).await {
            Ok(()) => held,
            Err(error) => Some(self.failed(&error.into())),
        }
    }

    /// Says what went wrong; what comes next depends on it.
    fn failed(&mut self, error: &ApiError) -> String {
        let kind = match error {
            ApiError::Gateway(error) => Some(&error.kind),
            _ => None,
        };
        self.step = match kind {
            Some(ErrorKind::AccountsBusy | ErrorKind::RateLimited | ErrorKind::AtCapacity) => {
                Step::Pause(NO_ACCOUNT_PAUSE)
            }
            Some(ErrorKind::Upstream(_) | ErrorKind::Timeout(_)) => Step::Pause(ERROR_PAUSE),
            // Moderated, or something that does not pass by itself.
            _ => Step::Stopped,
        };
        let event = json!({"type": "error", "message": error.to_string(), "code": error.code()});
        sent(&self.run_id, event)
    }

    fn status(&self, status: &str) -> String {
        let wish = &self.run.wish;
        let event = json!({
            "type": "status", "status": status,
            "prompt": wish.prompt, "aspect_ratio": wish.aspect_ratio,
        });
        sent(&self.run_id, event)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let id = self.run.id.as_str();
        self.state.imagine_runs.stop([id].into_iter());
    }
}

/// An event of a run as it is sent: in text once, since a picture is megabytes.
fn sent(run_id: &str, mut event: Value) -> String {
    event["run_id"] = run_id.into();
    format!("data: {event}\n\n")
}
