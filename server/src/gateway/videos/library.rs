//! Videos that were asked for: found, listed, ended and deleted by whom they belong to.

use std::time::Duration;

use store::{MediaKind, Page, VideoJobQuery, VideoJobRow};

use super::{image::MAX_IMAGE_BYTES, media_id};
use crate::{
    gateway::{
        Caller, Gateway, GatewayError,
        attachments::{Input, InputSource},
    },
    media::image_type,
};

/// How long a cancellation waits for the video's end.
const CANCEL_WAIT: Duration = Duration::from_secs(10);

impl Gateway {
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

    /// Videos of this owner, at most `limit` of those behind the one called `after`; fewer where they
    /// would be large together.
    ///
    /// # Errors
    /// The store cannot be read; there is no such video.
    pub async fn list_videos(
        &self,
        owner: &str,
        after: Option<&str>,
        is_oldest_first: bool,
        limit: u32,
    ) -> Result<Page<VideoJobRow>, GatewayError> {
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
        let listing = self.store.list_video_jobs(&query).await;
        let mut page = listing.map_err(unreadable)?;
        for row in &mut page.rows {
            if let Some(job) = self.videos.find(&row.id) {
                *row = job.row();
            }
        }
        Ok(page)
    }

    /// A picture of this server that a video may begin with; `None` if it is not here any more.
    pub async fn own_image(&self, name: &str) -> Option<Input> {
        let limit = MAX_IMAGE_BYTES as u64;
        let read = self.media_files.read_whole(MediaKind::Image, name, limit);
        let content = read.await.ok()?;
        let mime = image_type(&content)?.to_owned();
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
        if self.cancel_video(caller, id).await?.is_none() {
            return Ok(false);
        }
        let deleted = self.store.delete_video_job(id).await.map_err(unreadable)?;
        self.delete_media_of(&caller.owner, id).await?;
        Ok(deleted)
    }

    /// Deletes what the gallery has of a video, with its files.
    pub(super) async fn delete_media_of(&self, owner: &str, id: &str) -> Result<(), GatewayError> {
        let media = self.store.delete_media(Some(owner), &[media_id(id)]).await;
        let files = media.map_err(unreadable)?.unused_files;
        if let Err(error) = self.media_files.remove(files).await {
            tracing::warn!(video = id, %error, "the files of a video were not deleted");
        }
        Ok(())
    }
}

fn unreadable(error: store::StoreError) -> GatewayError {
    tracing::error!(%error, "videos cannot be read or written");
    GatewayError::store_unavailable()
}
