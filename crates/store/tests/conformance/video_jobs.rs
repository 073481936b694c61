//! Video jobs.

use std::sync::Arc;

use store::{MediaKind, Store, VideoJobQuery, VideoJobRow, VideoStatus};

pub(crate) fn job(n: i64, owner: &str) -> VideoJobRow {
    VideoJobRow {
        id: format!("video_{n}"),
        created_ms: 1000 + n / 2,
        owner: owner.to_owned(),
        key: Some("team".to_owned()),
        request_id: "r1".to_owned(),
        status: VideoStatus::Queued,
        progress: 0,
        prompt: "a paper boat".to_owned(),
        model: "grok-imagine-1.0-video".to_owned(),
        params: r#"{"seconds":6}"#.to_owned(),
        parent: None,
        account: None,
        upstream: None,
        file: None,
        poster: None,
        error: None,
        completed_ms: None,
        expires_ms: 5000 + n,
    }
}

fn query(owner: &str, is_oldest_first: bool) -> VideoJobQuery {
    VideoJobQuery {
        owner: owner.to_owned(),
        after: None,
        is_oldest_first,
        limit: 2,
    }
}

pub(crate) async fn jobs_read_back_as_they_were_changed(store: Arc<dyn Store>) {
    let queued = job(0, "key:team");
    store.insert_video_job(queued.clone()).await.unwrap();
    let get = async || store.get_video_job("video_0").await.unwrap();
    assert_eq!(get().await.as_ref(), Some(&queued));
    let open = store.open_video_jobs().await.unwrap();
    assert_eq!(open, std::slice::from_ref(&queued));
    let started = VideoJobRow {
        status: VideoStatus::InProgress,
        progress: 42,
        account: Some("abcd".to_owned()),
        upstream: Some(r#"{"post":"p"}"#.to_owned()),
        ..queued.clone()
    };
    assert!(store.update_video_job(started.clone()).await.unwrap());
    assert_eq!(get().await.as_ref(), Some(&started));
    assert_eq!(store.open_video_jobs().await.unwrap().len(), 1);
    for status in VideoStatus::ALL.into_iter().filter(|one| one.is_over()) {
        let ended = VideoJobRow {
            status,
            progress: 100,
            file: Some("f.mp4".to_owned()),
            poster: Some("p.jpg".to_owned()),
            error: Some(("failed".to_owned(), "It failed.".to_owned())),
            completed_ms: Some(3000),
            parent: Some("video_9".to_owned()),
            ..started.clone()
        };
        assert!(store.update_video_job(ended.clone()).await.unwrap());
        assert_eq!(get().await, Some(ended));
        assert_eq!(store.open_video_jobs().await.unwrap(), []);
    }
    for (kind, file, is_used) in [
        (MediaKind::Video, "f.mp4", true),
        (MediaKind::Image, "p.jpg", true),
        (MediaKind::Image, "x", false),
    ] {
        let told = store.is_media_file_used(kind, file).await.unwrap();
        assert_eq!(told, is_used, "{file}");
    }
    let long = VideoJobRow {
        prompt: "é".repeat(20_000),
        ..job(1, "key:team")
    };
    store.insert_video_job(long).await.unwrap();
    let cut = store.get_video_job("video_1").await.unwrap().unwrap();
    assert_eq!(cut.prompt, "é".repeat(16 * 1024));
}

pub(crate) async fn jobs_of_one_owner_are_listed_page_by_page_both_ways(store: Arc<dyn Store>) {
    let owner = |n: i64| if n % 3 == 0 { "visitor:b" } else { "key:a" };
    for n in 0..9 {
        store.insert_video_job(job(n, owner(n))).await.unwrap();
    }
    for (is_oldest_first, expected) in [(true, [1, 2, 4, 5, 7, 8]), (false, [8, 7, 5, 4, 2, 1])] {
        let mut page = query("key:a", is_oldest_first);
        let mut read = Vec::new();
        loop {
            let jobs = store.list_video_jobs(&page).await.unwrap();
            let Some(last) = jobs.last() else { break };
            page.after = Some((last.created_ms, last.id.clone()));
            read.extend(jobs.into_iter().map(|job| job.id));
        }
        assert_eq!(read, expected.map(|n| format!("video_{n}")));
    }
}

pub(crate) async fn expired_jobs_go_and_deleted_ones_do_not_come_back(store: Arc<dyn Store>) {
    for n in 0..4 {
        store.insert_video_job(job(n, "key:a")).await.unwrap();
    }
    assert_eq!(store.sweep_video_jobs(5001).await.unwrap(), 2);
    assert!(store.delete_video_job("video_2").await.unwrap());
    assert!(!store.delete_video_job("video_2").await.unwrap());
    assert!(!store.update_video_job(job(2, "key:a")).await.unwrap());
    assert!(store.get_video_job("video_2").await.unwrap().is_none());
    let left = store.open_video_jobs().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, "video_3");
}
