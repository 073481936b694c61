//! Videos that another process has left: an earlier one of this instance, or an instance that died.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use store::{VideoJobRow, VideoStatus};

use super::{Begun, Claim, Reached, Wishes};
use crate::{
    clock::now_ms,
    gateway::{Caller, Gateway, GatewayError, chat::conversations::Scope},
    media::links::FileLinks,
    snapshot::Snapshot,
};

/// So long a video is left to the instance that has its image, which may be just starting again.
const IMAGE_WAIT: Duration = Duration::from_secs(600);

impl Gateway {
    /// Goes on with the videos that nobody makes any more: those that were waiting, and those of which
    /// the upstream has finished a part. The others have failed. How many there were, without those that
    /// wait for the instance that has their image.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn resume_videos(
        self: &Arc<Self>,
        snapshot: &Snapshot,
    ) -> Result<usize, store::StoreError> {
        let open = self.store.open_video_jobs().await?;
        let is_open = |id: &String| open.iter().any(|row| row.id == *id);
        self.videos.without_image.lock().retain(|id, _| is_open(id));
        let mut count = 0;
        for row in open {
            if self.videos.find(&row.id).is_some() {
                continue;
            }
            let Some(claim) = Claim::take(&self.store, &row.id).await? else {
                continue;
            };
            if self.awaits_image(&row).await {
                claim.give_back().await;
                continue;
            }
            count += usize::from(self.resume_claimed(snapshot, claim, &row.id).await?);
        }
        Ok(count)
    }

    /// Whether another instance may have the image that a waiting video begins with, and come back.
    async fn awaits_image(&self, row: &VideoJobRow) -> bool {
        let image = Wishes::of(&row.params).and_then(|wishes| wishes.image);
        let image = image.filter(|_| row.status == VideoStatus::Queued);
        let Some(image) = image.filter(|_| self.media_files.has_others()) else {
            return false;
        };
        if self.media_files.reference_bytes(&image).await.is_ok() {
            return false;
        }
        let mut waiting = self.videos.without_image.lock();
        let since = waiting.entry(row.id.clone()).or_insert_with(Instant::now);
        since.elapsed() < IMAGE_WAIT
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
                file_links: FileLinks::default(),
            },
            is_resumed: is_begun,
            is_watched: false,
            row,
        };
        self.start_video(begun, claim, self.videos.readmit());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use settings::Config;
    use store::MasterKey;

    use super::*;
    use crate::media::files::MediaFiles;

    /// A video that waits, with its image on an instance that is stopped.
    fn waiting() -> VideoJobRow {
        let wishes = Wishes {
            seconds: 6,
            image: Some("elsewhere".to_owned()),
            ..Wishes::default()
        };
        VideoJobRow {
            id: "video_1".to_owned(),
            created_ms: now_ms(),
            owner: "open".to_owned(),
            key: None,
            request_id: String::new(),
            status: VideoStatus::Queued,
            progress: 0,
            prompt: "it sails".to_owned(),
            model: "grok-imagine-1.0-video".to_owned(),
            params: wishes.to_json(),
            parent: None,
            account: None,
            upstream: None,
            file: None,
            poster: None,
            error: None,
            completed_ms: None,
            expires_ms: i64::MAX,
        }
    }

    #[tokio::test]
    async fn a_waiting_video_is_left_for_a_while_to_the_instance_that_has_its_image() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        let snapshot = Snapshot::own(Config::default(), Vec::new()).unwrap();
        let files = MediaFiles::open(folder.path()).unwrap().among_others(true);
        let gateway = Gateway::new(&snapshot.settings, store.clone(), files);
        let row = waiting();
        store.insert_video_job(row.clone()).await.unwrap();
        let resume = async || gateway.resume_videos(&snapshot).await.unwrap();
        assert_eq!((resume().await, resume().await), (0, 0));
        assert_eq!(store.get_video_job(&row.id).await.unwrap().unwrap(), row);
        let claim = Claim::take(&store, &row.id).await.unwrap();
        claim.expect("others may take it").give_back().await;
        let long_ago = Instant::now().checked_sub(IMAGE_WAIT).unwrap();
        let waited = gateway.videos.without_image.lock().insert(row.id, long_ago);
        assert!(waited.is_some());
        assert_eq!(resume().await, 1, "it fails rather than wait for ever");
        gateway.close().await;
        store.close().await;
    }
}
