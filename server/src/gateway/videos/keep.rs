//! From the upstream's address of a video to a file of this server.

use std::io;

use bytes::Bytes;
use futures::{Stream, stream};
use grok::Download;
use parking_lot::Mutex;
use pool::Lease;
use store::MediaKind;

use super::{filming::Filming, plan::Reached};
use crate::{
    gateway::{
        GatewayError, backoff::Backoff, deadlines::Deadlines, error::Deadline, failure::Failure,
    },
    media::files::{MediaError, StoredFile},
};

/// Largest first picture of a video.
const MAX_POSTER_BYTES: usize = 32 * 1024 * 1024;
/// How often a file is asked for.
const MAX_TRIES: usize = 3;

/// Why a video was not kept.
pub(super) enum NotKept {
    Upstream(Failure),
    Here(GatewayError),
}

/// The files of a video.
pub(super) struct Kept {
    pub(super) video: StoredFile,
    /// Of its first picture, where the upstream gave one.
    pub(super) poster: Option<StoredFile>,
}

impl Filming<'_> {
    /// Downloads both files.
    ///
    /// # Cancellation
    /// What has come is removed.
    pub(super) async fn keep(&self, lease: &Lease, reached: &Reached) -> Result<Kept, NotKept> {
        let mut backoff = Backoff::new(&self.job.caller.snapshot.settings.config.retry);
        let mut tries = 1;
        let video = loop {
            match self.keep_video(lease, &reached.url).await {
                Err(NotKept::Upstream(failure))
                    if is_passing(&failure) && tries < MAX_TRIES && backoff.pause().await =>
                {
                    tries += 1;
                }
                kept => break kept?,
            }
        };
        let poster = match &reached.poster_url {
            Some(url) => self.keep_poster(lease, url).await,
            None => None,
        };
        Ok(Kept { video, poster })
    }

    async fn keep_video(&self, lease: &Lease, url: &str) -> Result<StoredFile, NotKept> {
        let settings = &self.job.caller.snapshot.settings;
        let credential = lease.credential().expose();
        let asking = settings.upstream.download(credential, url);
        let download = self.deadlines.wait(Deadline::FirstByte, asking).await;
        let download = download.and_then(|download| Ok(download?));
        let download = download.map_err(NotKept::Upstream)?;
        let limit_mb = settings.config.video.max_file_mb;
        let broken = Mutex::new(None);
        let content = pieces(download, self.deadlines, &broken);
        let files = &self.gateway.media_files;
        let storing = files.store_stream(MediaKind::Video, content, limit_mb << 20);
        let stored = storing.await;
        stored.map_err(|error| {
            let here = |why: &str| NotKept::Here(GatewayError::video_not_kept(why));
            match error {
                MediaError::NotAVideo | MediaError::NotAPicture => {
                    NotKept::Upstream(Failure::NotAVideo)
                }
                MediaError::Source(_) => {
                    let failure = broken.lock().take();
                    NotKept::Upstream(failure.unwrap_or(Failure::NotAVideo))
                }
                MediaError::TooLarge { .. } => here(&format!(
                    "it is larger than {limit_mb} MiB (`video.max_file_mb`)."
                )),
                error => {
                    tracing::error!(video = self.job.id, %error, "a video cannot be kept: {error}");
                    here("the disk of this server is full or refuses to be written. Make room.")
                }
            }
        })
    }

    /// Nobody is without a video for want of its first picture.
    async fn keep_poster(&self, lease: &Lease, url: &str) -> Option<StoredFile> {
        let settings = &self.job.caller.snapshot.settings;
        let credential = lease.credential().expose();
        let loading = async {
            let download = settings.upstream.download(credential, url).await?;
            download.whole(MAX_POSTER_BYTES).await
        };
        let loaded = self.deadlines.wait(Deadline::Idle, loading).await;
        let stored = match loaded {
            Ok(Ok(file)) => self.gateway.media_files.store_image(file).await.ok(),
            _ => None,
        };
        if stored.is_none() {
            tracing::info!(video = self.job.id, "a video has no first picture");
        }
        stored
    }
}

/// Asking again may help.
fn is_passing(failure: &Failure) -> bool {
    failure.is_trouble()
        || matches!(failure, Failure::Deadline { deadline, .. } if *deadline != Deadline::Total)
}

/// The pieces of a download; what breaks it off is in `broken`.
fn pieces(
    download: Download,
    deadlines: Deadlines,
    broken: &Mutex<Option<Failure>>,
) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold(download, move |mut download| async move {
        let chunk = match deadlines.wait(Deadline::Idle, download.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => Err(Failure::from(error)),
            Err(failure) => Err(failure),
        };
        match chunk {
            Ok(chunk) => Ok(chunk.map(|chunk| (chunk, download))),
            Err(failure) => {
                *broken.lock() = Some(failure);
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
    })
}
