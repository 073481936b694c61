//! Videos: asked for in one request, made by a task of their own, found again by their id.
//!
//! A video is a row from its queueing to its end (`job`), also across restarts. It is made on one
//! account, whose lease lasts until the file is here (`filming`, `keep`), and charged once (`run`).
//! Dropping a request does nothing to it; deleting or cancelling it ends the upstream call.

mod filming;
mod job;
mod keep;
mod plan;
mod run;

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use settings::ModelKind;
use store::{MediaKind, VideoJobQuery, VideoJobRow, VideoStatus};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::plan::Wishes;
use self::{
    job::{Begun, Job},
    plan::Reached,
};
use super::{
    Caller, Gateway, GatewayError,
    attachments::{Input, InputSource},
    chat::conversations::Scope,
    pictures::check_images,
    slots::{Slot, SlotUse, Slots},
};
use crate::{
    clock::now_ms,
    media::files::picture_type,
    record::RequestRecord,
    snapshot::{
        Settings, Snapshot,
        models::{Model, Models},
    },
};

/// The word for a video's making in records.
const ENDPOINT: &str = "videos.job";
/// What the ids of videos begin with.
const PREFIX: &str = "video_";
/// Largest image that a video begins with, in bytes.
const MAX_REFERENCE_BYTES: usize = 50 * 1024 * 1024;
const DAY_MS: i64 = 86_400_000;
/// How long a cancellation waits for the video's end.
const CANCEL_WAIT: Duration = Duration::from_secs(10);

/// What a caller wants.
pub struct VideoRequest {
    /// `None`: the first video model of the catalogue.
    pub model: Option<String>,
    pub prompt: String,
    pub wishes: Wishes,
    /// The image that it begins with.
    pub reference: Option<Input>,
    /// The video that it was made of.
    pub parent: Option<String>,
}

/// The videos of this process.
pub(super) struct Videos {
    slots: Slots,
    running: Mutex<HashMap<String, Arc<Job>>>,
    stop: CancellationToken,
}

/// Follows a video; dropping it before the end cancels the video.
pub struct Watched {
    job: Arc<Job>,
    row: watch::Receiver<VideoJobRow>,
}

