use std::{
    fs,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

use bytes::Bytes;
use settings::CacheConfig;
use store::{MasterKey, MediaKind, MediaQuery, Poster};
use tempfile::TempDir;

use super::*;
use crate::media::{
    files::MediaError,
    thumbnails::{Thumbnail, Thumbnails},
};

/// Of each file.
const BYTES: usize = 1000;
const MIB: u64 = 1024 * 1024;

struct Kept {
    folder: TempDir,
    files: MediaFiles,
    store: Arc<dyn Store>,
}

fn png(shade: u8) -> Bytes {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0".to_vec();
    file.resize(BYTES, shade);
    file.into()
}

impl Kept {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = MediaFiles::open(folder.path()).unwrap();
        Self::with(folder, files).await
    }

    async fn with(folder: TempDir, files: MediaFiles) -> Self {
        let key = MasterKey::load_or_create(folder.path(), None).unwrap();
        let store = store::open("", folder.path(), key).await.unwrap();
        Self {
            folder,
            files,
            store,
        }
    }

    /// A picture with a row of this time; its name.
    async fn picture(&self, at_ms: i64) -> String {
        let shade = u8::try_from(at_ms).unwrap();
        let stored = self.files.store_image(png(shade)).await.unwrap();
        let name = stored.name.clone();
        stored.claim.hand_over();
        self.note(at_ms, MediaKind::Image, &name, None).await;
        name
    }

    async fn note(&self, at_ms: i64, kind: MediaKind, file: &str, poster: Option<Poster>) {
        let row = MediaRow {
            id: format!("{at_ms}"),
            at_ms,
            kind,
            file: file.to_owned(),
            mime: String::new(),
            bytes: BYTES as u64,
            width: 0,
            height: 0,
            prompt: String::new(),
            model: String::new(),
            params: "{}".to_owned(),
            poster,
            parent: None,
            account: String::new(),
            owner: String::new(),
            key: None,
            request_id: String::new(),
        };
        self.store.insert_media(vec![row]).await.unwrap();
    }

    async fn clean(&self, limit: u64, target: u64) -> anyhow::Result<Cleaned> {
        self.files.clean(self.store.as_ref(), limit, target).await
    }

    /// Files of all rows, oldest first.
    async fn of_rows(&self) -> Vec<String> {
        let query = MediaQuery {
            owner: None,
            kind: None,
            before: None,
            limit: 1000,
        };
        let rows = self.store.list_media(&query).await.unwrap();
        rows.into_iter().rev().map(|row| row.file).collect()
    }

    /// Names of all files, sorted.
    fn on_disk(&self, folder: &str) -> Vec<String> {
        let folder = self.folder.path().join("media").join(folder);
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}

#[tokio::test]
async fn the_oldest_go_first_with_their_rows_and_one_that_is_being_read_with_its_reader() {
    let kept = Kept::new().await;
    let mut names = Vec::new();
    for at_ms in 0..5 {
        names.push(kept.picture(at_ms).await);
    }
    let cleaned = kept.clean(5000, 0).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (0, 5000), "not over");
    let (_, reading) = kept.files.read(MediaKind::Image, &names[0]).unwrap();
    let cleaned = kept.clean(4999, 3000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (2, 3000));
    assert_eq!(kept.of_rows().await, names[2..]);
    assert!(kept.on_disk("image").contains(&names[0]));
    assert!(kept.files.read(MediaKind::Image, &names[0]).is_none());
    drop(reading);
    assert_eq!(kept.on_disk("image"), sorted(&names[2..]));
    // Made again: it is as young as its newest row.
    kept.note(9, MediaKind::Image, &names[3], None).await;
    kept.clean(0, 1000).await.unwrap();
    assert_eq!(kept.on_disk("image"), names[3..4]);
    assert_eq!(kept.files.last_clean().unwrap().files, 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_removed_keeps_its_row_and_the_others_go_with_theirs() {
    let kept = Kept::new().await;
    let mut names = Vec::new();
    for at_ms in 0..3 {
        names.push(kept.picture(at_ms).await);
    }
    let place = kept.folder.path().join("media/image").join(&names[1]);
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    assert!(kept.clean(0, 0).await.is_err());
    assert_eq!(kept.of_rows().await, names[1..2]);
    assert_eq!(kept.on_disk("image"), names[1..2]);
    fs::remove_dir(&place).unwrap();
    // As after a clean-up that was cut off between file and row.
    let cleaned = kept.clean(0, 0).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (1, 0));
    assert_eq!(kept.of_rows().await, [""; 0]);
}

#[tokio::test]
async fn the_next_clean_up_mends_what_one_that_was_cut_off_has_left() {
    let kept = Kept::new().await;
    for at_ms in 0..i64::from(BATCH) {
        kept.picture(at_ms).await;
    }
    let mut cleaning = Box::pin(kept.clean(0, 0));
    while kept.on_disk("image").len() == BATCH as usize {
        assert!(futures::poll!(&mut cleaning).is_pending());
        tokio::task::yield_now().await;
    }
    drop(cleaning);
    assert_eq!(kept.of_rows().await.len(), BATCH as usize);
    assert!(kept.files.is_cut());
    let cleaned = kept.clean(u64::MAX, 50_000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (50, 50_000));
    assert_eq!(sorted(&kept.of_rows().await), kept.on_disk("image"));
    assert!(!kept.files.is_cut());
}

#[tokio::test]
async fn more_files_than_one_batch_go_in_one_clean_up() {
    let kept = Kept::new().await;
    let name = kept.picture(0).await;
    let digits = stem_of(&name).to_owned();
    for at_ms in 1..=i64::from(BATCH) + 1 {
        let name = format!("{digits}.{at_ms}");
        kept.note(at_ms, MediaKind::Image, &name, None).await;
    }
    let cleaned = kept.clean(0, 1000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (101, 1000));
    assert_eq!(kept.of_rows().await, [format!("{digits}.101")]);
}

#[tokio::test]
async fn a_first_picture_counts_and_goes_with_the_last_video_that_has_it() {
    let kept = Kept::new().await;
    let poster = kept.files.store_image(png(7)).await.unwrap();
    poster.claim.hand_over();
    let poster = Poster {
        file: poster.name,
        bytes: poster.bytes,
    };
    for (at_ms, video) in [(0, "one.mp4"), (1, "other.mp4")] {
        let place = kept.folder.path().join("media/video").join(video);
        fs::write(place, vec![0; BYTES]).unwrap();
        let poster = Some(poster.clone());
        kept.note(at_ms, MediaKind::Video, video, poster).await;
    }
    let cleaned = kept.clean(2999, 2000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (1, 2000));
    assert_eq!(kept.on_disk("image"), [poster.file]);
    let cleaned = kept.clean(1999, 1000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (1, 0));
    assert_eq!(kept.on_disk("image"), [""; 0]);
    assert_eq!(kept.on_disk("video"), [""; 0]);
}

#[tokio::test]
async fn thumbnails_count_and_those_of_nobodys_pictures_go_before_pictures() {
    let kept = Kept::new().await;
    let mut picture = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(600, 600)
        .write_to(&mut picture, image::ImageFormat::Png)
        .unwrap();
    let anothers = Bytes::from(picture.into_inner());
    let anothers = kept.files.store_image(anothers).await.unwrap().name;
    let thumbnails = Thumbnails::new(kept.files.clone());
    let Thumbnail::Kept(place, reading) = thumbnails.get(&anothers).await.unwrap() else {
        unreachable!("there is room");
    };
    drop(reading);
    let bytes = fs::metadata(&place).unwrap().len();
    let own = kept.picture(0).await;
    let limit = BYTES as u64 + bytes;
    let cleaned = kept.clean(limit, 0).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (0, limit), "not over");
    // The next start knows as much.
    let again = MediaFiles::open(kept.folder.path()).unwrap();
    let cleaned = again.clean(kept.store.as_ref(), limit, 0).await.unwrap();
    assert_eq!(cleaned.bytes_left, limit);
    let cleaned = kept.clean(limit - 1, BYTES as u64).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (0, BYTES as u64));
    assert!(!place.exists());
    assert!(kept.on_disk("image").contains(&own));
}

