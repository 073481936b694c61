//! The client against a scripted upstream over real sockets.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that fails should stop the test"
)]

mod account_settings;
mod assets;
mod connections;
#[path = "../fake/mod.rs"]
mod fake;
mod files;
mod proxies;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fake::{Fake, Reply, Step};
use futures::FutureExt as _;
use grok::{ChatCall, ChatStream, Class, Client, Settings, Upload, UpstreamError};
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};

const CREDENTIAL: &str = "planted-credential-1";
const LONG: Duration = Duration::from_secs(30);
const END: &str = "{\"result\":{\"response\":{\"finalMetadata\":{},\"isSoftStop\":true}}}\n";

fn settings(fake: &Fake) -> Settings {
    Settings {
        web_url: fake.url.clone(),
        cf_clearance: "planted-clearance-1".to_owned(),
        ..Settings::default()
    }
}

fn client(fake: &Fake) -> Client {
    Client::new(settings(fake)).unwrap()
}

fn call() -> ChatCall<'static> {
    ChatCall {
        model_name: "grok-4",
        message: "hello",
        ..ChatCall::default()
    }
}

fn token(text: &str) -> String {
    format!("{}\n", json!({"result": {"response": {"token": text}}}))
}

fn send(text: impl Into<Bytes>) -> Step {
    Step::Send(text.into())
}

async fn tokens(stream: &mut ChatStream) -> Result<Vec<String>, UpstreamError> {
    let mut all = Vec::new();
    while let Some(frame) = stream.next_frame().await? {
        all.extend(frame.token.map(str::to_owned));
    }
    Ok(all)
}