impl Videos {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            slots: Slots::new("video.concurrent", limit(settings)),
            running: Mutex::default(),
            stop: CancellationToken::new(),
        }
    }

    pub(super) fn resize(&self, settings: &Settings) {
        self.slots.resize(limit(settings));
    }

    pub(super) fn in_use(&self) -> SlotUse {
        let in_use = self.slots.in_use();
        let waiting = self.running.lock().len().saturating_sub(in_use.used);
        SlotUse { waiting, ..in_use }
    }

    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    async fn turn(&self) -> Slot {
        self.slots.wait().await
    }

    fn forget(&self, id: &str) {
        self.running.lock().remove(id);
    }

    fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.running.lock().get(id).cloned()
    }

    /// Whether another one may be asked for.
    fn admit(&self, settings: &Settings) -> Result<(), GatewayError> {
        let queued = settings.config.video.max_queued as usize;
        if self.running.lock().len() < limit(settings).saturating_add(queued) {
            return Ok(());
        }
        Err(GatewayError::at_capacity(queued, "video.max_queued"))
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
        Ok(self.begin_video(caller, request).await?.row())
    }

    /// As [`Gateway::create_video`], for a caller who waits for it.
    ///
    /// # Errors
    /// As [`Gateway::create_video`].
    pub async fn film(
        self: &Arc<Self>,
        caller: &Caller,
        request: VideoRequest,
    ) -> Result<Watched, GatewayError> {
        let job = self.begin_video(caller, request).await?;
        let row = job.watch();
        Ok(Watched { job, row })
    }

    async fn begin_video(
        self: &Arc<Self>,
        caller: &Caller,
        request: VideoRequest,
    ) -> Result<Arc<Job>, GatewayError> {
        let settings = &caller.snapshot.settings;
        let model = video_model(&settings.models, request.model.as_deref())?;
        caller
            .record
            .asks(request.model.as_deref().unwrap_or(&model.id), false);
        caller.record.serves(&model.id);
        self.admit(&caller.record)?;
        self.videos.admit(settings)?;
        let own_address = &caller.own_address;
        let reference = request.reference.as_ref();
        let own_file = reference.and_then(|input| input.own_file(own_address));
        let wishes = Wishes {
            reference: own_file.map(str::to_owned),
            ..request.wishes
        };
        let inputs = request.reference.into_iter().collect();
        let files = self.load(settings, own_address, inputs, MAX_REFERENCE_BYTES);
        let files = files.await?;
        check_images(&files)?;
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
        let stored = self.store.insert_video_job(row.clone()).await;
        stored.map_err(|error| {
            tracing::error!(request_id = %caller.record.id(), %error, "a video was not queued");
            GatewayError::store_unavailable()
        })?;
        let begun = Begun {
            row,
            model,
            caller: self.on_its_own(caller),
            wishes,
            files,
            is_resumed: false,
        };
        Ok(self.start_video(begun))
    }

    fn start_video(self: &Arc<Self>, begun: Begun) -> Arc<Job> {
        let job = Arc::new(Job::new(begun, Arc::clone(&self.store)));
        let running = &self.videos.running;
        running.lock().insert(job.id.clone(), Arc::clone(&job));
        self.tasks
            .spawn(Arc::clone(self).run_video(Arc::clone(&job)));
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

    /// Goes on with the videos that an earlier process has left: those that were waiting, and those of
    /// which the upstream has finished a part. The others have failed.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn resume_videos(
        self: &Arc<Self>,
        snapshot: &Snapshot,
    ) -> Result<usize, store::StoreError> {
        let open = self.store.open_video_jobs().await?;
        let count = open.len();
        for row in open {
            self.resume_video(snapshot, row).await?;
        }
        Ok(count)
    }

    async fn resume_video(
        self: &Arc<Self>,
        snapshot: &Snapshot,
        row: VideoJobRow,
    ) -> Result<(), store::StoreError> {
        let model = snapshot.settings.models.get(&row.model);
        let wishes = Wishes::of(&row.params);
        let is_begun = row.upstream.as_deref().and_then(Reached::of).is_some();
        let can_go_on = |wishes: &Wishes| match row.status {
            VideoStatus::Queued => !wishes.has_reference,
            _ => is_begun,
        };
        let (Some(model), Some(wishes)) = (model, wishes.filter(can_go_on)) else {
            let error = GatewayError::interrupted();
            let failed = VideoJobRow {
                status: VideoStatus::Failed,
                completed_ms: Some(now_ms()),
                error: Some((error.code().to_owned(), error.message)),
                ..row
            };
            return self.store.update_video_job(failed).await.map(drop);
        };
        let record = self.record_of_video(row.key.as_deref().map(Arc::from));
        record.asks(&row.model, false);
        record.serves(&model.id);
        self.start_video(Begun {
            model: Arc::clone(model),
            wishes,
            caller: Caller {
                snapshot: snapshot.clone(),
                scope: Scope::Shared,
                owner: row.owner.clone(),
                record,
                own_address: Arc::from(""),
            },
            files: Vec::new(),
            is_resumed: is_begun,
            row,
        });
        Ok(())
    }

    /// A video of the caller's.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn video(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Option<VideoJobRow>, GatewayError> {
        self.video_of(&caller.owner, id).await
    }

    async fn video_of(&self, owner: &str, id: &str) -> Result<Option<VideoJobRow>, GatewayError> {
        let row = match self.videos.find(id) {
            Some(job) => Some(job.row()),
            None => self.store.get_video_job(id).await.map_err(unreadable)?,
        };
        Ok(row.filter(|row| row.owner == owner))
    }

    /// Videos of this owner, at most `limit` of those behind the one called `after`.
    ///
    /// # Errors
    /// The store cannot be read; there is no such video.
    pub async fn list_videos(
        &self,
        owner: &str,
        after: Option<&str>,
        is_oldest_first: bool,
        limit: u32,
    ) -> Result<Vec<VideoJobRow>, GatewayError> {
        let after = match after {
            None => None,
            Some(id) => {
                let row = self.video_of(owner, id).await?.ok_or_else(|| {
                    let message = "There is no such video, or no longer.";
                    GatewayError::invalid("invalid_after", "after", message)
                })?;
                Some((row.created_ms, row.id))
            }
        };
        let query = VideoJobQuery {
            owner: owner.to_owned(),
            after,
            is_oldest_first,
            limit,
        };
        let mut rows = self
            .store
            .list_video_jobs(&query)
            .await
            .map_err(unreadable)?;
        for row in &mut rows {
            if let Some(job) = self.videos.find(&row.id) {
                *row = job.row();
            }
        }
        Ok(rows)
    }

    /// A picture of this server that a video may begin with; `None` if it is not here any more.
    pub async fn own_image(&self, name: &str) -> Option<Input> {
        let limit = MAX_REFERENCE_BYTES as u64;
        let read = self.media_files.read_whole(MediaKind::Image, name, limit);
        let content = read.await.ok()?;
        let mime = picture_type(&content)?.to_owned();
        Some(Input {
            param: "input_reference".to_owned(),
            name: Some(name.to_owned()),
            source: InputSource::Bytes { mime, content },
        })
    }

    /// Ends a video that is not over; how it is then.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn cancel_video(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Option<VideoJobRow>, GatewayError> {
        if self.video(caller, id).await?.is_some()
            && let Some(job) = self.videos.find(id)
        {
            job.cancelled.cancel();
            let mut row = job.watch();
            let over = row.wait_for(|row| row.status.is_over());
            // It ends all the same if nobody waits longer.
            let _ = tokio::time::timeout(CANCEL_WAIT, over).await;
        }
        self.video(caller, id).await
    }

    /// Ends a video that is not over, and deletes it with its files; false if there is none.
    ///
    /// # Errors
    /// The store does not take it.
    pub async fn delete_video(&self, caller: &Caller, id: &str) -> Result<bool, GatewayError> {
        let Some(row) = self.cancel_video(caller, id).await? else {
            return Ok(false);
        };
        let deleted = self.store.delete_video_job(id).await.map_err(unreadable)?;
        let owner = Some(caller.owner.as_str());
        let media = self.store.delete_media(owner, &[media_id(id)]).await;
        let mut files = media.map_err(unreadable)?.unused_files;
        if let Some(poster) = row.poster {
            let is_used = self.store.has_video_job_of(&poster).await;
            if !is_used.map_err(unreadable)? {
                files.push((MediaKind::Image, poster));
            }
        }
        if let Err(error) = self.media_files.remove(files).await {
            tracing::warn!(video = id, %error, "the files of a video were not deleted");
        }
        Ok(deleted)
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
    id.trim_start_matches(PREFIX).to_owned()
}

