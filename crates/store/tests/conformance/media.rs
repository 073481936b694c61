//! Rows of generated media.

use std::sync::Arc;

use store::{DeletedMedia, MediaFile, MediaKind, MediaQuery, MediaRow, Poster, Store, VideoStatus};

use crate::video_jobs::job;

pub(crate) fn row(n: i64, kind: MediaKind, file: &str) -> MediaRow {
    MediaRow {
        id: format!("m{n}"),
        at_ms: 1000 + n / 2,
        kind,
        file: file.to_owned(),
        mime: "image/png".to_owned(),
        bytes: 1 << 40,
        width: 832,
        height: 1248,
        prompt: "a red fox".to_owned(),
        model: "grok-imagine-1.0".to_owned(),
        params: r#"{"n":1}"#.to_owned(),
        poster: None,
        parent: (n > 0).then(|| "m0".to_owned()),
        account: "abcd".to_owned(),
        owner: "open".to_owned(),
        key: None,
        request_id: "r1".to_owned(),
    }
}

fn poster(file: &str) -> Option<Poster> {
    Some(Poster {
        file: file.to_owned(),
        bytes: 5,
    })
}

fn video(n: i64, file: &str, picture: &str) -> MediaRow {
    MediaRow {
        bytes: 100,
        poster: poster(picture),
        ..row(n, MediaKind::Video, file)
    }
}

fn query(limit: u32) -> MediaQuery {
    MediaQuery {
        owner: None,
        kind: None,
        before: None,
        limit,
    }
}

pub(crate) async fn rows_read_back_newest_first_page_by_page(store: Arc<dyn Store>) {
    let mut rows: Vec<_> = (0..5)
        .map(|n| row(n, MediaKind::ALL[n as usize % 2], "f"))
        .collect();
    rows[3].poster = poster("p");
    store.insert_media(rows.clone()).await.unwrap();
    assert_eq!(
        store.get_media("m3").await.unwrap().as_ref(),
        Some(&rows[3])
    );
    assert_eq!(store.get_media("m9").await.unwrap(), None);
    let asked = ["m4", "m9", "m3", "m4"].map(str::to_owned);
    let mut many = store.get_many_media(&asked).await.unwrap();
    many.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(many, rows[3..]);
    assert_eq!(store.get_many_media(&[]).await.unwrap(), []);
    let mut read = Vec::new();
    let mut page = query(2);
    loop {
        let rows = store.list_media(&page).await.unwrap();
        let Some(last) = rows.last() else { break };
        page.before = Some((last.at_ms, last.id.clone()));
        read.extend(rows);
    }
    read.reverse();
    assert_eq!(read, rows);
    let videos = MediaQuery {
        kind: Some(MediaKind::Video),
        ..query(10)
    };
    let videos = store.list_media(&videos).await.unwrap();
    let ids: Vec<_> = videos.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["m3", "m1"]);
    let long = MediaRow {
        prompt: "é".repeat(10_000),
        ..row(9, MediaKind::Image, "f")
    };
    store.insert_media(vec![long]).await.unwrap();
    let cut = store.get_media("m9").await.unwrap().unwrap();
    assert_eq!(cut.prompt, "é".repeat(4096));
}

pub(crate) async fn rows_go_with_their_file(store: Arc<dyn Store>) {
    let rows = ["f", "g", "f"].into_iter().zip(0..);
    let rows = rows
        .map(|(file, n)| row(n, MediaKind::Image, file))
        .collect();
    store.insert_media(rows).await.unwrap();
    let files = ["f".to_owned(), "unknown".to_owned()];
    assert_eq!(store.delete_media_of(&files).await.unwrap().rows, 2);
    let left = store.list_media(&query(10)).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].file, "g");
}

