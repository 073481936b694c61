//! Opening a store: what is wrong is said in one sentence, in time.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use store::{MasterKey, StoreError};
use tokio::net::TcpListener;

use crate::{
    execute, open, server,
    support::{account, accounts, key},
    url_of,
};

/// The whole text of the refusal.
async fn refusal(url: &str) -> String {
    let started = Instant::now();
    let opened = store::open(url, Path::new("unused"), key()).await;
    let error = opened.map(drop).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10), "{error}");
    let text = error.to_string();
    assert!(!text.contains("secret"), "{text}");
    text
}

fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn a_wrong_login_database_or_address_is_named_with_what_to_do() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    let wrong = refusal(&url_of(&url, "grok2api", "secret", "fresh_1")).await;
    assert_says(
        &wrong,
        &["127.0.0.1:", "refuses the login of user `grok2api`"],
    );
    let unknown = url.replace("/fresh_1", "/nowhere");
    let unknown = refusal(&unknown).await;
    assert_says(&unknown, &["no database `nowhere`", "CREATE DATABASE"]);
    server.kill();
    assert_says(&refusal(&url).await, &["nothing answers there", "running"]);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for_long() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    let text = refusal(&format!("postgresql://u:secret@{address}/data")).await;
    assert_says(&text, &["no answer within 5 s", "firewall"]);
    let nowhere = refusal("postgresql://u:secret@nowhere.invalid/data").await;
    assert_says(&nowhere, &["nowhere.invalid:5432", "cannot be reached"]);
}

#[tokio::test]
async fn missing_rights_and_a_server_that_only_reads_are_told_at_start() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    execute(&url, "CREATE USER guest PASSWORD 'secret'").await;
    let guest = url_of(&url, "guest", "secret", "fresh_1");
    let text = refusal(&guest).await;
    assert_says(
        &text,
        &["user `guest` has no right", "GRANT CREATE, USAGE ON SCHEMA"],
    );
    execute(&url, "GRANT CREATE, USAGE ON SCHEMA public TO \"guest\"").await;
    open(&guest).await.close().await;

    let read_only = "ALTER DATABASE fresh_1 SET default_transaction_read_only = on";
    execute(&url, read_only).await;
    assert_says(&refusal(&url).await, &["only reads", "replica"]);
}

#[tokio::test]
async fn instances_that_start_at_once_make_the_tables_once_and_agree_on_the_key() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    let start = |n: u8| {
        let key = MasterKey::from_bytes([n; 32]);
        store::open(&url, Path::new("unused"), key)
    };
    let (one, two, three, four) = tokio::join!(start(1), start(2), start(1), start(2));
    let results = [one, two, three, four];
    let opened = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(opened, 2, "those with the key that came first");
    let is_wrong_key = |result: &Result<_, _>| matches!(result, Err(StoreError::WrongKey));
    assert_eq!(results.iter().filter(|one| is_wrong_key(one)).count(), 2);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    open(&url).await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, \
                 execution_time) VALUES (9000, 'later', TRUE, '', 0)";
    execute(&url, newer).await;
    assert_says(&refusal(&url).await, &["newer version (migration 9000)"]);
}

#[tokio::test]
async fn requests_are_read_beside_the_server_and_without_its_key() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    let store = open(&url).await;
    store.insert_accounts(&[account("a")]).await.unwrap();
    store
        .commit(crate::support::record("a", "r1"))
        .await
        .unwrap();
    let reader = store::open_requests(&url, Path::new("unused")).unwrap();
    assert_eq!(reader.get("r1").await.unwrap().unwrap().id, "r1");
    reader.close().await;
    assert_eq!(accounts(store.as_ref()).await[0].use_count, 1);
    store.close().await;
}

#[tokio::test]
async fn secrets_are_not_in_the_tables() {
    let mut server = server().await;
    let url = server.fresh_database().unwrap();
    let store = open(&url).await;
    store.insert_accounts(&[account("planted")]).await.unwrap();
    let session = store::SessionRow {
        id: "planted-session-id".to_owned(),
        data: "{}".to_owned(),
        expires_at_ms: i64::MAX,
    };
    store.create_session(&session).await.unwrap();
    store.close().await;
    let clean = "DO $$ BEGIN ASSERT (SELECT COUNT(*) = 1 FROM accounts \
                 WHERE accounts::text NOT LIKE '%cookie-of-planted%'); \
                 ASSERT (SELECT COUNT(*) = 1 FROM sessions \
                 WHERE sessions::text NOT LIKE '%planted-session-id%'); END $$";
    execute(&url, clean).await;
}