/// A disk of so many bytes, on which only the files of this folder lie and what is told.
fn small_disk(others: &Arc<AtomicU64>) -> (TempDir, MediaFiles) {
    let folder = tempfile::tempdir().unwrap();
    MediaFiles::open(folder.path()).unwrap();
    let others = Arc::clone(others);
    let measure = move |media: &Path| {
        let folders = fs::read_dir(media)?.flat_map(|folder| fs::read_dir(folder.unwrap().path()));
        let entries = folders
            .flatten()
            .map(|entry| entry.unwrap().metadata().unwrap());
        let files = entries
            .filter(fs::Metadata::is_file)
            .map(|about| about.len());
        let used = files.sum::<u64>() + others.load(Ordering::Relaxed);
        Ok((2 * MIB).saturating_sub(used))
    };
    let files = MediaFiles::measured_by(folder.path(), Arc::new(measure));
    (folder, files)
}

#[tokio::test]
async fn a_disk_that_others_fill_takes_no_files_and_the_oldest_make_room() {
    let others = Arc::default();
    let (folder, files) = small_disk(&others);
    let kept = Kept::with(folder, files).await;
    kept.files.apply(&CacheConfig {
        min_free_mb: 1,
        ..CacheConfig::default()
    });
    let mut names = Vec::new();
    for at_ms in 0..200 {
        names.push(kept.picture(at_ms).await);
    }
    // A tenth of the reserve more is freed: 104,857 bytes.
    others.store(MIB - 200_000 + 1, Ordering::Relaxed);
    assert!(kept.files.is_full().await);
    let refused = kept.files.store_image(png(201)).await.unwrap_err();
    assert!(matches!(refused, MediaError::Full), "{refused}");
    assert_eq!(kept.on_disk("unfinished"), [""; 0]);
    let cleaned = kept.clean(u64::MAX, u64::MAX).await.unwrap();
    assert_eq!(cleaned.files, 105);
    assert_eq!(kept.of_rows().await, names[105..]);
    kept.files.store_image(png(201)).await.unwrap();
}

