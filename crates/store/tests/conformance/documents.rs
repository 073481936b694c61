//! Small things that several instances share.

use std::sync::Arc;

use futures::future::join_all;
use store::{DOCUMENT_BYTES, Document, DocumentKind, DocumentQuery, PAGE_BYTES, Store, StoreError};
use tokio::task::JoinSet;

fn document(kind: DocumentKind, id: &str, group: &str, at_ms: i64) -> Document {
    Document {
        kind,
        id: id.to_owned(),
        group: group.to_owned(),
        at_ms,
        expires_ms: at_ms + 1_000,
        revision: 1,
        data: format!("{{\"id\":\"{id}\"}}"),
    }
}

fn job(id: &str, group: &str, at_ms: i64) -> Document {
    document(DocumentKind::Job, id, group, at_ms)
}

fn all(kind: DocumentKind, group: &str) -> DocumentQuery {
    DocumentQuery {
        kind,
        group: group.to_owned(),
        after: None,
        limit: u32::MAX,
    }
}

async fn ids(store: &dyn Store, query: &DocumentQuery) -> Vec<String> {
    let page = store.list_documents(query).await.unwrap();
    page.into_iter().map(|document| document.id).collect()
}

pub(crate) async fn documents_read_back_as_last_written(store: Arc<dyn Store>) {
    for kind in DocumentKind::ALL {
        assert_eq!(store.get_document(kind, "d").await.unwrap(), None);
        let mut written = document(kind, "d", "g", 5);
        written.data = "{\"text\":\"é船🚢 'quoted' \\u0000\"}".to_owned();
        store.put_document(written.clone()).await.unwrap();
        let read = store.get_document(kind, "d").await.unwrap().unwrap();
        assert_eq!(read, written);

        let mut changed = document(kind, "d", "other", -7);
        changed.data = "{}".to_owned();
        changed.revision = 70;
        store.put_document(changed.clone()).await.unwrap();
        changed.revision = 2;
        let read = store.get_document(kind, "d").await.unwrap();
        assert_eq!(read, Some(changed), "the store counts revisions");
    }
}

pub(crate) async fn a_change_of_an_older_revision_or_a_removed_document_is_refused(
    store: Arc<dyn Store>,
) {
    let first = job("d", "g", 1);
    assert!(!store.replace_document(first.clone()).await.unwrap());
    assert_eq!(
        store.get_document(first.kind, "d").await.unwrap(),
        None,
        "a change adds nothing"
    );
    store.put_document(first.clone()).await.unwrap();
    let mut second = job("d", "other", 2);
    second.data = "{\"n\":2}".to_owned();
    assert!(store.replace_document(second.clone()).await.unwrap());
    assert!(!store.replace_document(first.clone()).await.unwrap());
    second.revision = 2;
    let read = store.get_document(first.kind, "d").await.unwrap();
    assert_eq!(read.as_ref(), Some(&second));
    let mut elsewhere = second.clone();
    elsewhere.kind = DocumentKind::UpstreamConversation;
    assert!(!store.replace_document(elsewhere).await.unwrap());

    assert!(store.delete_document(first.kind, "d").await.unwrap());
    assert!(!store.replace_document(second).await.unwrap());
    let read = store.get_document(first.kind, "d").await.unwrap();
    assert_eq!(read, None, "what was removed does not come back");
}

pub(crate) async fn of_changes_at_once_one_is_made(store: Arc<dyn Store>) {
    store.put_document(job("d", "g", 1)).await.unwrap();
    let mut changes = JoinSet::new();
    for n in 0..20 {
        let store = Arc::clone(&store);
        let mut change = job("d", "g", 1);
        change.data = n.to_string();
        changes.spawn(async move { store.replace_document(change).await.unwrap() });
    }
    let made = changes.join_all().await;
    let made = made.into_iter().filter(|is_made| *is_made).count();
    assert_eq!(made, 1);
}

