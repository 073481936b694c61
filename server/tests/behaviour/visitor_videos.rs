//! Videos of visitors: what a browser finds of its own, and that it finds nothing else.

use grok_sim::{Operation, Reply};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use store::MediaKind;

use crate::{
    browser::Browser,
    gallery::{ids, open_to_all},
    support::{Server, open_store},
};

const VIDEOS: &str = "/v1/public/videos";

/// A request of the page, which leaves a record.
async fn send(server: &Server, browser: &Browser, method: Method, path: &str) -> Response {
    server.count_request();
    let response = browser.request(method, path).send().await.unwrap();
    browser.keep(&response);
    response
}

async fn create(server: &Server, browser: &Browser, body: &Value) -> String {
    server.count_request();
    let response = browser.post(VIDEOS).json(body).send().await.unwrap();
    browser.keep(&response);
    let status = response.status();
    let video: Value = response.json().await.unwrap();
    assert_eq!((status.as_u16(), &video["status"]), (200, &json!("queued")));
    // Its making leaves a record of its own.
    server.count_request();
    video["id"].as_str().unwrap().to_owned()
}

/// What the page shows of the browser's videos, newest first.
async fn list(browser: &Browser) -> Vec<Value> {
    let said = browser.call("list_videos", &json!({"limit": 100})).await;
    assert_eq!(said.status, 200, "{said:?}");
    said.json["items"].as_array().unwrap().clone()
}

async fn wait_for(server: &Server, browser: &Browser, id: &str, state: &str) -> Value {
    let shown = async || list(browser).await.into_iter().find(|one| one["id"] == id);
    let is_so = async || shown().await.is_some_and(|one| one["state"] == state);
    server.wait_until(&format!("{id} is {state}"), is_so).await;
    shown().await.unwrap()
}

async fn made(server: &Server, browser: &Browser, body: &Value) -> Value {
    let id = create(server, browser, body).await;
    wait_for(server, browser, &id, "completed").await
}

#[tokio::test]
async fn a_visitor_makes_and_sees_its_own_videos_only() {
    let server = open_to_all().await;
    let one = Browser::new(&server.gateway);
    let other = one.another();
    let body = json!({"prompt": "a paper boat", "seconds": 10, "size": "16:9", "preset": "fun",
                      "resolution_name": "720p"});
    let video = made(&server, &one, &body).await;
    let shown = [
        "prompt",
        "seconds",
        "aspect_ratio",
        "preset",
        "is_high_resolution",
    ];
    let shown = shown.map(|name| video[name].clone());
    let wanted = json!(["a paper boat", 10, "16:9", "fun", true]);
    assert_eq!(json!(shown), wanted);
    for address in ["url", "poster", "thumbnail"] {
        let file = one.get(video[address].as_str().unwrap()).await;
        assert_eq!(file.status(), 200, "{address}");
    }
    let path = format!("{VIDEOS}/{}", video["id"].as_str().unwrap());
    let content = format!("{path}/content");
    for path in [&path, &content, &VIDEOS.to_owned()] {
        assert_eq!(send(&server, &one, Method::GET, path).await.status(), 200);
    }

    assert_eq!(list(&other).await, [Value::Null; 0]);
    let of_other: Value = send(&server, &other, Method::GET, VIDEOS)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(of_other["data"], json!([]));
    let (cancel, remix) = (format!("{path}/cancel"), format!("{path}/remix"));
    let tries = [
        (Method::GET, &path),
        (Method::GET, &content),
        (Method::POST, &cancel),
        (Method::DELETE, &path),
    ];
    for (method, path) in tries {
        let answer = send(&server, &other, method, path).await;
        assert_eq!(answer.status(), 404, "{path}");
    }
    server.count_request();
    let request = other.post(&remix).json(&json!({"prompt": "x"}));
    assert_eq!(request.send().await.unwrap().status(), 404);
    assert_eq!(list(&one).await, [video]);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_remix_names_its_source_and_a_reference_its_picture() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    crate::gallery::generate(&server, &browser, 1).await;
    let picture = crate::gallery::list(&browser).await.remove(0);
    let address = format!(
        "{}{}",
        server.gateway.url(),
        picture["url"].as_str().unwrap()
    );
    let body = json!({"prompt": "it moves", "input_reference": address});
    let video = made(&server, &browser, &body).await;
    assert_eq!(video["reference"], picture["thumbnail"]);
    let path = format!("{VIDEOS}/{}/remix", video["id"].as_str().unwrap());
    server.count_request();
    let request = browser.post(&path).json(&json!({"prompt": "at night"}));
    let queued: Value = request.send().await.unwrap().json().await.unwrap();
    server.count_request();
    let remix = wait_for(
        &server,
        &browser,
        queued["id"].as_str().unwrap(),
        "completed",
    )
    .await;
    assert_eq!(
        (
            &remix["parent"],
            &remix["reference"],
            &remix["has_reference"]
        ),
        (&video["id"], &Value::Null, &json!(true))
    );
    let items = crate::gallery::list(&browser).await;
    let of = |prompt: &str| items.iter().find(|one| one["prompt"] == prompt).unwrap();
    assert_eq!(of("at night")["parent"], of("it moves")["id"]);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_moderated_video_of_a_visitor_is_asked_for_once_and_says_why() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let reply = [Reply::moderated_in_stream()];
    server.simulator.script_for("*", Operation::Video, reply);
    let id = create(&server, &browser, &json!({"prompt": "x"})).await;
    let failed = wait_for(&server, &browser, &id, "failed").await;
    assert_eq!(failed["failure"]["code"], "content_policy_violation");
    assert_eq!(server.simulator.requests_of(Operation::Video).len(), 1);
    server.end_with_one().await;
}

