//! What a client can hold on to: connections, bodies, answers. Each has a limit, a refusal that says
//! so, and a counter in the health report.

use std::time::Duration;

use grok_sim::Reply;
use serde_json::{Value, json};
use store::Outcome;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use test_support::Launch;

use crate::support::{BINARY, Server, Setup, body};

const SOON: Duration = Duration::from_secs(15);

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(&server.gateway.address).await.unwrap()
}

/// What the server says until it closes the connection.
async fn said(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let reading = timeout(SOON, socket.read_to_end(&mut bytes)).await;
    assert!(
        reading.is_ok(),
        "still open; it said {:?}",
        String::from_utf8_lossy(&bytes)
    );
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The beginning of a chat request whose body has this length.
fn head(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    )
}

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn clients_that_send_nothing_or_half_a_head_are_closed() {
    let setup = Setup::accounts(["only-account"]).with("GROK2API_SERVER__HEADER_TIMEOUT_SECS", 1);
    let server = setup.start().await;
    for start in ["", "PRI * HT", "GET /healthz HTTP/1.1\r\nhost:", "P"] {
        let mut socket = connect(&server).await;
        socket.write_all(start.as_bytes()).await.unwrap();
        let began = Instant::now();
        said(&mut socket).await;
        assert!(began.elapsed() < Duration::from_secs(5), "{start:?}");
    }
    // Settled in HTTP/2, and no request: the preface and empty settings.
    let mut socket = connect(&server).await;
    let settings = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    socket.write_all(settings).await.unwrap();
    said(&mut socket).await;
    // One that has been served may stay as long without a word, and no longer.
    let mut socket = connect(&server).await;
    socket
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert!(said(&mut socket).await.starts_with("HTTP/1.1 200"));
    server.end().await;
}

#[tokio::test]
async fn more_connections_than_allowed_are_told_so_and_the_next_ones_are_served() {
    let setup = Setup::accounts(["only-account"]).with("GROK2API_SERVER__MAX_CONNECTIONS", 16);
    let server = setup.start().await;
    // The client's own connection is one of them.
    let used = async || server.ready().await["limits"]["connections"]["used"].clone();
    assert_eq!(used().await, 1);
    let mut held = Vec::new();
    for _ in 1..16 {
        held.push(connect(&server).await);
    }
    server
        .wait_until("all are open", async || used().await == 16)
        .await;
    let answer = said(&mut connect(&server).await).await;
    let (head, json) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 5"),
        "{head}"
    );
    assert!(
        head.contains(&format!("content-length: {}", json.len())),
        "{head}"
    );
    let error: Value = serde_json::from_str(json).unwrap();
    assert_eq!(error["error"]["code"], "too_many_connections");
    assert_eq!(server.ready().await["limits"]["connections"]["refused"], 1);
    drop(held);
    server
        .wait_until("they are gone", async || used().await == 1)
        .await;
    server.end().await;
}

#[tokio::test]
async fn connections_are_as_many_as_the_system_has_descriptors_for() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::new(BINARY, folder.path()).open_files(160, 400);
    let mut gateway = launch.start().await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let report = reqwest::get(format!("{}/readyz", gateway.url())).await;
    let report: Value = report.unwrap().json().await.unwrap();
    let limits = &report["limits"];
    // Two for each, out of what the process raised its limit to, without 128 for the rest.
    assert_eq!(limits["connections"]["max"], 136);
    assert_eq!(limits["connections_per_address"]["max"], 68);
    let log = gateway.log();
    assert!(log.contains("136 connections are served"), "{log}");
    assert!(gateway.stop().await.unwrap().success());
}

/// What is asked on a connection that is open already.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_a_descriptor_for_the_upstream_no_account_is_blamed() {
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

    let server = Setup::accounts(["first-account", "second-account"])
        .start()
        .await;
    let mut socket = connect(&server).await;
    let probe = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    socket.write_all(probe).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        assert_ne!(socket.read_buf(&mut answer).await.unwrap(), 0);
    }
    let pid = Pid::from_raw(server.gateway.pid().try_into().unwrap());
    // The server was started with the same.
    let own = getrlimit(Resource::Nofile).maximum;
    let limited = |soft| Rlimit {
        current: soft,
        maximum: own,
    };
    prlimit(pid, Resource::Nofile, limited(Some(3))).unwrap();
    let text = body("Hello?").to_string();
    let request = head(CHAT, text.len()).replace("host:", "connection: close\r\nhost:") + &text;
    server.count_request();
    socket.write_all(request.as_bytes()).await.unwrap();
    let answer = said(&mut socket).await;
    prlimit(pid, Resource::Nofile, limited(own)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(
        answer.contains("retry-after: 5") && answer.contains("no_descriptor"),
        "{answer}"
    );
    assert_eq!(server.upstream_chats().len(), 0);
    let left = server.end_with_all().await;
    for account in left.accounts.values() {
        assert_eq!((account.fail_count, account.use_count), (0, 0));
        assert_eq!(account.status, pool::Status::Active);
    }
    assert_eq!(left.requests[0].attempts.len(), 1);
}

