//! Small pictures of generated ones, `<DATA_DIR>/media/thumbnail/<digits>.jpg`. Each is made when it is
//! first asked for, kept beside its picture and deleted with it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use image::{DynamicImage, ImageReader, Limits, codecs::jpeg::JpegEncoder};
use store::MediaKind;
use tokio::{
    sync::{Mutex, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

use super::files::{MediaFiles, Reading, blocking};

/// Pixels of the longer side.
const SIDE: u32 = 512;
/// About 40 KB for a picture of that size, without marks that are seen.
const QUALITY: u8 = 80;
/// Made at once, each on a core of its own and with up to [`MAX_BYTES`].
const WORKERS: usize = 2;
/// How long one waits for its turn; to make one takes a tenth of a second.
const WAIT: Duration = Duration::from_secs(10);
/// Files share so many locks by their names, so that nobody makes what another one is making.
const LOCKS: usize = 64;
/// Pixels of a picture's side. The upstream's have up to 2048.
const MAX_SIDE: u32 = 8192;
/// Of an unpacked picture: 33 million pixels in colour.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

/// Why there is no thumbnail.
#[derive(Debug, thiserror::Error)]
pub enum ThumbnailError {
    #[error("there is no such picture")]
    Missing,
    #[error("the picture cannot be made smaller: {0}")]
    Unusable(image::ImageError),
    #[error("too many are being made")]
    Busy,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A thumbnail, as it can be sent.
pub enum Thumbnail {
    /// Where it is, and a hold on it and its picture.
    Kept(PathBuf, Reading),
    /// A JPEG that the disk did not take.
    Made(Bytes),
}

/// Makes thumbnails. Cheap to clone.
#[derive(Clone)]
pub struct Thumbnails {
    files: MediaFiles,
    workers: Arc<Semaphore>,
    locks: Arc<[Arc<Mutex<()>>]>,
}

impl Thumbnails {
    #[must_use]
    pub fn new(files: MediaFiles) -> Self {
        Self {
            files,
            workers: Arc::new(Semaphore::new(WORKERS)),
            locks: (0..LOCKS).map(|_| Arc::default()).collect(),
        }
    }

    /// The thumbnail of a picture. It is made if it is not there yet; who leaves meanwhile has it made
    /// for the next.
    ///
    /// # Errors
    /// There is no such picture, it cannot be made smaller, or others' are being made for too long.
    pub async fn get(&self, name: &str) -> Result<Thumbnail, ThumbnailError> {
        self.get_by(name, make).await
    }

    async fn get_by(
        &self,
        name: &str,
        make: impl FnOnce(&Path) -> Result<Vec<u8>, ThumbnailError> + Send + 'static,
    ) -> Result<Thumbnail, ThumbnailError> {
        let read = self.files.read(MediaKind::Image, name);
        let (picture, reading) = read.ok_or(ThumbnailError::Missing)?;
        let place = self.files.thumbnail(name);
        if is_there(&place).await? {
            self.check_picture(name).await?;
            return Ok(Thumbnail::Kept(place, reading));
        }
        let lock = timeout(WAIT, self.lock(name)?.lock_owned()).await;
        let lock = lock.map_err(|_| ThumbnailError::Busy)?;
        // Another one may have made it meanwhile.
        if is_there(&place).await? {
            return Ok(Thumbnail::Kept(place, reading));
        }
        // Before it takes one of the few places: a slow bucket keeps nobody else from one.
        let copying = self.files.local_copy(MediaKind::Image, name).await;
        let copy = copying.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ThumbnailError::Missing,
            _ => ThumbnailError::Io(error),
        })?;
        let worker = timeout(WAIT, Arc::clone(&self.workers).acquire_owned()).await;
        let Ok(Ok(worker)) = worker else {
            return Err(ThumbnailError::Busy);
        };
        let files = self.files.clone();
        let working = spawn_blocking(move || {
            let _turn = (lock, worker);
            let picture = copy.as_ref().map_or(picture.as_path(), |copy| copy.path());
            let jpeg = make(picture)?;
            match files.write_thumbnail(&place, &jpeg) {
                Ok(()) => Ok(Thumbnail::Kept(place, reading)),
                Err(error) => {
                    tracing::debug!(%error, "a thumbnail cannot be kept: {error}");
                    Ok(Thumbnail::Made(jpeg.into()))
                }
            }
        });
        working.await.map_err(io::Error::other)?
    }

    fn lock(&self, name: &str) -> Result<Arc<Mutex<()>>, ThumbnailError> {
        let digits = name.get(..2).unwrap_or_default();
        let lock = usize::from_str_radix(digits, 16).unwrap_or(0) % LOCKS;
        let lock = self.locks.get(lock).ok_or(ThumbnailError::Busy)?;
        Ok(Arc::clone(lock))
    }

    /// Whether the picture of a thumbnail is still in the bucket, from which another server may have
    /// deleted it.
    async fn check_picture(&self, name: &str) -> Result<(), ThumbnailError> {
        let Some(bucket) = self.files.bucket() else {
            return Ok(());
        };
        if bucket.size(MediaKind::Image, name).await?.is_some() {
            return Ok(());
        }
        let (files, name) = (self.files.clone(), name.to_owned());
        blocking(move || files.remove_thumbnail(&name)).await?;
        Err(ThumbnailError::Missing)
    }
}

async fn is_there(place: &Path) -> io::Result<bool> {
    tokio::fs::try_exists(place).await
}

/// The thumbnail of a picture, as JPEG. What claims to be huge is refused by its head.
fn make(picture: &Path) -> Result<Vec<u8>, ThumbnailError> {
    let content = fs::read(picture).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ThumbnailError::Missing,
        _ => ThumbnailError::Io(error),
    })?;
    let mut reader = ImageReader::new(io::Cursor::new(content)).with_guessed_format()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let whole = reader.decode().map_err(ThumbnailError::Unusable)?;
    let is_small = whole.width() <= SIDE && whole.height() <= SIDE;
    let small = match is_small {
        true => whole,
        false => whole.thumbnail(SIDE, SIDE),
    };
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    let written = on_white(&small).write_with_encoder(encoder);
    written.map_err(ThumbnailError::Unusable)?;
    Ok(jpeg)
}

