//! Videos: asked for in one request, made by a task of their own, found again by their id.
//!
//! A video is a row from its queueing to its end (`job`), also across restarts. It is made on one
//! account, whose lease lasts until the file is here (`filming`, `keep`), and charged once (`run`). The
//! image that it begins with is on disk as long as the row is open (`image`).
//! An instance makes it that has the right to (`claim`); `library` finds, lists and deletes them, `resume` goes on with those of an earlier process.
//! Dropping a request does nothing to it; deleting or cancelling it ends the upstream call.

mod claim;
mod filming;
mod image;
mod job;
mod keep;
mod library;
mod plan;
mod resume;
mod run;

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use settings::ModelKind;
use store::{StoreError, VIDEO_JOB_PREFIX, VideoJobRow, VideoStatus};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::{
    claim::Claim,
    job::{Begun, Job},
    plan::Reached,
};
pub use self::{image::Beginning, plan::Wishes};
use super::{
    Caller, Gateway, GatewayError,
    media_model::media_model,
    slots::{Slot, SlotUse, Slots},
};
use crate::{
    clock::now_ms,
    limits::{Limit, Share},
    media::references::Reference,
    record::RequestRecord,
    snapshot::Settings,
};

/// The word for a video's making in records.
const ENDPOINT: &str = "videos.job";
const DAY_MS: i64 = 86_400_000;

/// What a caller wants.
pub struct VideoRequest {
    /// `None`: the first video model of the catalogue.
    pub model: Option<String>,
    pub prompt: String,
    pub wishes: Wishes,
    pub beginning: Option<Beginning>,
    /// The video that it was made of.
    pub parent: Option<String>,
}

/// The videos of this process.
pub(super) struct Videos {
    slots: Slots,
    /// Those that are made, wait, or are just being asked for.
    places: Limit,
    running: Mutex<HashMap<String, Arc<Job>>>,
    /// Since when videos have been left to an instance that has their images.
    without_image: Mutex<HashMap<String, Instant>>,
    stop: CancellationToken,
}

/// Follows a video; dropping it before the end cancels one that was asked for by [`Gateway::film`].
pub struct Watched {
    job: Arc<Job>,
    row: watch::Receiver<VideoJobRow>,
}

impl Videos {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            slots: Slots::new("video.concurrent", limit(settings)),
            places: Limit::default(),
            running: Mutex::default(),
            without_image: Mutex::default(),
            stop: CancellationToken::new(),
        }
    }

    pub(super) fn resize(&self, settings: &Settings) {
        self.slots.resize(limit(settings));
    }

    pub(super) fn in_use(&self) -> SlotUse {
        let slots = self.slots.in_use();
        let places = self.places.in_use(u64::MAX);
        let all = usize::try_from(places.used).unwrap_or(usize::MAX);
        SlotUse {
            waiting: all.saturating_sub(slots.used),
            refused: slots.refused + places.refused,
            ..slots
        }
    }

    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// A turn, however long it takes; within `wait` if somebody waits for the answer.
    async fn turn(&self, wait: Option<Duration>) -> Result<Slot, GatewayError> {
        match wait {
            Some(wait) => self.slots.acquire(wait).await,
            None => Ok(self.slots.wait().await),
        }
    }

    fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.running.lock().get(id).cloned()
    }

    /// A place for another one.
    fn admit(&self, settings: &Settings) -> Result<Share, GatewayError> {
        let queued = settings.config.video.max_queued as usize;
        let max = limit(settings).saturating_add(queued) as u64;
        let place = self.places.take(1, max);
        place.ok_or_else(|| GatewayError::at_capacity(queued, "video.max_queued"))
    }

    /// The place of one that had one before.
    fn readmit(&self) -> Share {
        let mut place = self.places.none();
        place.grow(1, u64::MAX);
        place
    }
}

fn limit(settings: &Settings) -> usize {
    (settings.config.video.concurrent as usize).max(1)
}

impl Gateway {
    /// Asks for a video; resolves when it is queued. It is made whatever becomes of the caller.
    ///
    /// # Errors
    /// Any [`GatewayError`]; nothing is queued then.
    pub async fn create_video(
        self: &Arc<Self>,
        caller: &Caller,
        request: VideoRequest,
    ) -> Result<VideoJobRow, GatewayError> {
        let (queued, _) = self.begin_video(caller, request, false).await?;
        Ok(queued)
    }

    /// As [`Gateway::create_video`], for a caller who waits for it: its turn comes within
    /// `video.stream_first_timeout` or it fails, and it does not outlive the process.
    ///
    /// # Errors
    /// As [`Gateway::create_video`].
    pub async fn film(
        self: &Arc<Self>,
        caller: &Caller,
        request: VideoRequest,
    ) -> Result<Watched, GatewayError> {
        let (_, video) = self.begin_video(caller, request, true).await?;
        Ok(video)
    }

