//! The endpoints for clients in other languages.

use grok_sim::{Options, Reply};
use serde_json::{Value, json};

use crate::caller::{Caller, answer, question, start, start_with};

async fn post(caller: &Caller, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}/__sim/{path}", caller.url);
    let response = caller.client.post(url).json(body).send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

async fn get(caller: &Caller, path: &str) -> (u16, Value) {
    let url = format!("{}/__sim/{path}", caller.url);
    let response = caller.client.get(url).send().await.unwrap();
    let status = response.status().as_u16();
    (status, response.json().await.unwrap_or(Value::Null))
}

#[tokio::test]
async fn replies_are_scripted_and_requests_read_over_http() {
    let (simulator, caller) = start().await;
    let replies =
        json!([{"kind": "rate_limited", "retry_after_secs": 3}, {"kind": "text", "text": "Hi"}]);
    let script = json!({"account": "*", "replies": replies});
    assert_eq!(
        post(&caller, "script", &script).await,
        (200, json!({"queued": 2}))
    );
    let first = caller.chat("one-account", &question("?")).await.unwrap();
    assert_eq!(first.headers()["retry-after"], "3");
    let (_, unused) = get(&caller, "unused").await;
    let left = json!([{"account": "*", "operation": "chat",
        "replies": [{"kind": "text", "text": "Hi", "thinking": null}]}]);
    assert_eq!(unused["unused"], left);
    assert_eq!(answer(&caller.lines("two-account").await), "Hi");
    let (_, requests) = get(&caller, "requests").await;
    assert_eq!(requests["requests"][1]["account"], "two-account");
    assert_eq!(requests["open_streams"], 0);
    simulator.stop().await;
}

#[tokio::test]
async fn mistakes_in_a_script_are_refused() {
    let (simulator, caller) = start().await;
    let typo = json!({"account": "a", "replies": [{"kind": "cutt"}]});
    assert_eq!(post(&caller, "script", &typo).await.0, 422);
    assert!(simulator.unused().is_empty());
    simulator.stop().await;
}

#[tokio::test]
async fn waiting_ends_with_the_condition_or_with_408() {
    let (simulator, caller) = start().await;
    simulator.script("one-account", [Reply::stall()]);
    let response = caller.chat("one-account", &question("?")).await.unwrap();
    assert_eq!(
        get(&caller, "wait?open_streams=1&timeout_ms=2000").await.0,
        200
    );
    let (status, body) = get(&caller, "wait?aborted=one-account&timeout_ms=20").await;
    assert_eq!((status, &body["ok"]), (408, &json!(false)));
    drop(response);
    assert_eq!(
        get(&caller, "wait?aborted=one-account&timeout_ms=2000")
            .await
            .0,
        200
    );
    simulator.stop().await;
}

#[tokio::test]
async fn reset_forgets_and_quota_is_set() {
    let (simulator, caller) = start().await;
    simulator.script("one-account", [Reply::Hang]);
    let set = json!({"account": "one-account", "remaining": 2});
    post(&caller, "quota", &set).await;
    assert_eq!(simulator.quota("one-account"), 2);
    post(&caller, "reset", &json!({})).await;
    assert_eq!(simulator.quota("one-account"), 80);
    assert!(simulator.unused().is_empty() && simulator.requests().is_empty());
    simulator.stop().await;
}

#[tokio::test]
async fn control_can_be_switched_off() {
    let options = Options {
        control: false,
        ..Options::for_tests()
    };
    let (simulator, caller) = start_with(options).await;
    assert_eq!(post(&caller, "reset", &json!({})).await.0, 404);
    simulator.stop().await;
}
