//! Receiving a file of any size as it comes, in constant memory.

use std::{error::Error, io, mem};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use store::MediaKind;
use tokio::task::spawn_blocking;

use super::{
    files::{MediaError, MediaFiles},
    unfinished::Unfinished,
};

/// So much is gathered before a thread that may block writes it.
const PIECE_BYTES: usize = 256 * 1024;

impl MediaFiles {
    /// Writes a picture or video that a stream gives to a file that has no place yet;
    /// [`MediaFiles::keep`] gives it one. What it is is read from its first bytes. At most 256 KiB and
    /// one chunk of the stream are in memory.
    ///
    /// # Errors
    /// [`MediaError::Source`] with the stream's own error, [`MediaError::TooLarge`] above
    /// `limit_bytes`, [`MediaError::NotAPicture`] and [`MediaError::NotAVideo`] as soon as it shows,
    /// [`MediaError::Full`] and [`MediaError::Io`]. Nothing is left of it.
    ///
    /// # Cancellation
    /// Nothing is left of it.
    pub async fn receive<S, E>(
        &self,
        kind: MediaKind,
        content: S,
        limit_bytes: u64,
    ) -> Result<Unfinished, MediaError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.receive_as(Some(kind), content, limit_bytes).await
    }

    /// [`MediaFiles::receive`] of a file that may be anything where no kind is named.
    pub(super) async fn receive_as<S, E>(
        &self,
        kind: Option<MediaKind>,
        content: S,
        limit_bytes: u64,
    ) -> Result<Unfinished, MediaError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut content = std::pin::pin!(content);
        let files = self.clone();
        let mut file = blocking(move || Ok(files.begin()?)).await?;
        let (mut piece, mut gathered, mut total) = (Vec::new(), 0, 0_u64);
        while let Some(chunk) = content.next().await {
            let chunk = chunk.map_err(|error| MediaError::Source(error.into()))?;
            total = total.saturating_add(chunk.len() as u64);
            if total > limit_bytes {
                return Err(MediaError::TooLarge { limit_bytes });
            }
            gathered += chunk.len();
            piece.push(chunk);
            if gathered >= PIECE_BYTES {
                file = write(file, mem::take(&mut piece), kind).await?;
                gathered = 0;
            }
        }
        write(file, piece, kind).await
    }
}

/// Writes a piece. The file goes into the blocking thread and comes back, so that it is removed when
/// nobody waits for it any more.
async fn write(
    mut file: Unfinished,
    piece: Vec<Bytes>,
    kind: Option<MediaKind>,
) -> Result<Unfinished, MediaError> {
    blocking(move || {
        let is_first = file.bytes() == 0;
        for chunk in &piece {
            file.write(chunk)?;
        }
        if let Some(kind) = kind.filter(|_| is_first) {
            MediaFiles::type_of(kind, file.head())?;
        }
        Ok(file)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, MediaError> + Send + 'static,
) -> Result<T, MediaError> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Duration};

    use futures::stream;

    use super::*;
    use crate::media::files::StoredFile;

    const MP4: &[u8] = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42";
    const LIMIT: u64 = 10 * 1024 * 1024;

    async fn store<S, E>(files: &MediaFiles, kind: MediaKind, content: S) -> StoredFile
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let file = files.receive(kind, content, LIMIT).await.unwrap();
        files.keep(file, kind).await.unwrap()
    }

    type Chunks = Vec<Result<Bytes, &'static str>>;

    fn video(size: usize, chunk: usize) -> Chunks {
        let mut content = MP4.to_vec();
        content.resize(size, 7);
        let chunks = content.chunks(chunk);
        chunks
            .map(|part| Ok(Bytes::copy_from_slice(part)))
            .collect()
    }

    /// Names of all files below the folder of media.
    fn all_files(data_dir: &Path) -> Vec<String> {
        let folders = fs::read_dir(data_dir.join("media")).unwrap();
        let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[tokio::test]
    async fn a_stream_is_the_same_file_however_it_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let mut stored = Vec::new();
        for chunk in [1000, 3, 700_000] {
            let content = stream::iter(video(600_000, chunk));
            stored.push(store(&files, MediaKind::Video, content).await);
        }
        let first = stored.remove(0);
        assert_eq!((first.mime, first.bytes), ("video/mp4", 600_000));
        assert!(first.name.ends_with(".mp4"), "{}", first.name);
        for other in stored {
            assert_eq!(other, first);
        }
        assert_eq!(all_files(folder.path()), [first.name.as_str()]);
        let (place, _reading) = files.read(MediaKind::Video, &first.name).unwrap();
        let whole = video(600_000, 600_000).remove(0).unwrap();
        assert_eq!(fs::read(place).unwrap(), whole);
    }

    #[tokio::test]
    async fn a_streamed_picture_is_the_same_file_as_one_stored_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0";
        let at_once = files.store_image(Bytes::from_static(png)).await.unwrap();
        let content = stream::iter(png.chunks(5).map(|part| Ok::<_, io::Error>(part.into())));
        assert_eq!(store(&files, MediaKind::Image, content).await, at_once);
    }

    #[tokio::test]
    async fn a_stream_that_fails_says_why_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let broken: Chunks = vec![Ok(MP4.into()), Err("the upstream has hung up")];
        let page: Chunks = vec![Ok("<!DOCTYPE html>".into())];
        let picture: Chunks = vec![Ok(Bytes::from_static(b"\x89PNG\r\n\x1a\n"))];
        for (content, expected) in [
            (broken, "the upstream has hung up"),
            (page, "it is no video that this server knows"),
            (picture, "it is no video that this server knows"),
            (Vec::new(), "it is no video that this server knows"),
            (video(5000, 1000), "it is larger than 4000 bytes"),
        ] {
            let content = stream::iter(content);
            let received = files.receive(MediaKind::Video, content, 4000).await;
            let error = received.err().unwrap();
            assert_eq!(error.to_string(), expected);
            assert_eq!(all_files(folder.path()), [""; 0], "{expected}");
        }
    }

    #[tokio::test]
    async fn what_is_no_video_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let page = stream::repeat_with(|| Ok::<_, io::Error>(Bytes::from_static(&[b' '; 4096])));
        let received = files.receive(MediaKind::Video, page, u64::MAX).await;
        assert!(matches!(received, Err(MediaError::NotAVideo)));
    }

    #[tokio::test]
    async fn nothing_is_left_of_a_stream_that_nobody_waits_for() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let (reached, stuck) = tokio::sync::oneshot::channel();
        let data_dir = folder.path().to_owned();
        let waits = stream::once(async move {
            let _ = reached.send(all_files(&data_dir).len());
            std::future::pending().await
        });
        let content = stream::iter(video(600_000, 300_000)).chain(waits);
        tokio::select! {
            _ = files.receive(MediaKind::Video, content, LIMIT) => unreachable!("no end"),
            begun = stuck => assert_eq!(begun.unwrap(), 1),
        }
        assert_eq!(all_files(folder.path()), [""; 0]);
    }

    #[tokio::test]
    async fn a_write_that_is_given_up_removes_its_file_when_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let content = stream::iter(video(3_000_000, 300_000));
        let receiving = files.receive(MediaKind::Video, content, LIMIT);
        let mut receiving = Box::pin(receiving);
        // Whichever thread has the file at the moment.
        let first = futures::poll!(&mut receiving);
        assert!(first.is_pending());
        drop(receiving);
        tokio::time::timeout(Duration::from_secs(30), async {
            while !all_files(folder.path()).is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }
}
