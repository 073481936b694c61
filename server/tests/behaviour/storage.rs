//! The store cannot write: nothing is asked upstream for an answer that could not be recorded.

use std::path::Path;

use serde_json::json;
use sqlx::{
    ConnectOptions, SqliteConnection, query,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use store::Outcome;

use crate::support::{Plain, Server, Setup, Streamed, body};

/// Keeps everybody else from writing until it is dropped.
async fn lock(data_dir: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(data_dir.join("grok2api.db"))
        .journal_mode(SqliteJournalMode::Wal);
    let mut connection = options.connect().await.unwrap();
    query("BEGIN IMMEDIATE")
        .execute(&mut connection)
        .await
        .unwrap();
    connection
}

async fn readyz(server: &Server) -> (u16, serde_json::Value) {
    let response = server.client.get(server.url("/readyz")).send().await;
    let response = response.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn while_nothing_can_be_written_nothing_is_asked_and_what_was_under_way_is_recorded_as_failed()
 {
    let server = Setup::accounts(["only-account"]).start().await;
    let locked = lock(server.data_dir()).await;
    let mut streamed = body("Hello?");
    streamed["stream"] = json!(true);
    let refusals = async {
        let unavailable = async || readyz(&server).await.0 == 503;
        server.wait_until("it is not ready", unavailable).await;
        let (_, report) = readyz(&server).await;
        assert_eq!(report["status"], "unavailable");
        let reasons = report["reasons"].to_string();
        assert!(reasons.contains("store: it does not work"), "{reasons}");
        let asked = server.upstream_chats().len();
        let refused = server.chat().await;
        refused.assert_error(503, "store_unavailable");
        assert_eq!(refused.retry_after, Some(5));
        assert_eq!(server.upstream_chats().len(), asked, "nobody was asked");
    };
    // Both have been asked upstream when the store is found out.
    let whole = async { Plain::read(server.send(&body("Hello?")).await).await };
    let stream = async { Streamed::read(server.send(&streamed).await).await };
    let (whole, stream, ()) = tokio::join!(whole, stream, refusals);
    whole.assert_error(503, "store_unavailable");
    stream.assert_broken("store_unavailable");
    drop(locked);
    let ready = async || readyz(&server).await.0 == 200;
    server.wait_until("it can write again", ready).await;
    let left = server.end_with_all().await;
    let row = |id: &str| left.requests.iter().find(|row| row.id == id).unwrap();
    for (id, status) in [(&whole.request_id, 503), (&stream.request_id, 200)] {
        let row = row(id);
        let ending = (row.status, row.outcome, row.error_code.as_deref());
        assert_eq!(ending, (status, Outcome::Failed, Some("store_unavailable")));
    }
    let account = &left.accounts["only-account"];
    assert_eq!(account.use_count, 2, "the upstream has counted both");
}
