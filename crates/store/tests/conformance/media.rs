//! Rows of generated media.

use std::sync::Arc;

use store::{DeletedMedia, MediaKind, MediaQuery, MediaRow, Store};

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
        parent: (n > 0).then(|| "m0".to_owned()),
        account: "abcd".to_owned(),
        owner: "open".to_owned(),
        key: None,
        request_id: "r1".to_owned(),
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
    let rows: Vec<_> = (0..5)
        .map(|n| row(n, MediaKind::ALL[n as usize % 2], "f"))
        .collect();
    store.insert_media(rows.clone()).await.unwrap();
    assert_eq!(
        store.get_media("m3").await.unwrap().as_ref(),
        Some(&rows[3])
    );
    assert_eq!(store.get_media("m9").await.unwrap(), None);
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
    assert_eq!(store.delete_media_of(&files).await.unwrap(), 2);
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
