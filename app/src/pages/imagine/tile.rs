//! One place in the gallery: a picture, or one that is being drawn.

use crate::{browser::completion::FailureCode, pages::making::Ratio};
use leptos::prelude::*;
use std::sync::Arc;

/// Names a tile for as long as the page is open.
pub(super) type TileKey = Arc<str>;

/// A finished picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Picture {
    /// In the gallery of the server; empty when it could not be kept.
    pub(super) id: String,
    /// The file, a path of this site or a data URI.
    pub(super) address: String,
    /// A small version of it.
    pub(super) thumbnail: String,
    pub(super) width: u32,
    pub(super) height: u32,
    /// Of the file; 0 when not known.
    pub(super) bytes: u64,
    pub(super) prompt: String,
    pub(super) model: String,
    pub(super) at_ms: i64,
}

impl Picture {
    /// How the file is called when it is saved.
    pub(super) fn file_name(&self) -> &str {
        if self.address.starts_with("data:") {
            return "picture.jpg";
        }
        let path = self.address.split('?').next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }
}

/// What can be seen of a picture that this page has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing yet, or the latest stage.
    Drawing(Option<Arc<str>>),
    Done(Arc<Picture>),
    Failed(FailureCode),
}

#[derive(Clone)]
enum Content {
    /// Asked for on this page.
    Live(ArcRwSignal<Progress>),
    /// From the server's gallery.
    Kept(Arc<Picture>),
}

/// See the module.
#[derive(Clone)]
pub(super) struct Tile {
    key: TileKey,
    /// Width by height.
    ratio: f64,
    content: Content,
}

impl Tile {
    /// A picture that will be drawn.
    pub(super) fn awaited(key: impl Into<TileKey>, ratio: Ratio) -> Self {
        let (width, height) = ratio.sides();
        Self {
            key: key.into(),
            ratio: f64::from(width) / f64::from(height),
            content: Content::Live(ArcRwSignal::new(Progress::Drawing(None))),
        }
    }

    pub(super) fn kept(picture: Picture) -> Self {
        let sides = (f64::from(picture.width), f64::from(picture.height));
        let ratio = if sides.0 > 0.0 && sides.1 > 0.0 {
            sides.0 / sides.1
        } else {
            1.0
        };
        Self {
            key: picture.id.as_str().into(),
            ratio,
            content: Content::Kept(Arc::new(picture)),
        }
    }

    pub(super) fn key(&self) -> &TileKey {
        &self.key
    }

    pub(super) fn ratio(&self) -> f64 {
        self.ratio
    }

    /// Reactive.
    pub(super) fn progress(&self) -> Progress {
        match &self.content {
            Content::Live(progress) => progress.get(),
            Content::Kept(picture) => Progress::Done(picture.clone()),
        }
    }

    /// The finished picture. Reactive.
    pub(super) fn picture(&self) -> Option<Arc<Picture>> {
        match &self.content {
            Content::Live(progress) => progress.with(|progress| match progress {
                Progress::Done(picture) => Some(picture.clone()),
                _ => None,
            }),
            Content::Kept(picture) => Some(picture.clone()),
        }
    }

    /// Of a picture that the server keeps. Not reactive.
    pub(super) fn id(&self) -> Option<String> {
        let picture = untrack(|| self.picture())?;
        Some(picture.id.clone()).filter(|id| !id.is_empty())
    }

    /// Puts what the server knows of a picture in place of what this page knows.
    pub(super) fn complete(&self, picture: Picture) {
        if let Content::Live(progress) = &self.content {
            progress.set(Progress::Done(Arc::new(picture)));
        }
    }

    /// Changes nothing of a picture that is finished.
    pub(super) fn advance(&self, to: Progress) {
        if let Content::Live(progress) = &self.content
            && progress.with_untracked(|now| !matches!(now, Progress::Done(_)))
        {
            progress.set(to);
        }
    }

    /// Reactive.
    pub(super) fn has_failed(&self) -> bool {
        match &self.content {
            Content::Live(progress) => {
                progress.with(|progress| matches!(progress, Progress::Failed(_)))
            }
            Content::Kept(_) => false,
        }
    }

    pub(super) fn is_drawing(&self) -> bool {
        match &self.content {
            Content::Live(progress) => {
                progress.with_untracked(|now| matches!(now, Progress::Drawing(_)))
            }
            Content::Kept(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_picture_stays_finished() {
        let tile = Tile::awaited("a", Ratio::Wide);
        assert!(tile.is_drawing() && tile.picture().is_none());
        tile.advance(Progress::Done(Arc::default()));
        tile.advance(Progress::Failed(FailureCode::Other));
        assert_eq!(tile.progress(), Progress::Done(Arc::default()));
        assert!((tile.ratio() - 16.0 / 9.0).abs() < 1e-9);
    }

    #[test]
    fn a_saved_file_is_called_as_on_the_server() {
        let at = |address: &str| Picture {
            address: address.to_owned(),
            ..Picture::default()
        };
        assert_eq!(at("/v1/files/image/ab12.png").file_name(), "ab12.png");
        let signed = at("/v1/files/image/ab12.png?expires=1&signature=a/b");
        assert_eq!(signed.file_name(), "ab12.png");
        assert_eq!(at("data:image/jpeg;base64,AA/A").file_name(), "picture.jpg");
    }
}
