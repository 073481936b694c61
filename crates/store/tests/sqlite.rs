//! What only the SQLite file must do: survive a kill, keep secrets, refuse the wrong opener.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::{
    collections::HashSet,
    env, fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use pool::Account;
use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{
    AccountStore, DATABASE_FILE, MasterKey, QUEUE_LENGTH, RecordStore, SessionRow, SessionStore,
    SettingStore, SqliteStore, StoreError, UsageStore,
};
use support::{account, record};
use tokio::{task::JoinSet, time::sleep};

const CHILD_FOLDER: &str = "STORE_TEST_CHILD_FOLDER";
const PLENTY: u32 = 1_000_000;

/// Not a test by itself: the process that `acknowledged_records_survive_kill_9` kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_commits_until_it_is_killed() {
    let Some(folder) = env::var_os(CHILD_FOLDER) else {
        return;
    };
    let store = Arc::new(support::open(Path::new(&folder)).await);
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
                writeln!(std::io::stdout(), "\nacknowledged {name}").unwrap();
            }
        });
    }
    committers.join_all().await;
}

#[tokio::test]
async fn acknowledged_records_survive_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["child_commits_until_it_is_killed", "--exact", "--nocapture"])
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
    let store = support::open(folder.path()).await;
    let rows = store.recent_usage(u32::MAX).await.unwrap();
    let stored: HashSet<_> = rows.iter().map(|row| row.id.clone()).collect();
    assert_eq!(
        acknowledged.difference(&stored).count(),
        0,
        "an acknowledged record is missing"
    );
    let quota = store.load_accounts().await.unwrap()[0].quota;
    assert_eq!(
        usize::try_from(PLENTY - quota).unwrap(),
        rows.len(),
        "usage and quota go together"
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
        let store = support::open(folder.path()).await;
        store.insert_accounts(&[account("a")]).await.unwrap();
        for n in 0..20 {
            store.commit(record("a", &format!("u{n}"))).await.unwrap();
        }
        store
    });
    drop(first);
    drop(store);
    runtime().block_on(async {
        let store = support::open(folder.path()).await;
        assert_eq!(store.count_usage().await.unwrap(), 20);
        assert_eq!(store.load_accounts().await.unwrap()[0].quota, 60);
        store.close().await;
    });
}

#[tokio::test]
async fn closing_commits_what_is_queued_and_refuses_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(support::open(folder.path()).await);
    let mut commits = JoinSet::new();
    for n in 0..700 {
        let store = Arc::clone(&store);
        commits.spawn(async move { store.commit(record("a", &format!("u{n}"))).await });
    }
    // The commits were spawned first and are queued before this task runs again.
    tokio::task::yield_now().await;
    store.close().await;
    commits
        .join_all()
        .await
        .into_iter()
        .for_each(|result| result.unwrap());
    assert!(matches!(
        store.commit(record("a", "late")).await,
        Err(StoreError::Closed)
    ));
    assert!(matches!(store.ping().await, Err(StoreError::Closed)));
    assert!(matches!(store.count_usage().await, Err(StoreError::Closed)));
    assert!(
        !folder.path().join("grok2api.db-wal").exists(),
        "one tidy file is left"
    );
    assert_eq!(
        support::open(folder.path())
            .await
            .count_usage()
            .await
            .unwrap(),
        700
    );
}

#[tokio::test]
async fn secrets_are_not_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open(folder.path()).await;
    let planted = Account {
        note: "planted-note".to_owned(),
        ..account("planted")
    };
    store.insert_accounts(&[planted]).await.unwrap();
    let id = "planted-session-id".to_owned();
    let session = SessionRow {
        id,
        data: "{}".to_owned(),
        expires_at_ms: i64::MAX,
    };
    store.save_session(&session).await.unwrap();
    assert_not_in_files(
        folder.path(),
        3,
        &["cookie-of-planted", "planted-session-id"],
    );
    store.close().await;
    assert_not_in_files(
        folder.path(),
        1,
        &["cookie-of-planted", "planted-session-id"],
    );
}

fn assert_not_in_files(folder: &Path, files: usize, secrets: &[&str]) {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files_of_database: Vec<_> = names
        .filter(|path| path.to_string_lossy().contains(DATABASE_FILE))
        .collect();
    assert_eq!(files_of_database.len(), files, "{files_of_database:?}");
    let bytes: Vec<u8> = files_of_database
        .iter()
        .flat_map(|path| fs::read(path).unwrap())
        .collect();
    let holds = |text: &str| {
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(holds("planted-note"), "the search itself works");
    for secret in secrets {
        assert!(!holds(secret), "{secret} is readable on disk");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn database_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _store = support::open(folder.path()).await;
    for name in [DATABASE_FILE, "grok2api.db-wal"] {
        let mode = fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_the_right_one_still_works() {
    let folder = tempfile::tempdir().unwrap();
    support::open(folder.path()).await.close().await;
    let wrong = SqliteStore::open(folder.path(), MasterKey::from_bytes([8; 32])).await;
    let Err(error) = wrong else {
        unreachable!("a wrong key was accepted")
    };
    assert!(matches!(error, StoreError::WrongKey));
    assert!(error.to_string().contains("secret.key"), "{error}");
    support::open(folder.path()).await;
}

#[tokio::test]
async fn a_second_opener_is_refused_until_the_first_closes() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open(folder.path()).await;
    let second = SqliteStore::open(folder.path(), support::key()).await;
    assert!(
        matches!(second, Err(StoreError::InUse { pid, .. }) if pid == Some(std::process::id()))
    );
    store.close().await;
    support::open(folder.path()).await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    support::open(folder.path()).await.close().await;
    let mut connection = connect(folder.path()).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9999, 'later', 1, x'00', 0)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let opened = SqliteStore::open(folder.path(), support::key()).await;
    assert!(matches!(opened, Err(StoreError::Newer { migration: 9999 })));
}

#[tokio::test]
async fn a_broken_row_names_its_account() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open(folder.path()).await;
    store
        .insert_accounts(&[account("a"), account("b")])
        .await
        .unwrap();
    let mut connection = connect(folder.path()).await;
    let swap = "UPDATE accounts SET credential = (SELECT credential FROM accounts WHERE id = 'a') \
                WHERE id = 'b'";
    sqlx::query(swap).execute(&mut connection).await.unwrap();
    let error = store.load_accounts().await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("the credential of account b does not decrypt"),
        "{error}"
    );
}

#[tokio::test]
async fn while_writes_fail_callers_wait_health_says_why_and_a_full_queue_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(support::open(folder.path()).await);
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
    held.rollback().await.unwrap();
    let results = commits.join_all().await;
    let stored = results.iter().filter(|result| result.is_ok()).count();
    let busy = |result: &&Result<(), _>| matches!(result, Err(StoreError::Busy { .. }));
    assert_eq!(stored + results.iter().filter(busy).count(), total);
    assert!(
        stored >= QUEUE_LENGTH && stored < total,
        "{stored} of {total}"
    );
    assert_eq!(store.count_usage().await.unwrap(), stored as u64);
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn closing_gives_up_on_a_database_that_stays_locked_and_tells_the_callers() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(support::open(folder.path()).await);
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

async fn connect(folder: &Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(folder.join(DATABASE_FILE))
        .connect()
        .await
        .unwrap()
}
