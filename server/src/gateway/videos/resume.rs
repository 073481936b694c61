//! Videos that an earlier process has left.

use std::sync::Arc;

use store::{VideoJobRow, VideoStatus};

use super::{Begun, Reached, Wishes};
use crate::{
    clock::now_ms,
    gateway::{Caller, Gateway, GatewayError, chat::conversations::Scope},
    snapshot::Snapshot,
};

impl Gateway {
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
        self.sweep_images().await;
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
        let can_go_on = row.status == VideoStatus::Queued || is_begun;
        let (Some(model), Some(wishes)) = (model, wishes.filter(|_| can_go_on)) else {
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
        self.start_video(begun, self.videos.readmit());
        Ok(())
    }
}
