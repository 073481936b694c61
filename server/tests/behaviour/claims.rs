//! What the documents promise of logs, passwords, sessions, limits and costs.

use std::{path::Path, process::Command};

use grok_sim::Reply;
use http::header::{LOCATION, SET_COOKIE};
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use store::SessionRow;
use test_support::Gateway;

use crate::{
    browser::start,
    support::{BINARY, Plain, Setup, body, open_store},
};

const PASSWORD: &str = "correct horse battery";

fn browser() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().redirect(Policy::none());
    client.build().unwrap()
}

/// Signs in and returns the whole `Set-Cookie` header.
async fn sign_in(gateway: &Gateway, password: &str, origin: &str) -> Option<String> {
    let response = browser()
        .post(format!("{}/api/sign_in", gateway.url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", origin)
        .header("sec-fetch-site", "same-origin")
        .body(format!("password={}", password.replace(' ', "+")))
        .send()
        .await
        .unwrap();
    let cookies = response.headers().get_all(SET_COOKIE).iter();
    let mut cookies = cookies.map(|cookie| cookie.to_str().unwrap());
    let session = cookies.find(|cookie| cookie.contains("grok2api_session="));
    session.map(str::to_owned)
}

/// Whether the accounts page opens with this cookie.
async fn is_admin(gateway: &Gateway, cookie: &str) -> bool {
    let pair = cookie.split(';').next().unwrap();
    let page = browser()
        .get(format!("{}/admin/accounts", gateway.url()))
        .header("cookie", pair)
        .header("accept", "text/html")
        .send();
    page.await.unwrap().status() == 200
}

#[tokio::test]
async fn logs_are_json_lines_and_the_level_is_that_of_log_level() {
    let folder = tempfile::tempdir().unwrap();
    let has_level = |log: &str, level: &str| {
        let lines = log.lines().filter(|line| line.starts_with('{'));
        let parsed = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
        parsed.filter(|line| line["level"] == level).count() > 0
    };
    for (level, shows_debug, shows_info) in [
        ("DEBUG", true, true),
        ("INFO", false, true),
        ("WARNING", false, false),
    ] {
        let mut gateway = start(folder.path(), &[("LOG_LEVEL", level)]).await;
        let url = format!("{}/healthz", gateway.url());
        assert_eq!(browser().get(url).send().await.unwrap().status(), 200);
        gateway.stop().await.unwrap();
        let log = gateway.log();
        assert_eq!(has_level(&log, "DEBUG"), shows_debug, "{level}: {log}");
        assert_eq!(has_level(&log, "INFO"), shows_info, "{level}: {log}");
    }
}

#[tokio::test]
async fn health_answers_under_both_names() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[]).await;
    for path in ["/health", "/healthz"] {
        let response = browser().get(format!("{}{path}", gateway.url())).send();
        let health: Value = response.await.unwrap().json().await.unwrap();
        assert_eq!(health, json!({"status": "ok"}), "{path}");
    }
}

#[tokio::test]
async fn the_predecessors_account_page_leads_to_ours() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("GROK2API_APP__APP_KEY", PASSWORD)];
    let gateway = start(folder.path(), &env).await;
    let cookie = sign_in(&gateway, PASSWORD, &gateway.url()).await.unwrap();
    let page = browser()
        .get(format!("{}/admin/token", gateway.url()))
        .header("cookie", cookie.split(';').next().unwrap())
        .header("accept", "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), 302);
    assert_eq!(page.headers()[LOCATION], "/admin/accounts");
}

#[tokio::test]
async fn the_first_password_is_printed_once_and_opens_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let printed = |log: &str| {
        let line = log
            .lines()
            .find(|line| line.contains("the admin password is"))?;
        Some(line.split_whitespace().next_back().unwrap().to_owned())
    };
    let mut gateway = start(folder.path(), &[]).await;
    let password = printed(&gateway.log()).expect("the first start prints a password");
    let cookie = sign_in(&gateway, &password, &gateway.url()).await.unwrap();
    assert!(is_admin(&gateway, &cookie).await);
    assert_eq!(
        sign_in(&gateway, "not the password", &gateway.url()).await,
        None
    );
    gateway.stop().await.unwrap();
    let again = start(folder.path(), &[]).await;
    assert_eq!(printed(&again.log()), None);
}