#[tokio::test]
async fn a_cancelled_video_ends_the_upstream_call() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let held = [Reply::Answer.held()];
    server.simulator.script_for("*", Operation::Video, held);
    let id = create(&server, &browser, &json!({"prompt": "x"})).await;
    let is_told = async || list(&browser).await[0]["progress"] == 42;
    server.wait_until("its progress is told", is_told).await;
    let path = format!("{VIDEOS}/{id}/cancel");
    let answer = send(&server, &browser, Method::POST, &path).await;
    let cancelled: Value = answer.json().await.unwrap();
    assert_eq!(cancelled["status"], "cancelled");
    let calls = || server.simulator.requests_of(Operation::Video);
    server
        .wait_until("the upstream call to end", async || calls()[0].aborted)
        .await;
    server.end_with_one().await;
}

#[tokio::test]
async fn a_video_in_the_gallery_shows_its_first_picture_and_takes_it_along() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let video = made(&server, &browser, &json!({"prompt": "a paper boat"})).await;
    let items = crate::gallery::list(&browser).await;
    assert_eq!(items[0]["kind"], "video");
    assert_eq!(items[0]["thumbnail"], video["thumbnail"]);
    let chosen = json!({"ids": ids(&items)});
    let said = browser.call("delete_media", &chosen).await;
    assert_eq!((said.status, said.json), (200, json!(1)));
    assert_eq!(list(&browser).await, [Value::Null; 0]);
    for address in ["url", "poster"] {
        let path = video[address].as_str().unwrap();
        assert_eq!(browser.get(path).await.status(), 404, "{path}");
    }
    server.end_with_one().await;
}

#[tokio::test]
async fn a_deleted_video_leaves_the_gallery() {
    let server = open_to_all().await;
    let browser = Browser::new(&server.gateway);
    let video = made(&server, &browser, &json!({"prompt": "a paper boat"})).await;
    let path = format!("{VIDEOS}/{}", video["id"].as_str().unwrap());
    let answer = send(&server, &browser, Method::DELETE, &path).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(crate::gallery::list(&browser).await, [Value::Null; 0]);
    let (_, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    let all = store::MediaQuery {
        owner: None,
        kind: Some(MediaKind::Video),
        before: None,
        limit: 1,
    };
    assert_eq!(store.list_media(&all).await.unwrap().rows, []);
}

#[tokio::test]
async fn visitors_are_checked_and_pages_of_others_are_refused() {
    let server = crate::support::Setup::accounts(["video-account-1"])
        .start()
        .await;
    let browser = Browser::new(&server.gateway);
    assert_eq!(browser.get(VIDEOS).await.status(), 401);
    let body = json!({"prompt": "x"});
    let stranger = browser.post(VIDEOS).json(&body);
    assert_eq!(stranger.send().await.unwrap().status(), 401);
    let foreign = browser.client.post(server.url(VIDEOS));
    let foreign = foreign.header("sec-fetch-site", "cross-site");
    let foreign = foreign.json(&body).send().await.unwrap();
    assert_eq!(foreign.status(), 403);
    assert_eq!(server.simulator.requests_of(Operation::Video).len(), 0);
    server.end_with_one().await;
}
