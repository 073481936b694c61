//! Every request leaves one record, however it ends.

use std::{process::Command, time::Duration};

use grok_sim::{Options, Pace, Reply};
use serde_json::json;
use store::{Outcome, RequestRow, Span, SumQuery};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Server, Setup, body, open_store};

/// Status, outcome and error code.
fn ending(row: &RequestRow) -> (u16, Outcome, Option<&str>) {
    (row.status, row.outcome, row.error_code.as_deref())
}

/// Each try's account (its last four characters) and outcome.
fn tries(row: &RequestRow) -> Vec<(&str, &str)> {
    let attempts = row.attempts.iter();
    attempts
        .map(|one| (one.account.as_str(), one.outcome.as_str()))
        .collect()
}

#[tokio::test]
async fn a_served_request_says_everything() {
    let setup = Setup::accounts(["record-account-9f3c"]).config(
        "[app]\napi_key = \"sk-one\"\n\n[[models]]\nid = \"grok-4\"\naliases = [\"gpt-4o\"]\n",
    );
    let server = setup.start().await;
    let mut asked = body("Hello?");
    asked["model"] = json!("gpt-4o");
    asked["stream"] = json!(true);
    server.count_request();
    let response = server.client.post(server.url("/v1/chat/completions"));
    let response = response
        .bearer_auth("sk-one")
        .json(&asked)
        .send()
        .await
        .unwrap();
    let id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let bytes = response.bytes().await.unwrap();
    let left = server.end_with_all().await;
    let row = &left.requests[0];
    assert_eq!(ending(row), (200, Outcome::Served, None));
    assert_eq!(row.id, id);
    assert_eq!(row.endpoint, "chat.completions");
    assert!(
        row.key
            .as_deref()
            .is_some_and(|key| key.starts_with("key-"))
    );
    assert_eq!(row.client.as_deref(), Some("127.0.0.1"));
    assert_eq!(row.model.as_deref(), Some("gpt-4o"));
    assert_eq!(row.served_model.as_deref(), Some("grok-4"));
    assert_eq!(row.account.as_deref(), Some("9f3c"));
    assert_eq!(tries(row), [("9f3c", "answered")]);
    assert!(row.attempts[0].choice.contains("quota"), "{row:?}");
    assert!(row.stream && row.estimated);
    assert!(row.prompt_tokens > 0 && row.completion_tokens > 0);
    assert!(
        row.first_byte_ms
            .is_some_and(|first| first <= row.duration_ms)
    );
    assert_eq!(row.bytes, bytes.len() as u64);
    assert_eq!(row.cost, 1);
}

