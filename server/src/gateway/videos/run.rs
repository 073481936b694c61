//! The task of one video: its turn, its making, its end.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use ::chat::{Estimator, Usage};
use futures::FutureExt;
use pool::{AccountId, Lease, Outcome};
use store::{MediaKind, MediaRow, Poster, VideoJobRow, VideoStatus};
use tokio::time::Instant;

use super::{
    Wishes,
    claim::Claim,
    filming::Filming,
    job::Job,
    keep::{Kept, NotKept, Received},
    media_id,
};
use crate::{
    clock::now_ms,
    gateway::{ErrorKind, Gateway, GatewayError, deadlines::Deadlines, submit_changes},
    limits::Share,
    record::Unserved,
};

/// How a video's making ended.
enum End {
    Made(Box<(Lease, Received)>),
    Failed(GatewayError),
    Cancelled,
    /// The process ends; the video goes on with the next one.
    Stopped,
    /// Another instance may be making it.
    Lost,
}

/// A video that is made or waits for its turn. Dropping it, also by a panic, makes room for another.
struct Running<'a> {
    gateway: &'a Gateway,
    id: &'a str,
    _place: Share,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.gateway.videos.running.lock().remove(self.id);
    }
}

impl Gateway {
    /// Makes the video and tells its row how it goes.
    pub(super) async fn run_video(self: Arc<Self>, job: Arc<Job>, claim: Claim, place: Share) {
        let running = Running {
            gateway: &self,
            id: &job.id,
            _place: place,
        };
        let making = AssertUnwindSafe(self.make_video(&job)).catch_unwind();
        let end = tokio::select! {
            biased;
            () = job.cancelled.cancelled() => End::Cancelled,
            () = self.videos.stopping() => End::Stopped,
            () = claim.lost() => End::Lost,
            end = making => end.unwrap_or_else(|_| End::Failed(GatewayError::video_panicked())),
        };
        let goes_on = match end {
            End::Stopped => !job.is_watched,
            End::Lost => true,
            _ => false,
        };
        self.end_video(&job, end).await;
        if !goes_on {
            self.remove_image(&job).await;
        }
        // Whoever asks from here on is told what the row says.
        drop(running);
        claim.give_back().await;
    }

    async fn make_video(&self, job: &Job) -> End {
        let (snapshot, record) = (&job.caller.snapshot, &job.caller.record);
        let limits = &snapshot.settings.config.video;
        let first = limits.stream_first_timeout.as_duration();
        let wait = job.is_watched.then(|| first.unwrap_or(Duration::MAX));
        let _slot = match self.videos.turn(wait).await {
            Ok(slot) => slot,
            Err(error) => return End::Failed(error),
        };
        let reached = job.reached();
        let filming = Filming {
            gateway: self,
            job,
            deadlines: Deadlines {
                section: "video",
                first,
                idle: limits.stream_timeout.as_duration(),
                total: limits.stream_total_timeout.as_duration(),
                started: Instant::now(),
            },
            begun_by: reached.map(|reached| AccountId::new(reached.account_id)),
        };
        let made = self.with_account(snapshot, record, &filming).await;
        let (lease, reached) = match made {
            Ok(made) => made,
            Err(error) => return End::Failed(error),
        };
        match filming.receive(&lease, &reached).await {
            Ok(received) => End::Made(Box::new((lease, received))),
            Err(NotKept::Here(error)) => End::Failed(error),
            Err(NotKept::Upstream(failure)) => {
                let broken = self.break_off(&job.caller, &job.model, Some(lease), failure);
                End::Failed(broken)
            }
        }
    }

    async fn end_video(&self, job: &Job, end: End) {
        let record = &job.caller.record;
        let failed = match end {
            End::Made(made) => match self.commit_video(job, *made).await {
                Ok(()) => return,
                Err(error) => error,
            },
            End::Failed(error) => error,
            End::Cancelled => {
                record.fail(Unserved::Cancelled);
                job.end(VideoStatus::Cancelled, |_| {}).await;
                return;
            }
            // Whoever waits for it is told so, and nobody will ask for it again.
            End::Stopped if job.is_watched => GatewayError::interrupted(),
            End::Stopped | End::Lost => {
                record.fail(Unserved::Failed("interrupted"));
                return;
            }
        };
        record.fail(match failed.kind {
            ErrorKind::ContentPolicy | ErrorKind::Invalid(_) => Unserved::Refused(failed.code()),
            _ => Unserved::Failed(failed.code()),
        });
        tracing::info!(
            video = job.id, request_id = %record.id(), code = failed.code(),
            "a video was not made: {}", failed.code()
        );
        job.fail(failed).await;
    }

    /// Gives the files their places, charges the account once and makes rows and quota durable; only then the video is completed.
    async fn commit_video(
        &self,
        job: &Job,
        (lease, received): (Lease, Received),
    ) -> Result<(), GatewayError> {
        let kept = received.keep(&self.media_files).await?;
        let row = job.row();
        let parts = u32::try_from(job.wishes.parts().len()).unwrap_or(u32::MAX);
        let cost = job.model.cost.saturating_mul(parts);
        let changes = lease.finish(Outcome::Success { cost }, now_ms());
        let media = media_row(job, &row, &kept);
        // Whatever becomes of this call, the row may be written from here on.
        let (video, poster) = kept.hand_over();
        if let Err(error) = self.store.insert_media(vec![media]).await {
            tracing::error!(video = job.id, %error, "the row of a video was not stored");
            submit_changes(self.store.as_ref(), changes);
            return Err(GatewayError::store_unavailable());
        }
        let usage = Usage {
            prompt_tokens: Estimator::count(&row.prompt).max(1),
            completion_tokens: 0,
            reasoning_tokens: 0,
            estimated: true,
        };
        let committed = job.caller.record.commit(changes, usage, cost, 0).await;
        committed.map_err(|_| GatewayError::store_unavailable())?;
        let completed = job.end(VideoStatus::Completed, |row| {
            row.progress = 100;
            row.file = Some(video);
            row.poster = poster;
        });
        if !completed.await {
            // Deleted while its files were on their way to their places.
            self.delete_media_of(&job.caller.owner, &job.id).await?;
        }
        Ok(())
    }
}

/// The row by which the gallery knows the video.
fn media_row(job: &Job, row: &VideoJobRow, kept: &Kept) -> MediaRow {
    let poster = kept.poster.as_ref();
    let wishes = Wishes {
        image: None,
        ..job.wishes.clone()
    };
    MediaRow {
        id: media_id(&row.id),
        at_ms: now_ms(),
        kind: MediaKind::Video,
        file: kept.video.name.clone(),
        mime: kept.video.mime.to_owned(),
        bytes: kept.video.bytes,
        width: kept.video.width,
        height: kept.video.height,
        prompt: row.prompt.clone(),
        model: row.model.clone(),
        params: wishes.to_json(),
        poster: poster.map(|poster| Poster {
            file: poster.name.clone(),
            bytes: poster.bytes,
        }),
        parent: row.parent.as_deref().map(media_id),
        account: row.account.clone().unwrap_or_default(),
        owner: row.owner.clone(),
        key: row.key.clone(),
        request_id: row.request_id.clone(),
    }
}
