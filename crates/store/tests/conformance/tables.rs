//! Whole tables: what moves a store and backs it up.

use std::sync::Arc;

use pool::{Account, AccountProxy};
use store::{
    Document, DocumentKind, MediaKind, MediaRow, Outcome, Row, SessionRow, Span, Store, SumQuery,
    Table, VideoJobRow, VideoStatus,
};

use crate::support::{NOW_MS, account, accounts, record, request};

/// Something in every table.
pub(crate) async fn fill(store: &dyn Store) {
    store
        .insert_accounts(&[proxied(), account("b")])
        .await
        .unwrap();
    store.set_setting("admin.password", "hash").await.unwrap();
    let session = SessionRow {
        id: "s".to_owned(),
        data: "{}".to_owned(),
        expires_at_ms: NOW_MS,
    };
    assert!(store.create_session(&session).await.unwrap());
    // More than a page of requests.
    for number in 0..1_100 {
        let name = format!("r{number:04}");
        drop(store.submit(record("a", &name)).unwrap());
    }
    store.insert_media(vec![media("m")]).await.unwrap();
    store.insert_video_job(video_job("video_m")).await.unwrap();
    for (kind, number) in DocumentKind::ALL.into_iter().zip(0..) {
        store.put_document(document(kind, number)).await.unwrap();
    }
}

fn proxied() -> Account {
    Account {
        proxy: Some(AccountProxy::try_new("socks5://u:p@192.0.2.1:1080").unwrap()),
        ..account("a")
    }
}

fn media(id: &str) -> MediaRow {
    MediaRow {
        id: id.to_owned(),
        at_ms: NOW_MS,
        kind: MediaKind::Image,
        file: "f.png".to_owned(),
        mime: "image/png".to_owned(),
        bytes: 3,
        width: 1,
        height: 2,
        prompt: "a boat".to_owned(),
        model: "grok-imagine".to_owned(),
        params: "{}".to_owned(),
        poster: None,
        parent: None,
        account: "of-a".to_owned(),
        owner: "open".to_owned(),
        key: None,
        request_id: "r".to_owned(),
    }
}

fn video_job(id: &str) -> VideoJobRow {
    VideoJobRow {
        id: id.to_owned(),
        created_ms: NOW_MS,
        owner: "open".to_owned(),
        key: None,
        request_id: "r".to_owned(),
        status: VideoStatus::Failed,
        progress: 7,
        prompt: "a boat".to_owned(),
        model: "grok-video".to_owned(),
        params: "{}".to_owned(),
        parent: None,
        account: Some("of-a".to_owned()),
        upstream: None,
        file: None,
        poster: None,
        error: Some(("timeout".to_owned(), "Too late.".to_owned())),
        completed_ms: Some(NOW_MS),
        expires_ms: NOW_MS,
    }
}

fn document(kind: DocumentKind, at_ms: i64) -> Document {
    Document {
        kind,
        id: "d".to_owned(),
        group: "g".to_owned(),
        at_ms,
        expires_ms: i64::MAX,
        revision: 0,
        data: r#"{"secret":"planted"}"#.to_owned(),
    }
}

/// Every row of every table, secrets in plain text.
async fn rows(store: &dyn Store) -> Vec<Row> {
    let mut tables = store.tables().await.unwrap();
    let mut rows = Vec::new();
    for table in Table::ALL {
        let mut place = None;
        loop {
            let page = tables.page(table, place.as_deref()).await.unwrap();
            assert_eq!(page.unreadable, Vec::<String>::new());
            assert!(page.rows.iter().all(|row| row.table() == table));
            rows.extend(page.rows);
            place = page.next;
            if place.is_none() {
                break;
            }
        }
    }
    rows
}

pub(crate) async fn checksums(store: &dyn Store) -> Vec<(Table, u64, String)> {
    let mut tables = store.tables().await.unwrap();
    let mut sums = Vec::new();
    for table in Table::ALL {
        let sum = tables.checksum(table).await.unwrap();
        sums.push((table, sum.rows, sum.to_string()));
    }
    sums
}

pub(crate) async fn whole_tables_are_copied_and_cleared(store: Arc<dyn Store>) {
    assert!(store.tables().await.unwrap().are_empty().await.unwrap());
    fill(store.as_ref()).await;
    let (before, copied) = (checksums(store.as_ref()).await, rows(store.as_ref()).await);
    assert!(before.iter().all(|(_, rows, _)| *rows > 0), "{before:?}");
    store.clear().await.unwrap();
    assert!(store.tables().await.unwrap().are_empty().await.unwrap());
    for rows in copied.chunks(300) {
        store.write_rows(rows.to_vec(), Vec::new()).await.unwrap();
    }
    assert_eq!(checksums(store.as_ref()).await, before);
    let accounts = accounts(store.as_ref()).await;
    let secrets = |one: &Account| (one.credential.clone(), one.proxy.clone());
    assert_eq!(secrets(&accounts[0]), secrets(&proxied()));
    assert_eq!(accounts[0].use_count, 1_100);
    let kept = store.get_document(DocumentKind::ClientKey, "d").await;
    assert!(kept.unwrap().unwrap().data.contains("planted"));
    store.close().await;
}

pub(crate) async fn rows_and_the_mark_of_a_copy_are_written_together(store: Arc<dyn Store>) {
    let mark = |text: &str| vec![("copy.mark".to_owned(), Some(text.to_owned()))];
    let row = |name: &str| Row::Request(request(name, NOW_MS));
    store.write_rows(vec![row("r1")], mark("1")).await.unwrap();
    let again = store.write_rows(vec![row("r2"), row("r1")], mark("2"));
    assert!(again.await.is_err(), "a request that is there");
    assert_eq!(
        store.get_setting("copy.mark").await.unwrap().as_deref(),
        Some("1")
    );
    assert!(store.get_request("r2").await.unwrap().is_none());
    let days = SumQuery {
        span: Span::Day,
        since_ms: 0,
        until_ms: i64::MAX,
    };
    assert_eq!(store.sum_requests(&days).await.unwrap(), [], "not summed");
    let remove = vec![("copy.mark".to_owned(), None)];
    store.write_rows(Vec::new(), remove).await.unwrap();
    assert_eq!(store.get_setting("copy.mark").await.unwrap(), None);
    let request = store.get_request("r1").await.unwrap().unwrap();
    assert_eq!(request.outcome, Outcome::Served);
    store.close().await;
}