/// The reverse of [`media_id`].
#[must_use]
pub fn video_id(media_id: &str) -> String {
    format!("{PREFIX}{media_id}")
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
        self.job.cancelled.cancel();
    }
}

fn unreadable(error: store::StoreError) -> GatewayError {
    tracing::error!(%error, "videos cannot be read or written");
    GatewayError::store_unavailable()
}

fn video_model(models: &Models, id: Option<&str>) -> Result<Arc<Model>, GatewayError> {
    let Some(id) = id else {
        let first = models.of_kind(ModelKind::Video).next();
        return first.cloned().ok_or_else(|| {
            let message =
                "No video model is configured. Add one with `kind = \"video\"` under [[models]].";
            GatewayError::invalid("model_not_supported", "model", message)
        });
    };
    let model = models
        .get(id)
        .ok_or_else(|| GatewayError::model_not_found(id))?;
    if model.kind != ModelKind::Video {
        let known = models
            .of_kind(ModelKind::Video)
            .map(|model| model.id.as_str());
        let known: Vec<_> = known.collect();
        let message = format!(
            "`{id}` does not make videos. Use one of: {}.",
            known.join(", ")
        );
        return Err(GatewayError::invalid(
            "model_not_supported",
            "model",
            message,
        ));
    }
    Ok(Arc::clone(model))
}
