//! What the predecessor's video page calls: a run is one video, shown in chunks of a chat.

use grok_sim::{Operation, Reply};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    gallery::open_to_all,
    support::{Server, Setup},
};

async fn post(server: &Server, browser: &Browser, path: &str, body: &Value) -> (u16, Value) {
    server.count_request();
    let path = format!("/v1/public/video/{path}");
    let answer = browser.post(&path).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn start(server: &Server, browser: &Browser) -> String {
    start_with(server, browser, Value::Null).await
}

async fn start_with(server: &Server, browser: &Browser, image: Value) -> String {
    let body = json!({"prompt": "a paper boat", "aspect_ratio": "16:9", "video_length": 6,
        "resolution_name": "480p", "preset": "normal", "image_url": image,
        "reasoning_effort": null});
    let (status, answer) = post(server, browser, "start", &body).await;
    let ratio = &answer["aspect_ratio"];
    assert_eq!((status, ratio), (200, &json!("16:9")), "{answer}");
    answer["task_id"].as_str().unwrap().to_owned()
}

async fn watch(server: &Server, browser: &Browser, id: &str) -> reqwest::Response {
    server.count_request();
    let path = format!("/v1/public/video/sse?task_id={id}");
    browser.get(&path).await
}

#[tokio::test]
async fn a_run_tells_its_progress_and_then_the_video() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let held = [Reply::Answer.held()];
    server.simulator.script_for("*", Operation::Video, held);
    let id = start(&server, &browser).await;
    server.count_request();
    let mut answer = watch(&server, &browser, &id).await;
    let mut events = String::new();
    while !events.contains("42%") {
        let chunk = answer.chunk().await.unwrap().unwrap();
        events.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    server.simulator.release("picture-account-1");
    events.push_str(&answer.text().await.unwrap());
    let mut frames: Vec<_> = events.split_terminator("\n\n").collect();
    assert_eq!(frames.pop(), Some("data: [DONE]"));
    let content: String = frames
        .iter()
        .map(|frame| serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap())
        .filter_map(|chunk: Value| {
            assert_eq!(chunk["object"], "chat.completion.chunk");
            let content = chunk["choices"][0]["delta"]["content"].as_str();
            content.map(str::to_owned)
        })
        .collect();
    let (thought, video) = content.split_once("</think>").unwrap();
    assert!(thought.contains("进度 42%"), "{thought}");
    assert!(video.contains("<video id=\"video\""), "{video}");
    // It is dropped afterwards.
    let again = watch(&server, &browser, &id).await;
    assert_eq!(again.status(), 400);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_run_is_made_once_however_many_watch_and_ends_when_stopped() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let held = [Reply::Answer.held()];
    server.simulator.script_for("*", Operation::Video, held);
    let id = start(&server, &browser).await;
    server.count_request();
    let mut first = watch(&server, &browser, &id).await;
    assert!(first.chunk().await.unwrap().is_some());
    assert_eq!(watch(&server, &browser, &id).await.status(), 400);
    let asked = || server.simulator.requests_of(Operation::Video);
    let is_asked = async || asked().len() == 1;
    server.wait_until("the upstream is asked", is_asked).await;
    let stopped = post(&server, &browser, "stop", &json!({"task_ids": [id]})).await;
    assert_eq!(stopped, (200, json!({"status": "success", "removed": 1})));
    let rest = first.text().await.unwrap();
    assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
    server
        .wait_until("the upstream call to end", async || asked()[0].aborted)
        .await;
    assert_eq!(asked().len(), 1);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_watcher_who_leaves_ends_the_upstream_call() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let held = [Reply::Answer.held()];
    server.simulator.script_for("*", Operation::Video, held);
    let id = start(&server, &browser).await;
    server.count_request();
    let response = watch(&server, &browser, &id).await;
    let asked = || server.simulator.requests_of(Operation::Video);
    let is_asked = async || asked().len() == 1;
    server.wait_until("the upstream is asked", is_asked).await;
    drop(response);
    server
        .wait_until("the upstream call to end", async || asked()[0].aborted)
        .await;
    server.end_with_one().await;
}

#[tokio::test]
async fn a_moderated_run_says_so_and_is_not_asked_for_again() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let reply = [Reply::moderated_in_stream()];
    server.simulator.script_for("*", Operation::Video, reply);
    let id = start(&server, &browser).await;
    server.count_request();
    let events = watch(&server, &browser, &id).await.text().await.unwrap();
    let frames: Vec<_> = events.split_terminator("\n\n").collect();
    let [.., error, done] = frames.as_slice() else {
        panic!("{events}")
    };
    assert_eq!(*done, "data: [DONE]");
    let error: Value = serde_json::from_str(error.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(error["code"], "internal_error");
    assert!(error["error"].is_string(), "{error}");
    assert_eq!(server.simulator.requests_of(Operation::Video).len(), 1);
    server.end_with_one().await;
}

#[tokio::test]
async fn mistakes_are_named() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let mistakes = [
        (json!({"prompt": " "}), "prompt"),
        (
            json!({"prompt": "x", "aspect_ratio": "5:4"}),
            "aspect_ratio",
        ),
        (json!({"prompt": "x", "video_length": 7}), "video_length"),
        (
            json!({"prompt": "x", "resolution_name": "8k"}),
            "resolution_name",
        ),
        (json!({"prompt": "x", "preset": "wild"}), "preset"),
    ];
    for (body, param) in mistakes {
        let (status, answer) = post(&server, &browser, "start", &body).await;
        assert_eq!((status, &answer["error"]["param"]), (400, &json!(param)));
    }
    server.end_with_one().await;
}