    /// The video as it was queued, and as it goes on.
    async fn begin_video(
        self: &Arc<Self>,
        caller: &Caller,
        request: VideoRequest,
        is_watched: bool,
    ) -> Result<(VideoJobRow, Watched), GatewayError> {
        let settings = &caller.snapshot.settings;
        let model = media_model(&settings.models, ModelKind::Video, request.model.as_deref())?;
        caller
            .record
            .asks(request.model.as_deref().unwrap_or(&model.id), false);
        caller.record.serves(&model.id);
        self.admit(&caller.record)?;
        let place = self.videos.admit(settings)?;
        let (mut wishes, mut image) = (request.wishes, None);
        if let Some(beginning) = request.beginning {
            image = Some(self.begin_with(caller, beginning, &mut wishes).await?);
        }
        let now = now_ms();
        let key = caller.record.key();
        let row = VideoJobRow {
            id: video_id(&Uuid::new_v4().simple().to_string()),
            created_ms: now,
            owner: caller.owner.clone(),
            key: key.as_deref().map(str::to_owned),
            request_id: caller.record.id().to_string(),
            status: VideoStatus::Queued,
            progress: 0,
            prompt: request.prompt,
            model: model.id.clone(),
            params: wishes.to_json(),
            parent: request.parent,
            account: None,
            upstream: None,
            file: None,
            poster: None,
            error: None,
            completed_ms: None,
            expires_ms: now + i64::from(settings.config.video.keep_days) * DAY_MS,
        };
        let begun = Begun {
            row: row.clone(),
            model,
            caller: self.on_its_own(caller),
            wishes,
            is_resumed: false,
            is_watched,
        };
        // As a task: a caller who leaves now must not leave a row of which nobody takes care.
        let queueing = Arc::clone(self).queue_video(begun, image, place);
        let queued = self.tasks.spawn(queueing).await;
        let queued = queued.map_err(|_| GatewayError::store_unavailable())?;
        Ok((row, queued?))
    }

    async fn queue_video(
        self: Arc<Self>,
        begun: Begun,
        image: Option<Reference>,
        place: Share,
    ) -> Result<Watched, GatewayError> {
        let not_queued = |error: StoreError| {
            let request_id = &begun.row.request_id;
            tracing::error!(request_id, %error, "a video was not queued");
            GatewayError::store_unavailable()
        };
        let claim = Claim::take(&self.store, &begun.row.id).await;
        let claim = claim.map_err(not_queued)?;
        // Its id is new, so nobody else has it.
        let claim = claim.ok_or_else(GatewayError::store_unavailable)?;
        let stored = self.store.insert_video_job(begun.row.clone()).await;
        stored.map_err(not_queued)?;
        if let Some(image) = image {
            image.leave();
        }
        let job = self.start_video(begun, claim, place);
        let row = job.watch();
        Ok(Watched { job, row })
    }

    fn start_video(self: &Arc<Self>, begun: Begun, claim: Claim, place: Share) -> Arc<Job> {
        let job = Arc::new(Job::new(begun, Arc::clone(&self.store)));
        let running = &self.videos.running;
        running.lock().insert(job.id.clone(), Arc::clone(&job));
        self.tasks
            .spawn(Arc::clone(self).run_video(Arc::clone(&job), claim, place));
        job
    }

    /// The caller of a video's making, with a record of its own.
    fn on_its_own(&self, caller: &Caller) -> Caller {
        let record = self.record_of_video(caller.record.key());
        Caller {
            record,
            ..caller.clone()
        }
    }

    fn record_of_video(&self, key: Option<Arc<str>>) -> RequestRecord {
        let id: Arc<str> = Uuid::new_v4().to_string().into();
        let record = RequestRecord::begin(id, None, Arc::clone(&self.store));
        record.identify(ENDPOINT, key);
        record
    }
}

/// Whether the upstream has made a video, so that its file is all that is waited for.
#[must_use]
pub fn is_made(row: &VideoJobRow) -> bool {
    let reached = row.upstream.as_deref().and_then(Reached::of);
    let wanted = Wishes::of(&row.params).map_or(1, |wishes| wishes.parts().len());
    reached.is_some_and(|reached| reached.parts >= wanted)
}

/// Id of the row by which the gallery knows a video.
fn media_id(id: &str) -> String {
    id.trim_start_matches(VIDEO_JOB_PREFIX).to_owned()
}

/// The reverse of [`media_id`].
fn video_id(media_id: &str) -> String {
    format!("{VIDEO_JOB_PREFIX}{media_id}")
}

impl Watched {
    /// How it is.
    #[must_use]
    pub fn row(&self) -> VideoJobRow {
        self.row.borrow().clone()
    }

    /// Why it has failed, if it has, or that it was cancelled.
    #[must_use]
    pub fn failure(&self) -> Option<GatewayError> {
        let is_cancelled = self.row.borrow().status == VideoStatus::Cancelled;
        let cancelled = || is_cancelled.then(GatewayError::cancelled);
        self.job.failure().or_else(cancelled)
    }

    /// Waits until something has changed.
    pub async fn changed(&mut self) {
        // The sender lives in the job, which is held here.
        let _ = self.row.changed().await;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.job.is_watched {
            self.job.cancelled.cancel();
        }
    }
}
