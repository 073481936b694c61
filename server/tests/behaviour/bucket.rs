//! Generated files in a bucket, against a real S3 service; where it can, each fact is shown of the
//! folder too.

use std::{fs, io, process::Command};

use bytes::Bytes;
use futures::{StreamExt, stream};
use secrecy::SecretString;
use serde_json::json;
use server::media::{
    BucketError,
    archive::{Archives, Contents, Packed},
    files::{MediaFiles, StoredFile},
    thumbnails::{Thumbnail, ThumbnailError, Thumbnails},
    verify,
};
use settings::MediaConfig;
use store::{MediaKind, MediaRow};
use tempfile::TempDir;
use zip::ZipArchive;

use crate::{
    media_verify,
    pictures::ask,
    support::{BINARY, Setup, open_store, s3::S3},
};

/// Files in the folder, or in a bucket.
struct Place {
    files: MediaFiles,
    folder: TempDir,
    s3: Option<S3>,
}

impl Place {
    async fn both() -> [Self; 2] {
        let s3 = S3::start().await;
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let bucket = open(&second, &s3.config()).await.unwrap();
        [
            Self {
                files: MediaFiles::open(first.path()).unwrap(),
                folder: first,
                s3: None,
            },
            Self {
                files: bucket,
                folder: second,
                s3: Some(s3),
            },
        ]
    }

    /// Where a file lies.
    fn path(&self, path: &str) -> std::path::PathBuf {
        match &self.s3 {
            Some(s3) => s3.place(path),
            None => self.folder.path().join("media").join(path),
        }
    }
}

async fn open(folder: &TempDir, config: &MediaConfig) -> Result<MediaFiles, BucketError> {
    let files = MediaFiles::open(folder.path()).unwrap();
    files.with_bucket_of(config).await
}

fn row(at_ms: i64, stored: &StoredFile) -> MediaRow {
    MediaRow {
        at_ms,
        bytes: stored.bytes,
        ..media_verify::row(&stored.name)
    }
}

fn png(shade: u8, bytes: usize) -> Bytes {
    let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0".to_vec();
    file.resize(bytes, shade);
    file.into()
}

