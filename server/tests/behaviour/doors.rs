//! Who may come in: other web pages, other names, keys that were taken away.

use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Server, Setup, body};

/// A chat as a web page or program sends it that writes its headers itself.
fn chat(server: &Server, headers: &[(&'static str, &str)]) -> RequestBuilder {
    let url = server.url("/v1/chat/completions");
    let request = server.client.post(url).body(body("Hi").to_string());
    headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    })
}

async fn refusal(request: RequestBuilder) -> (StatusCode, String) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let json: Value = response.json().await.unwrap();
    (
        status,
        json["error"]["code"].as_str().unwrap_or("").to_owned(),
    )
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn an_api_without_a_key_does_not_serve_web_pages_of_other_sites() {
    let server = Setup::accounts(["only-account"]).start().await;
    for foreign in [
        ("host", "evil.example"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let (status, code) = refusal(chat(&server, &[JSON, foreign])).await;
        assert_eq!(
            (status, code.as_str()),
            (StatusCode::FORBIDDEN, "forbidden"),
            "{foreign:?}"
        );
    }
    for mime in ["text/plain", "application/x-www-form-urlencoded"] {
        let (status, code) = refusal(chat(&server, &[("content-type", mime)])).await;
        assert_eq!(
            (status, code.as_str()),
            (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
        );
    }
    assert!(server.upstream_chats().is_empty(), "quota was spent");
    // Strangers leave no records, so only what is served counts.
    let own = server.gateway.url();
    for fine in [
        vec![JSON],
        vec![
            ("content-type", "application/json; charset=utf-8"),
            ("origin", own.as_str()),
        ],
        vec![JSON, ("sec-fetch-site", "none"), ("host", "localhost:1234")],
    ] {
        server.count_request();
        let response = chat(&server, &fine).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{fine:?}");
        response.bytes().await.unwrap();
    }
    server.end().await;
}

#[tokio::test]
async fn a_key_is_enough_wherever_the_request_comes_from() {
    let setup = Setup::accounts(["only-account"]).with("GROK2API_APP__API_KEY", "sk-1");
    let server = setup.start().await;
    server.count_request();
    let headers = [
        ("authorization", "Bearer sk-1"),
        ("content-type", "text/plain"),
        ("host", "gateway.example"),
        ("origin", "https://chat.example"),
    ];
    let response = chat(&server, &headers).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.bytes().await.unwrap();
    server.end().await;
}

#[tokio::test]
async fn pages_open_only_under_a_name_of_ours() {
    let setup =
        Setup::accounts(["only-account"]).with("GROK2API_SERVER__ALLOWED_HOSTS", "good.example");
    let server = setup.start().await;
    let get = async |path: &str, host: &str| {
        let request = server.client.get(server.url(path)).header("host", host);
        request.send().await.unwrap().status()
    };
    for path in [
        "/login",
        "/admin/accounts",
        "/v1/public/chat/completions",
        "/favicon.ico",
    ] {
        assert_eq!(
            get(path, "evil.example").await,
            StatusCode::FORBIDDEN,
            "{path}"
        );
        assert_ne!(
            get(path, "good.example:8000").await,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    // Nobody knows which of two names a program on the way believed.
    let twice = server.client.get(server.url("/login"));
    let twice = twice
        .header("host", "good.example")
        .header("host", "evil.example");
    assert_eq!(twice.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    // Probes come under any name.
    assert_eq!(get("/healthz", "evil.example").await, StatusCode::OK);
    server.end().await;
}

#[tokio::test]
async fn nothing_is_served_for_a_browser_to_guess_what_it_is() {
    let server = Setup::accounts(["only-account"]).start().await;
    for path in [
        "/v1/models",
        "/healthz",
        "/login",
        "/api/get_viewer",
        "/nowhere",
        "/v1/nowhere",
    ] {
        let response = server.client.get(server.url(path)).send().await.unwrap();
        assert_eq!(
            response.headers()["x-content-type-options"],
            "nosniff",
            "{path}"
        );
        if path.starts_with("/v1/") {
            server.count_request();
        }
    }
    server.end().await;
}

#[tokio::test]
async fn a_key_that_was_taken_away_does_not_end_an_upload() {
    let config = "[app]\napi_key = [\"sk-old\", \"sk-new\"]\n";
    let server = Setup::accounts(["only-account"])
        .config(config)
        .start()
        .await;
    server.count_request();
    let mut socket = tokio::net::TcpStream::connect(&server.gateway.address)
        .await
        .unwrap();
    let body = body("Hi").to_string();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-old\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let under_way = async || server.ready().await["in_flight"] == 1;
    server
        .wait_until("the upload is under way", under_way)
        .await;
    std::fs::write(
        server.data_dir().join("config.toml"),
        config.replace("\"sk-old\", ", ""),
    )
    .unwrap();
    server.gateway.signal("HUP").unwrap();
    let is_refused = async || {
        let models = server
            .client
            .get(server.url("/v1/models"))
            .bearer_auth("sk-old");
        let status = models.send().await.unwrap().status();
        if status == StatusCode::OK {
            server.count_request();
        }
        status == StatusCode::UNAUTHORIZED
    };
    server.wait_until("the key is gone", is_refused).await;
    socket.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(server.upstream_chats().is_empty());
    server.end().await;
}
