//! Rows that older versions left, and rows that are damaged.

use std::path::Path;

use sqlx::{ConnectOptions, Connection, SqliteConnection, migrate::Migrator};
use store::{MediaKind, Outcome, Span, SumQuery};

use crate::{
    connect, options,
    support::{self, account, accounts, id, record, request, requests},
};

#[tokio::test]
async fn accounts_with_broken_rows_are_named_and_the_others_load() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    let all = ["a", "b", "c", "d"].map(account);
    store.insert_accounts(&all).await.unwrap();
    let mut connection = connect(folder.path()).await;
    for damage in [
        "UPDATE accounts SET credential = (SELECT credential FROM accounts WHERE id = 'a') \
         WHERE id = 'b'",
        "UPDATE accounts SET status = 'of-tomorrow' WHERE id = 'c'",
        "UPDATE accounts SET quota = 'many' WHERE id = 'd'",
    ] {
        sqlx::query(damage).execute(&mut connection).await.unwrap();
    }
    let loaded = store.load_accounts().await.unwrap();
    assert_eq!(loaded.accounts, all[..1]);
    let unreadable: Vec<_> = loaded
        .unreadable
        .iter()
        .map(|one| (one.id.as_str(), one.reason.as_str()))
        .collect();
    assert_eq!(unreadable[0], ("b", "the credential does not decrypt"));
    assert_eq!(unreadable[1], ("c", "unknown status"));
    assert_eq!(unreadable[2].0, "d");
    let removed = store.delete_accounts(&[id("b"), id("c"), id("d")]).await;
    assert_eq!(removed.unwrap(), 3, "they can be removed");
    assert_eq!(accounts(&*store).await.len(), 1);
}

#[tokio::test]
async fn a_request_with_broken_parts_is_still_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    store.commit(record("a", "r1")).await.unwrap();
    let mut connection = connect(folder.path()).await;
    let damage = "UPDATE requests SET attempts = '{', outcome = 'of-tomorrow'";
    sqlx::query(damage).execute(&mut connection).await.unwrap();
    let listed = requests(&*store).await;
    assert_eq!((listed[0].id.as_str(), listed[0].attempts.len()), ("r1", 0));
    assert_eq!(listed[0].outcome, Outcome::Failed);
}

#[tokio::test]
async fn usage_rows_of_older_versions_become_requests_and_sums() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = older_database(folder.path(), 4).await;
    let insert = "INSERT INTO usage_log VALUES \
        ('u1', 1772700000900, 'a', 'team', 'grok-4', 'chat.completions', 1, 200, NULL, 11, 22, 3, \
         1, 1, 120, 900), \
        ('u2', 1772700000900, 'a', NULL, 'grok-4', 'chat.completions', 0, 504, 'timeout', 0, 0, 0, \
         0, 0, NULL, 900)";
    sqlx::query(insert).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    let store = support::open("", folder.path()).await;
    let mut kept = request("u1", support::NOW_MS);
    kept.client = None;
    kept.model = kept.served_model.clone();
    kept.account = None;
    kept.attempts.clear();
    kept.bytes = 0;
    let stored = requests(&*store).await;
    assert_eq!(stored[1], kept);
    assert_eq!(stored[0].outcome, Outcome::Failed);
    assert_eq!(stored[0].error_code.as_deref(), Some("timeout"));
    for span in Span::ALL {
        let query = SumQuery {
            span,
            since_ms: 0,
            until_ms: i64::MAX,
        };
        let sums = store.sum_requests(&query).await.unwrap();
        let found: Vec<_> = sums
            .iter()
            .map(|sum| {
                (
                    sum.start_ms,
                    sum.key.as_str(),
                    sum.outcome,
                    sum.totals.duration_ms,
                )
            })
            .collect();
        let start_ms = span.start_ms(support::NOW_MS);
        assert_eq!(found[0], (start_ms, "", Outcome::Failed, 900));
        assert_eq!(found[1], (start_ms, "team", Outcome::Served, 900));
    }
    // What is added now joins them.
    store.commit(record("a", "r1")).await.unwrap();
    assert_eq!(requests(&*store).await.len(), 3);
}