/// JPEG knows no transparency.
fn on_white(picture: &DynamicImage) -> DynamicImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8().into();
    }
    let mut flat = picture.to_rgba8();
    for pixel in flat.pixels_mut() {
        let [colours @ .., alpha] = &mut pixel.0;
        for colour in colours {
            let mixed = u16::from(*colour) * u16::from(*alpha) + 255 * (255 - u16::from(*alpha));
            *colour = u8::try_from(mixed / 255).unwrap_or(u8::MAX);
        }
        *alpha = 255;
    }
    DynamicImage::from(flat).to_rgb8().into()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;
    use image::{GenericImageView, ImageFormat, Rgba, RgbaImage};

    use super::*;

    fn encoded(picture: &DynamicImage, format: ImageFormat) -> Bytes {
        let mut file = io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner().into()
    }

    /// Of one that was kept.
    async fn place_of(thumbnails: &Thumbnails, name: &str) -> (PathBuf, Reading) {
        match thumbnails.get(name).await.unwrap() {
            Thumbnail::Kept(place, reading) => (place, reading),
            Thumbnail::Made(_) => unreachable!("there is room"),
        }
    }

    #[tokio::test]
    async fn a_disk_without_room_keeps_no_thumbnail_and_each_is_sent_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        MediaFiles::open(folder.path()).unwrap();
        let files = MediaFiles::measured_by(folder.path(), Arc::new(|_| Ok(0)));
        let picture = encoded(&DynamicImage::new_rgb8(600, 600), ImageFormat::Png);
        let name = store(&files, picture).await;
        files.apply(&settings::CacheConfig::default());
        let thumbnails = Thumbnails::new(files.clone());
        for _ in 0..2 {
            let Thumbnail::Made(jpeg) = thumbnails.get(&name).await.unwrap() else {
                unreachable!("there is no room");
            };
            assert_eq!(image::guess_format(&jpeg).unwrap(), ImageFormat::Jpeg);
        }
        assert_eq!(files.list_thumbnails().unwrap(), [""; 0]);
    }

    async fn store(files: &MediaFiles, file: Bytes) -> String {
        files.store_image(file).await.unwrap().name
    }

    #[tokio::test]
    async fn a_thumbnail_is_a_jpeg_of_at_most_512_pixels_in_the_same_shape() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let thumbnails = Thumbnails::new(files.clone());
        for (format, size, expected) in [
            (ImageFormat::Jpeg, (832, 1248), (341, 512)),
            (ImageFormat::Png, (2048, 1024), (512, 256)),
            (ImageFormat::WebP, (600, 3), (512, 3)),
            (ImageFormat::Gif, (40, 30), (40, 30)),
        ] {
            let picture = DynamicImage::new_rgb8(size.0, size.1);
            let name = store(&files, encoded(&picture, format)).await;
            let (place, _reading) = place_of(&thumbnails, &name).await;
            let content = fs::read(place).unwrap();
            assert_eq!(image::guess_format(&content).unwrap(), ImageFormat::Jpeg);
            let small = image::load_from_memory(&content).unwrap();
            assert_eq!(small.dimensions(), expected, "{format:?}");
        }
    }

    #[tokio::test]
    async fn what_is_transparent_becomes_white() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let clear = RgbaImage::from_pixel(16, 16, Rgba([0, 0, 0, 0]));
        let name = store(&files, encoded(&clear.into(), ImageFormat::Png)).await;
        let (place, _reading) = place_of(&Thumbnails::new(files), &name).await;
        let small = image::open(place).unwrap().to_rgb8();
        assert!(small.pixels().all(|pixel| pixel.0.iter().all(|c| *c > 250)));
    }

    #[tokio::test]
    async fn fifty_who_ask_at_once_have_it_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let picture = DynamicImage::new_rgb8(2, 2);
        let name = store(&files, encoded(&picture, ImageFormat::Png)).await;
        let thumbnails = Thumbnails::new(files);
        let made = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let made = Arc::clone(&made);
            thumbnails.get_by(&name, move |picture| {
                made.fetch_add(1, Ordering::SeqCst);
                make(picture)
            })
        };
        let got = join_all((0..50).map(|_| ask())).await;
        assert!(got.iter().all(Result::is_ok));
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    /// A small file that would take gigabytes.
    #[tokio::test]
    async fn a_decompression_bomb_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let thumbnails = Thumbnails::new(files.clone());
        let picture = DynamicImage::new_rgb8(1, 1);
        // Within the sides, and beyond the memory.
        for side in [30_000_u32, 8_000] {
            let mut bomb = encoded(&picture, ImageFormat::Png).to_vec();
            bomb[16..20].copy_from_slice(&side.to_be_bytes());
            bomb[20..24].copy_from_slice(&side.to_be_bytes());
            let head = crc(&bomb[12..29]);
            bomb[29..33].copy_from_slice(&head.to_be_bytes());
            let name = store(&files, bomb.into()).await;
            let refused = thumbnails.get(&name).await.err().unwrap();
            assert!(
                matches!(
                    refused,
                    ThumbnailError::Unusable(image::ImageError::Limits(_))
                ),
                "{side}: {refused}"
            );
        }
    }

    /// The checksum of a part of a PNG.
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
            })
        })
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_for_others_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let name = format!("{}.png", "a".repeat(40));
        let thumbnails = Thumbnails::new(files);
        let _others = thumbnails.workers.acquire_many(2).await.unwrap();
        let refused = thumbnails.get(&name).await.err().unwrap();
        assert!(matches!(refused, ThumbnailError::Busy));
    }

    #[tokio::test]
    async fn a_thumbnail_goes_with_its_picture() {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        let thumbnails = Thumbnails::new(files.clone());
        let picture = encoded(&DynamicImage::new_rgb8(600, 600), ImageFormat::Png);
        let name = store(&files, picture).await;
        let (place, reading) = place_of(&thumbnails, &name).await;
        files
            .remove(vec![(MediaKind::Image, name.clone())])
            .await
            .unwrap();
        assert!(!place.exists(), "who sends it has opened it");
        drop(reading);
        assert_eq!(files.list().await.unwrap(), []);
        assert!(matches!(
            thumbnails.get(&name).await,
            Err(ThumbnailError::Missing)
        ));
    }
}
