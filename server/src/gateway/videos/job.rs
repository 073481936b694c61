//! One video under way: its row, as everybody sees it, and who may stop it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use store::{Store, VideoJobRow, VideoStatus};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::plan::{Reached, Wishes};
use crate::{
    clock::now_ms,
    gateway::{Caller, GatewayError},
    snapshot::models::Model,
};

/// Progress is stored no more often.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// How long it is known that no video was made of what was asked for: there is nothing to keep.
const UNMADE_MS: i64 = 3_600_000;

/// A video that is made or waits for its turn.
pub(super) struct Job {
    pub(super) id: String,
    pub(super) model: Arc<Model>,
    /// With a record of its own: the request that asked for the video has been answered.
    pub(super) caller: Caller,
    pub(super) wishes: Wishes,
    /// It was begun before this process: nobody else can go on with it.
    pub(super) is_resumed: bool,
    /// Its caller waits for it.
    pub(super) is_watched: bool,
    pub(super) cancelled: CancellationToken,
    row: watch::Sender<VideoJobRow>,
    saved: Mutex<Option<Instant>>,
    failure: Mutex<Option<GatewayError>>,
    store: Arc<dyn Store>,
}

/// What a job is made of.
pub(super) struct Begun {
    pub(super) row: VideoJobRow,
    pub(super) model: Arc<Model>,
    pub(super) caller: Caller,
    pub(super) wishes: Wishes,
    pub(super) is_resumed: bool,
    pub(super) is_watched: bool,
}

impl Job {
    pub(super) fn new(begun: Begun, store: Arc<dyn Store>) -> Self {
        Self {
            id: begun.row.id.clone(),
            model: begun.model,
            caller: begun.caller,
            wishes: begun.wishes,
            is_resumed: begun.is_resumed,
            is_watched: begun.is_watched,
            cancelled: CancellationToken::new(),
            row: watch::Sender::new(begun.row),
            saved: Mutex::new(None),
            failure: Mutex::new(None),
            store,
        }
    }

    pub(super) fn row(&self) -> VideoJobRow {
        self.row.borrow().clone()
    }

    pub(super) fn watch(&self) -> watch::Receiver<VideoJobRow> {
        self.row.subscribe()
    }

    pub(super) fn reached(&self) -> Option<Reached> {
        Reached::of(self.row.borrow().upstream.as_deref()?)
    }

    /// Changes the row and stores it.
    pub(super) async fn change(&self, change: impl FnOnce(&mut VideoJobRow)) {
        self.row.send_modify(change);
        self.save().await;
    }

    /// It is so far, in percent; stored at most once a second.
    pub(super) async fn progress(&self, percent: u32) {
        self.row
            .send_modify(|row| row.progress = row.progress.max(percent));
        let is_recent = |at: Instant| at.elapsed() < SAVE_INTERVAL;
        if !self.saved.lock().is_some_and(is_recent) {
            self.save().await;
        }
    }

    /// It has ended. Whoever watches sees it when it is stored. False if its row was deleted.
    pub(super) async fn end(
        &self,
        status: VideoStatus,
        change: impl FnOnce(&mut VideoJobRow),
    ) -> bool {
        let mut row = self.row();
        row.status = status;
        let now = now_ms();
        row.completed_ms = Some(now);
        if status != VideoStatus::Completed {
            row.expires_ms = row.expires_ms.min(now + UNMADE_MS);
        }
        change(&mut row);
        let is_there = self.store_row(row.clone()).await;
        self.row.send_replace(row);
        is_there
    }

    /// It has ended, because of this.
    pub(super) async fn fail(&self, error: GatewayError) {
        let told = (error.code().to_owned(), error.message.clone());
        *self.failure.lock() = Some(error);
        self.end(VideoStatus::Failed, |row| row.error = Some(told))
            .await;
    }

    pub(super) fn failure(&self) -> Option<GatewayError> {
        self.failure.lock().clone()
    }

    async fn save(&self) {
        *self.saved.lock() = Some(Instant::now());
        self.store_row(self.row()).await;
    }

    /// False if the row was deleted, by whichever process.
    async fn store_row(&self, row: VideoJobRow) -> bool {
        match self.store.update_video_job(row).await {
            Ok(true) => true,
            Ok(false) => {
                self.cancelled.cancel();
                false
            }
            Err(error) => {
                tracing::warn!(video = self.id, %error, "the state of a video was not stored");
                true
            }
        }
    }
}
