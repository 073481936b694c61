//! `/v1/conversations`: what they keep, for whom, and within which limits.

use std::time::Duration;

use futures::future::Either;
use grok_sim::{ANY_ACCOUNT, Operation, Reply};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::{
    responses::{ask, call, get, id, json_of, message, post, setup},
    support::Server,
};

#[tokio::test]
async fn responses_of_a_conversation_add_to_it() {
    let server = setup().start().await;
    server
        .simulator
        .script(ANY_ACCOUNT, [Reply::text("One."), Reply::text("Two.")]);
    let items = json!([{"role": "user", "content": "My name is Ada."}]);
    let asked = json!({"items": items, "metadata": {"topic": "names"}});
    let (status, conversation) = post(&server, "/v1/conversations", asked).await;
    assert_eq!(
        (status, &conversation["metadata"]["topic"]),
        (200, &json!("names"))
    );
    let conversation = id(&conversation).to_owned();
    for input in ["Hi", "More"] {
        let body = json!({"model": "grok-4", "input": input, "conversation": conversation});
        let response = ask(&server, body).await;
        assert_eq!(response["conversation"]["id"], conversation);
    }
    assert_eq!(
        message(&server, 1),
        "user: My name is Ada.\n\nuser: Hi\n\nassistant: One.\n\nMore"
    );
    let list = format!("/v1/conversations/{conversation}/items?order=asc");
    let (_, items) = get(&server, &list).await;
    assert_eq!(items["data"].as_array().unwrap().len(), 5, "{items}");
    let added = json!({"items": [{"role": "user", "content": "Also: I am 36."}]});
    let (status, page) = post(
        &server,
        &format!("/v1/conversations/{conversation}/items"),
        added,
    )
    .await;
    assert_eq!(status, 200, "{page}");
    assert_eq!(page["data"][0]["content"][0]["text"], "Also: I am 36.");
    assert_eq!(
        get(&server, &list).await.1["data"]
            .as_array()
            .unwrap()
            .len(),
        6
    );
    let one = format!("/v1/conversations/{conversation}");
    let item = format!("{one}/items/{}", id(&page["data"][0]));
    let (status, read) = get(&server, &item).await;
    assert_eq!((status, &read), (200, &page["data"][0]));
    let left = call(&server, Method::DELETE, &item, ("sk-one", Value::Null)).await;
    let (status, left) = json_of(left).await;
    assert_eq!((status, id(&left)), (200, conversation.as_str()));
    assert_eq!(get(&server, &item).await.0, 404);
    let (_, items) = get(&server, &list).await;
    assert_eq!(items["data"].as_array().unwrap().len(), 5, "{items}");
    let foreign = call(&server, Method::GET, &one, ("sk-two", Value::Null)).await;
    assert_eq!(foreign.status(), 404);
    let deleted = call(&server, Method::DELETE, &one, ("sk-one", Value::Null)).await;
    assert_eq!(deleted.status(), 200);
    let body = json!({"model": "grok-4", "input": "x", "conversation": conversation});
    let (status, error) = post(&server, "/v1/responses", body).await;
    assert_eq!(
        (status, error["error"]["param"].as_str()),
        (400, Some("conversation"))
    );
    server.end().await;
}

/// A conversation of so many bytes.
async fn conversation_of(server: &Server, bytes: usize) -> String {
    let item = json!({"role": "user", "content": "x".repeat(bytes)});
    let (status, conversation) = post(server, "/v1/conversations", json!({"items": [item]})).await;
    assert_eq!(status, 200, "{conversation}");
    format!("/v1/conversations/{}", id(&conversation))
}