pub(crate) async fn documents_that_are_put_at_once_are_all_there(store: Arc<dyn Store>) {
    let put = |number: i64| {
        let mut one = job(&format!("{}", number % 90), "g", number);
        one.data = "é'?".repeat(usize::try_from(number).unwrap());
        let store = Arc::clone(&store);
        async move { store.put_document(one).await.unwrap() }
    };
    join_all((0..100).map(put)).await;
    for number in 0..90 {
        let id = format!("{number}");
        let read = store.get_document(DocumentKind::Job, &id).await;
        let read = read.unwrap().unwrap();
        let (last, revision) = match number < 10 {
            true => (number + 90, 2),
            false => (number, 1),
        };
        assert_eq!((read.at_ms, read.revision), (last, revision));
        assert_eq!(read.data, "é'?".repeat(usize::try_from(last).unwrap()));
    }
    let counted = store.count_documents(DocumentKind::Job, "g").await;
    assert_eq!(counted.unwrap(), 90);
}

pub(crate) async fn the_oldest_documents_are_told_with_their_size(store: Arc<dyn Store>) {
    let kind = DocumentKind::Response;
    for (id, at_ms, length) in [("b", 2, 10), ("a", 2, 2_000), ("c", 1, 50_000), ("d", 3, 1)] {
        let mut one = document(kind, id, "g", at_ms);
        one.data = "é".repeat(length / 2);
        store.put_document(one).await.unwrap();
    }
    store
        .put_document(document(kind, "e", "other", 0))
        .await
        .unwrap();
    let oldest = store.oldest_documents(kind, "g", 3).await.unwrap();
    let names: Vec<_> = oldest
        .iter()
        .map(|one| (one.id.as_str(), one.at_ms))
        .collect();
    assert_eq!(names, [("c", 1), ("a", 2), ("b", 2)]);
    let sizes: Vec<_> = oldest.iter().map(|one| one.bytes).collect();
    assert!(
        sizes[0] >= 50_000 && sizes[1] < 2_000 && sizes[2] < 500,
        "{sizes:?}"
    );
}

pub(crate) async fn documents_up_to_a_place_are_deleted(store: Arc<dyn Store>) {
    let kind = DocumentKind::Response;
    for (id, at_ms) in [("b", 2), ("a", 2), ("c", 2), ("d", 1), ("e", 3)] {
        store
            .put_document(document(kind, id, "g", at_ms))
            .await
            .unwrap();
    }
    for (kind, id, group) in [
        (DocumentKind::JobItem, "a", "g"),
        (kind, "x", "other"),
        (kind, "y", ""),
    ] {
        store
            .put_document(document(kind, id, group, 1))
            .await
            .unwrap();
    }
    let mut large = document(kind, "b2", "g", 1);
    large.data = "é".repeat(20_000);
    store.put_document(large).await.unwrap();
    let until = |last| store.delete_documents_until(kind, "g", last, 32 * 1024);
    assert_eq!(until((1, "a")).await.unwrap(), 0);
    assert_eq!(until((2, "b")).await.unwrap(), 3);
    assert_eq!(until((2, "b")).await.unwrap(), 0, "they are gone");
    assert_eq!(ids(&*store, &all(kind, "g")).await, ["b2", "c", "e"]);
    assert_eq!(ids(&*store, &all(DocumentKind::JobItem, "g")).await, ["a"]);
    assert_eq!(ids(&*store, &all(kind, "other")).await, ["x"]);
    assert_eq!(until((i64::MAX, "")).await.unwrap(), 2);
    assert_eq!(ids(&*store, &all(kind, "g")).await, ["b2"], "it is large");
}

pub(crate) async fn of_deletions_at_once_each_knows_what_it_did(store: Arc<dyn Store>) {
    for id in ["a", "b", "c"] {
        store.put_document(job(id, "g", 1)).await.unwrap();
    }
    let other = document(DocumentKind::JobItem, "a", "g", 1);
    store.put_document(other).await.unwrap();
    let delete = ["a", "none", "c", "a"].map(|id| store.delete_document(DocumentKind::Job, id));
    let mut deleted = join_all(delete).await.into_iter().map(Result::unwrap);
    let deleted: [bool; 4] = std::array::from_fn(|_| deleted.next().unwrap());
    assert_eq!(deleted, [true, false, true, false]);
    assert_eq!(ids(&*store, &all(DocumentKind::Job, "g")).await, ["b"]);
    assert_eq!(ids(&*store, &all(DocumentKind::JobItem, "g")).await, ["a"]);
}

