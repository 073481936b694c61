use super::*;
use crate::{MasterKey, Store};

async fn opened(folder: &std::path::Path) -> std::sync::Arc<dyn Store> {
    let key = MasterKey::load_or_create(folder, None).unwrap();
    crate::open("", folder, key).await.unwrap()
}

fn large(content: String) -> LargeDocument {
    LargeDocument {
        kind: DocumentKind::Response,
        id: "r".to_owned(),
        group: "g".to_owned(),
        at_ms: 1,
        expires_ms: 1_000,
        revision: 0,
        head: r#"{"a":1}"#.to_owned(),
        content,
    }
}

fn json_of(text: String) -> String {
    serde_json::to_string(&text).unwrap()
}

#[tokio::test]
async fn what_is_no_json_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let written = large("{".to_owned()).add(store.as_ref()).await;
    assert!(matches!(written, Err(StoreError::Constraint { .. })));
    store.close().await;
}

#[tokio::test]
async fn one_from_before_its_content_was_kept_as_json_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let data = r#"{"head":{"a":1},"content":"[1]","name":"n","parts":0}"#;
    let old = Document {
        kind: DocumentKind::Response,
        id: "r".to_owned(),
        group: "g".to_owned(),
        at_ms: 1,
        expires_ms: 1_000,
        revision: 0,
        data: data.to_owned(),
    };
    store.put_document(old).await.unwrap();
    let may_read = |_| Ok::<_, StoreError>(());
    let kind = DocumentKind::Response;
    let read = LargeDocument::get(store.as_ref(), kind, "r", may_read).await;
    let (read, ()) = read.unwrap().unwrap();
    assert_eq!(
        (read.head.as_str(), read.content.as_str()),
        (r#"{"a":1}"#, "[1]")
    );
    store.close().await;
}

#[tokio::test]
async fn content_of_any_size_comes_back_and_its_parts_go_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let documents: &dyn DocumentStore = store.as_ref();
    let get = async || {
        let may_read = |_| Ok::<_, StoreError>(());
        let read = LargeDocument::get(documents, DocumentKind::Response, "r", may_read).await;
        read.map(|read| read.map(|(document, ())| document))
    };
    let long = json_of("é\u{1}秘\"\\".repeat(60_000));
    let [fits, exceeds] = [2, 1].map(|less| json_of("x".repeat(PART_BYTES - less)));
    for content in ["{}".to_owned(), fits, exceeds, long.clone()] {
        large(content.clone()).add(documents).await.unwrap();
        let read = get().await.unwrap().unwrap();
        assert_eq!(
            (read.content == content, read.head.as_str()),
            (true, r#"{"a":1}"#)
        );
        let kind = DocumentKind::Response;
        assert!(LargeDocument::delete(documents, kind, "r").await.unwrap());
    }
    large(long.clone()).add(documents).await.unwrap();
    let mut read = get().await.unwrap().unwrap();
    let late = read.clone();
    read.content = "[1]".to_owned();
    assert!(read.replace(documents).await.unwrap());
    assert!(!late.replace(documents).await.unwrap(), "changed meanwhile");
    assert_eq!(get().await.unwrap().unwrap().content, "[1]");
    let mut read = get().await.unwrap().unwrap();
    read.content = long.clone();
    assert!(read.replace(documents).await.unwrap());
    let name = (DocumentKind::Response, "r");
    let revision = get().await.unwrap().unwrap().revision;
    let head = || r#"{"a":2}"#.to_owned();
    let replace = |revision| LargeDocument::replace_head(documents, name, revision, head());
    assert!(replace(revision).await.unwrap());
    assert!(!replace(revision).await.unwrap(), "changed meanwhile");
    let read = get().await.unwrap().unwrap();
    assert_eq!((read.head, read.content == long), (head(), true));
    let kind = DocumentKind::Response;
    assert!(LargeDocument::delete(documents, kind, "r").await.unwrap());
    assert!(get().await.unwrap().is_none());
    assert_eq!(
        store.sweep_documents(2_000).await.unwrap(),
        0,
        "no part is left"
    );
    store.close().await;
}

#[tokio::test]
async fn the_oldest_of_a_group_give_way() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(folder.path()).await;
    let documents: &dyn DocumentStore = store.as_ref();
    for (number, id) in (1..).zip(["a", "b", "c", "d"]) {
        let one = LargeDocument {
            id: id.to_owned(),
            at_ms: number,
            ..large(json_of("x".repeat(2 * PART_BYTES)))
        };
        one.add(documents).await.unwrap();
    }
    let kind = DocumentKind::Response;
    let delete = |number| LargeDocument::delete_oldest(documents, (kind, "g"), number);
    assert_eq!(delete(0).await.unwrap(), 0);
    assert_eq!(delete(2).await.unwrap(), 2);
    for (id, is_there) in [("a", false), ("b", false), ("c", true), ("d", true)] {
        let head = LargeDocument::get_head(documents, kind, id).await.unwrap();
        assert_eq!(head.is_some(), is_there, "{id}");
    }
    let head = LargeDocument::get_head(documents, kind, "c").await.unwrap();
    let head = head.map(|one| (one.head, one.content));
    assert_eq!(head, Some((r#"{"a":1}"#.to_owned(), String::new())));
    assert_eq!(delete(9).await.unwrap(), 2);
    let left = store.sweep_documents(2_000).await.unwrap();
    assert_eq!(left, 0, "their parts went with them");
    store.close().await;
}