#[tokio::test]
async fn a_large_stream_arrives_whole_and_leaves_nothing_behind() {
    let mut piece = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42".to_vec();
    piece.resize(1024 * 1024, 5);
    for place in Place::both().await {
        // Three parts, the last of them short.
        let pieces = std::iter::repeat_n(Bytes::from(piece.clone()), 17);
        let content = stream::iter(pieces.map(Ok::<_, io::Error>));
        let files = &place.files;
        let received = files.receive(MediaKind::Video, content, u64::MAX).await;
        let stored = files.keep(received.unwrap(), MediaKind::Video).await;
        let stored = stored.unwrap();
        let kept = fs::read(place.path("video").join(&stored.name)).unwrap();
        assert!(kept == piece.repeat(17), "{} bytes", kept.len());
        let unfinished = place.folder.path().join("media/unfinished");
        assert_eq!(fs::read_dir(unfinished).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn a_file_is_read_whole_if_it_is_there_and_not_too_large() {
    for place in Place::both().await {
        let name = place.files.store_image(png(1, 1000)).await.unwrap().name;
        let read = |name: String, max_bytes| {
            let files = place.files.clone();
            async move { files.read_whole(MediaKind::Image, &name, max_bytes).await }
        };
        assert_eq!(read(name.clone(), 1000).await.unwrap(), png(1, 1000));
        let too_large = read(name, 999).await.unwrap_err();
        assert_eq!(too_large.kind(), io::ErrorKind::FileTooLarge);
        let missing = format!("{}.png", "a".repeat(40));
        let missing = read(missing, 1000).await.unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn verifying_reads_and_repairs_both() {
    for place in Place::both().await {
        let store = open_store(place.folder.path()).await;
        let whole = place.files.store_image(png(1, 100)).await.unwrap();
        let cut = place.files.store_image(png(2, 100)).await.unwrap();
        let rows = vec![row(1, &whole), row(2, &cut)];
        store.insert_media(rows).await.unwrap();
        cut.claim.hand_over();
        fs::write(place.path("image").join(&cut.name), "cut").unwrap();
        let report = verify::verify(&place.files, store.as_ref()).await.unwrap();
        let found: Vec<_> = report.differences.iter().map(ToString::to_string).collect();
        let told = "the file has 3 bytes, its row says 100";
        assert_eq!(found, [format!("image/{}: {told}", cut.name)]);
        let repairing = verify::repair(&place.files, store.as_ref(), &report.differences);
        repairing.await.unwrap();
        let report = verify::verify(&place.files, store.as_ref()).await.unwrap();
        assert_eq!(report.to_string(), "1 file(s) and 1 row(s) agree.");
        store.close().await;
    }
}

#[tokio::test]
async fn servers_that_share_a_bucket_read_each_others_files_and_remove_their_own_alone() {
    let s3 = S3::start().await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut servers = Vec::new();
    for (n, folder) in (0..).zip(&folders) {
        let files = open(folder, &s3.config()).await.unwrap();
        let store = open_store(folder.path()).await;
        let stored = files.store_image(png(n, 1000)).await.unwrap();
        let rows = vec![row(i64::from(n), &stored)];
        store.insert_media(rows).await.unwrap();
        servers.push((files, store, stored.name));
    }
    let [(one, one_store, one_name), (other, _, other_name)] = &servers[..] else {
        unreachable!()
    };
    let read = one.read_whole(MediaKind::Image, other_name, 1000).await;
    assert_eq!(read.unwrap(), png(1, 1000));

    let report = verify::verify(one, one_store.as_ref()).await.unwrap();
    let text = report.to_string();
    assert!(text.contains(&format!("image/{other_name}: no row of this server")));
    assert!(text.ends_with("1 file(s) and 1 row(s) agree."), "{text}");
    let repairing = verify::repair(one, one_store.as_ref(), &report.differences);
    repairing.await.unwrap();

    let cleaned = one.clean(one_store.as_ref(), 1000, 0).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (0, 1000), "its own");
    let cleaned = one.clean(one_store.as_ref(), 999, 0).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes_left), (1, 0));
    assert_eq!(s3.names("image"), [other_name.as_str()]);
    let gone = other.read_whole(MediaKind::Image, one_name, 1000).await;
    assert_eq!(gone.unwrap_err().kind(), io::ErrorKind::NotFound);
    let kept = other.read_whole(MediaKind::Image, other_name, 1000).await;
    assert!(kept.is_ok());
}

fn picture(side: u32) -> Bytes {
    let mut file = io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::new_rgb8(side, side);
    picture
        .write_to(&mut file, image::ImageFormat::Png)
        .unwrap();
    file.into_inner().into()
}

#[tokio::test]
async fn a_thumbnail_is_not_shown_after_another_server_has_deleted_its_picture() {
    let s3 = S3::start().await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let one = open(&folders[0], &s3.config()).await.unwrap();
    let other = open(&folders[1], &s3.config()).await.unwrap();
    let name = one.store_image(picture(600)).await.unwrap().name;
    let thumbnails = Thumbnails::new(other);
    let Thumbnail::Kept(place, _) = thumbnails.get(&name).await.unwrap() else {
        unreachable!("there is room");
    };
    assert!(thumbnails.get(&name).await.is_ok());
    one.remove(vec![(MediaKind::Image, name.clone())])
        .await
        .unwrap();
    let refused = thumbnails.get(&name).await.err().unwrap();
    assert!(matches!(refused, ThumbnailError::Missing), "{refused}");
    assert!(!place.exists());
}

#[tokio::test]
async fn pictures_that_come_slowly_keep_nobody_from_making_a_thumbnail() {
    let s3 = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let files = open(&folder, &s3.config()).await.unwrap();
    let thumbnails = Thumbnails::new(files.clone());
    let mut waiting = tokio::task::JoinSet::new();
    // As many as are made at once.
    for side in [1, 2] {
        let name = files.store_image(picture(side)).await.unwrap().name;
        s3.hold(&name);
        let thumbnails = thumbnails.clone();
        waiting.spawn(async move { thumbnails.get(&name).await.is_ok() });
    }
    s3.wait_for_asked(2).await;
    let name = files.store_image(picture(3)).await.unwrap().name;
    thumbnails.get(&name).await.unwrap();
    assert!(waiting.try_join_next().is_none());
}

#[tokio::test]
async fn an_archive_names_what_is_gone_and_breaks_off_when_the_service_does_not_answer() {
    let s3 = S3::start().await;
    let folder = tempfile::tempdir().unwrap();
    let files = open(&folder, &s3.config()).await.unwrap();
    let kept = files.store_image(png(1, 100_000)).await.unwrap().name;
    let gone = files.store_image(png(2, 100)).await.unwrap().name;
    fs::remove_file(s3.place("image").join(&gone)).unwrap();
    let packed = |file: &str, name: &str| Packed {
        kind: MediaKind::Image,
        file: file.to_owned(),
        name: name.to_owned(),
        at_ms: 0,
    };
    let contents = Contents {
        files: vec![packed(&gone, "gone.png"), packed(&kept, "kept.png")],
        missing: Vec::new(),
    };
    let archives = Archives::new(files);
    let pack = async || {
        let stream = archives.pack("one", contents.clone()).await.ok().unwrap();
        stream.collect::<Vec<_>>().await
    };
    let pieces: io::Result<Vec<_>> = pack().await.into_iter().collect();
    let mut archive = ZipArchive::new(io::Cursor::new(pieces.unwrap().concat())).unwrap();
    assert_eq!(archive.len(), 2);
    let mut content = Vec::new();
    io::copy(&mut archive.by_name("kept.png").unwrap(), &mut content).unwrap();
    assert_eq!(content, png(1, 100_000));
    let told = io::read_to_string(archive.by_name("missing.txt").unwrap()).unwrap();
    assert!(told.ends_with("gone.png\n"), "{told}");
    drop(s3);
    let broken = pack().await.pop().unwrap().unwrap_err().to_string();
    assert!(broken.contains("cannot be reached"), "{broken}");
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_ends_the_start_with_a_sentence() {
    let s3 = S3::start().await;
    let right = s3.config();
    let wrong_key = MediaConfig {
        secret_access_key: SecretString::from("another"),
        ..right.clone()
    };
    let no_bucket = MediaConfig {
        url: "s3://elsewhere".to_owned(),
        ..right.clone()
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let unreachable = MediaConfig {
        endpoint: format!("http://{address}"),
        ..right.clone()
    };
    for (config, expected) in [
        (
            wrong_key,
            "refuses the credentials for the bucket `pictures`",
        ),
        (
            no_bucket,
            "the bucket `elsewhere` of `media.url` does not exist",
        ),
        (unreachable, "cannot be reached, or does not answer in time"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let told = open(&folder, &config).await.err().unwrap().to_string();
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains('\n'), "{told}");
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(BINARY)
        .args(["serve", "--data-dir"])
        .arg(folder.path())
        .env("SERVER_PORT", "0")
        .env("SERVER_HOST", "127.0.0.1")
        .env("GROK2API_MEDIA__URL", right.url)
        .env("GROK2API_MEDIA__ENDPOINT", right.endpoint)
        .env_remove("AWS_ACCESS_KEY_ID")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = told.lines().next_back().unwrap_or_default();
    assert!(last.contains("no credentials for the bucket"), "{told}");
}

#[tokio::test]
async fn a_service_that_stops_later_is_503_and_the_answer_is_kept_from_nobody() {
    let s3 = S3::start().await;
    let mut setup = Setup::accounts(["picture-account-1"]);
    for (key, value) in s3.variables() {
        setup = setup.with(key, value);
    }
    let server = setup.start().await;
    let answer = ask(&server, &json!({"prompt": "x"})).await;
    let url = answer.json["data"][0]["url"].as_str().unwrap().to_owned();
    drop(s3);
    let read = server.client.get(&url).send().await.unwrap();
    assert_eq!(read.status(), 503);
    assert!(read.headers().contains_key("retry-after"));
    let told: serde_json::Value = read.json().await.unwrap();
    assert_eq!(told["error"]["code"], "media_unavailable");
    let body = json!({"prompt": "x", "response_format": "b64_json"});
    let inline = ask(&server, &body).await;
    assert_eq!(inline.status, 200, "{}", inline.json);
    server.end().await;
}
