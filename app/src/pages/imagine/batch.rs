//! One request for pictures: its tiles, and what becomes of them.

use super::{
    choices::Choices,
    events::{self, PictureEvent},
    gallery::Gallery,
    request::Asked,
    tile::{Picture, Progress, Tile},
};
use crate::{
    api::media::list_media,
    browser::{
        completion::{Failure, FailureCode, FailureKind},
        page,
        stream::failed,
    },
    dom,
    dto::MediaKind,
};
use leptos::task::spawn_local;
use std::{collections::HashSet, sync::Arc};

/// The tiles of one request. Dropping it takes those away that are still being drawn.
struct Batch {
    gallery: Gallery,
    tiles: Vec<Tile>,
}

impl Batch {
    fn begin(gallery: Gallery, choices: &Choices) -> Self {
        let id = page::random_id();
        let tiles: Vec<_> = (0..choices.count)
            .map(|at| Tile::awaited(format!("{id}-{at}"), choices.ratio))
            .collect();
        gallery.add(&tiles);
        Self { gallery, tiles }
    }

    fn is_whole(&self) -> bool {
        !self.tiles.iter().any(Tile::is_drawing)
    }

    /// Asks what the server knows of the finished ones: id, size and model.
    fn complete(&self) {
        let done = self.tiles.iter();
        let done: Vec<_> = done
            .filter_map(|tile| Some((tile.id()?, tile.clone())))
            .collect();
        let Ok(count @ 1..) = u32::try_from(done.len()) else {
            return;
        };
        spawn_local(async move {
            let Ok(page) = list_media(Some(MediaKind::Image), None, count).await else {
                return;
            };
            for item in page.items {
                let found = done.iter().find(|(id, _)| *id == item.id);
                if let Some((_, tile)) = found {
                    tile.complete(item.into());
                }
            }
        });
    }

    /// Those that are still being drawn will not come.
    fn fail(&self, code: FailureCode) {
        for tile in self.tiles.iter().filter(|tile| tile.is_drawing()) {
            tile.advance(Progress::Failed(code));
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let drawing = self.tiles.iter().filter(|tile| tile.is_drawing());
        let keys: HashSet<_> = drawing.map(|tile| tile.key().clone()).collect();
        if !keys.is_empty() {
            self.gallery.remove(&keys);
        }
    }
}

/// Asks for one batch and shows it while it comes. `on_done` is told how many are finished.
///
/// # Errors
/// Why pictures are missing; those that came stay.
///
/// # Cancellation
/// Dropping the future ends the request and takes away what was not finished.
pub(super) async fn draw(
    gallery: Gallery,
    asked: &Asked,
    on_done: impl Fn(u32),
) -> Result<(), Failure> {
    let batch = Batch::begin(gallery, &asked.choices);
    gallery.first_page().await;
    let received = receive(&batch, asked, on_done).await;
    batch.complete();
    match received {
        Ok(()) if batch.is_whole() => Ok(()),
        // The end came without all of them: the others were withheld.
        Ok(()) => {
            batch.fail(FailureCode::ContentPolicyViolation);
            Err(Failure {
                code: FailureCode::ContentPolicyViolation,
                at_ms: dom::now_ms(),
                ..failed(FailureKind::Server)
            })
        }
        Err(failure) => {
            batch.fail(failure.code);
            Err(failure)
        }
    }
}

async fn receive(batch: &Batch, asked: &Asked, on_done: impl Fn(u32)) -> Result<(), Failure> {
    let mut stream = asked.send().await?;
    let (mut done, mut failed) = (0, None);
    while let Some(event) = stream.next().await? {
        match events::read(&event) {
            Some(PictureEvent::Partial { index, address }) => {
                if let Some(tile) = batch.tiles.get(index) {
                    tile.advance(Progress::Drawing(Some(address.into())));
                }
            }
            Some(PictureEvent::Completed {
                index,
                address,
                media_id,
            }) => {
                if let Some(tile) = batch.tiles.get(index) {
                    let picture = finished(asked, address, media_id);
                    tile.advance(Progress::Done(Arc::new(picture)));
                    done += 1;
                    on_done(done);
                }
            }
            // Read on to the end, so that the browser sees the request end instead of an abort.
            Some(PictureEvent::Failed(failure)) => {
                failed = Some(Failure {
                    at_ms: dom::now_ms(),
                    ..failure
                });
            }
            None => {}
        }
    }
    failed.map_or(Ok(()), Err)
}

fn finished(asked: &Asked, address: String, media_id: Option<String>) -> Picture {
    let thumbnail = match address.strip_prefix("/v1/files/image/") {
        Some(name) if media_id.is_some() => format!("/v1/files/thumbnail/{name}"),
        _ => String::new(),
    };
    Picture {
        id: media_id.unwrap_or_default(),
        address,
        thumbnail,
        prompt: asked.prompt.clone(),
        at_ms: dom::now_ms(),
        ..Picture::default()
    }
}