#[tokio::test]
async fn refusals_with_a_known_key_are_recorded_and_strangers_are_not() {
    let setup = Setup::accounts(["only-account"]).config("[app]\napi_key = \"sk-one\"\n");
    let server = setup.start().await;
    let post = |key: &str, body: serde_json::Value| {
        let request = server.client.post(server.url("/v1/chat/completions"));
        request.bearer_auth(key).json(&body).send()
    };
    assert_eq!(post("sk-two", body("Hi")).await.unwrap().status(), 401);
    for (asked, status) in [
        (json!({"model": "grok-4"}), 400),
        (
            json!({"model": "grok-99", "messages": [{"role": "user", "content": "Hi"}]}),
            404,
        ),
        (
            json!({"model": "grok-4", "messages": [{"role": "user", "content": "Hi"}], "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "int"}}}}),
            400,
        ),
    ] {
        server.count_request();
        assert_eq!(post("sk-one", asked).await.unwrap().status(), status);
    }
    server.count_request();
    let models = server
        .client
        .get(server.url("/v1/models"))
        .bearer_auth("sk-one");
    assert_eq!(models.send().await.unwrap().status(), 200);
    server.count_request();
    let nothing = server
        .client
        .post(server.url("/v1/v1/messages"))
        .bearer_auth("sk-one");
    let nothing: serde_json::Value = nothing.send().await.unwrap().json().await.unwrap();
    let message = nothing["error"]["message"].as_str().unwrap();
    assert!(message.contains("`POST /v1/v1/messages`"), "{message}");
    server.count_request();
    let head = server
        .client
        .head(server.url("/v1/models"))
        .bearer_auth("sk-one");
    assert_eq!(head.send().await.unwrap().status(), 200);
    let left = server.end_with_all().await;
    let endings: Vec<_> = left.requests.iter().map(ending).collect();
    assert_eq!(
        endings,
        [
            (400, Outcome::Refused, Some("invalid_value")),
            (404, Outcome::Refused, Some("model_not_found")),
            (400, Outcome::Refused, Some("invalid_schema")),
            (200, Outcome::Served, None),
            (404, Outcome::Refused, Some("not_found")),
            (200, Outcome::Served, None),
        ]
    );
    let asked: Vec<_> = left
        .requests
        .iter()
        .map(|row| row.model.as_deref())
        .collect();
    assert_eq!(
        asked,
        [None, Some("grok-99"), Some("grok-4"), None, None, None]
    );
    assert!(left.requests.iter().all(|row| row.attempts.is_empty()));
}

#[tokio::test]
async fn each_try_is_noted_with_its_reason() {
    let server = Setup::accounts([
        "account-aaaa-0001",
        "account-aaaa-0002",
        "account-aaaa-0003",
    ])
    .start()
    .await;
    server.simulator.script(
        "*",
        [
            Reply::rate_limited(),
            Reply::Unauthorized,
            Reply::text("Third time lucky."),
        ],
    );
    assert_eq!(server.chat().await.text(), "Third time lucky.");
    let left = server.end_with_all().await;
    let row = &left.requests[0];
    let reasons: Vec<_> = tries(row).into_iter().map(|(_, reason)| reason).collect();
    assert_eq!(reasons, ["rate_limited", "unauthorized", "answered"]);
    let statuses: Vec<_> = row.attempts.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [Some(429), Some(401), None]);
    assert_eq!(row.account.as_deref(), Some(tries(row)[2].0));
}

#[tokio::test]
async fn a_request_that_nobody_could_serve_says_why() {
    let server = Setup::accounts(["account-1", "account-2"]).start().await;
    server
        .simulator
        .script("*", [Reply::rate_limited(), Reply::rate_limited()]);
    server.chat().await.assert_error(429, "rate_limit_exceeded");
    let none = server.chat().await;
    none.assert_error(429, "rate_limit_exceeded");
    let left = server.end_with_all().await;
    let row = &left.requests[1];
    assert_eq!(
        ending(row),
        (429, Outcome::Refused, Some("rate_limit_exceeded"))
    );
    assert_eq!(tries(row), [("", "no_account")]);
    assert_eq!(row.attempts[0].skipped, [("cooling".to_owned(), 2)]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_failed_though_its_status_was_good() {
    let server = Setup::accounts(["only-account"]).start().await;
    server.simulator.script("only-account", [Reply::cut()]);
    let streamed = server.stream().await;
    streamed.assert_broken("upstream_interrupted");
    let left = server.end_with_all().await;
    let row = &left.requests[0];
    assert_eq!(
        ending(row),
        (200, Outcome::Failed, Some("upstream_interrupted"))
    );
    assert_eq!(tries(row)[0].1, "cut");
}

/// A request on a connection of its own that nobody reads.
async fn send_raw(server: &Server, is_stream: bool) -> TcpStream {
    let mut asked = body("Hello?");
    asked["stream"] = json!(is_stream);
    let asked = asked.to_string();
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{asked}",
        server.gateway.address,
        asked.len()
    );
    server.count_request();
    let mut socket = TcpStream::connect(&server.gateway.address).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_clients_that_hang_up_leave_a_hundred_records_and_no_lease() {
    // Two and a half seconds each; half of the clients wait for a slot at first.
    let server = Setup::accounts(["account-1", "account-2", "account-3"])
        .simulator(Options {
            pace: Pace::Interval(Duration::from_millis(40)),
            events: Some(60),
            ..Options::for_tests()
        })
        .with("GROK2API_CHAT__CONCURRENT", 50)
        .start()
        .await;
    let mut sockets = Vec::new();
    for n in 0..100 {
        sockets.push(send_raw(&server, n % 2 == 0).await);
    }
    let begun = async || server.ready().await["in_flight"] == 100;
    server.wait_until("all have begun", begun).await;
    let hang_ups = sockets
        .into_iter()
        .zip(0_u64..)
        .map(|(socket, n)| async move {
            tokio::time::sleep(Duration::from_millis(n * 37 % 1500)).await;
            drop(socket);
        });
    futures::future::join_all(hang_ups).await;
    let left = server.end_with_all().await;
    assert_eq!(left.requests.len(), 100);
    for row in &left.requests {
        assert_eq!(ending(row), (499, Outcome::ClientGone, None), "{row:?}");
    }
    for account in left.accounts.values() {
        assert_eq!((account.use_count, account.quota), (0, 80));
    }
}

#[tokio::test]
async fn sums_agree_with_the_records() {
    let server = Setup::accounts(["account-1"]).start().await;
    for _ in 0..3 {
        assert_eq!(server.chat().await.status, 200);
    }
    server.simulator.script("account-1", [Reply::Policy]);
    server.chat().await.assert_error(502, "upstream_error");
    let (left, folder) = server.end_with_folder().await;
    let store = open_store(folder.path()).await;
    for span in Span::ALL {
        let query = SumQuery {
            span,
            since_ms: 0,
            until_ms: i64::MAX,
        };
        let sums = store.sum_requests(&query).await.unwrap();
        let total = |outcome| -> (u64, u64) {
            let rows = sums.iter().filter(|row| row.outcome == outcome);
            rows.fold((0, 0), |(requests, tokens), row| {
                (
                    requests + row.totals.requests,
                    tokens + row.totals.completion_tokens,
                )
            })
        };
        let served = left
            .requests
            .iter()
            .filter(|row| row.outcome == Outcome::Served);
        let tokens: u64 = served.map(|row| row.completion_tokens).sum();
        assert_eq!(total(Outcome::Served), (3, tokens), "{span:?}");
        assert_eq!(total(Outcome::Failed), (1, 0), "{span:?}");
        assert!(sums.iter().all(|row| row.model == "grok-4"));
    }
    store.close().await;
}

#[tokio::test]
async fn the_command_line_prints_records_beside_the_running_server() {
    let server = Setup::accounts(["account-aaaa-0001", "account-aaaa-0002"])
        .start()
        .await;
    server.simulator.script("*", [Reply::rate_limited()]);
    let answer = server.chat().await;
    assert_eq!(answer.status, 200);
    server.simulator.script("*", [Reply::Policy]);
    let failed = server.chat().await;
    let requests = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_grok2api"))
            .arg("requests")
            .args(args)
            .env_clear()
            .env("DATA_DIR", server.data_dir())
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{error}");
        String::from_utf8(output.stdout).unwrap()
    };
    let all = requests(&[]);
    assert!(
        all.contains(&answer.request_id) && all.contains(&failed.request_id),
        "{all}"
    );
    let only_failed = requests(&["--failed", "--since", "1h"]);
    assert!(!only_failed.contains(&answer.request_id), "{only_failed}");
    assert!(
        only_failed.contains("502 failed upstream_error"),
        "{only_failed}"
    );
    let one = requests(&[&answer.request_id]);
    assert!(
        one.contains("try 1") && one.contains("rate_limited (HTTP 429)"),
        "{one}"
    );
    assert!(one.contains("try 2") && one.contains("answered"), "{one}");
    server.end().await;
}

#[tokio::test]
async fn what_the_end_of_the_drain_cuts_off_leaves_its_record_too() {
    let setup = Setup::accounts(["account-1", "account-2"]);
    let server = setup.with("GROK2API_SERVER__DRAIN_SECS", 1).start().await;
    server.simulator.script("*", [Reply::stall(), Reply::Hang]);
    let mut stream = send_raw(&server, true).await;
    let mut first = [0_u8; 1];
    stream.read_exact(&mut first).await.unwrap();
    let _whole = send_raw(&server, false).await;
    let begun = async || server.ready().await["in_flight"] == 2;
    server.wait_until("both have begun", begun).await;
    let left = server.cut_off().await;
    let endings: Vec<_> = left.requests.iter().map(ending).collect();
    assert_eq!(endings, [(499, Outcome::ClientGone, None); 2]);
}
