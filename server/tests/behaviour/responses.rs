//! `/v1/responses` and several answers to one request.

use std::time::Duration;

use grok_sim::{ANY_ACCOUNT, Reply};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{Server, Setup, Streamed};

const KEYS: &str = "sk-one,sk-two";

pub(crate) fn setup() -> Setup {
    let setup = Setup::accounts(["first-account", "second-account"]);
    setup.with("GROK2API_APP__API_KEY", KEYS)
}

pub(crate) async fn call(
    server: &Server,
    method: Method,
    path: &str,
    (key, body): (&str, Value),
) -> Response {
    server.count_request();
    let request = server
        .client
        .request(method, server.url(path))
        .bearer_auth(key);
    let request = match body.is_null() {
        true => request,
        false => request.json(&body),
    };
    request.send().await.unwrap()
}

pub(crate) async fn json_of(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, response.json().await.unwrap())
}

pub(crate) async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    json_of(call(server, Method::POST, path, ("sk-one", body)).await).await
}

pub(crate) async fn get(server: &Server, path: &str) -> (u16, Value) {
    json_of(call(server, Method::GET, path, ("sk-one", Value::Null)).await).await
}

pub(crate) async fn ask(server: &Server, body: Value) -> Value {
    let (status, response) = post(server, "/v1/responses", body).await;
    assert_eq!(status, 200, "{response}");
    response
}

pub(crate) fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

fn path(response: &Value) -> String {
    format!("/v1/responses/{}", id(response))
}

fn text(response: &Value) -> &str {
    let output = response["output"].as_array().unwrap();
    let message = output
        .iter()
        .find(|item| item["type"] == "message")
        .unwrap();
    message["content"][0]["text"].as_str().unwrap()
}

pub(crate) fn message(server: &Server, index: usize) -> String {
    let chats = server.upstream_chats();
    chats[index].body["message"].as_str().unwrap().to_owned()
}