pub(crate) async fn documents_of_a_group_are_listed_page_by_page(store: Arc<dyn Store>) {
    for (id, at_ms) in [("b", 2), ("c", 2), ("a", 3), ("d", 1)] {
        store.put_document(job(id, "g", at_ms)).await.unwrap();
    }
    store.put_document(job("e", "", 1)).await.unwrap();
    let other = document(DocumentKind::JobItem, "d", "g", 9);
    store.put_document(other.clone()).await.unwrap();
    let mut query = all(DocumentKind::Job, "g");
    assert_eq!(ids(&*store, &query).await, ["d", "b", "c", "a"]);
    assert_eq!(ids(&*store, &all(DocumentKind::Job, "")).await, ["e"]);
    for (group, count) in [("g", 4), ("", 1), ("none", 0)] {
        let counted = store.count_documents(DocumentKind::Job, group).await;
        assert_eq!(counted.unwrap(), count, "{group}");
    }
    let items = all(DocumentKind::JobItem, "g");
    let items = store.list_documents(&items).await.unwrap();
    assert_eq!((items.rows, items.has_more), (vec![other], false));

    query.limit = 2;
    let page = store.list_documents(&query).await.unwrap();
    assert!(page.has_more);
    query.after = page.last().map(|last| (last.at_ms, last.id.clone()));
    assert_eq!(ids(&*store, &query).await, ["c", "a"]);
    query.after = Some((3, "a".to_owned()));
    assert_eq!(ids(&*store, &query).await, [""; 0]);

    for n in 0..12 {
        let mut large = document(DocumentKind::JobItem, &format!("{n:02}"), "large", n);
        large.data = "x".repeat(PAGE_BYTES / 5);
        store.put_document(large).await.unwrap();
    }
    let large = all(DocumentKind::JobItem, "large");
    let page = store.list_documents(&large).await.unwrap();
    assert!(page.has_more && page.len() <= 5, "{} of 12", page.len());
}

pub(crate) async fn documents_go_one_by_one_by_group_and_by_time(store: Arc<dyn Store>) {
    for n in 0..600 {
        let item = document(DocumentKind::JobItem, &n.to_string(), "g", 0);
        store.put_document(item).await.unwrap();
    }
    store.put_document(job("1", "g", 0)).await.unwrap();
    store.put_document(job("2", "g", 1)).await.unwrap();
    let (job_kind, item_kind) = (DocumentKind::Job, DocumentKind::JobItem);
    assert!(store.delete_document(item_kind, "1").await.unwrap());
    assert!(!store.delete_document(item_kind, "1").await.unwrap());
    assert_eq!(store.delete_documents(item_kind, "h").await.unwrap(), 0);
    assert_eq!(store.delete_documents(item_kind, "g").await.unwrap(), 599);
    assert_eq!(ids(&*store, &all(item_kind, "g")).await, [""; 0]);
    assert_eq!(ids(&*store, &all(job_kind, "g")).await, ["1", "2"]);

    assert_eq!(store.sweep_documents(999).await.unwrap(), 0);
    assert!(store.get_document(job_kind, "1").await.unwrap().is_some());
    assert_eq!(store.sweep_documents(1_000).await.unwrap(), 1);
    assert_eq!(ids(&*store, &all(job_kind, "g")).await, ["2"]);
}

pub(crate) async fn a_document_is_bounded(store: Arc<dyn Store>) {
    for kind in DocumentKind::ALL {
        let mut largest = document(kind, &"i".repeat(128), &"g".repeat(128), 1);
        largest.data = "x".repeat(DOCUMENT_BYTES);
        store.put_document(largest.clone()).await.unwrap();
        let read = store.get_document(kind, &largest.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&largest));
        let change: [fn(&mut Document); 3] = [
            |document| document.id.push('i'),
            |document| document.group.push('g'),
            |document| document.data.push('x'),
        ];
        for change in change {
            let mut larger = largest.clone();
            change(&mut larger);
            let refused = store.put_document(larger.clone()).await;
            assert!(matches!(refused, Err(StoreError::Constraint { .. })));
            let refused = store.replace_document(larger).await;
            assert!(matches!(refused, Err(StoreError::Constraint { .. })));
        }
    }
}