#[tokio::test]
async fn a_client_that_left_in_the_middle_of_its_first_word_is_gone_at_once() {
    let server = Setup::accounts(["only-account"]).start().await;
    let used = async || server.ready().await["limits"]["connections"]["used"].clone();
    let mut socket = connect(&server).await;
    // It might have become HTTP/2.
    socket.write_all(b"P").await.unwrap();
    server
        .wait_until("it is connected", async || used().await == 2)
        .await;
    drop(socket);
    // Sooner than `header_timeout_secs`, which is longer than this waits.
    server
        .wait_until("it is gone", async || used().await == 1)
        .await;
    server.end().await;
}

#[tokio::test]
async fn forms_of_strangers_take_no_memory_from_the_api() {
    let server = Setup::accounts(["only-account"]).start().await;
    let mut socket = connect(&server).await;
    let (length, path) = (60_000, "/api/sign_in");
    socket
        .write_all((head(path, length) + &"x".repeat(length - 1)).as_bytes())
        .await
        .unwrap();
    let under_way = async || server.ready().await["in_flight"] == 1;
    server.wait_until("it is under way", under_way).await;
    assert_eq!(server.ready().await["limits"]["body_bytes"]["used"], 0);
    drop(socket);
    server.end().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let setup = Setup::accounts(["only-account"]).with("GROK2API_SERVER__BODY_TIMEOUT_SECS", 1);
    let server = setup.start().await;
    for path in [CHAT, "/v1/messages", "/api/sign_in", "/api/get_viewer"] {
        let mut socket = connect(&server).await;
        let start = head(path, 1000) + "{\"model\":";
        socket.write_all(start.as_bytes()).await.unwrap();
        let answer = said(&mut socket).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
        assert!(
            answer.contains("server.body_timeout_secs"),
            "{path}: {answer}"
        );
        if path.starts_with("/v1") {
            server.count_request();
        }
    }
    server.end().await;
}

