//! What the operator finds among everybody's media.

use std::sync::Arc;

use store::{MediaFilter, MediaKind, MediaOwner, MediaRow, MediaTotal, OwnerFilter, Store};

use crate::media::row;

/// Five rows of three owners and two accounts, `m0` to `m4`.
async fn fill(store: &Arc<dyn Store>) {
    let rows = [
        (MediaKind::Image, "key:shop", "aaaa", "A red Fox"),
        (MediaKind::Video, "key:shop", "bbbb", "100% wool"),
        (MediaKind::Image, "open", "aaaa", "a blue bird"),
        (MediaKind::Image, "visitor:1", "bbbb", "a fox again"),
        (MediaKind::Image, "visitor:2", "bbbb", "1000 wool_en"),
    ];
    let rows = (0..).zip(rows).map(|(n, (kind, owner, account, prompt))| {
        let file = format!("f{n}");
        MediaRow {
            owner: owner.to_owned(),
            account: account.to_owned(),
            prompt: prompt.to_owned(),
            bytes: 10 + n as u64,
            ..row(n, kind, &file)
        }
    });
    store.insert_media(rows.collect()).await.unwrap();
}

pub(crate) async fn media_are_found_by_kind_owner_account_and_text(store: Arc<dyn Store>) {
    fill(&store).await;
    let found = async |filter: MediaFilter| {
        let rows = store.find_media(&filter, None, 10).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    let all = MediaFilter::default;
    let text = |text: &str| MediaFilter {
        text: text.to_owned(),
        ..all()
    };
    let owner = |owner| MediaFilter {
        owner: Some(owner),
        ..all()
    };
    assert_eq!(found(all()).await, ["m4", "m3", "m2", "m1", "m0"]);
    let videos = MediaFilter {
        kind: Some(MediaKind::Video),
        ..all()
    };
    assert_eq!(found(videos).await, ["m1"]);
    let of_account = MediaFilter {
        account: Some("aaaa".to_owned()),
        ..all()
    };
    assert_eq!(found(of_account).await, ["m2", "m0"]);
    assert_eq!(found(owner(OwnerFilter::Visitors)).await, ["m4", "m3"]);
    let shop = OwnerFilter::Is("key:shop".to_owned());
    assert_eq!(found(owner(shop)).await, ["m1", "m0"]);
    assert_eq!(found(text("FOX")).await, ["m3", "m0"]);
    assert_eq!(found(text("0% w")).await, ["m1"], "no pattern");
    assert_eq!(found(text("l_e")).await, ["m4"], "no pattern");
    let early = MediaFilter {
        until_ms: Some(1000),
        ..all()
    };
    assert_eq!(found(early).await, ["m1", "m0"]);
}

pub(crate) async fn found_media_are_read_page_by_page(store: Arc<dyn Store>) {
    fill(&store).await;
    let filter = MediaFilter {
        kind: Some(MediaKind::Image),
        ..MediaFilter::default()
    };
    let (mut read, mut before) = (Vec::new(), None);
    loop {
        let rows = store.find_media(&filter, before, 3).await.unwrap();
        let Some(last) = rows.last() else { break };
        before = Some((last.at_ms, last.id.clone()));
        read.extend(rows.into_iter().map(|row| row.id));
    }
    assert_eq!(read, ["m4", "m3", "m2", "m0"]);
}

pub(crate) async fn sums_count_a_shared_file_once(store: Arc<dyn Store>) {
    fill(&store).await;
    let twice = MediaRow {
        bytes: 10,
        ..row(9, MediaKind::Image, "f0")
    };
    store.insert_media(vec![twice]).await.unwrap();
    let total = |kind, rows, bytes| MediaTotal { kind, rows, bytes };
    let all = store.sum_media(&MediaFilter::default()).await.unwrap();
    let images = total(MediaKind::Image, 5, 10 + 12 + 13 + 14);
    assert_eq!(all, [images, total(MediaKind::Video, 1, 11)]);
    let wool = MediaFilter {
        text: "wool".to_owned(),
        ..MediaFilter::default()
    };
    let wool = store.sum_media(&wool).await.unwrap();
    let expected = [MediaKind::Image, MediaKind::Video];
    let expected = expected.map(|kind| total(kind, 1, 14 - 3 * (kind as u64)));
    assert_eq!(wool, expected);
}

pub(crate) async fn browsers_are_one_owner_in_the_list(store: Arc<dyn Store>) {
    assert_eq!(store.media_owners().await.unwrap(), []);
    fill(&store).await;
    let owner = |owner, rows| MediaOwner { owner, rows };
    let is = |name: &str| OwnerFilter::Is(name.to_owned());
    let expected = [
        owner(OwnerFilter::Visitors, 2),
        owner(is("key:shop"), 2),
        owner(is("open"), 1),
    ];
    assert_eq!(store.media_owners().await.unwrap(), expected);
    assert_eq!(store.media_accounts().await.unwrap(), ["aaaa", "bbbb"]);
}