/// Polls until it is over.
async fn settled(server: &Server, path: &str) -> Value {
    let mut last = Value::Null;
    for _ in 0..200 {
        let (status, response) = get(server, path).await;
        assert_eq!(status, 200, "{response}");
        if !matches!(response["status"].as_str(), Some("queued" | "in_progress")) {
            return response;
        }
        last = response;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(last["status"], "over", "{path} does not end");
    last
}

#[tokio::test]
async fn a_response_is_gone_on_from_read_again_and_deleted() {
    let server = setup().start().await;
    server
        .simulator
        .script(ANY_ACCOUNT, [Reply::text("One."), Reply::text("Two.")]);
    let first = ask(
        &server,
        json!({"model": "grok-4", "input": "Hi", "instructions": "Be brief."}),
    )
    .await;
    assert_eq!(text(&first), "One.");
    let previous = json!({"model": "grok-4", "input": "More", "previous_response_id": id(&first)});
    let second = ask(&server, previous).await;
    let sent = message(&server, 1);
    assert_eq!(
        sent, "user: Hi\n\nassistant: One.\n\nMore",
        "without the earlier instructions"
    );
    assert_eq!(get(&server, &path(&second)).await, (200, second.clone()));
    let (_, items) = get(&server, &format!("{}/input_items", path(&second))).await;
    assert_eq!(items["data"][0]["content"][0]["text"], "More");
    let (_, deleted) = json_of(
        call(
            &server,
            Method::DELETE,
            &path(&first),
            ("sk-one", Value::Null),
        )
        .await,
    )
    .await;
    assert_eq!(deleted["deleted"], true);
    assert_eq!(get(&server, &path(&first)).await.0, 404);
    let (status, error) = post(
        &server,
        "/v1/responses",
        json!({"model": "grok-4", "input": "And?", "previous_response_id": id(&second)}),
    )
    .await;
    assert_eq!(
        (status, error["error"]["param"].as_str()),
        (400, Some("previous_response_id"))
    );
    server.end().await;
}

#[tokio::test]
async fn a_response_is_for_its_key_alone_and_survives_a_restart() {
    let mut server = setup().start().await;
    let response = ask(&server, json!({"model": "grok-4", "input": "Hi"})).await;
    let unkept = ask(
        &server,
        json!({"model": "grok-4", "input": "Hi", "store": false}),
    )
    .await;
    assert_eq!(get(&server, &path(&unkept)).await.0, 404);
    server.restart().await;
    for method in [Method::GET, Method::DELETE] {
        let answer = call(&server, method, &path(&response), ("sk-two", Value::Null)).await;
        assert_eq!(answer.status(), 404);
    }
    let body = json!({"model": "grok-4", "input": "x", "previous_response_id": id(&response)});
    let answer = call(&server, Method::POST, "/v1/responses", ("sk-two", body)).await;
    assert_eq!(answer.status(), 400);
    assert_eq!(get(&server, &path(&response)).await, (200, response));
    server.end().await;
}

#[tokio::test]
async fn a_streamed_response_is_kept_when_its_end_is_seen() {
    let server = setup().start().await;
    server
        .simulator
        .script(ANY_ACCOUNT, [Reply::text("Hello there.")]);
    let body = json!({"model": "grok-4", "input": "Hi", "stream": true});
    let response = call(&server, Method::POST, "/v1/responses", ("sk-one", body)).await;
    let streamed = response.text().await.unwrap();
    let events: Vec<Value> = streamed
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(events[0]["type"], "response.created");
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(text(&last["response"]), "Hello there.");
    let numbers: Vec<_> = events
        .iter()
        .map(|event| event["sequence_number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    let (status, kept) = get(&server, &path(&last["response"])).await;
    assert_eq!((status, &kept), (200, &last["response"]));
    server.end().await;
}

#[tokio::test]
async fn an_answer_that_breaks_off_has_failed_in_its_stream() {
    let server = setup().start().await;
    server.simulator.script(ANY_ACCOUNT, [Reply::cut()]);
    let body = json!({"model": "grok-4", "input": "Hi", "stream": true});
    let response = call(&server, Method::POST, "/v1/responses", ("sk-one", body)).await;
    let streamed = response.text().await.unwrap();
    assert!(streamed.contains("event: response.failed\n"), "{streamed}");
    assert!(!streamed.contains("response.completed"), "{streamed}");
    server.end().await;
}

#[tokio::test]
async fn a_response_in_the_background_is_made_while_nobody_waits() {
    let server = setup().start().await;
    let asked = json!({"model": "grok-4", "input": "Hi", "background": true});
    server.simulator.script(ANY_ACCOUNT, [Reply::text("Made.")]);
    let queued = ask(&server, asked.clone()).await;
    assert_eq!(queued["status"], "queued");
    let made = settled(&server, &path(&queued)).await;
    assert_eq!(
        (made["status"].as_str(), text(&made)),
        (Some("completed"), "Made.")
    );
    server.simulator.script(ANY_ACCOUNT, [Reply::moderated()]);
    let failed = settled(&server, &path(&ask(&server, asked).await)).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["error"]["code"], "content_policy_violation");
    // One record more for each, of the work itself.
    server.count_request();
    server.count_request();
    server.end().await;
}

#[tokio::test]
async fn a_response_in_the_background_is_cancelled_and_its_account_is_free() {
    let server = setup().start().await;
    server.simulator.script(ANY_ACCOUNT, [Reply::Hang]);
    let asked = json!({"model": "grok-4", "input": "Hi", "background": true});
    let queued = ask(&server, asked).await;
    server
        .wait_until("the upstream is asked", async || {
            !server.upstream_chats().is_empty()
        })
        .await;
    let (status, cancelled) =
        post(&server, &format!("{}/cancel", path(&queued)), Value::Null).await;
    assert_eq!((status, &cancelled["status"]), (200, &json!("cancelled")));
    server
        .wait_until("the upstream call has ended", async || {
            server.simulator.open_streams() == 0
        })
        .await;
    assert_eq!(get(&server, &path(&queued)).await.1["status"], "cancelled");
    server.count_request();
    let accounts = server.end().await;
    assert!(
        accounts.values().all(|account| account.quota == 80),
        "{accounts:?}"
    );
}

#[tokio::test]
async fn a_response_in_the_background_has_failed_when_the_server_stops_before_its_end() {
    let setup = setup().with("GROK2API_SERVER__DRAIN_SECS", 1);
    let mut server = setup.start().await;
    server.simulator.script(ANY_ACCOUNT, [Reply::Hang]);
    let asked = json!({"model": "grok-4", "input": "Hi", "background": true});
    let queued = ask(&server, asked).await;
    server
        .wait_until("the upstream is asked", async || {
            !server.upstream_chats().is_empty()
        })
        .await;
    server.restart().await;
    let failed = settled(&server, &path(&queued)).await;
    assert_eq!(failed["error"]["code"], "interrupted");
    server.count_request();
    server.end().await;
}

#[tokio::test]
async fn a_server_that_stops_gives_responses_in_the_background_the_time_of_requests() {
    let mut server = setup().start().await;
    let late = Reply::Paced {
        text: "Late.".to_owned(),
        first_ms: 1_000,
        each_ms: 0,
    };
    server.simulator.script(ANY_ACCOUNT, [late]);
    let asked = json!({"model": "grok-4", "input": "Hi", "background": true});
    let queued = ask(&server, asked).await;
    server
        .wait_until("the upstream is asked", async || {
            !server.upstream_chats().is_empty()
        })
        .await;
    server.restart().await;
    let (_, made) = get(&server, &path(&queued)).await;
    assert_eq!(
        (&made["status"], text(&made)),
        (&json!("completed"), "Late.")
    );
    server.count_request();
    server.end().await;
}

#[tokio::test]
async fn a_look_up_says_what_it_found() {
    let server = setup().start().await;
    server.simulator.script(ANY_ACCOUNT, [Reply::WebSearch]);
    let response = ask(
        &server,
        json!({"model": "grok-4", "input": "What is new?", "tools": [{"type": "web_search"}],
            "include": ["web_search_call.action.sources"]}),
    )
    .await;
    let output = response["output"].as_array().unwrap();
    let call = output
        .iter()
        .find(|item| item["type"] == "web_search_call")
        .unwrap();
    let sources = call["action"]["sources"].as_array().unwrap();
    assert!(!sources.is_empty(), "{response}");
    server.end().await;
}

#[tokio::test]
async fn several_answers_come_from_leases_of_their_own() {
    let server = setup().start().await;
    let replies = ["A.", "B.", "C."].map(Reply::text);
    server.simulator.script(ANY_ACCOUNT, replies);
    let mut body =
        json!({"model": "grok-4", "n": 3, "messages": [{"role": "user", "content": "Hi"}]});
    let (status, answer) = post(&server, "/v1/chat/completions", body.clone()).await;
    assert_eq!(status, 200, "{answer}");
    let choices = answer["choices"].as_array().unwrap();
    let mut said: Vec<_> = choices
        .iter()
        .map(|choice| choice["message"]["content"].as_str().unwrap())
        .collect();
    said.sort_unstable();
    assert_eq!(said, ["A.", "B.", "C."]);
    assert_eq!(choices[2]["index"], 2);
    server
        .simulator
        .script(ANY_ACCOUNT, ["A.", "B."].map(Reply::text));
    body["n"] = json!(2);
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    let response = call(
        &server,
        Method::POST,
        "/v1/chat/completions",
        ("sk-one", body),
    )
    .await;
    let streamed = Streamed::read(response).await;
    assert!(streamed.is_done);
    let of = |index: u64| {
        let events = streamed
            .events
            .iter()
            .filter_map(|event| event["choices"].get(0));
        let own = events.filter(move |choice| choice["index"] == index);
        own.filter_map(|choice| choice["delta"]["content"].as_str())
            .collect::<String>()
    };
    let mut said = [of(0), of(1)];
    said.sort_unstable();
    assert_eq!(said, ["A.", "B."]);
    let usages = streamed
        .events
        .iter()
        .filter(|event| event["usage"].is_object());
    assert_eq!(usages.count(), 1);
    // Each further answer has a record of its own.
    for _ in 0..3 {
        server.count_request();
    }
    let accounts = server.end().await;
    let used: u32 = accounts.values().map(|account| 80 - account.quota).sum();
    assert_eq!(used, 5);
}

#[tokio::test]
async fn one_answer_that_cannot_be_had_ends_all_of_them_uncharged() {
    let server = setup().with("GROK2API_RETRY__MAX_RETRY", 1).start().await;
    server
        .simulator
        .script(ANY_ACCOUNT, [Reply::text("A."), Reply::moderated()]);
    let body = json!({"model": "grok-4", "n": 2, "messages": [{"role": "user", "content": "Hi"}]});
    let (status, error) = post(&server, "/v1/chat/completions", body).await;
    assert_eq!(
        (status, &error["error"]["code"]),
        (400, &json!("content_policy_violation"))
    );
    server.count_request();
    let accounts = server.end().await;
    assert!(
        accounts.values().all(|account| account.quota == 80),
        "{accounts:?}"
    );
}

#[tokio::test]
async fn completions_are_chats_with_one_turn() {
    let server = setup().start().await;
    server.simulator.script(
        ANY_ACCOUNT,
        [Reply::text(" upon a time"), Reply::text(" upon")],
    );
    let body = json!({"model": "grok-4", "prompt": "Once", "echo": true});
    let (status, answer) = post(&server, "/v1/completions", body).await;
    assert_eq!(
        (status, &answer["choices"][0]["text"]),
        (200, &json!("Once upon a time"))
    );
    let body = json!({"model": "grok-4", "prompt": "Once", "stream": true});
    let response = call(&server, Method::POST, "/v1/completions", ("sk-one", body)).await;
    let streamed = response.text().await.unwrap();
    assert!(streamed.ends_with("data: [DONE]\n\n") && streamed.contains("text_completion"));
    server.end().await;
}

#[tokio::test]
async fn what_is_made_in_the_background_is_not_streamed() {
    let server = setup().start().await;
    let body = json!({"model": "grok-4", "input": "Hi", "background": true, "stream": true});
    let (status, error) = post(&server, "/v1/responses", body).await;
    assert_eq!((status, &error["error"]["param"]), (400, &json!("stream")));
    server.end().await;
}