#[tokio::test]
async fn bodies_share_a_budget_and_the_one_that_does_not_fit_is_refused_for_a_moment() {
    let setup = Setup::accounts(["only-account"])
        .with("GROK2API_SERVER__MAX_BODY_MB", 1)
        .with("GROK2API_SERVER__BODIES_IN_MEMORY_MB", 1);
    let server = setup.start().await;
    let half = 700 * 1024;
    let mut first = connect(&server).await;
    first
        .write_all(head(CHAT, half + 9).as_bytes())
        .await
        .unwrap();
    first.write_all(&vec![b' '; half]).await.unwrap();
    let used = async || server.ready().await["limits"]["body_bytes"]["used"].clone();
    server
        .wait_until("the first is there", async || used().await == half)
        .await;
    let request = server
        .client
        .post(server.url(CHAT))
        .header("content-type", "application/json");
    let response = request.body(" ".repeat(half)).send().await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers()["retry-after"].as_bytes()
        ),
        (503, &b"1"[..])
    );
    let json: Value = response.json().await.unwrap();
    assert_eq!(json["error"]["code"], "server_busy");
    drop(first);
    server
        .wait_until("the first is gone", async || used().await == 0)
        .await;
    assert_eq!(server.ready().await["limits"]["body_bytes"]["refused"], 1);
    server.count_request();
    server.count_request();
    let left = server.end_with_all().await;
    let outcomes: Vec<_> = left
        .requests
        .iter()
        .map(|row| (row.status, row.outcome))
        .collect();
    let gone = (499, Outcome::ClientGone);
    assert!(
        outcomes.contains(&gone) && outcomes.contains(&(503, Outcome::Failed)),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn large_arguments_of_server_functions_are_not_read_before_the_caller_has_signed_in() {
    let server = Setup::accounts(["only-account"]).start().await;
    for path in ["/api/add_accounts", "/api/sign_in", "/api/highlight"] {
        let mut socket = connect(&server).await;
        // Not a byte of it follows.
        let head = head(path, 1024 * 1024);
        socket.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        let read = timeout(SOON, socket.read_exact(&mut answer)).await;
        read.unwrap_or_else(|_| panic!("{path}: it waits for the body"))
            .unwrap();
        assert_eq!(answer, *b"HTTP/1.1 401", "{path}");
    }
    server.end().await;
}

/// A server with one slot, whose upstream says more than sockets hold.
async fn talkative() -> Server {
    let setup = Setup::accounts(["only-account"])
        .with("GROK2API_CHAT__CONCURRENT", 1)
        .with("GROK2API_SERVER__SEND_TIMEOUT_SECS", 1);
    let server = setup.start().await;
    let much = vec!["x".repeat(64 * 1024); 400];
    server
        .simulator
        .script("only-account", [Reply::tokens(much)]);
    server
}

fn streamed() -> Value {
    let mut request = body("Hi");
    request["stream"] = json!(true);
    request
}

/// The answer that nobody reads is ended, and nobody is charged.
async fn assert_ended(server: Server) {
    let leases = async || server.ready().await["pool"]["leases"].clone();
    assert_eq!(server.upstream_chats().len(), 1);
    server
        .wait_until("it is ended", async || leases().await == 0)
        .await;
    let limits = server.ready().await["limits"].clone();
    assert_eq!(
        (&limits["chats"]["used"], &limits["chats"]["max"]),
        (&json!(0), &json!(1))
    );
    let left = server.end_with_all().await;
    assert_eq!(left.requests[0].outcome, Outcome::ClientGone);
    assert_eq!(left.accounts["only-account"].use_count, 0);
}

#[tokio::test]
async fn a_client_that_reads_nothing_does_not_keep_slot_account_and_connection() {
    let server = talkative().await;
    let request = streamed().to_string();
    let mut socket = connect(&server).await;
    let head = head(CHAT, request.len());
    socket
        .write_all((head + &request).as_bytes())
        .await
        .unwrap();
    server.count_request();
    let used = async || server.ready().await["limits"]["connections"]["used"].clone();
    server
        .wait_until("both are connected", async || used().await == 2)
        .await;
    server
        .wait_until("the deaf one is cut off", async || used().await == 1)
        .await;
    assert_ended(server).await;
}

#[tokio::test]
async fn a_client_that_leaves_one_of_many_answers_unread_does_not_keep_it() {
    let server = talkative().await;
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy();
    let client = client.build().unwrap();
    let request = client.post(server.url(CHAT)).json(&streamed());
    let _unread = request.send().await.unwrap();
    server.count_request();
    assert_ended(server).await;
}

#[tokio::test]
async fn arguments_of_server_functions_are_counted_while_they_come_in() {
    let server = Setup::accounts(["only-account"]).start().await;
    let mut socket = TcpStream::connect(&server.gateway.address).await.unwrap();
    let head = format!(
        "POST /api/get_viewer HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: 1000\r\n\r\n",
        server.gateway.address
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&[b' '; 600]).await.unwrap();
    let counted = async || server.ready().await["limits"]["server_function_bytes"].clone();
    let is_half_there = async || counted().await["used"] == 600;
    server
        .wait_until("half of it is there", is_half_there)
        .await;
    let expected = json!({"used": 600, "max": 32 * 1024 * 1024, "refused": 0});
    assert_eq!(counted().await, expected);
    drop(socket);
    let is_free = async || counted().await["used"] == 0;
    server.wait_until("the memory is given back", is_free).await;
    server.end().await;
}

#[tokio::test]
async fn answers_over_http2_that_nobody_reads_are_bounded_and_ended() {
    let config = "[server]\nmax_http2_answers = 3\nsend_timeout_secs = 1\n";
    let setup = Setup::accounts(["only-account"]).config(config);
    let server = setup.start().await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .http2_prior_knowledge()
        .http2_initial_stream_window_size(1)
        .build()
        .unwrap();
    let ask = async |client: &reqwest::Client| {
        server.count_request();
        let request = client.get(server.url("/v1/models"));
        request.send().await.unwrap()
    };
    let mut unread = Vec::new();
    for _ in 0..3 {
        unread.push(ask(&client).await);
    }
    let refused = ask(&client).await;
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(ask(&server.client).await.status(), 200, "HTTP/1 is apart");
    let uses = async || server.ready().await["limits"]["http2_answers"].clone();
    assert_eq!(uses().await["refused"], 1);
    let is_over = async || uses().await["used"] == 0;
    server.wait_until("the unread answers end", is_over).await;
    for answer in unread {
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err(), "its stream was ended");
    }
    drop(refused);
    assert_eq!(ask(&client).await.status(), 200);
    server.end().await;
}