pub(crate) async fn an_owner_lists_and_deletes_its_own_rows_only(store: Arc<dyn Store>) {
    let owned = |n: i64, owner: &str| MediaRow {
        owner: owner.to_owned(),
        ..row(n, MediaKind::Image, &format!("f{}", n / 4))
    };
    let rows = (0..10)
        .map(|n| owned(n, ["a", "b"][n as usize % 2]))
        .collect();
    store.insert_media(rows).await.unwrap();
    let mut of_a = MediaQuery {
        owner: Some("a".to_owned()),
        ..query(2)
    };
    let mut ids = Vec::new();
    loop {
        let page = store.list_media(&of_a).await.unwrap();
        let Some(last) = page.last() else { break };
        of_a.before = Some((last.at_ms, last.id.clone()));
        ids.extend(page.into_iter().map(|row| row.id));
    }
    assert_eq!(ids, ["m8", "m6", "m4", "m2", "m0"]);

    let everything: Vec<_> = (0..12).map(|n| format!("m{n}")).collect();
    let deleted = store.delete_media(Some("a"), &everything).await.unwrap();
    assert_eq!((deleted.rows, deleted.unused_files), (5, Vec::new()));
    let both = [String::from("m1"), String::from("m3"), String::from("m1")];
    let deleted = store.delete_media(None, &both).await.unwrap();
    let unused_files = vec![(MediaKind::Image, "f0".to_owned())];
    assert_eq!(
        deleted,
        DeletedMedia {
            rows: 2,
            unused_files
        }
    );
    let left = store.list_media(&query(20)).await.unwrap();
    let ids: Vec<_> = left.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids, ["m9", "m7", "m5"]);
}

/// Two videos have one first picture, which is somebody's picture as well; a job has it too.
pub(crate) async fn a_first_picture_is_used_until_nothing_has_it(store: Arc<dyn Store>) {
    let image = |name: &str| (MediaKind::Image, name.to_owned());
    let rows = vec![
        video(0, "v0", "p"),
        video(1, "v1", "p"),
        video(2, "v2", "q"),
        row(3, MediaKind::Image, "p"),
    ];
    store.insert_media(rows).await.unwrap();
    for (n, file, picture) in [(0, "v0", "p"), (7, "v7", "p")] {
        let mut job = job(n, "open");
        job.id = format!("video_m{n}");
        job.status = VideoStatus::Completed;
        job.file = Some(file.to_owned());
        job.poster = Some(picture.to_owned());
        store.insert_video_job(job).await.unwrap();
    }
    let delete = async |id: &str| store.delete_media(None, &[id.to_owned()]).await.unwrap();
    let unused = delete("m0").await.unused_files;
    assert_eq!(unused, [(MediaKind::Video, "v0".to_owned())]);
    let its_job = store.get_video_job("video_m0").await.unwrap();
    assert_eq!(its_job, None, "a job goes with its video");
    assert_eq!(delete("m3").await.unused_files, [], "two videos have it");
    let cleaned = ["v1".to_owned()];
    let cleaned = store.delete_media_of(&cleaned).await.unwrap();
    assert_eq!((cleaned.rows, cleaned.unused_files), (1, Vec::new()));
    let is_used = async |file| store.is_media_file_used(MediaKind::Image, file).await;
    assert!(is_used("p").await.unwrap(), "a job still has it");
    let cleaned = ["v7".to_owned(), "v2".to_owned()];
    let cleaned = store.delete_media_of(&cleaned).await.unwrap();
    assert_eq!((cleaned.rows, cleaned.unused_files), (1, vec![image("q")]));
    assert_eq!(store.get_video_job("video_m7").await.unwrap(), None);
    assert!(!is_used("p").await.unwrap());
}

pub(crate) async fn files_are_told_once_and_the_oldest_by_their_newest_row(store: Arc<dyn Store>) {
    assert_eq!(store.media_bytes().await.unwrap(), 0);
    let picture = |n, file: &str| MediaRow {
        bytes: 10,
        ..row(n, MediaKind::Image, file)
    };
    let rows = vec![
        picture(0, "a"),
        picture(1, "b"),
        video(2, "v", "p"),
        video(3, "w", "p"),
        picture(4, "a"),
    ];
    store.insert_media(rows).await.unwrap();
    let mut files = store.media_files().await.unwrap();
    files.sort_by(|one, other| one.file.cmp(&other.file));
    let file = |kind, name: &str, bytes, rows| MediaFile {
        kind,
        file: name.to_owned(),
        bytes,
        rows,
        is_poster: name == "p",
    };
    let (image, video) = (MediaKind::Image, MediaKind::Video);
    let expected = [
        file(image, "a", 10, 2),
        file(image, "b", 10, 1),
        file(image, "p", 5, 2),
        file(video, "v", 100, 1),
        file(video, "w", 100, 1),
    ];
    assert_eq!(files, expected);
    assert_eq!(store.media_bytes().await.unwrap(), 225);
    let (mut oldest, mut after) = (Vec::new(), None);
    loop {
        let rows = store.oldest_media(after, 2).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = Some((last.at_ms, last.id.clone()));
        oldest.extend(rows.into_iter().map(|row| row.file));
    }
    assert_eq!(oldest, ["b", "v", "w", "a"]);
}
