//! How many sessions there are, and how long.

use std::time::Duration;

use grok_sim::Reply;
use serde_json::{Value, json};

use super::{
    ONE, assert_served,
    client::{self, Client, messages, setup},
    wait_for_text,
};

#[tokio::test]
async fn a_session_has_a_limit_of_calls_at_once() {
    let server = setup(ONE)
        .with("GROK2API_MCP__SESSION_CALLS", 1)
        .start()
        .await;
    server
        .simulator
        .script(ONE, [Reply::text("First things come first.").held()]);
    let client = Client::connect(&server).await;
    let mut first = client
        .begin(client.next_id(), "ask_grok", &json!({"query": "Hello?"}))
        .await;
    wait_for_text(&mut first).await;
    let second = client.call("ask_grok", json!({"query": "And this?"})).await;
    assert!(
        second.is_error() && second.text().contains("`mcp.session_calls`"),
        "{second:?}"
    );
    server.simulator.release(ONE);
    let rest = messages(&first.text().await.unwrap());
    let text: Vec<&Value> = rest
        .iter()
        .map(|one| &one["result"]["content"][0]["text"])
        .collect();
    assert_eq!(
        text.last().unwrap().as_str(),
        Some("First things come first.")
    );
    let left = server.end_with_all().await;
    let codes: Vec<_> = left
        .requests
        .iter()
        .map(|row| row.error_code.as_deref())
        .collect();
    assert!(
        codes.contains(&Some("server_busy")) && codes.contains(&None),
        "{codes:?}"
    );
}

#[tokio::test]
async fn sessions_are_limited_and_end_when_nobody_uses_them() {
    let server = setup(ONE)
        .with("GROK2API_MCP__MAX_SESSIONS", 1)
        .with("GROK2API_MCP__SESSION_IDLE_SECS", 2)
        .start()
        .await;
    server
        .simulator
        .script(ONE, [Reply::text("Patience is a virtue.").held()]);
    let client = Client::connect(&server).await;
    let mut call = client
        .begin(1, "ask_grok", &json!({"query": "Hello?"}))
        .await;
    wait_for_text(&mut call).await;
    let refused = client::post(&server, &client::initialize())
        .send()
        .await
        .unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(
        (&refused["jsonrpc"], &refused["error"]["data"]["code"]),
        (&json!("2.0"), &json!("server_busy"))
    );
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("`mcp.max_sessions`")
    );
    assert_eq!(
        server.ready().await["limits"]["mcp_sessions"],
        json!({"used": 1, "max": 1, "refused": 1})
    );
    // A call that takes longer is no idleness.
    tokio::time::sleep(Duration::from_secs(4)).await;
    server.simulator.release(ONE);
    assert!(call.text().await.unwrap().contains("Patience is a virtue."));
    let is_over = async || server.ready().await["limits"]["mcp_sessions"]["used"] == json!(0);
    server
        .wait_until("the idle session has ended", is_over)
        .await;
    let gone = client.post(&client::initialize()).send().await.unwrap();
    assert_eq!(gone.status(), 404);
    // One that is idle gives way to a new one.
    let idle = Client::connect(&server).await;
    Client::connect(&server).await;
    let gone = idle.post(&client::initialize()).send().await.unwrap();
    assert_eq!(gone.status(), 404);
    assert_served(&server.end_with_all().await, 79);
}

#[tokio::test]
async fn another_keys_session_gives_no_place_and_one_whose_client_left_does() {
    const OTHER: &str = "mcp-key-two";
    let server = setup(ONE)
        .with("GROK2API_MCP__API_KEY", format!("{},{OTHER}", client::KEY))
        .with("GROK2API_MCP__MAX_SESSIONS", 2)
        .start()
        .await;
    let idle = Client::connect(&server).await;
    let begin = || client::post_as(&server, OTHER, &client::initialize());
    // It has its answer's head, and never says that it is ready.
    let left = begin().send().await.unwrap();
    assert_eq!(left.status(), 200);
    drop(left);
    for _ in 0..5 {
        assert_eq!(
            begin().send().await.unwrap().status(),
            200,
            "in its own place"
        );
    }
    assert!(idle.request("tools/list").await["tools"].is_array());
    // A message that begins nothing ends nothing either.
    let nonsense = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize"});
    let refused = client::post_as(&server, client::KEY, &nonsense)
        .send()
        .await;
    assert!(refused.unwrap().status().is_client_error());
    assert!(idle.request("tools/list").await["tools"].is_array());
    Client::connect(&server).await;
    let gone = idle.post(&client::initialize()).send().await.unwrap();
    assert_eq!(gone.status(), 404, "of the same key");
    server.end().await;
}
