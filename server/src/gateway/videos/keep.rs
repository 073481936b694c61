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
    media::{
        Unfinished,
        files::{MediaError, MediaFiles, StoredFile},
    },
};

/// Largest first picture of a video.
const MAX_POSTER_BYTES: u64 = 32 * 1024 * 1024;
/// How often a file is asked for.
const MAX_TRIES: usize = 3;

/// Why a video was not kept.
pub(super) enum NotKept {
    Upstream(Failure),
    Here(GatewayError),
}

/// The files of a video, which have no place yet: nothing is left of them if they are dropped.
pub(super) struct Received {
    video: Unfinished,
    poster: Option<Unfinished>,
}

/// The files of a video.
pub(super) struct Kept {
    pub(super) video: StoredFile,
    /// Of its first picture, where the upstream gave one.
    pub(super) poster: Option<StoredFile>,
}

impl Kept {
    /// Names of the files, whose row is being written.
    pub(super) fn hand_over(self) -> (String, Option<String>) {
        let of = |file: StoredFile| {
            file.claim.hand_over();
            file.name
        };
        (of(self.video), self.poster.map(of))
    }
}

impl Received {
    /// Gives them their places. Whoever begins this must not be dropped before the files have their
    /// row.
    pub(super) async fn keep(self, files: &MediaFiles) -> Result<Kept, GatewayError> {
        let video = files.keep(self.video, MediaKind::Video).await;
        let poster = match self.poster {
            Some(poster) if video.is_ok() => files.keep(poster, MediaKind::Image).await.ok(),
            _ => None,
        };
        let video = video.map_err(|error| not_kept(&error))?;
        Ok(Kept { video, poster })
    }
}

fn not_kept(error: &MediaError) -> GatewayError {
    tracing::error!(%error, "a video cannot be kept: {error}");
    let why = match error {
        MediaError::Full => "the disk of this server is full. Make room.",
        _ => "this server's storage refuses it or does not answer.",
    };
    GatewayError::video_not_kept(why)
}

impl Filming<'_> {
    /// Downloads both files.
    ///
    /// # Cancellation
    /// Nothing is left of what has come.
    pub(super) async fn receive(
        &self,
        lease: &Lease,
        reached: &Reached,
    ) -> Result<Received, NotKept> {
        let retry = &self.job.caller.snapshot.settings.config.retry;
        let mut backoff = Backoff::new(retry, self.deadlines.ends_at());
        let mut tries = 1;
        let video = loop {
            match self.receive_video(lease, &reached.url).await {
                Err(NotKept::Upstream(failure))
                    if is_passing(&failure)
                        && tries < MAX_TRIES
                        && backoff.pause(failure.cause()).await =>
                {
                    tries += 1;
                }
                received => break received?,
            }
        };
        let poster = match &reached.poster_url {
            Some(url) => self.receive_poster(lease, url).await,
            None => None,
        };
        Ok(Received { video, poster })
    }

    async fn download(&self, lease: &Lease, url: &str) -> Result<Download, Failure> {
        let upstream = self.job.caller.snapshot.settings.upstream_for(lease);
        let asking = upstream.download(lease.credential().expose(), url);
        Ok(self.deadlines.wait(Deadline::FirstByte, asking).await??)
    }

    async fn receive_video(&self, lease: &Lease, url: &str) -> Result<Unfinished, NotKept> {
        let download = self.download(lease, url).await.map_err(NotKept::Upstream)?;
        let limit_mb = self.job.caller.snapshot.settings.config.video.max_file_mb;
        let broken = Mutex::default();
        let content = pieces(download, self.deadlines, &broken);
        let files = &self.gateway.media_files;
        let received = files.receive(MediaKind::Video, content, limit_mb << 20);
        received.await.map_err(|error| match error {
            MediaError::NotAVideo | MediaError::NotAPicture => {
                NotKept::Upstream(Failure::NotAVideo)
            }
            MediaError::Source(_) => {
                let failure = broken.lock().take();
                NotKept::Upstream(failure.unwrap_or(Failure::NotAVideo))
            }
            MediaError::TooLarge { .. } => NotKept::Here(GatewayError::video_not_kept(&format!(
                "it is larger than {limit_mb} MiB (`video.max_file_mb`)."
            ))),
            error => NotKept::Here(not_kept(&error)),
        })
    }

    /// Nobody is without a video for want of its first picture.
    async fn receive_poster(&self, lease: &Lease, url: &str) -> Option<Unfinished> {
        let receiving = async {
            let download = self.download(lease, url).await.ok()?;
            let broken = Mutex::default();
            let content = pieces(download, self.deadlines, &broken);
            let files = &self.gateway.media_files;
            let received = files.receive(MediaKind::Image, content, MAX_POSTER_BYTES);
            received.await.ok()
        };
        let received = receiving.await;
        if received.is_none() {
            tracing::info!(video = self.job.id, "a video has no first picture");
        }
        received
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
