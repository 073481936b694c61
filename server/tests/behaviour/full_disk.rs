//! A disk without room for pictures, and pictures that nobody waits for.

use std::fs;

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use store::DATABASE_FILE;

use crate::{
    browser::Browser,
    gallery::{generate, ids, list, open_to_all},
    pictures::ask,
    support::{Plain, Server, Setup},
};

/// Names of all pictures on the disk.
fn on_disk(server: &Server) -> Vec<String> {
    let entries = fs::read_dir(server.data_dir().join("media/image")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn a_disk_below_its_reserve_refuses_addresses_before_grok_is_asked_and_chats_go_on() {
    let setup = Setup::accounts(["picture-account-1"]);
    // More than any disk has.
    let setup = setup.with("GROK2API_CACHE__MIN_FREE_MB", 10_000_000);
    let server = setup.start().await;
    let refused = ask(&server, &json!({"prompt": "x"})).await;
    let code = &refused.json["error"]["code"];
    assert_eq!((refused.status, code), (503, &json!("media_unavailable")));
    let message = refused.json["error"]["message"].as_str().unwrap();
    assert!(message.contains("`cache.min_free_mb`"), "{message}");
    assert_eq!(server.simulator.requests_of(Operation::Imagine).len(), 0);
    let whole = ask(
        &server,
        &json!({"prompt": "x", "response_format": "b64_json"}),
    )
    .await;
    assert_eq!(whole.status, 200);
    assert!(whole.json["data"][0]["b64_json"].is_string());
    assert_eq!(on_disk(&server), [""; 0]);
    let body = json!({"model": "grok-3", "messages": [{"role": "user", "content": "hello"}]});
    let chat = Plain::read(server.send(&body).await).await;
    assert_eq!(chat.status, 200);
    server.end_with_one().await;
}

#[tokio::test]
async fn on_a_disk_below_its_reserve_what_would_be_kept_is_refused_and_the_rest_is_answered() {
    let setup = Setup::accounts(["first-account"]).with("GROK2API_CACHE__MIN_FREE_MB", 10_000_000);
    let server = setup.start().await;
    let items = json!([{"type": "message", "role": "user", "content": "hello"}]);
    for (path, body, otherwise) in [
        (
            "/v1/responses",
            json!({"model": "grok-3", "input": "hello"}),
            "`store: false`",
        ),
        (
            "/v1/conversations",
            json!({"items": items}),
            "with each request",
        ),
    ] {
        server.count_request();
        let request = server.client.post(server.url(path)).json(&body);
        let refused = Plain::read(request.send().await.unwrap()).await;
        let code = &refused.json["error"]["code"];
        assert_eq!(
            (refused.status, code),
            (503, &json!("media_unavailable")),
            "{path}"
        );
        let message = refused.json["error"]["message"].as_str().unwrap();
        assert!(
            message.contains("`cache.min_free_mb`") && message.contains(otherwise),
            "{message}"
        );
    }
    server.count_request();
    let body = json!({"model": "grok-3", "input": "hello", "store": false});
    let request = server.client.post(server.url("/v1/responses")).json(&body);
    let answered = Plain::read(request.send().await.unwrap()).await;
    assert_eq!(answered.status, 200);
    server.end_with_one().await;
}

#[tokio::test]
async fn what_was_deleted_makes_room_for_what_is_kept_also_on_a_disk_below_its_reserve() {
    let server = Setup::accounts(["first-account"]).start().await;
    let add = async |bytes: usize| {
        // Nothing that can be compressed.
        let text: String = std::iter::repeat_with(|| uuid::Uuid::new_v4().simple().to_string())
            .take(bytes / 32)
            .collect();
        let body = json!({"items": [{"type": "message", "role": "user", "content": text}]});
        server.count_request();
        let request = server.client.post(server.url("/v1/conversations"));
        Plain::read(request.json(&body).send().await.unwrap()).await
    };
    let delete = async |added: &Plain| {
        let id = added.json["id"].as_str().unwrap();
        server.count_request();
        let request = server
            .client
            .delete(server.url(&format!("/v1/conversations/{id}")));
        assert_eq!(request.send().await.unwrap().status(), 200);
    };
    delete(&add(8_000_000).await).await;
    let text = "[cache]\nmin_free_mb = 10000000\n";
    fs::write(server.data_dir().join("config.toml"), text).unwrap();
    let is_below = async || {
        let added = add(5_000_000).await;
        if added.status == 200 {
            delete(&added).await;
        }
        added.status == 503
    };
    server
        .wait_until("no room for more than was deleted", is_below)
        .await;
    assert_eq!(add(1_000_000).await.status, 200);
    assert_eq!(add(1_000).await.status, 200);
    server.end().await;
}

#[tokio::test]
async fn a_picture_that_was_kept_for_somebody_who_left_goes_at_once() {
    let server = Setup::accounts(["picture-account-1"]).start().await;
    let stall = Reply::Stall { after_lines: 7 };
    server
        .simulator
        .script_for("*", Operation::Imagine, [stall]);
    server.count_request();
    let request = server.client.post(server.url("/v1/images/generations"));
    let body = json!({"prompt": "x", "n": 2, "stream": true});
    let response = request.json(&body).send().await.unwrap();
    let is_kept = async || !on_disk(&server).is_empty();
    server.wait_until("the first picture", is_kept).await;
    drop(response);
    let is_gone = async || on_disk(&server).is_empty();
    server.wait_until("the end of it", is_gone).await;
    server.end_with_one().await;
}

#[tokio::test]
async fn files_are_deleted_while_the_database_takes_no_writes_and_their_rows_afterwards() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    generate(&server, &browser, 2).await;
    let items = list(&browser).await;
    let path = server.data_dir().join(DATABASE_FILE);
    let mut foreign = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let held = foreign.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let chosen = json!({"ids": ids(&items)});
    let said = browser.call("delete_media", &chosen).await;
    assert_eq!((said.status, said.kind()), (503, "unavailable"), "{said:?}");
    assert_eq!(on_disk(&server), [""; 0], "room was made");
    held.rollback().await.unwrap();
    let is_deleted = async || browser.call("delete_media", &chosen).await.status == 200;
    server.wait_until("the rows' end", is_deleted).await;
    assert_eq!(list(&browser).await, [Value::Null; 0]);
    server.end_with_one().await;
}