#[tokio::test]
async fn a_caller_who_leaves_while_a_conversation_grows_leaves_nothing_behind() {
    let server = setup().start().await;
    let path = conversation_of(&server, 3_000_000).await;
    let items = json!({"items": [{"role": "user", "content": "e"}]});
    let more = format!("{path}/items");
    for wait_ms in [5, 20, 50, 100, 200] {
        let adding = call(&server, Method::POST, &more, ("sk-one", items.clone()));
        let left = tokio::time::timeout(Duration::from_millis(wait_ms), adding).await;
        drop(left);
    }
    // Behind those that are still made.
    let (status, page) = post(&server, &more, items).await;
    assert_eq!(status, 200, "{page}");
    let deleted = call(&server, Method::DELETE, &path, ("sk-one", Value::Null)).await;
    assert_eq!(deleted.status(), 200);
    let database = server.data_dir().join(store::DATABASE_FILE);
    let mut database = SqliteConnection::connect(database.to_str().unwrap())
        .await
        .unwrap();
    let parts = sqlx::query_scalar("SELECT COUNT(*) FROM documents WHERE kind = 'part'");
    let parts: i64 = parts.fetch_one(&mut database).await.unwrap();
    assert_eq!(parts, 0);
    database.close().await.unwrap();
    server.end().await;
}

#[tokio::test]
async fn what_is_kept_counts_among_the_bodies_in_memory() {
    let setup = setup().with("GROK2API_SERVER__BODIES_IN_MEMORY_MB", 4);
    let server = setup.start().await;
    let path = conversation_of(&server, 3_000_000).await;
    let (status, refused) = get(&server, &format!("{path}/items?limit=1")).await;
    let code = &refused["error"]["code"];
    assert_eq!((status, code), (503, &json!("server_busy")), "{refused}");
    // What is not read costs nothing.
    assert_eq!(get(&server, &path).await.0, 200);
    let topic = json!({"metadata": {"topic": "names"}});
    let (status, changed) = post(&server, &path, topic).await;
    assert_eq!(
        (status, &changed["metadata"]["topic"]),
        (200, &json!("names"))
    );
    let small = conversation_of(&server, 1_000).await;
    assert_eq!(get(&server, &format!("{small}/items")).await.0, 200);
    server.end().await;
}

#[tokio::test]
async fn what_was_said_counts_among_the_bodies_in_memory_until_the_answer_begins() {
    let setup = setup().with("GROK2API_SERVER__BODIES_IN_MEMORY_MB", 4);
    let server = setup.start().await;
    let path = conversation_of(&server, 1_200_000).await;
    let slow = Reply::Paced {
        text: "One.".to_owned(),
        first_ms: 60_000,
        each_ms: 0,
    };
    server
        .simulator
        .script(ANY_ACCOUNT, [slow, Reply::text("Two.")]);
    let conversation = path.rsplit('/').next().unwrap();
    let body = json!({"model": "grok-4", "input": "Hi", "conversation": conversation});
    let asked = || Box::pin(post(&server, "/v1/responses", body.clone()));
    let is_at_grok = async || server.simulator.requests_of(Operation::Chat).len() == 1;
    let waiting = Box::pin(server.wait_until("Grok is asked", is_at_grok));
    let first = match futures::future::select(asked(), waiting).await {
        Either::Left(((status, _), _)) => unreachable!("answered with {status}"),
        Either::Right(((), first)) => first,
    };
    let (status, refused) = asked().await;
    let code = &refused["error"]["code"];
    assert_eq!((status, code), (503, &json!("server_busy")), "{refused}");
    drop(first);
    let is_answered = async || asked().await.0 == 200;
    server
        .wait_until("the memory is given back", is_answered)
        .await;
    server.end().await;
}

#[tokio::test]
async fn many_add_to_one_conversation_at_once() {
    let server = setup().start().await;
    let path = conversation_of(&server, 50_000).await;
    let add = async |number: u32| {
        let items = json!({"items": [{"role": "user", "content": number.to_string()}]});
        post(&server, &format!("{path}/items"), items).await.0
    };
    let added = futures::future::join_all((0..40).map(add)).await;
    assert_eq!(added, vec![200; 40]);
    let (_, page) = get(&server, &format!("{path}/items?limit=100")).await;
    assert_eq!(page["data"].as_array().unwrap().len(), 41);
    server.end().await;
}