#[tokio::test]
async fn what_is_deleted_and_still_read_is_room_that_is_on_its_way() {
    let others = Arc::default();
    let (folder, files) = small_disk(&others);
    let kept = Kept::with(folder, files).await;
    kept.files.apply(&CacheConfig {
        min_free_mb: 1,
        ..CacheConfig::default()
    });
    let mut readers = Vec::new();
    for at_ms in 0..200 {
        let name = kept.picture(at_ms).await;
        readers.push(kept.files.read(MediaKind::Image, &name).unwrap());
    }
    others.store(MIB - 200_000 + 1, Ordering::Relaxed);
    assert_eq!(kept.clean(u64::MAX, u64::MAX).await.unwrap().files, 105);
    assert!(kept.files.is_full().await, "they are on the disk");
    assert_eq!(kept.clean(u64::MAX, u64::MAX).await.unwrap().files, 0);
    drop(readers);
    assert!(!kept.files.is_full().await);
}

#[tokio::test]
async fn nothing_goes_where_that_would_not_make_room() {
    let others = Arc::default();
    let (folder, files) = small_disk(&others);
    let kept = Kept::with(folder, files).await;
    let names = [kept.picture(0).await, kept.picture(1).await];
    others.store(2 * MIB, Ordering::Relaxed);
    kept.files.apply(&CacheConfig {
        min_free_mb: 1,
        ..CacheConfig::default()
    });
    let refused = kept.clean(u64::MAX, u64::MAX).await.unwrap_err();
    assert!(
        refused.to_string().contains("cache.min_free_mb"),
        "{refused}"
    );
    assert_eq!(kept.of_rows().await, names);
    // What is above the limit goes nevertheless.
    assert!(kept.clean(1999, 1000).await.is_err());
    assert_eq!(kept.of_rows().await, names[1..]);
}

#[tokio::test]
async fn what_is_on_its_way_counts() {
    let kept = Kept::new().await;
    let names = [kept.picture(0).await, kept.picture(1).await];
    let mut file = kept.files.begin().unwrap();
    file.write(&png(9)).unwrap();
    let cleaned = kept.clean(3000, 2000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (0, 3000));
    let cleaned = kept.clean(2999, 2000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (1, 2000));
    assert_eq!(kept.of_rows().await, names[1..]);
    drop(file);
    assert_eq!(kept.clean(2999, 2000).await.unwrap().bytes_left, 1000);
}

/// Two instances on one store, with folders of their own.
async fn two_instances(measured: Option<MediaFiles>) -> [Kept; 2] {
    let one = match measured {
        Some(files) => Kept::with(tempfile::tempdir().unwrap(), files).await,
        None => Kept::new().await,
    };
    let folder = tempfile::tempdir().unwrap();
    let other = Kept {
        files: MediaFiles::open(folder.path()).unwrap().among_others(true),
        folder,
        store: Arc::clone(&one.store),
    };
    let files = one.files.clone().among_others(true);
    [Kept { files, ..one }, other]
}