#[tokio::test]
async fn a_password_in_the_file_is_adopted_and_blanked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let text = format!("[app]\n# mine\napp_key = \"{PASSWORD}\" # secret\n");
    std::fs::write(&file, text).unwrap();
    let gateway = start(folder.path(), &[]).await;
    let left = std::fs::read_to_string(&file).unwrap();
    assert_eq!(left, "[app]\n# mine\napp_key = \"\" # secret\n");
    assert!(!gateway.log().contains(PASSWORD));
    let cookie = sign_in(&gateway, PASSWORD, &gateway.url()).await.unwrap();
    assert!(is_admin(&gateway, &cookie).await);
}

#[tokio::test]
async fn the_cookie_is_for_our_pages_only_and_behind_https_for_https_only() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("GROK2API_APP__APP_KEY", PASSWORD)];
    let mut gateway = start(folder.path(), &env).await;
    let cookie = sign_in(&gateway, PASSWORD, &gateway.url()).await.unwrap();
    let plain = ["grok2api_session=", "HttpOnly", "SameSite=Strict", "Path=/"];
    assert!(plain.iter().all(|part| cookie.contains(part)), "{cookie}");
    assert!(!cookie.contains("Secure"), "{cookie}");
    gateway.stop().await.unwrap();
    assert!(!gateway.log().contains("will not keep the session"));

    let https = [env[0], ("GROK2API_APP__APP_URL", "https://grok.example")];
    let gateway = start(folder.path(), &https).await;
    let cookie = sign_in(&gateway, PASSWORD, "https://grok.example")
        .await
        .unwrap();
    assert!(cookie.starts_with("__Host-grok2api_session="), "{cookie}");
    assert!(cookie.contains("Secure"), "{cookie}");
    assert!(!gateway.log().contains("will not keep the session"));
    // Over http the browser drops that cookie; the log says why nothing works.
    sign_in(&gateway, PASSWORD, &gateway.url()).await.unwrap();
    assert!(gateway.log().contains("will not keep the session"));
}

#[tokio::test]
async fn a_session_ends_after_the_configured_hours_whoever_uses_it() {
    let folder = tempfile::tempdir().unwrap();
    let env = [("GROK2API_APP__APP_KEY", PASSWORD)];
    let mut gateway = start(folder.path(), &env).await;
    let cookie = sign_in(&gateway, PASSWORD, &gateway.url()).await.unwrap();
    assert!(is_admin(&gateway, &cookie).await);
    gateway.stop().await.unwrap();
    make_session_older(folder.path(), &cookie, 2 * 3_600_000).await;
    let long = [env[0], ("GROK2API_APP__ADMIN_SESSION_TTL_HOURS", "3")];
    let mut gateway = start(folder.path(), &long).await;
    assert!(
        is_admin(&gateway, &cookie).await,
        "it may live for three hours"
    );
    gateway.stop().await.unwrap();
    let short = [env[0], ("GROK2API_APP__ADMIN_SESSION_TTL_HOURS", "1")];
    let gateway = start(folder.path(), &short).await;
    assert!(!is_admin(&gateway, &cookie).await, "it began two hours ago");
}

/// Moves the beginning of a stored session into the past.
async fn make_session_older(data_dir: &Path, cookie: &str, by_ms: i64) {
    let id = cookie.split(['=', ';']).nth(1).unwrap();
    let store = open_store(data_dir).await;
    let session = store.load_session(id, 0).await.unwrap().unwrap();
    assert!(!session.data.contains(id), "the id is a secret");
    let mut data: Value = serde_json::from_str(&session.data).unwrap();
    let started = data["data"]["started_at_ms"].as_i64().unwrap();
    data["data"]["started_at_ms"] = json!(started - by_ms);
    let older = SessionRow {
        data: data.to_string(),
        ..session
    };
    assert!(store.save_session(&older).await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn workers_are_runtime_threads() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = start(folder.path(), &[("SERVER_WORKERS", "3")]).await;
    let tasks = std::fs::read_dir(format!("/proc/{}/task", gateway.pid())).unwrap();
    let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")));
    let workers = names.filter(|name| {
        let name = name.as_deref().unwrap_or_default();
        name.starts_with("tokio-rt-worker") || name.starts_with("tokio-runtime-w")
    });
    // Blocking work has threads of the same name: at least three, and not one per core and more.
    let count = workers.count();
    assert!((3..=12).contains(&count), "{count} workers");
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let output = Command::new(BINARY)
        .arg("serve")
        .env_clear()
        .env("DATA_DIR", file.join("data"))
        .env("SERVER_HOST", "127.0.0.1")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("a-file/data"), "{error}");
    assert!(error.contains("creating the data folder"), "{error}");
}

