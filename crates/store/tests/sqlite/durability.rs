//! What was acknowledged survives; what cannot be written is not acknowledged.

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use pool::Account;
use sqlx::Connection;
use store::{QUEUE_LENGTH, SessionRow, StoreError};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    connect,
    support::{self, account, accounts, record, requests},
};

const CHILD_FOLDER: &str = "STORE_TEST_CHILD_FOLDER";
const PLENTY: u32 = 1_000_000;

async fn commit_until_killed(folder: &Path) {
    let store = support::open("", folder).await;
    store
        .insert_accounts(&[Account {
            quota: PLENTY,
            ..account("a")
        }])
        .await
        .unwrap();
    let mut committers = JoinSet::new();
    for committer in 0..16 {
        let store = Arc::clone(&store);
        committers.spawn(async move {
            for n in 0..PLENTY {
                let name = format!("{committer}-{n}");
                store.commit(record("a", &name)).await.unwrap();
                let line = format!("\nacknowledged {name}\n");
                std::io::stdout().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    committers.join_all().await;
}

/// Runs itself once more as the process that is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_records_survive_kill_9() {
    if let Some(folder) = env::var_os(CHILD_FOLDER) {
        return commit_until_killed(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "durability::acknowledged_records_survive_kill_9",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD_FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = HashSet::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while output.read_line(&mut line).unwrap() > 0 {
        // A line without its end was cut by the kill: nobody saw that acknowledgement.
        if let Some(name) = line
            .strip_prefix("acknowledged ")
            .filter(|name| name.ends_with('\n'))
        {
            acknowledged.insert(name.trim_end().to_owned());
            if acknowledged.len() == 3000 {
                child.kill().unwrap();
            }
        }
        line.clear();
    }
    child.wait().unwrap();
    assert!(acknowledged.len() >= 3000, "the child ended early");
    let store = support::open("", folder.path()).await;
    let rows = requests(&*store).await;
    let stored: HashSet<_> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(
        acknowledged.difference(&stored).count(),
        0,
        "an acknowledged record is missing"
    );
    let quota = accounts(&*store).await[0].quota;
    assert_eq!(
        usize::try_from(PLENTY - quota).unwrap(),
        rows.len(),
        "request and quota go together"
    );
}

#[test]
fn acknowledged_records_survive_a_runtime_that_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let first = runtime();
    let store = first.block_on(async {
        let store = support::open("", folder.path()).await;
        store.insert_accounts(&[account("a")]).await.unwrap();
        for n in 0..20 {
            store.commit(record("a", &format!("u{n}"))).await.unwrap();
        }
        store
    });
    drop(first);
    drop(store);
    runtime().block_on(async {
        let store = support::open("", folder.path()).await;
        assert_eq!(requests(&*store).await.len(), 20);
        assert_eq!(accounts(&*store).await[0].quota, 60);
        store.close().await;
    });
}

#[tokio::test]
async fn closing_leaves_one_tidy_file_with_everything_that_was_queued() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    for n in 0..700 {
        drop(store.submit(record("a", &format!("u{n}"))).unwrap());
    }
    store.close().await;
    assert!(!folder.path().join("grok2api.db-wal").exists());
    let store = support::open("", folder.path()).await;
    assert_eq!(requests(&*store).await.len(), 700);
}

#[tokio::test]
async fn while_writes_fail_callers_wait_health_says_why_and_a_full_queue_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    store
        .insert_accounts(&[Account {
            quota: PLENTY,
            ..account("a")
        }])
        .await
        .unwrap();
    let mut foreign = connect(folder.path()).await;
    let held = foreign.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let total = QUEUE_LENGTH + 1000;
    let mut commits = JoinSet::new();
    for n in 0..total {
        let store = Arc::clone(&store);
        commits.spawn(async move { store.commit(record("a", &format!("u{n}"))).await });
    }
    let reason = loop {
        if let Err(StoreError::Degraded { reason }) = store.ping().await {
            break reason;
        }
        sleep(Duration::from_millis(5)).await;
    };
    assert!(reason.contains("locked"), "{reason}");
    assert_eq!(store.get_setting("any").await.unwrap(), None, "reads go on");
    let page = store.set_setting("any", "x").await;
    let is_refused = matches!(
        page,
        Err(StoreError::Degraded { .. } | StoreError::Busy { .. })
    );
    assert!(is_refused, "pages do not wait: {page:?}");
    held.rollback().await.unwrap();
    let results = commits.join_all().await;
    let stored = results.iter().filter(|result| result.is_ok()).count();
    let busy = |result: &&Result<(), _>| matches!(result, Err(StoreError::Busy { .. }));
    assert_eq!(stored + results.iter().filter(busy).count(), total);
    assert!(
        stored >= QUEUE_LENGTH && stored < total,
        "{stored} of {total}"
    );
    assert_eq!(requests(&*store).await.len(), stored);
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn closing_gives_up_on_a_database_that_stays_locked_and_tells_the_callers() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    let mut foreign = connect(folder.path()).await;
    let held = foreign.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let commit = {
        let store = Arc::clone(&store);
        async move { store.commit(record("a", "u")).await }
    };
    let ((), answer) = tokio::join!(store.close(), commit);
    assert!(
        matches!(
            answer,
            Err(StoreError::Degraded { .. } | StoreError::Closed)
        ),
        "never an acknowledgement: {answer:?}"
    );
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn a_write_that_can_never_succeed_is_refused_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    let mut foreign = connect(folder.path()).await;
    sqlx::query("DROP TABLE sessions")
        .execute(&mut foreign)
        .await
        .unwrap();
    let session = SessionRow {
        id: "s".to_owned(),
        data: "{}".to_owned(),
        expires_at_ms: 1,
    };
    let (refused, others) = tokio::join!(
        store.create_session(&session),
        store.commit(record("a", "r1"))
    );
    let reason = refused.unwrap_err().to_string();
    assert!(reason.contains("no such table"), "{reason}");
    others.unwrap();
    store.ping().await.unwrap();
}
