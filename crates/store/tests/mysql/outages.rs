//! What was acknowledged is there, once, whatever happens to the server or the way to it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use pool::{Account, AccountChange, Change};
use sqlx::{Connection, query};
use store::{Record, Span, Store, StoreError, SumQuery};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    Place,
    proxy::{Next, Proxy},
    support::{self, NOW_MS, account, accounts, id, record, requests},
};

const PLENTY: u32 = 1_000_000;

async fn with_plenty(url: &str, place: &Place) -> Arc<dyn Store> {
    let store = support::open(url, place.folder.path()).await;
    let rich = |name| Account {
        quota: PLENTY,
        ..account(name)
    };
    store.insert_accounts(&["a", "b"].map(rich)).await.unwrap();
    store
}

/// Quota, rows and sums all say that so many requests were served.
async fn assert_served(store: &dyn Store, total: usize) {
    assert_eq!(requests(store).await.len(), total);
    let used: u32 = accounts(store)
        .await
        .iter()
        .map(|one| PLENTY - one.quota)
        .sum();
    assert_eq!(used as usize, total, "quota");
    let days = SumQuery {
        span: Span::Day,
        since_ms: 0,
        until_ms: i64::MAX,
    };
    let sums = store.sum_requests(&days).await.unwrap();
    let summed: u64 = sums.iter().map(|sum| sum.totals.requests).sum();
    assert_eq!(summed as usize, total, "sums");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_in_the_middle_of_crashes_are_made_once() {
    let mut place = Place::new().await;
    let store = with_plenty(&place.url, &place).await;
    let both = [
        Arc::clone(&store),
        support::open(&place.url, place.folder.path()).await,
    ];
    let (done, is_over) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let mut committers = JoinSet::new();
    for committer in 0..16 {
        let (store, done) = (Arc::clone(&both[committer % 2]), Arc::clone(&done));
        let is_over = Arc::clone(&is_over);
        committers.spawn(async move {
            for n in 0.. {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let account = ["a", "b"][n % 2];
                // One that was applied twice would be refused, as its id is taken.
                let name = format!("{committer}-{n}");
                store.commit(record(account, &name)).await.unwrap();
                done.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    for crash in 1..=4 {
        while done.load(Ordering::SeqCst) < crash * 400 {
            sleep(Duration::from_millis(1)).await;
        }
        place.server.kill();
        let read = store.get_setting("any").await;
        assert!(matches!(read, Err(StoreError::Database(_))), "{read:?}");
        place.server.start_again().await.unwrap();
    }
    is_over.store(true, Ordering::SeqCst);
    committers.join_all().await;
    assert_served(&*store, done.load(Ordering::SeqCst)).await;
    for store in both {
        store.ping().await.unwrap();
        store.close().await;
    }
}

#[tokio::test]
async fn a_server_that_takes_no_writes_for_a_while_is_waited_for() {
    let place = Place::new().await;
    let store = with_plenty(&place.url, &place).await;
    place
        .server
        .administrate("SET GLOBAL read_only = 1")
        .unwrap();
    let commit = {
        let store = Arc::clone(&store);
        async move { store.commit(record("a", "r1")).await }
    };
    let recovery = async {
        let reason = loop {
            if let Err(StoreError::Degraded { reason }) = store.check() {
                break reason;
            }
            sleep(Duration::from_millis(5)).await;
        };
        assert!(reason.contains("read-only"), "{reason}");
        assert_eq!(store.get_setting("any").await.unwrap(), None, "reads go on");
        place
            .server
            .administrate("SET GLOBAL read_only = 0")
            .unwrap();
    };
    let (committed, ()) = tokio::join!(commit, recovery);
    committed.unwrap();
    assert_served(&*store, 1).await;
    store.check().unwrap();
    store.close().await;
}

/// A store whose way to the server is cut as `next` says while it commits.
async fn commit_over_a_cut(next: Next) {
    let place = Place::new().await;
    let start = place.url.find("127.").unwrap();
    let (server, database) = place.url[start..].split_once('/').unwrap();
    let proxy = Proxy::to(server.to_owned()).await;
    let login = &place.url[..start];
    let url = format!("{login}127.0.0.1:{}/{database}", proxy.port);
    let store = with_plenty(&url, &place).await;
    for n in 0..5 {
        store
            .commit(record("a", &format!("before-{n}")))
            .await
            .unwrap();
    }
    proxy.set(next);
    let mut commits = JoinSet::new();
    for n in 0..20 {
        let store = Arc::clone(&store);
        commits.spawn(async move { store.commit(record("a", &format!("at-{n}"))).await });
    }
    let all = commits.join_all().await;
    all.into_iter().for_each(|commit| commit.unwrap());
    assert!(proxy.is_over());
    assert_served(&*store, 25).await;
    // What the operations of such a batch did is answered as well.
    proxy.set(next);
    let new = [account("a"), account("c"), account("d")];
    let added = store.insert_accounts(&new).await.unwrap();
    assert_eq!(added, [id("c"), id("d")]);
    assert!(proxy.is_over());
    store.close().await;
}

#[tokio::test]
async fn a_batch_whose_commit_had_no_answer_is_not_applied_again() {
    commit_over_a_cut(Next::CutAfter).await;
}

#[tokio::test]
async fn a_batch_whose_commit_did_not_arrive_is_applied() {
    commit_over_a_cut(Next::CutBefore).await;
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_and_the_batch_is_not_applied_again() {
    let begin = Instant::now();
    commit_over_a_cut(Next::Silent).await;
    assert!(begin.elapsed() < Duration::from_secs(60));
}

/// A record that uses both accounts, `a` before `b`.
fn record_of_both() -> Record {
    let change = |name| AccountChange {
        id: id(name),
        change: Change::Used {
            used: 1,
            at_ms: NOW_MS,
        },
    };
    Record {
        changes: ["a", "b"].map(change).to_vec(),
        request: None,
    }
}

#[tokio::test]
async fn the_loser_of_a_deadlock_tries_again_without_a_word() {
    let place = Place::new().await;
    let store = with_plenty(&place.url, &place).await;
    let (mut other, mut probe) = (place.connect().await, place.connect().await);
    let mut foreign = other.begin().await.unwrap();
    // Much work, so that the server lets this one win.
    let work =
        "INSERT INTO settings (name, value) SELECT CONCAT('work-', seq), '' FROM seq_1_to_1000";
    query(work).execute(&mut *foreign).await.unwrap();
    let lock = |name| query("UPDATE accounts SET note = 'x' WHERE id = ?").bind(name);
    lock("b").execute(&mut *foreign).await.unwrap();
    let commit = {
        let store = Arc::clone(&store);
        async move { store.commit(record_of_both()).await }
    };
    let deadlock = async {
        // Until the store has `a` and waits for `b`.
        loop {
            let free = query("SELECT id FROM accounts WHERE id = 'a' FOR UPDATE NOWAIT");
            if free.execute(&mut probe).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(1)).await;
        }
        lock("a").execute(&mut *foreign).await.unwrap();
        foreign.commit().await.unwrap();
    };
    let (committed, ()) = tokio::join!(commit, deadlock);
    committed.unwrap();
    store.check().unwrap();
    let left = accounts(&*store).await;
    assert!(
        left.iter()
            .all(|one| one.quota == PLENTY - 1 && one.note == "x")
    );
    store.close().await;
}