#[tokio::test]
async fn why_no_account_could_be_chosen_is_in_the_log() {
    let server = Setup::accounts(["only-account"]).start().await;
    server
        .simulator
        .script("only-account", [Reply::BlockedUser]);
    server
        .chat()
        .await
        .assert_error(502, "upstream_account_blocked");
    server.chat().await.assert_error(503, "no_usable_account");
    let log = server.gateway.log();
    assert!(
        log.contains("no account can serve grok-4: 1 expired"),
        "{log}"
    );
    server.end().await;
}

#[tokio::test]
async fn expensive_models_cost_four() {
    for (model, cost) in [
        ("grok-4", 1),
        ("grok-4-heavy", 4),
        ("grok-4.1-expert", 4),
        ("grok-4.1-thinking", 4),
    ] {
        let server = Setup::accounts([])
            .and("ssoSuper", &["paid-account"])
            .start()
            .await;
        let mut asked = body("Hello?");
        asked["model"] = json!(model);
        let answer = Plain::read(server.send(&asked).await).await;
        assert_eq!(answer.status, 200, "{model}: {answer:?}");
        let left = server.end_with_all().await;
        assert_eq!(left.requests[0].cost, cost, "{model}");
        assert_eq!(left.accounts["paid-account"].quota, 140 - cost, "{model}");
    }
}

#[tokio::test]
async fn one_chat_more_than_the_limit_is_refused_after_its_wait() {
    let server = Setup::accounts(["account-1", "account-2"])
        .with("GROK2API_CHAT__CONCURRENT", 1)
        .with("GROK2API_CHAT__STREAM_FIRST_TIMEOUT", 1)
        .start()
        .await;
    server.simulator.script("*", [Reply::stall()]);
    let mut asked = body("Hello?");
    asked["stream"] = json!(true);
    let mut first = server.send(&asked).await;
    assert!(first.chunk().await.unwrap().is_some());
    let second = server.chat().await;
    second.assert_error(503, "at_capacity");
    assert_eq!(second.retry_after, Some(1));
    drop(first);
    let free = async || server.ready().await["in_flight"] == 0;
    server.wait_until("the slot is free", free).await;
    assert_eq!(server.chat().await.status, 200);
    server.end().await;
}

#[tokio::test]
async fn a_temporary_conversation_has_no_id_that_could_not_be_continued() {
    let server = Setup::accounts(["only-account"]).start().await;
    let answer = server.chat().await;
    assert_eq!(answer.json.get("conversation_id"), None);
    server.end().await;
    let setup = Setup::accounts(["only-account"]).with("GROK2API_APP__TEMPORARY", false);
    let server = setup.start().await;
    assert!(server.chat().await.json["conversation_id"].is_string());
    server.end().await;
}

#[tokio::test]
async fn public_pages_with_a_key_want_the_key() {
    let server = Setup::accounts(["only-account"])
        .config("[app]\npublic_enabled = true\npublic_key = \"visitors-only\"\n")
        .start()
        .await;
    let path = "/v1/public/chat/completions";
    let ask = || {
        server
            .client
            .post(server.url(path))
            .json(&body("Hi"))
            .send()
    };
    assert_eq!(ask().await.unwrap().status(), 401);
    let text = "[app]\npublic_enabled = true\n";
    std::fs::write(server.data_dir().join("config.toml"), text).unwrap();
    let is_open = async || {
        let is_open = ask().await.unwrap().status() == 200;
        if is_open {
            server.count_request();
        }
        is_open
    };
    server.wait_until("open to all", is_open).await;
    server.end().await;
}
