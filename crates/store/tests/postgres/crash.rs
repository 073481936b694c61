//! What was acknowledged is there, once; what was refused is not half there.

use std::{collections::HashSet, sync::Arc, time::Duration};

use pool::Account;
use store::{Record, RequestRow, Span, Store, StoreError, SumQuery};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    execute, open,
    proxy::Proxy,
    server,
    support::{NOW_MS, account, accounts, id, record, request, requests},
};

const PLENTY: u32 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

async fn insert_plenty(store: &dyn Store) {
    let account = Account {
        quota: PLENTY,
        ..account("a")
    };
    store.insert_accounts(&[account]).await.unwrap();
}

/// Every stored request took one unit, is in the sums once, and no more was taken.
async fn assert_each_once(store: &dyn Store) -> HashSet<String> {
    let rows = requests(store).await;
    let quota = accounts(store).await[0].quota;
    assert_eq!(rows.len(), (PLENTY - quota) as usize, "quota");
    let query = SumQuery {
        span: Span::Day,
        since_ms: 0,
        until_ms: i64::MAX,
    };
    let sums = store.sum_requests(&query).await.unwrap();
    let summed: u64 = sums.iter().map(|sum| sum.totals.requests).sum();
    assert_eq!(rows.len() as u64, summed, "sums");
    rows.into_iter().map(|row| row.id).collect()
}

/// Commits by many until the instances are closed; answers what was acknowledged.
fn commit_on(stores: [Arc<dyn Store>; 2], committers: usize) -> JoinSet<Vec<String>> {
    let mut tasks = JoinSet::new();
    for committer in 0..committers {
        let store = Arc::clone(&stores[committer % 2]);
        tasks.spawn(async move {
            let mut acknowledged = Vec::new();
            for n in 0.. {
                let name = format!("{committer}-{n}");
                match store.commit(record("a", &name)).await {
                    Ok(()) => acknowledged.push(name),
                    Err(StoreError::Closed) => break,
                    Err(other) => unreachable!("{other}"),
                }
            }
            acknowledged
        });
    }
    tasks
}

async fn wait_for_requests(url: &str, total: usize) {
    let patience = Instant::now() + PATIENCE;
    let watcher = open(url).await;
    while requests(watcher.as_ref()).await.len() < total {
        assert!(Instant::now() < patience);
        sleep(Duration::from_millis(20)).await;
    }
    watcher.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_of_the_server_loses_nothing_acknowledged_and_doubles_nothing() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    let stores = [open(&url).await, open(&url).await];
    insert_plenty(stores[0].as_ref()).await;
    let tasks = commit_on(stores.clone(), 16);
    for crash in 1..=3 {
        wait_for_requests(&url, crash * 200).await;
        server.kill();
        let read = stores[1].get_request("0-0").await;
        assert!(matches!(read, Err(StoreError::Database(_))), "{read:?}");
        server.start_again().await.unwrap();
    }
    wait_for_requests(&url, 1_000).await;
    for store in &stores {
        store.close().await;
    }
    let acknowledged: HashSet<_> = tasks.join_all().await.into_iter().flatten().collect();
    let store = open(&url).await;
    let stored = assert_each_once(store.as_ref()).await;
    assert!(acknowledged.len() >= 900, "{}", acknowledged.len());
    assert_eq!(
        acknowledged.difference(&stored).count(),
        0,
        "one is missing"
    );
}

