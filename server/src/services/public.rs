//! What public pages need beside the streaming endpoint.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use grok2api_app::{
    dto::{MediaKind, MediaPage, ModelOption, PictureOptions, VideoPage},
    error::{Field, Rule, UiError},
    limits::MAX_CODE_BYTES,
    service::{PublicProof, PublicService, Visitor},
};
use tokio::sync::Semaphore;

use super::{accounts::to_page_tier, gallery::Gallery, highlight, videos::VideoList};
use settings::ModelKind;

use crate::snapshot::Current;

/// Code blocks that are coloured at once, each for up to half a second of a core.
const COLOURINGS: usize = 2;
/// How long one waits for its turn.
const COLOURING_WAIT: Duration = Duration::from_secs(2);

/// Implements [`PublicService`].
pub struct PublicPages {
    current: Current,
    colourings: Arc<Semaphore>,
    gallery: Gallery,
    videos: VideoList,
}

impl PublicPages {
    #[must_use]
    pub fn new(current: Current, gallery: Gallery, videos: VideoList) -> Self {
        Self {
            current,
            colourings: Arc::new(Semaphore::new(COLOURINGS)),
            gallery,
            videos,
        }
    }
}

#[async_trait]
impl PublicService for PublicPages {
    fn voice_server(&self) -> String {
        let settings = &self.current.load().settings;
        settings
            .config
            .upstream
            .livekit_url
            .origin()
            .ascii_serialization()
    }

    async fn list_models(&self, _public: PublicProof) -> Result<Vec<ModelOption>, UiError> {
        let snapshot = self.current.load();
        Ok(snapshot
            .settings
            .models
            .of_kind(ModelKind::Chat)
            .map(|model| ModelOption {
                id: model.id.clone(),
                cost: model.cost,
                tier: to_page_tier(model.tier),
                is_served: snapshot.pool.serves(model.tier),
            })
            .collect())
    }

    async fn picture_options(&self, _public: PublicProof) -> Result<PictureOptions, UiError> {
        let snapshot = self.current.load();
        Ok(PictureOptions {
            is_nsfw_allowed: snapshot.settings.config.image.nsfw,
        })
    }

    async fn highlight(
        &self,
        _public: PublicProof,
        language: String,
        code: String,
    ) -> Result<String, UiError> {
        if code.len() > MAX_CODE_BYTES {
            return Err(UiError::Invalid {
                field: Field::Code,
                rule: Rule::TooLong,
            });
        }
        let permit = self.colourings.clone().acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(COLOURING_WAIT, permit).await else {
            // The page shows the code without colours.
            return Err(UiError::TooManyAttempts {
                retry_secs: COLOURING_WAIT.as_secs(),
            });
        };
        // The caller may leave, but the work goes on: it keeps the permit.
        let work = move || {
            let _permit = permit;
            highlight::to_html(&language, &code)
        };
        let html = tokio::task::spawn_blocking(work).await;
        html.map_err(|_| UiError::Internal {
            request_id: String::new(),
        })
    }

    async fn list_media(
        &self,
        visitor: Visitor,
        kind: Option<MediaKind>,
        cursor: Option<String>,
        limit: u32,
    ) -> Result<MediaPage, UiError> {
        self.gallery.list(&visitor, kind, cursor, limit).await
    }

    async fn delete_media(&self, visitor: Visitor, ids: Vec<String>) -> Result<u32, UiError> {
        self.gallery.delete(&visitor, &ids).await
    }

    async fn list_videos(
        &self,
        visitor: Visitor,
        after: Option<String>,
        limit: u32,
    ) -> Result<VideoPage, UiError> {
        self.videos.list(&visitor, after, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gateway::Gateway,
        media::{files::MediaFiles, links::LinkKey},
        snapshot::Snapshot,
    };

    #[tokio::test]
    async fn two_blocks_are_coloured_at_once_and_others_stay_plain_after_a_wait() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let snapshot = Snapshot::own(settings::Config::default(), Vec::new()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key = store::MasterKey::load_or_create(folder.path(), None).unwrap();
        let (current, links) = (Current::new(snapshot), LinkKey::of(&key));
        let store = store::open("", folder.path(), key).await.unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let settings = &current.load().settings;
        let gateway = Gateway::new(settings, Arc::clone(&store), files.clone());
        let videos = VideoList::new(gateway, current.clone(), links.clone());
        let gallery = Gallery::new(store, files, current.clone(), links);
        let pages = PublicPages::new(current.clone(), gallery, videos);
        tokio::time::pause();
        let colour = |code: &str| {
            let code = code.to_owned();
            pages.highlight(PublicProof::checked(), "rust".to_owned(), code)
        };
        let busy = pages.colourings.acquire_many(2).await.unwrap();
        let refused = colour("fn main() {}").await;
        assert_eq!(refused, Err(UiError::TooManyAttempts { retry_secs: 2 }));
        drop(busy);
        assert!(colour("fn main() {}").await.unwrap().contains("hl-"));
        assert_eq!(pages.colourings.available_permits(), COLOURINGS);
        let long = colour(&" ".repeat(16 * 1024 + 1)).await;
        let rule = Rule::TooLong;
        let field = Field::Code;
        assert_eq!(long, Err(UiError::Invalid { field, rule }));
    }
}
