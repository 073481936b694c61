//! The image that a video begins with: on disk from its queueing to its end, in memory only while the part
//! is made that begins with it.

use std::{collections::HashSet, time::Duration};

use anyhow::Context;
use tokio::time::{Instant, sleep};

use super::{Wishes, filming::Filming, job::Job};
use crate::{
    gateway::{
        Caller, ErrorKind, Gateway, GatewayError,
        attachments::{Input, ReadyFile},
        failure::Failure,
        pictures::check_images,
    },
    media::references::Reference,
};

/// Largest image that a video begins with, in bytes.
pub(super) const MAX_IMAGE_BYTES: usize = 50 * 1024 * 1024;
/// Before memory that other files take is asked for again.
const MEMORY_PAUSE: Duration = Duration::from_millis(250);

/// What a video begins with.
pub enum Beginning {
    /// An image that has not been looked at.
    Input(Input),
    /// One that [`Gateway::keep_image`] has kept.
    Kept(Reference),
}

impl Gateway {
    /// Puts an image on disk, where it takes no memory until a video is made that begins with it.
    ///
    /// # Errors
    /// It cannot be had, is no picture, or the disk does not take it.
    pub async fn keep_image(
        &self,
        caller: &Caller,
        input: Input,
    ) -> Result<Reference, GatewayError> {
        let mut files = self.load(caller, vec![input], MAX_IMAGE_BYTES).await?;
        check_images(&mut files)?;
        let content = files.first().map(|file| file.content.clone());
        let kept = self.media_files.keep_reference(content.unwrap_or_default());
        kept.await.map_err(|error| {
            let request_id = caller.record.id();
            tracing::error!(%request_id, %error, "the image of a video cannot be kept: {error}");
            GatewayError::image_not_kept()
        })
    }

    /// The image of a video that is queued now, and what its row says of it.
    pub(super) async fn begin_with(
        &self,
        caller: &Caller,
        beginning: Beginning,
        wishes: &mut Wishes,
    ) -> Result<Reference, GatewayError> {
        let image = match beginning {
            Beginning::Kept(image) => image,
            Beginning::Input(input) => {
                let own_file = input.own_file(&caller.own_address);
                wishes.reference = own_file.map(str::to_owned);
                self.keep_image(caller, input).await?
            }
        };
        wishes.has_reference = true;
        wishes.round_up();
        wishes.image = Some(image.name().to_owned());
        Ok(image)
    }

    /// Removes the image of a video that is over.
    pub(super) async fn remove_image(&self, job: &Job) {
        let Some(name) = &job.wishes.image else {
            return;
        };
        if let Err(error) = self.media_files.remove_reference(name).await {
            tracing::warn!(video = job.id, %error, "the image of a video cannot be removed: {error}");
        }
    }

    /// Removes images that were kept at least so long ago and that no video needs any more. Younger ones
    /// may be of videos that are just being asked for, here or on an instance with the same folder.
    pub async fn sweep_video_images(&self, age: Duration) -> anyhow::Result<()> {
        let old = self.media_files.old_references(age).await;
        let mut old: HashSet<String> = old
            .context("listing images of videos")?
            .into_iter()
            .collect();
        if old.is_empty() {
            return Ok(());
        }
        // Of other instances too: one that died may have left a video with which this one goes on.
        let open = self.store.open_video_jobs().await;
        for row in open.context("reading the videos that are not over")? {
            if let Some(image) = Wishes::of(&row.params).and_then(|wishes| wishes.image) {
                old.remove(&image);
            }
        }
        for name in old {
            let removed = self.media_files.remove_reference(&name).await;
            removed.context("removing the image of a video that is over")?;
        }
        Ok(())
    }
}

impl Filming<'_> {
    /// The image of that name; waits while other files take the memory.
    pub(super) async fn image(&self, name: &str) -> Result<ReadyFile, Failure> {
        let settings = &self.job.caller.snapshot.settings;
        let end = Instant::now() + settings.config.asset.upload_timeout;
        loop {
            match self.gateway.load_kept(name).await {
                Err(error) if error.kind == ErrorKind::AtCapacity && Instant::now() < end => {
                    sleep(MEMORY_PAUSE).await;
                }
                loaded => return loaded.map_err(Failure::Ours),
            }
        }
    }
}