/// Whichever answer of the server is lost, that of the commit among them, and of whichever batch.
#[tokio::test]
async fn a_batch_counts_once_whichever_answer_is_lost() {
    let mut server = server().await;
    let proxy = Proxy::start(&server.fresh_database().unwrap()).await;
    let store = open(&proxy.url).await;
    insert_plenty(store.as_ref()).await;
    store.commit(record("a", "first")).await.unwrap();
    let mut number = 0;
    loop {
        proxy.lose_answer(number);
        let name = format!("records-{number}");
        store.commit(record("a", &name)).await.unwrap();
        // With an operation beside it, whose answer has to be the one of the first time.
        let session = store::SessionRow {
            id: format!("session-{number}"),
            data: "{}".to_owned(),
            expires_at_ms: 1,
        };
        let name = format!("both-{number}");
        let record = store.submit(record("a", &name)).unwrap();
        assert!(store.create_session(&session).await.unwrap(), "{number}");
        record.await.unwrap();
        if !proxy.has_lost_it() {
            break;
        }
        number += 1;
    }
    assert!(number >= 5, "{number} answers");
    proxy.lose_answer(i64::MAX);
    let stored = assert_each_once(store.as_ref()).await;
    assert_eq!(stored.len(), 2 * (number as usize + 1) + 1);
    store.close().await;
}

#[tokio::test]
async fn news_are_incomplete_after_the_connection_that_brings_them_was_lost() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    let (one, two) = (open(&url).await, open(&url).await);
    let mut cursor = two.changes_since(None).await.unwrap().unwrap().cursor;
    server.kill();
    server.start_again().await.unwrap();
    let patience = Instant::now() + PATIENCE;
    loop {
        let news = two.changes_since(Some(cursor)).await.unwrap().unwrap();
        cursor = news.cursor;
        if news.is_incomplete {
            break;
        }
        assert!(Instant::now() < patience);
        sleep(Duration::from_millis(20)).await;
    }
    while one.insert_accounts(&[account("a")]).await.is_err() {
        assert!(Instant::now() < patience);
    }
    loop {
        let news = two.changes_since(Some(cursor)).await.unwrap().unwrap();
        assert!(!news.is_incomplete, "once");
        cursor = news.cursor;
        if news.accounts == [id("a")] {
            break;
        }
        assert!(Instant::now() < patience);
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn more_changes_than_are_told_one_by_one_are_incomplete_news() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    let (one, two) = (open(&url).await, open(&url).await);
    let cursor = two.changes_since(None).await.unwrap().unwrap().cursor;
    let many: Vec<_> = (0..10_001)
        .map(|n| account(&format!("account-{n:032}")))
        .collect();
    assert_eq!(one.insert_accounts(&many).await.unwrap().len(), 10_001);
    let patience = Instant::now() + PATIENCE;
    while !two
        .changes_since(Some(cursor))
        .await
        .unwrap()
        .unwrap()
        .is_incomplete
    {
        assert!(Instant::now() < patience);
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(accounts(two.as_ref()).await, many, "read in several parts");
}

#[tokio::test]
async fn a_write_that_can_never_succeed_is_refused_and_the_others_go_on() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    let store = open(&url).await;
    execute(&url, "DROP TABLE sessions").await;
    let session = store::SessionRow {
        id: "s".to_owned(),
        data: "{}".to_owned(),
        expires_at_ms: 1,
    };
    let (refused, others) = tokio::join!(
        store.create_session(&session),
        store.commit(record("a", "r1"))
    );
    let reason = refused.unwrap_err().to_string();
    assert!(reason.contains("does not exist"), "{reason}");
    others.unwrap();
    store.ping().await.unwrap();
}

#[tokio::test]
async fn texts_with_a_character_that_the_server_cannot_hold_are_stored_without_it() {
    let mut server = server().await;
    let store = open(&server.fresh_database().unwrap()).await;
    let row = RequestRow {
        model: Some("a\0b".to_owned()),
        ..request("r\0", NOW_MS)
    };
    let record = Record {
        changes: Vec::new(),
        request: Some(row),
    };
    store.commit(record).await.unwrap();
    let read = store.get_request("r\0").await.unwrap().unwrap();
    assert_eq!(
        (read.id, read.model),
        ("r\u{fffd}".to_owned(), Some("a\u{fffd}b".to_owned()))
    );
    store.delete_accounts(&[id("a\0")]).await.unwrap();
}
