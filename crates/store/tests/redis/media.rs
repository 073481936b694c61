//! Sums of media that are kept, against those of the rows.

use store::{MediaFilter, MediaKind, MediaRow};
use test_support::databases::{Engine, Server};

use crate::opened;

fn row(n: u32, kind: MediaKind, file: &str, bytes: u64) -> MediaRow {
    MediaRow {
        id: format!("m{n}"),
        at_ms: i64::from(n),
        kind,
        file: file.to_owned(),
        mime: "image/png".to_owned(),
        bytes,
        width: 1,
        height: 1,
        prompt: "fox".to_owned(),
        model: "grok-imagine-1.0".to_owned(),
        params: "{}".to_owned(),
        poster: None,
        parent: None,
        account: "abcd".to_owned(),
        owner: "open".to_owned(),
        key: None,
        request_id: "r1".to_owned(),
    }
}

#[tokio::test]
async fn sums_that_are_kept_stay_those_of_the_rows() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let store = opened(&server.fresh_database().unwrap()).await;
    let rows = [
        row(0, MediaKind::Image, "a", 10),
        row(1, MediaKind::Image, "a", 30),
        row(2, MediaKind::Image, "a", 20),
        row(3, MediaKind::Video, "v", 100),
        row(4, MediaKind::Image, "b", 7),
    ];
    store.insert_media(rows.to_vec()).await.unwrap();
    let kept = MediaFilter {
        until_ms: Some(4),
        ..MediaFilter::default()
    };
    let counted = MediaFilter {
        text: "fox".to_owned(),
        ..MediaFilter::default()
    };
    let mut seen = Vec::new();
    for id in ["m1", "m2", "m3", "m0", "m4"] {
        let sums = store.sum_media(&kept).await.unwrap();
        assert_eq!(
            sums,
            store.sum_media(&counted).await.unwrap(),
            "before {id}"
        );
        seen.push(sums.iter().map(|total| total.bytes).sum::<u64>());
        store.delete_media(None, &[id.to_owned()]).await.unwrap();
    }
    assert_eq!(seen, [137, 127, 117, 17, 7]);
    assert_eq!(store.sum_media(&kept).await.unwrap(), []);
    assert_eq!(store.media_bytes().await.unwrap(), 0);
}