/// A picture of half a mebibyte, as base64.
fn large_image() -> Value {
    let filling = "AAAA".repeat(512 * 1024 / 3);
    json!(format!(
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAAD{filling}"
    ))
}

#[tokio::test]
async fn a_run_that_waits_has_its_image_on_disk_and_holds_no_memory() {
    let config = "[app]\npublic_enabled = true\n";
    let server = Setup::accounts(["picture-account-1"])
        .config(config)
        .with("GROK2API_SERVER__BODIES_IN_MEMORY_MB", 1)
        .start()
        .await;
    let browser = Browser::new(&server.gateway);
    let images = || {
        let folder = server.data_dir().join("media/references").read_dir();
        folder.unwrap().count()
    };
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(start_with(&server, &browser, large_image()).await);
    }
    let limits = server.ready().await["limits"].clone();
    for memory in ["body_bytes", "attachment_bytes"] {
        assert_eq!(limits[memory]["used"], 0, "{limits}");
    }
    assert_eq!(images(), 3);
    let stopped = json!({"task_ids": ids[1..]});
    post(&server, &browser, "stop", &stopped).await;
    assert_eq!(images(), 1);
    server.count_request();
    let video = watch(&server, &browser, &ids[0])
        .await
        .text()
        .await
        .unwrap();
    assert!(video.contains("video id="), "{video}");
    assert_eq!(server.simulator.requests_of(Operation::Upload).len(), 1);
    server
        .wait_until("no image is left", async || images() == 0)
        .await;
    server.end_with_one().await;
}

#[tokio::test]
async fn more_runs_than_may_wait_are_refused_until_one_is_stopped() {
    let config = "[app]\npublic_enabled = true\n[server]\ntrusted_proxies = [\"127.0.0.1\"]\n";
    let setup = Setup::accounts(["picture-account-1"]).config(config);
    let server = setup.start().await;
    let mut last = String::new();
    // As many as one address may have waiting, from each of two.
    for address in ["192.0.2.1", "192.0.2.2"] {
        let browser = Browser::new(&server.gateway).at(address);
        for _ in 0..50 {
            last = start(&server, &browser).await;
        }
    }
    let browser = Browser::new(&server.gateway).at("192.0.2.3");
    let (status, answer) = post(&server, &browser, "start", &json!({"prompt": "x"})).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (503, &json!("server_busy"))
    );
    post(&server, &browser, "stop", &json!({"task_ids": [last]})).await;
    start(&server, &browser).await;
    server.end_with_one().await;
}
