//! What a strict upstream refuses.

use grok_sim::Reply;
use reqwest::{RequestBuilder, header::HeaderName};
use serde_json::{Value, json};

use crate::caller::{NEW, ask, question, start};

async fn refused(request: RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (
        status,
        body["error"]["message"].as_str().unwrap().to_owned(),
    )
}

fn without(request: RequestBuilder, name: &'static str) -> RequestBuilder {
    let (client, request) = request.build_split();
    let mut request = request.unwrap();
    request.headers_mut().remove(HeaderName::from_static(name));
    RequestBuilder::from_parts(client, request)
}

#[tokio::test]
async fn missing_headers_are_named() {
    let (simulator, caller) = start().await;
    for name in [
        "origin",
        "referer",
        "user-agent",
        "x-statsig-id",
        "x-xai-request-id",
        "content-type",
    ] {
        let request = caller.post(NEW, "one-account").json(&question("Hello?"));
        let (status, message) = refused(without(request, name)).await;
        assert_eq!(status, 400, "{name}");
        assert!(message.contains(name), "{message}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn wrong_header_values_are_named() {
    let (simulator, caller) = start().await;
    for (name, value) in [
        ("origin", "https://grok.com"),
        ("referer", "https://elsewhere.example/"),
        ("x-statsig-id", "bm90IGEga25vd24gZm9ybQ=="),
        ("x-xai-request-id", "not-a-uuid"),
    ] {
        let request = caller.post(NEW, "one-account").json(&question("Hello?"));
        let request = without(request, name).header(name, value);
        let (status, message) = refused(request).await;
        assert_eq!(status, 400, "{name}");
        assert!(message.contains("header"), "{message}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn cookies_must_be_a_pair() {
    let (simulator, caller) = start().await;
    let request = || {
        without(
            caller.post(NEW, "one-account").json(&question("?")),
            "cookie",
        )
    };
    assert_eq!(refused(request()).await.0, 401);
    for cookie in [
        "sso=abcdefgh",
        "sso=abcdefgh; sso-rw=other",
        "cf_clearance=x",
    ] {
        assert_eq!(
            refused(request().header("cookie", cookie)).await.0,
            401,
            "{cookie}"
        );
    }
    simulator.stop().await;
}

#[tokio::test]
async fn bodies_must_be_complete_and_known() {
    let (simulator, caller) = start().await;
    let mut cases = vec![
        (ask("grok-4", "MODEL_MODE_GROK_3", "?"), "modelMode"),
        (ask("grok-9", "MODEL_MODE_GROK_4", "?"), "modelName"),
        (question(" "), "message"),
    ];
    for field in [
        "temporary",
        "sendFinalMetadata",
        "deviceEnvInfo",
        "fileAttachments",
    ] {
        let mut body = question("Hello?");
        body.as_object_mut().unwrap().remove(field);
        cases.push((body, field));
    }
    let mut body = question("Hello?");
    body["fileAttachments"] = json!(["never-uploaded"]);
    cases.push((body, "never-uploaded"));
    for (body, part) in cases {
        let (status, message) = refused(caller.post(NEW, "one-account").json(&body)).await;
        assert_eq!(status, 400, "{part}");
        assert!(message.contains(part), "{message} must name {part}");
    }
    simulator.stop().await;
}

#[tokio::test]
async fn invalid_requests_do_not_use_up_replies() {
    let (simulator, caller) = start().await;
    simulator.script("one-account", [Reply::text("Hello")]);
    caller.chat("one-account", &json!({})).await.unwrap();
    assert_eq!(simulator.unused()[0].replies, [Reply::text("Hello")]);
    simulator.stop_unchecked().await;
}

#[tokio::test]
async fn requests_are_recorded_with_account_headers_and_body() {
    let (simulator, caller) = start().await;
    caller.lines("one-account").await;
    simulator.wait_for_open_streams(0).await.unwrap();
    let requests = simulator.requests();
    let request = &requests[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, NEW);
    assert_eq!(request.account.as_deref(), Some("one-account"));
    assert_eq!(request.header("user-agent"), Some("Mozilla/5.0"));
    assert_eq!(request.body, question("Hello?"));
    assert_eq!(
        (request.reply.as_str(), request.status),
        ("answer", Some(200))
    );
    assert!(request.finished && !request.aborted);
    simulator.stop().await;
}

#[tokio::test]
async fn unknown_operations_are_not_found() {
    let (simulator, caller) = start().await;
    let request = caller
        .post("/rest/app-chat/other", "one-account")
        .json(&json!({}));
    assert_eq!(refused(request).await.0, 404);
    simulator.stop().await;
}