#[tokio::test]
async fn rows_of_files_that_another_instance_has_are_passed_over_and_count_for_it_alone() {
    let [one, other] = two_instances(None).await;
    let mut names = [Vec::new(), Vec::new()];
    for at_ms in 0..3 {
        names[1].push(other.picture(at_ms).await);
    }
    for at_ms in 3..6 {
        names[0].push(one.picture(at_ms).await);
    }
    let cleaned = one.clean(3000, 0).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (0, 3000), "its own");
    let used = one.files.used_bytes(one.store.as_ref()).await.unwrap();
    assert_eq!(
        (used, bytes_of_rows(one.store.as_ref()).await.unwrap()),
        (3000, 6000)
    );
    let cleaned = one.clean(2999, 1000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (2, 1000));
    let left = [&names[1][..], &names[0][2..]].concat();
    assert_eq!(one.of_rows().await, left, "the oldest are the other's");
    assert_eq!(other.on_disk("image"), sorted(&names[1]));
    let cleaned = other.clean(2000, 2000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (1, 2000));
    assert_eq!(one.of_rows().await, left[1..]);
}

#[tokio::test]
async fn a_full_disk_takes_no_rows_of_another_instance() {
    let others = Arc::default();
    let (folder, files) = small_disk(&others);
    let [one, other] = two_instances(Some(files)).await;
    one.files.apply(&CacheConfig {
        min_free_mb: 1,
        ..CacheConfig::default()
    });
    let mut anothers = Vec::new();
    for at_ms in 0..20 {
        anothers.push(other.picture(at_ms).await);
    }
    let own = [one.picture(30).await, one.picture(31).await];
    others.store(MIB - 500, Ordering::Relaxed);
    let refused = one.clean(u64::MAX, u64::MAX).await.unwrap_err();
    assert!(
        refused.to_string().contains("not what fills it"),
        "{refused}"
    );
    assert_eq!(one.of_rows().await, [&anothers[..], &own[..]].concat());
    drop(folder);
}

#[tokio::test]
async fn two_instances_with_one_folder_remove_no_more_than_one_would() {
    let [one, _] = two_instances(None).await;
    let same = Kept {
        files: MediaFiles::look(one.folder.path()).among_others(true),
        folder: tempfile::tempdir().unwrap(),
        store: Arc::clone(&one.store),
    };
    let mut names = Vec::new();
    for at_ms in 0..10 {
        names.push(one.picture(at_ms).await);
    }
    let cleaned = futures::join!(one.clean(9999, 5000), same.clean(9999, 5000));
    assert_eq!(cleaned.0.unwrap().bytes_left, 5000);
    assert_eq!(cleaned.1.unwrap().bytes_left, 5000);
    assert_eq!(one.of_rows().await, names[5..]);
    assert_eq!(one.on_disk("image"), sorted(&names[5..]));
    let place = same.files.thumbnail(&names[9]);
    same.files.write_thumbnail(&place, &[0; 500]).unwrap();
    let cleaned = one.clean(9999, 5000).await.unwrap();
    assert_eq!(cleaned.bytes_left, 5500, "thumbnails of both count");
}

#[tokio::test]
async fn what_was_deleted_on_another_instance_goes_before_what_has_a_row() {
    let [one, _] = two_instances(None).await;
    let names = [
        one.picture(0).await,
        one.picture(1).await,
        one.picture(2).await,
    ];
    let deleted = one.store.delete_media_of(&names[2..]).await.unwrap();
    assert_eq!(deleted.rows, 1);
    let young = one.clean(2000, 0).await.unwrap();
    assert_eq!(
        (young.files, young.bytes_left),
        (0, 2000),
        "its row may be to come"
    );
    let place = one.folder.path().join("media/image").join(&names[2]);
    let hours_ago = SystemTime::now() - std::time::Duration::from_secs(7200);
    fs::File::open(&place)
        .unwrap()
        .set_modified(hours_ago)
        .unwrap();
    let cleaned = one.clean(2000, 2000).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (1, 2000));
    assert_eq!(one.on_disk("image"), sorted(&names[..2]));
    assert_eq!(one.of_rows().await, names[..2]);
}
