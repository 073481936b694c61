//! Video jobs.

use std::sync::Arc;

use store::{
    MAX_JOBS_OF_OWNER, MAX_UNMADE_JOBS, MediaKind, PAGE_BYTES, Store, VideoJobQuery, VideoJobRow,
    VideoStatus,
};
use tokio::task::JoinSet;

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

async fn insert_all(store: &Arc<dyn Store>, jobs: impl Iterator<Item = VideoJobRow>) {
    let mut inserting = JoinSet::new();
    for job in jobs {
        let store = Arc::clone(store);
        inserting.spawn(async move { store.insert_video_job(job).await.unwrap() });
    }
    inserting.join_all().await;
}

pub(crate) async fn a_page_of_jobs_ends_by_its_bytes(store: Arc<dyn Store>) {
    let large = |prompt: &str| prompt.repeat(32 * 1024);
    // As JSON the second owner's take six bytes for each one that is stored.
    for (owner, prompt, first, expected) in [
        ("key:a", "x", 0, [32, 8, 0]),
        ("key:b", "\u{1}", 100, [6, 6, 6]),
    ] {
        let jobs = (first..first + 40).map(|n| VideoJobRow {
            prompt: large(prompt),
            ..job(n, owner)
        });
        insert_all(&store, jobs).await;
        let mut page = VideoJobQuery {
            limit: 100,
            ..query(owner, false)
        };
        let mut ids = Vec::new();
        for rows in expected {
            let jobs = store.list_video_jobs(&page).await.unwrap();
            let left = 40 - ids.len() - rows;
            assert_eq!((jobs.len(), jobs.has_more), (rows, left > 0), "{owner}");
            let sent: usize = jobs.iter().map(|job| job.prompt.len()).sum();
            assert!(sent <= PAGE_BYTES);
            let last = jobs.last().map(|last| (last.created_ms, last.id.clone()));
            page.after = last.or(page.after);
            ids.extend(jobs.into_iter().map(|job| job.id));
        }
        ids.dedup();
        assert_eq!(ids.len(), expected.iter().sum::<usize>());
    }
}

pub(crate) async fn a_page_tells_whether_another_one_follows(store: Arc<dyn Store>) {
    insert_all(&store, (0..64).map(|n| job(n, "key:a"))).await;
    for limit in [1, 31, 32, 33, 63, 64, 65, u32::MAX] {
        let page = VideoJobQuery {
            limit,
            ..query("key:a", true)
        };
        let jobs = store.list_video_jobs(&page).await.unwrap();
        assert_eq!(jobs.len(), 64.min(limit as usize), "{limit}");
        assert_eq!(jobs.has_more, limit < 64, "{limit}");
    }
}

pub(crate) async fn an_owner_has_no_more_jobs_than_may_be_kept(store: Arc<dyn Store>) {
    let max = i64::from(MAX_JOBS_OF_OWNER);
    let over = |n| VideoJobRow {
        status: VideoStatus::Cancelled,
        created_ms: n,
        ..job(n, "key:a")
    };
    store.insert_video_job(job(-2, "key:b")).await.unwrap();
    let open = VideoJobRow {
        created_ms: -1,
        ..job(-1, "key:a")
    };
    store.insert_video_job(open).await.unwrap();
    insert_all(&store, (0..max + 3).map(over)).await;
    let is_there = async |id: &str| store.get_video_job(id).await.unwrap().is_some();
    for (id, stays) in [
        ("video_-1", true),
        ("video_-2", true),
        ("video_0", false),
        ("video_2", false),
        ("video_3", true),
    ] {
        assert_eq!(is_there(id).await, stays, "{id}");
    }
    assert!(is_there(&format!("video_{}", max + 2)).await);
}

pub(crate) async fn a_sweep_leaves_few_jobs_that_made_no_video(store: Arc<dyn Store>) {
    let max = i64::from(MAX_UNMADE_JOBS);
    let over = |n: i64, status| VideoJobRow {
        status,
        created_ms: n,
        expires_ms: i64::MAX,
        ..job(n, &format!("visitor:{n}"))
    };
    let cancelled = (0..max + 2).map(|n| over(n, VideoStatus::Cancelled));
    let others = [VideoStatus::Completed, VideoStatus::Failed].into_iter();
    let others = others.zip(-2..).map(|(status, n)| over(n, status));
    insert_all(&store, cancelled.chain(others)).await;
    assert_eq!(store.sweep_video_jobs(0).await.unwrap(), 2);
    for (n, stays) in [(-2, true), (-1, true), (0, false), (1, false), (2, true)] {
        let found = store.get_video_job(&format!("video_{n}")).await.unwrap();
        assert_eq!(found.is_some(), stays, "{n}");
    }
}
