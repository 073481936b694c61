//! What was acknowledged is there exactly once, whatever the server went through.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use pool::Account;
use store::{Span, Store, StoreError, SumQuery};
use test_support::databases::{Engine, Server};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    connect,
    mute::Mute,
    open, opened, run,
    support::{account, accounts, record, requests},
};

const QUOTA: u32 = 1_000_000;
/// No call may take longer, whatever the server does.
const PATIENCE: Duration = Duration::from_secs(10);

async fn with_account(url: &str) -> Arc<dyn Store> {
    let store = opened(url).await;
    let rich = Account {
        quota: QUOTA,
        ..account("a")
    };
    store.insert_accounts(&[rich]).await.unwrap();
    store
}

/// Every one of these commits is there once: as a request, in the sums and in the account.
async fn assert_committed_once(store: &dyn Store, commits: u32) {
    let stored = requests(store).await;
    assert_eq!(stored.len(), commits as usize);
    let account = &accounts(store).await[0];
    assert_eq!(account.use_count, u64::from(commits));
    assert_eq!(account.quota, QUOTA - commits);
    let days = SumQuery {
        span: Span::Day,
        since_ms: 0,
        until_ms: i64::MAX,
    };
    let sums = store.sum_requests(&days).await.unwrap();
    assert_eq!(sums[0].totals.requests, u64::from(commits));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_during_kills_of_the_server_are_there_exactly_once() {
    const COMMITTERS: u32 = 16;
    const EACH: u32 = 200;
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let store = with_account(&url).await;
    let mut committers = JoinSet::new();
    for committer in 0..COMMITTERS {
        let store = Arc::clone(&store);
        committers.spawn(async move {
            for n in 0..EACH {
                let name = format!("{committer}-{n}");
                store.commit(record("a", &name)).await.unwrap();
            }
        });
    }
    let at_least = async |rows: usize| {
        loop {
            let size = store
                .list_requests(&store::RequestQuery::newest(u32::MAX))
                .await;
            if size.is_ok_and(|size| size.len() >= rows) {
                return;
            }
        }
    };
    for rows in [100, 900, 1700] {
        at_least(rows).await;
        server.kill();
        let read = timeout(PATIENCE, store.get_setting("x")).await.unwrap();
        assert!(matches!(read, Err(StoreError::Database(_))), "{read:?}");
        server.start_again().await.unwrap();
    }
    while let Some(committed) = committers.join_next().await {
        committed.unwrap();
    }
    assert_committed_once(&*store, COMMITTERS * EACH).await;
    store.close().await;
    let again = opened(&url).await;
    assert_committed_once(&*again, COMMITTERS * EACH).await;
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_is_not_applied_twice() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let mute = Mute::before(&url).await;
    let store = with_account(&mute.url).await;
    for n in 0..5 {
        let name = format!("r{n}");
        mute.is_on.store(true, Ordering::SeqCst);
        let receipt = store.submit(record("a", &name)).unwrap();
        let applied = format!("HEXISTS {{grok2api}}:requests {name}");
        let patience = Instant::now() + PATIENCE;
        while !run::<bool>(&url, &applied).await {
            assert!(Instant::now() < patience, "the batch does not arrive");
            sleep(Duration::from_millis(5)).await;
        }
        mute.is_on.store(false, Ordering::SeqCst);
        receipt.await.unwrap();
        assert_committed_once(&*store, n + 1).await;
    }
    store.close().await;
}

#[tokio::test]
async fn a_server_that_forgot_the_scripts_is_given_them_again() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let store = with_account(&url).await;
    let () = run(&url, "SCRIPT FLUSH").await;
    store.commit(record("a", "r1")).await.unwrap();
    assert_committed_once(&*store, 1).await;
}

#[tokio::test]
async fn nothing_of_a_batch_is_stored_while_the_server_cannot_take_it() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let store = with_account(&url).await;
    for (n, (begin, end)) in [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
        (
            "CONFIG SET min-replicas-to-write 3",
            "CONFIG SET min-replicas-to-write 0",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let commits = u32::try_from(n).unwrap();
        let () = run(&url, begin).await;
        let receipt = store.submit(record("a", &format!("r{n}"))).unwrap();
        let patience = Instant::now() + PATIENCE;
        while store.check().is_ok() {
            assert!(Instant::now() < patience, "{begin}");
            sleep(Duration::from_millis(50)).await;
        }
        let trouble = store.check().unwrap_err().to_string();
        assert!(trouble.contains("cannot write"), "{begin}: {trouble}");
        assert_committed_once_or_nothing(&*store, commits).await;
        let () = run(&url, end).await;
        receipt.await.unwrap();
        store.check().unwrap();
        assert_committed_once(&*store, commits + 1).await;
    }
}

/// Sums of no request are no row.
async fn assert_committed_once_or_nothing(store: &dyn Store, commits: u32) {
    match commits {
        0 => assert_eq!(requests(store).await, []),
        _ => assert_committed_once(store, commits).await,
    }
}

#[tokio::test]
async fn a_server_that_is_silent_is_waited_for_only_so_long() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let store = with_account(&url).await;
    let mut other = connect(&url).await;
    let pause = redis::cmd("CLIENT")
        .arg("PAUSE")
        .arg(60_000)
        .arg("ALL")
        .to_owned();
    pause.exec_async(&mut other).await.unwrap();
    let begin = Instant::now();
    let (ping, opened) = tokio::join!(store.ping(), open(&url));
    assert!(matches!(ping, Err(StoreError::Database(_))), "{ping:?}");
    let told = opened.map(drop).unwrap_err().to_string();
    assert!(told.contains("does not answer"), "{told}");
    assert!(begin.elapsed() < PATIENCE, "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_script_of_somebody_else_that_does_not_end_is_waited_out() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let store = with_account(&url).await;
    let () = run(&url, "CONFIG SET busy-reply-threshold 20").await;
    let (mut theirs, mut ours) = (connect(&url).await, connect(&url).await);
    let mut endless = redis::cmd("EVAL");
    endless.arg("while true do end").arg(0);
    // Its answer is not waited for.
    let _ = timeout(Duration::from_millis(100), endless.exec_async(&mut theirs)).await;
    let receipt = store.submit(record("a", "r1")).unwrap();
    let patience = Instant::now() + PATIENCE;
    while store.check().is_ok() {
        assert!(Instant::now() < patience, "it is written");
        sleep(Duration::from_millis(50)).await;
    }
    let trouble = store.check().unwrap_err().to_string();
    assert!(trouble.contains("cannot write"), "{trouble}");
    let end = redis::cmd("SCRIPT").arg("KILL").to_owned();
    end.exec_async(&mut ours).await.unwrap();
    receipt.await.unwrap();
    assert_committed_once(&*store, 1).await;
}
