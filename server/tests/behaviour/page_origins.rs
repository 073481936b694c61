//! From where pages may act, and at which address their cookies live.

use std::path::Path;

use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use test_support::{Gateway, Launch};

use crate::{browser::Browser, support::BINARY};

const PASSWORD: &str = "correct horse battery";

async fn start(data_dir: &Path, env: &[(&str, &str)]) -> Gateway {
    let launch = Launch::new(BINARY, data_dir).env("GROK2API_APP__APP_KEY", PASSWORD);
    let launch = env
        .iter()
        .fold(launch, |launch, (name, value)| launch.env(name, value));
    launch.start().await.unwrap()
}

/// Signs in as an older browser does, or any over plain http: with `Origin` only.
async fn sign_in(client: &Client, gateway: &Gateway, origin: &str, host: Option<&str>) -> Response {
    let request = client
        .post(format!("{}/api/sign_in", gateway.url()))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ORIGIN, origin)
        .body(format!("password={}", PASSWORD.replace(' ', "+")));
    let request = match host {
        Some(host) => request.header(HOST, host),
        None => request,
    };
    request.send().await.unwrap()
}

#[tokio::test]
async fn pages_work_over_http2_which_has_no_host_header() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[]).await;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().http2_prior_knowledge();
    let client = client.build().unwrap();
    let own = sign_in(&client, &gateway, &gateway.url(), None).await;
    assert_eq!(own.version(), http::Version::HTTP_2);
    assert_eq!(own.status(), 200);
    let other = sign_in(&client, &gateway, "http://evil.example", None).await;
    assert_eq!(other.status(), 403);
}

#[tokio::test]
async fn pages_work_behind_a_proxy_that_asks_under_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("GROK2API_APP__APP_URL", "https://grok.example")];
    let gateway = start(folder.path(), &env).await;
    let client = Browser::new(&gateway).client;
    let inner = Some("backend.internal:8000");
    let own = sign_in(&client, &gateway, "https://grok.example", inner).await;
    assert_eq!(own.status(), 200);
    let other = sign_in(&client, &gateway, "https://evil.example", inner).await;
    assert_eq!(other.status(), 403);
}

#[tokio::test]
async fn a_page_over_http_is_told_the_address_at_which_its_session_would_last() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("GROK2API_APP__APP_URL", "https://grok.example")];
    let gateway = start(folder.path(), &env).await;
    let client = Browser::new(&gateway).client;
    let plain = "http://grok.lan:8000";
    let answer = sign_in(&client, &gateway, plain, Some("grok.lan:8000")).await;
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers().get("set-cookie"), None);
    let said: Value = answer.json().await.unwrap();
    let expected = json!({"kind": "not_encrypted", "app_url": "https://grok.example"});
    assert_eq!(said, expected);
    assert!(gateway.log().contains("will not keep the session"));
}

#[tokio::test]
async fn who_opens_the_pages_to_others_without_https_is_warned() {
    let warning = "may cross the network in clear";
    let open = [
        ("SERVER_HOST", "0.0.0.0"),
        ("GROK2API_APP__API_KEY", "sk-one"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut gateway = start(folder.path(), &open).await;
    assert!(gateway.log().contains(warning));
    gateway.stop().await.unwrap();
    let https = [
        open[0],
        open[1],
        ("GROK2API_APP__APP_URL", "https://grok.example"),
    ];
    let mut gateway = start(folder.path(), &https).await;
    assert!(!gateway.log().contains(warning));
    gateway.stop().await.unwrap();
    let named = [("GROK2API_SERVER__ALLOWED_HOSTS", "grok.example")];
    let gateway = start(folder.path(), &named).await;
    assert!(!gateway.log().contains(warning), "this machine only");
    // A proxy on this machine adds the encryption that the server cannot see.
    let client = Browser::new(&gateway).client;
    let proxied = sign_in(
        &client,
        &gateway,
        "https://grok.example",
        Some("grok.example"),
    );
    assert_eq!(proxied.await.status(), 200);
    assert!(gateway.log().contains("the pages are opened over https"));
}
