//! Videos that another process has left: an earlier one of this instance, or an instance that died.

use std::sync::Arc;

use store::{VideoJobRow, VideoStatus};

use super::{Begun, Claim, Reached, Wishes};
use crate::{
    clock::now_ms,
    gateway::{Caller, Gateway, GatewayError, chat::conversations::Scope},
    snapshot::Snapshot,
};

impl Gateway {
    /// Goes on with the videos that nobody makes any more: those that were waiting, and those of which
    /// the upstream has finished a part. The others have failed. How many there were.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn resume_videos(
        self: &Arc<Self>,
        snapshot: &Snapshot,
    ) -> Result<usize, store::StoreError> {
        let open = self.store.open_video_jobs().await?;
        let mut count = 0;
        for row in open {
            if self.videos.find(&row.id).is_some() {
                continue;
            }
            if let Some(claim) = Claim::take(&self.store, &row.id).await? {
                count += usize::from(self.resume_claimed(snapshot, claim, &row.id).await?);
            }
        }
        Ok(count)
    }

    /// Whether the video was still to be made when the right to make it came.
    async fn resume_claimed(
        self: &Arc<Self>,
        snapshot: &Snapshot,
        claim: Claim,
        id: &str,
    ) -> Result<bool, store::StoreError> {
        let row = self.store.get_video_job(id).await?;
        let open = [VideoStatus::Queued, VideoStatus::InProgress];
        match row.filter(|row| open.contains(&row.status)) {
            Some(row) => self.resume_video(snapshot, claim, row).await.map(|()| true),
            None => {
                claim.give_back().await;
                Ok(false)
            }
        }
    }

    async fn resume_video(
        self: &Arc<Self>,
        snapshot: &Snapshot,
        claim: Claim,
        row: VideoJobRow,
    ) -> Result<(), store::StoreError> {
        let model = snapshot.settings.models.get(&row.model);
        let wishes = Wishes::of(&row.params);
        let is_begun = row.upstream.as_deref().and_then(Reached::of).is_some();
        let can_go_on = row.status == VideoStatus::Queued || is_begun;
        let (Some(model), Some(wishes)) = (model, wishes.filter(|_| can_go_on)) else {
            let error = GatewayError::interrupted();
            let failed = VideoJobRow {
                status: VideoStatus::Failed,
                completed_ms: Some(now_ms()),
                error: Some((error.code().to_owned(), error.message)),
                ..row
            };
            self.store.update_video_job(failed).await?;
            claim.give_back().await;
            return Ok(());
        };
        let record = self.record_of_video(row.key.as_deref().map(Arc::from));
        record.asks(&row.model, false);
        record.serves(&model.id);
        let begun = Begun {
            model: Arc::clone(model),
            wishes,
            caller: Caller {
                snapshot: snapshot.clone(),
                scope: Scope::Shared,
                owner: row.owner.clone(),
                record,
                own_address: Arc::from(""),
            },
            is_resumed: is_begun,
            is_watched: false,
            row,
        };
        self.start_video(begun, claim, self.videos.readmit());
        Ok(())
    }
}
