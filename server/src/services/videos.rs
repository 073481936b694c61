//! The visitors' videos as the video page shows them: those under way as well.

use std::sync::Arc;

use grok2api_app::{
    dto::{VideoFailure, VideoItem, VideoPage, VideoState},
    error::UiError,
    limits::MAX_MEDIA_PAGE,
    service::Visitor,
};
use store::{MediaKind, VideoJobRow, VideoStatus};

use crate::{
    clock::{now_ms, now_secs},
    gateway::{
        Gateway, GatewayError,
        videos::{Wishes, is_made},
    },
    media::links::LinkKey,
    snapshot::Current,
};

/// Lists videos of one owner. Cheap to clone.
#[derive(Clone)]
pub struct VideoList {
    gateway: Arc<Gateway>,
    current: Current,
    link_key: LinkKey,
}

impl VideoList {
    #[must_use]
    pub fn new(gateway: Arc<Gateway>, current: Current, link_key: LinkKey) -> Self {
        Self {
            gateway,
            current,
            link_key,
        }
    }

    /// A page of an owner's videos, newest first, behind the one called `after`.
    ///
    /// # Errors
    /// [`UiError::NotFound`] if there is no video of that id any more; [`UiError::Unavailable`].
    pub async fn list(
        &self,
        visitor: &Visitor,
        after: Option<String>,
        limit: u32,
    ) -> Result<VideoPage, UiError> {
        let limit = limit.clamp(1, MAX_MEDIA_PAGE);
        let listing = self
            .gateway
            .list_videos(visitor.owner(), after.as_deref(), false, limit);
        let page = listing.await.map_err(refusal)?;
        Ok(VideoPage {
            now_ms: now_ms(),
            own_address: self.own_address(),
            has_more: page.has_more,
            items: page.into_iter().map(|row| self.item(row)).collect(),
        })
    }

    /// `app.app_url` without a slash at its end.
    fn own_address(&self) -> String {
        let settings = &self.current.load().settings;
        settings.config.app.app_url.trim_end_matches('/').to_owned()
    }

    fn item(&self, row: VideoJobRow) -> VideoItem {
        let state = match row.status {
            VideoStatus::Queued => VideoState::Queued,
            VideoStatus::InProgress if is_made(&row) => VideoState::Finishing,
            VideoStatus::InProgress => VideoState::InProgress,
            VideoStatus::Completed => VideoState::Completed,
            VideoStatus::Failed => VideoState::Failed,
            VideoStatus::Cancelled => VideoState::Cancelled,
        };
        let wishes = Wishes::of(&row.params);
        let reference = wishes
            .as_ref()
            .and_then(|wishes| wishes.reference.as_deref());
        let file = row.file.as_deref();
        VideoItem {
            url: file.map(|name| self.address("video", MediaKind::Video, name)),
            poster: self.picture("image", row.poster.as_deref()),
            thumbnail: self.picture("thumbnail", row.poster.as_deref()),
            reference: self.picture("thumbnail", reference),
            id: row.id,
            at_ms: row.created_ms,
            state,
            progress: row.progress,
            prompt: row.prompt,
            model: row.model,
            seconds: wishes.as_ref().map_or(0, |wishes| wishes.seconds),
            is_high_resolution: wishes
                .as_ref()
                .is_some_and(|wishes| wishes.is_high_resolution),
            has_reference: wishes.as_ref().is_some_and(|wishes| wishes.has_reference),
            aspect_ratio: wishes
                .as_ref()
                .map(|wishes| wishes.aspect_ratio.clone())
                .unwrap_or_default(),
            preset: wishes.map(|wishes| wishes.preset).unwrap_or_default(),
            ended_ms: row.completed_ms,
            failure: row
                .error
                .map(|(code, message)| VideoFailure { code, message }),
            parent: row.parent,
        }
    }

    fn picture(&self, folder: &str, name: Option<&str>) -> Option<String> {
        name.map(|name| self.address(folder, MediaKind::Image, name))
    }

    /// The path of a file, signed anew for each list where addresses are.
    fn address(&self, folder: &str, kind: MediaKind, name: &str) -> String {
        let media = &self.current.load().settings.config.media;
        let paths = self.link_key.paths(media);
        paths.of(folder, (kind, name), now_secs())
    }
}

/// Of the two mistakes of a list one is about `after`.
fn refusal(error: GatewayError) -> UiError {
    match error.param {
        Some(_) => UiError::NotFound,
        None => UiError::Unavailable,
    }
}
