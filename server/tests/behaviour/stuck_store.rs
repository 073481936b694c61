//! The pages while nothing can be written.

use http::Method;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};
use store::DATABASE_FILE;
use test_support::Launch;
use tokio::time::{Duration, Instant, sleep};

use crate::{browser::Browser, support::BINARY};

const PASSWORD: &str = "correct horse battery";

#[tokio::test]
async fn pages_say_within_seconds_that_nothing_can_be_stored() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::new(BINARY, folder.path()).env("GROK2API_APP__APP_KEY", PASSWORD);
    let gateway = launch.start().await.unwrap();
    let signed_in = || async {
        let browser = Browser::new(&gateway);
        assert_eq!(browser.sign_in(PASSWORD).await.status, 200);
        browser
    };
    let (adds, leaves, changes) = (signed_in().await, signed_in().await, signed_in().await);
    let path = folder.path().join(DATABASE_FILE);
    let mut foreign = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let held = foreign.begin_with("BEGIN IMMEDIATE").await.unwrap();

    let comes = Browser::new(&gateway);
    let accounts = json!({"text": "some-cookie-of-an-account", "tier": "basic"});
    let form = "current=correct+horse+battery&new=another+password&repeated=another+password";
    let (comes, adds, leaves, changes) = tokio::join!(
        comes.sign_in(PASSWORD),
        adds.call("add_accounts", &accounts),
        leaves.form("/api/sign_out", String::new()),
        changes.form("/api/change_password", form.to_owned()),
    );
    for said in [&comes, &adds, &leaves, &changes] {
        assert_eq!((said.status, said.kind()), (503, "unavailable"), "{said:?}");
    }

    held.rollback().await.unwrap();
    // The writer tries again in a moment; until it has succeeded, pages are told at once.
    let again = Browser::new(&gateway);
    let deadline = Instant::now() + Duration::from_secs(20);
    while again.sign_in(PASSWORD).await.status != 200 {
        assert!(Instant::now() < deadline, "the store stays away");
        sleep(Duration::from_millis(100)).await;
    }
    assert!(again.is_admin().await);
    assert_eq!(again.sign_in("another password").await.status, 401);
}

#[tokio::test]
async fn an_import_waits_for_the_database_and_none_of_its_lines_fails() {
    const LINES: usize = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::new(BINARY, folder.path()).env("GROK2API_APP__APP_KEY", PASSWORD);
    let gateway = launch.start().await.unwrap();
    let client = Browser::new(&gateway).client;
    let call = async |method: Method, path: String, body: Value| {
        let url = format!("{}/v1/admin{path}", gateway.url());
        let asked = client
            .request(method, url)
            .bearer_auth(PASSWORD)
            .json(&body);
        asked.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let lines: Vec<_> = (0..LINES).map(|n| format!("some-cookie-{n:05}")).collect();
    let import = "/tokens/import/async".to_owned();
    let started = call(Method::POST, import, json!({"text": lines.join("\n")})).await;
    let id = started["task_id"].as_str().unwrap();

    let path = folder.path().join(DATABASE_FILE);
    let mut foreign = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let held = foreign.begin_with("BEGIN IMMEDIATE").await.unwrap();
    // Longer than somebody who waits for an answer is left without one.
    sleep(Duration::from_secs(7)).await;
    held.rollback().await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let job = loop {
        let job = call(Method::GET, format!("/batch/{id}"), Value::Null).await;
        if job["status"] != "running" {
            break job;
        }
        assert!(Instant::now() < deadline, "{job}");
        sleep(Duration::from_millis(100)).await;
    };
    let outcome = (&job["status"], &job["ok"], &job["fail"]);
    assert_eq!(outcome, (&json!("done"), &json!(LINES), &json!(0)), "{job}");
}

#[tokio::test]
async fn probes_are_answered_and_the_process_ends_in_time_while_the_database_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch::new(BINARY, folder.path())
        .env("GROK2API_SERVER__DRAIN_SECS", 1)
        .env("GROK2API_APP__APP_KEY", PASSWORD);
    let mut gateway = launch.start().await.unwrap();
    let path = folder.path().join(DATABASE_FILE);
    let mut foreign = SqliteConnection::connect(path.to_str().unwrap())
        .await
        .unwrap();
    let held = foreign.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let browser = Browser::new(&gateway);
    assert_eq!(
        browser.sign_in(PASSWORD).await.status,
        503,
        "the write waits"
    );
    let alive = reqwest::get(format!("{}/healthz", gateway.url()));
    let alive = tokio::time::timeout(Duration::from_secs(5), alive).await;
    assert_eq!(alive.unwrap().unwrap().status(), 200);
    let asked = Instant::now();
    gateway.stop().await.unwrap();
    assert!(asked.elapsed() < Duration::from_secs(20));
    held.rollback().await.unwrap();
}
