//! What the predecessor's imagine page calls: runs that go on until they are stopped.

use std::time::Duration;

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};

use crate::{
    admin_media::operator,
    browser::Browser,
    gallery::open_to_all,
    support::{Server, Setup},
};

async fn post(server: &Server, browser: &Browser, path: &str, body: &Value) -> (u16, Value) {
    server.count_request();
    let answer = browser.post(path).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn start(server: &Server, browser: &Browser, prompt: &str) -> String {
    let body = json!({"prompt": prompt, "aspect_ratio": "3:2", "nsfw": null});
    let (status, answer) = post(server, browser, "/v1/public/imagine/start", &body).await;
    assert_eq!(
        (status, &answer["aspect_ratio"]),
        (200, &json!("3:2")),
        "{answer}"
    );
    answer["task_id"].as_str().unwrap().to_owned()
}

/// Events as they come; the first ends at the end of the stream.
struct Events(reqwest::Response, String);

impl Events {
    async fn watch(server: &Server, browser: &Browser, id: &str) -> Self {
        server.count_request();
        let path = format!("/v1/public/imagine/sse?task_id={id}");
        let response = browser.get(&path).await;
        assert_eq!(response.status(), 200);
        Self(response, String::new())
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((frame, rest)) = self.1.split_once("\n\n") {
                let event = serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap();
                self.1 = rest.to_owned();
                return Some(event);
            }
            let chunk = self.0.chunk().await.unwrap()?;
            self.1.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn a_run_makes_batch_after_batch_until_it_is_stopped() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let id = start(&server, &browser, "a red fox").await;
    let mut events = Events::watch(&server, &browser, &id).await;
    let first = events.next().await.unwrap();
    assert_eq!(
        (&first["type"], &first["status"]),
        (&json!("status"), &json!("running"))
    );
    let mut finished = 0;
    while finished < 7 {
        let event = events.next().await.unwrap();
        assert_eq!(event["run_id"], first["run_id"]);
        assert!(event["b64_json"].as_str().unwrap().len() > 1000);
        finished += u32::from(event["type"] == "image_generation.completed");
    }
    server.count_request();
    let again = format!("/v1/public/imagine/sse?task_id={id}");
    assert_eq!(
        browser.get(&again).await.status(),
        400,
        "it is watched once"
    );
    let body = json!({"task_ids": [id, "unknown"]});
    let stopped = post(&server, &browser, "/v1/public/imagine/stop", &body).await;
    assert_eq!(stopped, (200, json!({"status": "success", "removed": 1})));
    let mut last = Value::Null;
    while let Some(event) = events.next().await {
        last = event;
    }
    assert_eq!(
        (&last["type"], &last["status"]),
        (&json!("status"), &json!("stopped"))
    );
    // Each batch was a request of its own, besides those of the page.
    let batches = server.simulator.requests_of(Operation::Imagine).len();
    assert!(batches >= 2);
    (0..batches).for_each(|_| server.count_request());
    server.end().await;
}

#[tokio::test]
async fn a_moderated_run_ends_and_is_not_asked_for_again() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let reply = [Reply::moderated_picture()];
    server.simulator.script_for("*", Operation::Imagine, reply);
    let id = start(&server, &browser, "x").await;
    let mut events = Events::watch(&server, &browser, &id).await;
    let mut all = Vec::new();
    while let Some(event) = events.next().await {
        all.push(event);
    }
    let error = all.iter().find(|event| event["type"] == "error").unwrap();
    assert_eq!(error["code"], "content_policy_violation");
    assert_eq!(all.last().unwrap()["status"], "stopped");
    assert_eq!(server.simulator.requests_of(Operation::Imagine).len(), 1);
    server.count_request();
    server.end().await;
}

#[tokio::test]
async fn a_run_ends_with_the_session_that_watches_it() {
    let server = Setup::accounts(["picture-account-1"])
        .with("GROK2API_APP__APP_KEY", "correct horse battery")
        .start()
        .await;
    let operator = operator(&server).await;
    let id = start(&server, &operator, "a red fox").await;
    let mut events = Events::watch(&server, &operator, &id).await;
    while events.next().await.unwrap()["type"] != "image_generation.completed" {}
    let signed_out = operator.form("/api/sign_out", String::new()).await;
    assert_eq!(signed_out.status, 200);
    let mut all = Vec::new();
    let reading = async {
        while let Some(event) = events.next().await {
            all.push(event);
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), reading).await;
    assert!(in_time.is_ok(), "batches go on without a session");
    let error = all.iter().find(|event| event["type"] == "error").unwrap();
    assert_eq!(error["code"], "sign_in_required");
    assert_eq!(all.last().unwrap()["status"], "stopped");
    let batches = server.simulator.requests_of(Operation::Imagine).len();
    (0..batches).for_each(|_| server.count_request());
    server.end().await;
}

#[tokio::test]
async fn a_watcher_who_leaves_ends_the_run() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let held = Reply::Stall { after_lines: 1 };
    server.simulator.script_for("*", Operation::Imagine, [held]);
    let id = start(&server, &browser, "x").await;
    let mut events = Events::watch(&server, &browser, &id).await;
    while events.next().await.unwrap()["type"] != "image_generation.partial_image" {}
    drop(events);
    let sockets = || server.simulator.requests_of(Operation::Imagine);
    server
        .wait_until("the upstream call to end", async || sockets()[0].aborted)
        .await;
    server.count_request();
    server.end().await;
}

#[tokio::test]
async fn runs_that_nobody_watches_make_room_for_the_next() {
    let server = open_to_all().await;
    // It keeps no cookie, so each start is another visitor's from one address.
    let browser = Browser::new(&server.gateway);
    let mut ids = Vec::new();
    for _ in 0..51 {
        ids.push(start(&server, &browser, "x").await);
    }
    server.count_request();
    let first = format!("/v1/public/imagine/sse?task_id={}", ids[0]);
    assert_eq!(browser.get(&first).await.status(), 400);
    let body = json!({"task_ids": ids});
    let stopped = post(&server, &browser, "/v1/public/imagine/stop", &body).await;
    assert_eq!(stopped, (200, json!({"status": "success", "removed": 50})));
    server.end().await;
}

#[tokio::test]
async fn mistakes_are_named_and_what_is_public_needs_no_session() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let (status, answer) = post(
        &server,
        &browser,
        "/v1/public/imagine/start",
        &json!({"prompt": " "}),
    )
    .await;
    assert_eq!((status, &answer["error"]["param"]), (400, &json!("prompt")));
    server.count_request();
    let unknown = browser.get("/v1/public/imagine/sse?task_id=0").await;
    assert_eq!(unknown.status(), 400);
    let config: Value = browser
        .get("/v1/public/imagine/config")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        config,
        json!({"final_min_bytes": 100_000, "medium_min_bytes": 30_000, "nsfw": true})
    );
    server.end().await;
}