async fn chat_error(reply: Reply) -> UpstreamError {
    let fake = Fake::start([reply]).await;
    client(&fake)
        .start_chat(CREDENTIAL, &call())
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_chat_call_is_sent_once_with_its_headers_and_body() {
    let fake = Fake::start([Reply::new(200, format!("{}{END}", token("hi")))]).await;
    let mut stream = client(&fake).start_chat(CREDENTIAL, &call()).await.unwrap();
    assert_eq!(tokens(&mut stream).await.unwrap(), ["hi"]);
    let received = fake.received();
    let [request] = received.as_slice() else {
        panic!("one request: {received:?}")
    };
    assert_eq!(
        (request.method.as_str(), request.uri.as_str()),
        ("POST", "/rest/app-chat/conversations/new")
    );
    let origin = fake.url.origin().ascii_serialization();
    for (name, value) in [
        ("accept", "*/*"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("content-type", "application/json"),
        (
            "cookie",
            "sso=planted-credential-1; sso-rw=planted-credential-1; cf_clearance=planted-clearance-1",
        ),
        ("origin", origin.as_str()),
        ("referer", fake.url.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("sec-ch-ua-platform", "\"macOS\""),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    // The 21 headers of the table, and what HTTP/1.1 itself adds.
    let mut names: Vec<_> = request.headers.keys().map(|name| name.as_str()).collect();
    names.retain(|name| !matches!(*name, "host" | "content-length"));
    assert_eq!(names.len(), 21, "{names:?}");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        (&body["message"], &body["modelName"]),
        (&json!("hello"), &json!("grok-4"))
    );
    let images = [
        "enableImageGeneration",
        "enableImageStreaming",
        "imageGenerationCount",
    ];
    assert_eq!(
        images.map(|name| &body[name]),
        [&json!(false), &json!(false), &json!(0)],
        "no pictures are asked for"
    );
}

#[tokio::test]
async fn frames_come_as_soon_as_they_are_complete() {
    let go = Arc::new(Notify::new());
    let (first, second) = (token("é🦀"), token("two"));
    // In the middle of a character.
    let half = first.find('🦀').unwrap() + 2;
    let fake = Fake::start([Reply::steps(vec![
        send(first.as_bytes()[..half].to_vec()),
        Step::Wait(Arc::clone(&go)),
        // Without the newline: the object is complete with its last brace.
        send(first.as_bytes()[half..first.len() - 1].to_vec()),
        Step::Wait(Arc::clone(&go)),
        send(format!("\n{second}{END}")),
    ])])
    .await;
    let mut stream = client(&fake).start_chat(CREDENTIAL, &call()).await.unwrap();
    // Dropped while it waits: nothing may be lost.
    assert!(stream.next_frame().now_or_never().is_none());
    go.notify_one();
    let frame = stream.next_frame().await.unwrap().unwrap();
    assert_eq!(frame.token, Some("é🦀"));
    go.notify_one();
    assert_eq!(tokens(&mut stream).await.unwrap(), ["two"]);
}

#[tokio::test]
async fn compressed_streams_are_not_held_back() {
    // Gzip with stored blocks, so that each piece is complete in itself.
    let stored = |text: &str, is_last: bool| {
        let size = u16::try_from(text.len()).unwrap();
        let mut block = vec![u8::from(is_last)];
        block.extend(size.to_le_bytes());
        block.extend((!size).to_le_bytes());
        block.extend(text.as_bytes());
        block
    };
    let mut head = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    head.extend(stored(&token("one"), false));
    let go = Arc::new(Notify::new());
    let reply = Reply::steps(vec![
        send(head),
        Step::Wait(Arc::clone(&go)),
        send(stored(END, false)),
        Step::Abort,
    ]);
    let fake = Fake::start([reply.header("content-encoding", "gzip")]).await;
    let mut stream = client(&fake).start_chat(CREDENTIAL, &call()).await.unwrap();
    let frame = stream.next_frame().await.unwrap().unwrap();
    assert_eq!(frame.token, Some("one"), "before the next piece was sent");
    go.notify_one();
    assert_eq!(
        stream.next_frame().await,
        Ok(None),
        "the end mark came, so the abort does not matter"
    );
}

#[tokio::test]
async fn every_end_is_a_cut_until_the_answer_is_complete() {
    let fake = Fake::start([
        Reply::steps(vec![send(token("a")), Step::Abort]),
        Reply::steps(vec![send(token("a") + END), Step::Abort]),
        Reply::new(200, token("a") + "{\"result\":{\"resp"),
        Reply::new(200, token("a")),
        Reply::new(200, token("a") + END),
        Reply::new(200, token("")),
    ])
    .await;
    let client = client(&fake);
    let mut outcomes = Vec::new();
    for _ in 0..6 {
        let mut stream = client.start_chat(CREDENTIAL, &call()).await.unwrap();
        let outcome = tokens(&mut stream)
            .await
            .map_err(|error| (error.label(), error.class()));
        outcomes.push(outcome.map(|tokens| tokens.len()));
        assert_eq!(
            stream.next_frame().await,
            Ok(None),
            "nothing follows the end"
        );
    }
    let cut = Err(("cut", Class::Retryable));
    let said_nothing = Ok(1);
    assert_eq!(outcomes, [cut, Ok(1), cut, cut, Ok(1), said_nothing]);
}

#[tokio::test]
async fn dropping_the_stream_ends_the_upstream_call() {
    let (sender, gone) = oneshot::channel();
    let never = Arc::new(Notify::new());
    let steps = vec![Step::Hold(sender), send(token("a")), Step::Wait(never)];
    let fake = Fake::start([Reply::steps(steps)]).await;
    let mut stream = client(&fake).start_chat(CREDENTIAL, &call()).await.unwrap();
    assert!(stream.next_frame().await.unwrap().is_some());
    drop(stream);
    assert!(
        gone.await.is_err(),
        "the body was dropped on the other side"
    );
}

#[tokio::test]
async fn refusals_carry_class_status_and_retry_after() {
    let limited = Reply::new(429, r#"{"error":{"code":8,"message":"Too many requests"}}"#);
    let error = chat_error(limited.header("retry-after", "17")).await;
    assert_eq!(
        error,
        UpstreamError::Refused {
            status: 429,
            class: Class::RateLimited,
            retry_after: Some(Duration::from_secs(17)),
            message: "Too many requests".to_owned(),
        }
    );
    assert_eq!(
        chat_error(Reply::new(401, "")).await.class(),
        Class::Unauthorized
    );
    assert_eq!(
        chat_error(Reply::new(503, "<html>")).await.class(),
        Class::Retryable
    );
    let elsewhere = Reply::new(302, "").header("location", "/sign-in");
    assert_eq!(
        chat_error(elsewhere).await.class(),
        Class::Fatal,
        "redirects are not followed"
    );
    let page = Reply::new(200, "<html>").header("content-type", "text/html; charset=utf-8");
    assert_eq!(chat_error(page).await.label(), "malformed");
}

#[tokio::test]
async fn no_message_repeats_a_secret() {
    let body =
        json!({"message": "cookie sso=planted-credential-1; cf_clearance=planted-clearance-1"});
    let error = chat_error(Reply::new(400, body.to_string())).await;
    assert!(
        !format!("{error} {error:?}").contains("planted"),
        "{error:?}"
    );
    let line = format!(
        "{}\n",
        json!({"error": {"message": "who is planted-credential-1"}})
    );
    let fake = Fake::start([Reply::new(200, line)]).await;
    let client = client(&fake);
    let mut stream = client.start_chat(CREDENTIAL, &call()).await.unwrap();
    let error = stream.next_frame().await.unwrap_err();
    assert!(!format!("{error} {error:?} {client:?} {stream:?}").contains("planted-c"));
}

#[tokio::test]
async fn an_endless_refusal_is_read_only_in_part() {
    let body = Step::Endless(Bytes::from(vec![b' '; 16 * 1024]));
    let reply = Reply {
        status: 500,
        headers: Vec::new(),
        steps: vec![body],
    };
    assert_eq!(chat_error(reply).await.status(), Some(500));
}

#[tokio::test]
async fn a_challenge_opens_fresh_connections() {
    let fake = Fake::start([
        Reply::new(200, END),
        Reply::new(403, "<title>Just a moment...</title>"),
        Reply::new(200, END),
    ])
    .await;
    let client = client(&fake);
    for expected in [None, Some(Class::Clearance), None] {
        let outcome = client.start_chat(CREDENTIAL, &call()).await;
        match outcome {
            Ok(mut stream) => assert!(tokens(&mut stream).await.is_ok() && expected.is_none()),
            Err(error) => assert_eq!(Some(error.class()), expected),
        }
    }
    let ports: Vec<_> = fake
        .received()
        .iter()
        .map(|request| request.peer_port)
        .collect();
    assert_eq!(ports[0], ports[1], "connections are reused");
    assert_ne!(ports[1], ports[2], "but not after a challenge");
}

#[tokio::test]
async fn other_settings_keep_the_connections_unless_the_way_changes() {
    let fake = Fake::start([
        Reply::new(200, END),
        Reply::new(200, END),
        Reply::new(200, END),
    ])
    .await;
    let first = client(&fake);
    let cookies = Settings {
        cf_clearance: "another-clearance".to_owned(),
        user_agent: "Another/1".to_owned(),
        ..settings(&fake)
    };
    let second = first.with_settings(cookies.clone()).unwrap();
    let way = Settings {
        connect_timeout: LONG,
        ..cookies
    };
    let third = second.with_settings(way).unwrap();
    for client in [&first, &second, &third] {
        let mut stream = client.start_chat(CREDENTIAL, &call()).await.unwrap();
        assert_eq!(tokens(&mut stream).await, Ok(Vec::new()));
    }
    let received = fake.received();
    let agents: Vec<_> = received.iter().map(|r| r.header("user-agent")).collect();
    assert_eq!(agents[1..], [Some("Another/1"), Some("Another/1")]);
    let cookie = received[1].header("cookie").unwrap();
    assert!(
        cookie.ends_with("; cf_clearance=another-clearance"),
        "{cookie}"
    );
    assert_eq!(received[0].peer_port, received[1].peer_port);
    assert_ne!(received[1].peer_port, received[2].peer_port);
}

#[tokio::test]
async fn trouble_before_the_answer_is_transient() {
    let client_of = |web_url: String| {
        let settings = Settings {
            web_url: web_url.parse().unwrap(),
            ..Settings::default()
        };
        Client::new(settings).unwrap()
    };
    // Connections wait in the backlog, since nobody accepts them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let short = Duration::from_millis(50);
    let error = client_of(format!("http://{}", silent.local_addr().unwrap()))
        .rate_limits(CREDENTIAL, "grok-4", short)
        .await
        .unwrap_err();
    assert_eq!(
        (error.label(), error.class()),
        ("timeout", Class::Retryable)
    );
    let error = client_of("http://127.0.0.1:1".to_owned())
        .start_chat(CREDENTIAL, &call())
        .await
        .unwrap_err();
    assert_eq!(
        (error.label(), error.class()),
        ("connect", Class::Retryable)
    );
    assert_eq!(
        error.message(),
        "no connection to the upstream: Connection refused (os error 111)"
    );
}

#[tokio::test]
async fn a_follow_up_names_conversation_and_parent() {
    let line = "{\"result\":{\"token\":\"more\",\"responseId\":\"r-2\"}}\n";
    let fake = Fake::start([Reply::new(200, line), Reply::new(200, line)]).await;
    let client = client(&fake);
    for id in ["0b6e", "../x?y"] {
        let mut stream = client
            .continue_chat(CREDENTIAL, id, "r-1", &call())
            .await
            .unwrap();
        let frame = stream.next_frame().await.unwrap().unwrap();
        assert_eq!(
            (frame.token, frame.response_id),
            (Some("more"), Some("r-2"))
        );
    }
    let received = fake.received();
    assert_eq!(
        received[0].uri,
        "/rest/app-chat/conversations/0b6e/responses"
    );
    assert_eq!(
        received[1].uri,
        "/rest/app-chat/conversations/..%2Fx%3Fy/responses"
    );
    let body: Value = serde_json::from_slice(&received[0].body).unwrap();
    assert_eq!(body["parentResponseId"], "r-1");
}