#[tokio::test]
async fn session_ids_of_older_versions_are_blanked() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = older_database(folder.path(), 6).await;
    let insert = "INSERT INTO sessions VALUES \
        ('one', '{\"id\":-170141183460469231731687303715884105728,\"data\":{}}', 9), \
        ('other', 'no JSON', 9)";
    sqlx::query(insert).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    support::open("", folder.path()).await.close().await;
    let mut connection = connect(folder.path()).await;
    let data: Vec<String> = sqlx::query_scalar("SELECT data FROM sessions ORDER BY data")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(data, ["no JSON", "{\"id\":0,\"data\":{}}"]);
}

#[tokio::test]
async fn media_of_older_versions_is_of_its_key_or_of_the_open_api() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = older_database(folder.path(), 8).await;
    let insert = "INSERT INTO media VALUES \
        ('m1', 1, 'image', 'f', 'image/png', 1, 1, 1, 'p', 'm', '{}', NULL, 'abcd', 'team', 'r1'), \
        ('m2', 2, 'image', 'f', 'image/png', 1, 1, 1, 'p', 'm', '{}', NULL, 'abcd', NULL, 'r2')";
    sqlx::query(insert).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = support::open("", folder.path()).await;
    for (id, owner) in [("m1", "key:team"), ("m2", "open")] {
        let row = store.get_media(id).await.unwrap().unwrap();
        assert_eq!(row.owner, owner);
    }
}

#[tokio::test]
async fn first_pictures_of_older_versions_are_found_by_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = older_database(folder.path(), 11).await;
    let insert = "INSERT INTO media VALUES \
        ('m1', 1, 'video', 'v', 'video/mp4', 9, 0, 0, 'p', 'm', '{\"poster\":\"p.jpg\"}', NULL, 'abcd', \
         NULL, 'r1', 'open'), \
        ('m2', 2, 'video', 'w', 'video/mp4', 9, 0, 0, 'p', 'm', 'no JSON', NULL, 'abcd', NULL, 'r2', 'open')";
    sqlx::query(insert).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = support::open("", folder.path()).await;
    let row = store.get_media("m1").await.unwrap().unwrap();
    assert_eq!(row.poster.unwrap().file, "p.jpg");
    let is_used = store.is_media_file_used(MediaKind::Image, "p.jpg").await;
    assert!(is_used.unwrap());
    let row = store.get_media("m2").await.unwrap().unwrap();
    assert_eq!(row.poster, None);
}

#[tokio::test]
async fn accounts_of_older_versions_were_never_checked() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    store.insert_accounts(&[account("a")]).await.unwrap();
    store.close().await;
    let mut connection = connect(folder.path()).await;
    for change in [
        "ALTER TABLE accounts DROP COLUMN quota_windows",
        "ALTER TABLE accounts DROP COLUMN last_check_at_ms",
        "ALTER TABLE accounts DROP COLUMN last_check",
        "ALTER TABLE accounts DROP COLUMN last_check_until_ms",
        "ALTER TABLE accounts DROP COLUMN proxy",
        "DROP TABLE documents",
        "DELETE FROM _sqlx_migrations WHERE version >= 13",
    ] {
        sqlx::query(change).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    let store = support::open("", folder.path()).await;
    assert_eq!(accounts(&*store).await, [account("a")]);
}

#[tokio::test]
async fn an_account_whose_proxy_does_not_decrypt_is_named_and_not_used_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = support::open("", folder.path()).await;
    store.insert_accounts(&[account("a")]).await.unwrap();
    let mut connection = connect(folder.path()).await;
    // The ciphertext of a credential is no proxy's, and damaged windows are no windows.
    let damage = "UPDATE accounts SET proxy = credential, quota_windows = '{'";
    sqlx::query(damage).execute(&mut connection).await.unwrap();
    let loaded = store.load_accounts().await.unwrap();
    assert_eq!(loaded.accounts, []);
    assert_eq!(loaded.unreadable[0].reason, "its proxy does not decrypt");
    let repair = "UPDATE accounts SET proxy = NULL";
    sqlx::query(repair).execute(&mut connection).await.unwrap();
    assert_eq!(accounts(&*store).await, [account("a")]);
}

/// A database as the version that had only the first `migrations` left it.
async fn older_database(folder: &Path, migrations: usize) -> SqliteConnection {
    let all = sqlx::migrate!("../../migrations/sqlite");
    let older = Migrator {
        migrations: all.migrations[..migrations].to_vec().into(),
        ..Migrator::DEFAULT
    };
    let create = options(folder).create_if_missing(true);
    let mut connection = create.connect().await.unwrap();
    older.run(&mut connection).await.unwrap();
    connection
}
