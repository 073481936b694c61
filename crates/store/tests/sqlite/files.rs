//! Who may open the files, and what can be read in them.

use std::{fs, path::Path, time::Duration};

use pool::{Account, AccountProxy};
use sqlx::Connection;
use store::{DATABASE_FILE, Document, DocumentKind, MasterKey, SessionRow, StoreError};

use crate::{
    connect,
    support::{self, account},
};

const PLANTED: [&str; 4] = [
    "cookie-of-planted",
    "planted-session-id",
    "planted-password",
    "planted-in-a-document",
];

#[tokio::test]
async fn secrets_are_not_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    let planted = Account {
        note: "planted-note".to_owned(),
        proxy: Some(AccountProxy::try_new("http://me:planted-password@proxy.test").unwrap()),
        ..account("planted")
    };
    store.insert_accounts(&[planted]).await.unwrap();
    let id = "planted-session-id".to_owned();
    let session = SessionRow {
        id,
        data: "{}".to_owned(),
        expires_at_ms: i64::MAX,
    };
    store.create_session(&session).await.unwrap();
    for kind in [DocumentKind::JobItem, DocumentKind::Undo] {
        let document = Document {
            kind,
            id: "d".to_owned(),
            group: String::new(),
            at_ms: 1,
            expires_ms: i64::MAX,
            revision: 1,
            data: "[\"planted-in-a-document\"]".to_owned(),
        };
        store.put_document(document.clone()).await.unwrap();
        store.replace_document(document).await.unwrap();
    }
    assert_not_in_files(folder.path(), 3, &PLANTED);
    store.close().await;
    assert_not_in_files(folder.path(), 1, &PLANTED);
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
    let _store = support::open("", folder.path()).await;
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
    support::open("", folder.path()).await.close().await;
    let wrong = store::open("", folder.path(), MasterKey::from_bytes([8; 32])).await;
    let Err(error) = wrong else {
        unreachable!("a wrong key was accepted")
    };
    assert!(matches!(error, StoreError::WrongKey));
    assert!(error.to_string().contains("secret.key"), "{error}");
    support::open("", folder.path()).await;
}

#[tokio::test]
async fn a_second_opener_is_refused_until_the_first_closes() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    let second = store::open("", folder.path(), support::key()).await;
    assert!(
        matches!(second, Err(StoreError::InUse { pid, .. }) if pid == Some(std::process::id()))
    );
    store.close().await;
    support::open("", folder.path()).await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    support::open("", folder.path()).await.close().await;
    let mut connection = connect(folder.path()).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9999, 'later', 1, x'00', 0)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let opened = store::open("", folder.path(), support::key()).await;
    assert!(matches!(opened, Err(StoreError::Newer { migration: 9999 })));
}

#[tokio::test]
async fn a_url_may_name_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = store::open("sqlite:sub/own.db", folder.path(), support::key()).await;
    store.unwrap().close().await;
    assert!(folder.path().join("sub/own.db").exists());
    assert!(!folder.path().join(DATABASE_FILE).exists());
}

#[tokio::test]
async fn locks_of_a_process_that_is_gone_are_free() {
    let folder = tempfile::tempdir().unwrap();
    let ttl = Duration::from_secs(3600);
    let store = support::open("", folder.path()).await;
    assert!(
        store
            .try_lock("sweep", "one", 0, ttl)
            .await
            .unwrap()
            .is_some()
    );
    store.close().await;
    let store = support::open("", folder.path()).await;
    assert!(
        store
            .try_lock("sweep", "two", 0, ttl)
            .await
            .unwrap()
            .is_some()
    );
}
