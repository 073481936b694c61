//! What a start says of a server that cannot be used, and how starts share one.

use std::{
    net::TcpListener,
    path::Path,
    time::{Duration, Instant},
};

use sqlx::Connection;
use store::{MasterKey, StoreError};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};

use crate::{
    Place,
    support::{self, account, accounts},
};

/// How long a start may take to find out.
const LIMIT: Duration = Duration::from_secs(10);

/// What opening says.
async fn refusal(url: &str, folder: &Path) -> String {
    let begin = Instant::now();
    let opened = store::open(url, folder, support::key()).await;
    assert!(begin.elapsed() < LIMIT, "after {:?}", begin.elapsed());
    let error = opened.map(drop).unwrap_err();
    assert!(
        matches!(error, StoreError::Unusable { .. }),
        "{error}: {error:?}"
    );
    let text = error.to_string();
    assert!(!text.contains("p@ss") && !text.contains("p%40ss"), "{text}");
    text
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_refused_with_what_to_do() {
    let place = Place::new().await;
    let folder = place.folder.path();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let server = &place.url[place.url.find("127.").unwrap()..];
    let (address, database) = server.split_once('/').unwrap();
    for (url, expected) in [
        (format!("mysql://u:p%40ss@127.0.0.1:{port}/d"), "be reached"),
        ("mysql://u:p%40ss@host.invalid/d".to_owned(), "be reached"),
        (
            format!("mysql://grok2api:wrong@{address}/{database}"),
            "check user and password",
        ),
        (
            place.url.replace(database, "elsewhere"),
            "GRANT ALL ON `elsewhere`",
        ),
        (format!("{}?ssl-mode=required", place.url), "`ssl-mode`"),
    ] {
        let text = refusal(&url, folder).await;
        assert!(text.contains(expected), "{url}: {text}");
    }
    place
        .server
        .administrate("GRANT ALL ON `elsewhere`.* TO 'grok2api'@'127.0.0.1'")
        .unwrap();
    let text = refusal(&place.url.replace(database, "elsewhere"), folder).await;
    assert!(text.contains("CREATE DATABASE `elsewhere`"), "{text}");
}

#[tokio::test]
async fn something_else_than_a_database_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let url = format!("mysql://u:p%40ss@127.0.0.1:{port}/d");
    // It takes the connection and says nothing.
    let text = refusal(&url, folder.path()).await;
    assert!(text.contains("did not answer within 5s"), "{text}");
}

/// A packet of the protocol: length, number in the dialogue, content.
fn packet(number: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    [&[length, 0, 0, number], content].concat()
}

/// What a server of MySQL 8 says first that has no TLS.
fn greeting() -> Vec<u8> {
    let mut content = b"\x0a8.0.36\0\x01\0\0\0noncenon\0".to_vec();
    // Protocol 4.1 with a database and plugins, UTF-8, autocommit, length of the nonce.
    content.extend(b"\x08\x82\x2d\x02\0\x08\0\x15\0\0\0\0\0\0\0\0\0\0");
    content.extend(b"cenoncenonce\0caching_sha2_password\0");
    packet(0, &content)
}

#[tokio::test]
async fn a_password_that_may_not_be_sent_in_clear_is_told_with_both_ways_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap().port();
    let mut dialogue = JoinSet::new();
    dialogue.spawn(async move {
        let (mut client, _) = server.accept().await.unwrap();
        let mut heard = [0; 1024];
        // After its greeting it wants the whole password, and offers its public key for that.
        for says in [greeting(), packet(2, b"\x01\x04"), packet(4, b"\x01key")] {
            client.write_all(&says).await.unwrap();
            if client.read(&mut heard).await.unwrap_or_default() == 0 {
                return;
            }
        }
    });
    let url = format!("mysql://u:p%40ss@127.0.0.1:{port}/d");
    let text = refusal(&url, folder.path()).await;
    assert!(text.contains("ssl-mode=required"), "{text}");
    assert!(text.contains("mysql_native_password"), "{text}");
}

#[tokio::test]
async fn a_user_without_rights_and_a_read_only_server_are_told_also_when_the_tables_are_there() {
    let place = Place::new().await;
    let database = place.url.rsplit('/').next().unwrap();
    let reader = "CREATE USER 'reader'@'127.0.0.1' IDENTIFIED BY 'p@ss'";
    let right = format!("GRANT SELECT ON {database}.* TO 'reader'@'127.0.0.1'");
    let server = &place.server;
    server.administrate(&format!("{reader}; {right}")).unwrap();
    let start = place.url.find("127.").unwrap();
    let reader = format!("mysql://reader:p%40ss@{}", &place.url[start..]);
    for is_there in [false, true] {
        let text = refusal(&reader, place.folder.path()).await;
        assert!(text.contains("GRANT ALL ON"), "{text}");
        server.administrate("SET GLOBAL read_only = 1").unwrap();
        let text = refusal(&place.url, place.folder.path()).await;
        assert!(text.contains("read-only"), "{text}");
        server.administrate("SET GLOBAL read_only = 0").unwrap();
        if !is_there {
            let store = support::open(&place.url, place.folder.path()).await;
            store.close().await;
        }
    }
}

#[tokio::test]
async fn a_wrong_key_and_a_newer_database_are_refused() {
    let place = Place::new().await;
    let folder = place.folder.path();
    support::open(&place.url, folder).await.close().await;
    let wrong = store::open(&place.url, folder, MasterKey::from_bytes([8; 32])).await;
    assert!(matches!(wrong.map(drop), Err(StoreError::WrongKey)));
    let mut connection = place.connect().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9999, 'later', 1, '', 0)";
    sqlx::query(newer).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let opened = store::open(&place.url, folder, support::key()).await;
    let newer = opened.map(drop).unwrap_err();
    assert!(matches!(newer, StoreError::Newer { migration: 9999 }));
}

#[tokio::test]
async fn instances_that_start_at_once_make_the_tables_once() {
    let place = Place::new().await;
    let start = || support::open(&place.url, place.folder.path());
    let (one, two, three, four) = tokio::join!(start(), start(), start(), start());
    let stores = [one, two, three, four];
    stores[0].insert_accounts(&[account("a")]).await.unwrap();
    for store in &stores {
        assert_eq!(accounts(&**store).await, [account("a")]);
        store.close().await;
    }
}

#[tokio::test]
async fn a_start_that_was_cut_off_is_made_up_for() {
    let place = Place::new().await;
    support::open(&place.url, place.folder.path())
        .await
        .close()
        .await;
    let mut connection = place.connect().await;
    // As a kill in the middle of the first migration leaves it.
    for statement in [
        "UPDATE _sqlx_migrations SET success = FALSE",
        "DROP TABLE batches",
        "DROP TABLE documents",
    ] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    let store = support::open(&place.url, place.folder.path()).await;
    store.insert_accounts(&[account("a")]).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn requests_are_read_beside_the_instances_that_write_them() {
    let place = Place::new().await;
    let store = support::open(&place.url, place.folder.path()).await;
    store.commit(support::record("a", "r1")).await.unwrap();
    let reader = store::open_requests(&place.url, place.folder.path()).unwrap();
    assert_eq!(reader.get("r1").await.unwrap().unwrap().id, "r1");
    reader.close().await;
    store.close().await;
}
