//! The configuration changes while requests are under way.

use std::{sync::Arc, time::Duration};

use crate::support::{Server, Setup, Streamed, body};
use grok_sim::{Operation, Options, Pace, Quota, Recorded};
use serde_json::json;
use tokio::task::JoinSet;

const RUNNING: usize = 200;
const MORE: usize = 1000;
/// Each cost 1, so 1,200 requests leave a known sum.
const ACCOUNTS: usize = 20;

/// What the tenth change asks for, and every good one before: something else for `fail_threshold`,
/// and an alias that only this change has.
fn config(change: usize) -> String {
    format!(
        "[token]\nfail_threshold = {}\n\n[[models]]\nid = \"grok-3\"\naliases = [\"alias-{change}\"]\n",
        change + 1
    )
}

fn write(server: &Server, text: &str) {
    std::fs::write(server.data_dir().join("config.toml"), text).unwrap();
}

async fn knows_model(server: &Server, model: &str) -> bool {
    let mut asked = body("Hello?");
    asked["model"] = model.into();
    server.send(&asked).await.status() == 200
}

async fn is_refused(server: &Server) -> bool {
    let reasons = server.ready().await["reasons"].to_string();
    reasons.contains("configuration: ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_changes_under_load_fail_no_request_and_take_effect() {
    let names: Vec<String> = (0..ACCOUNTS)
        .map(|n| format!("reload-account-{n:02}"))
        .collect();
    let refs: Vec<&str> = names.iter().map(String::as_str).collect();
    let setup = Setup::accounts([])
        .and("ssoSuper", &refs)
        .config(&config(0))
        .simulator(Options {
            pace: Pace::Interval(Duration::from_millis(40)),
            events: Some(8),
            quota: Quota::Unlimited,
            ..Options::for_tests()
        })
        .with("GROK2API_CHAT__CONCURRENT", 2 * (RUNNING + MORE));
    let server = Arc::new(setup.start().await);
    let mut running = JoinSet::new();
    let ask = |server: &Arc<Server>| {
        let server = server.clone();
        async move {
            let mut asked = body("Hello?");
            asked["stream"] = json!(true);
            asked["model"] = json!("grok-3");
            Streamed::read(server.send(&asked).await).await
        }
    };
    for _ in 0..RUNNING {
        running.spawn(ask(&server));
    }
    let all_run = |requests: &[Recorded]| {
        let chats = requests
            .iter()
            .filter(|one| one.operation == Operation::Chat);
        chats.count() >= RUNNING
    };
    server
        .simulator
        .wait_for_requests("the first chats", all_run)
        .await
        .unwrap();
    let mut probes = 0;
    for change in 1..=10 {
        for _ in 0..MORE / 10 {
            running.spawn(ask(&server));
        }
        // Twice nonsense: refused whole, what was in force stays.
        if change == 4 || change == 8 {
            let nonsense = [
                "[token\nfail_threshold = 1\n",
                "[token]\nfail_treshold = 1\n",
            ];
            write(&server, nonsense[change / 8]);
            server
                .wait_until("the nonsense is refused", || is_refused(&server))
                .await;
            assert!(knows_model(&server, &format!("alias-{}", change - 1)).await);
            probes += 1;
            continue;
        }
        write(&server, &config(change));
        let alias = format!("alias-{change}");
        let in_force = server.gateway.log().matches("models has changed").count();
        server
            .wait_until(&alias, async || {
                server.gateway.log().matches("models has changed").count() > in_force
            })
            .await;
        assert!(knows_model(&server, &alias).await, "change {change}");
        assert!(!is_refused(&server).await, "change {change}");
        probes += 1;
        let old = format!("alias-{}", change - 1);
        let mut asked = body("Hello?");
        asked["model"] = old.as_str().into();
        assert_eq!(server.send(&asked).await.status(), 404, "{old} is gone");
    }
    let answers = running.join_all().await;
    assert_eq!(answers.len(), RUNNING + MORE);
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.finish_reason(), Some("stop"), "{answer:?}");
        assert!(answer.is_done);
    }
    let server = Arc::into_inner(server).expect("every request has ended");
    let left = server.end_with_all().await;
    let used: u64 = left
        .accounts
        .values()
        .map(|account| account.use_count)
        .sum();
    let expected = (RUNNING + MORE + probes) as u64;
    assert_eq!(used, expected, "each answer is charged once");
    let lost: u32 = left
        .accounts
        .values()
        .map(|account| 140 - account.quota)
        .sum();
    assert_eq!(u64::from(lost), expected);
}

#[tokio::test]
async fn a_hangup_reads_the_file_again_and_a_stream_keeps_what_it_began_with() {
    let setup = Setup::accounts(["only-account"]).config("[chat]\nstream_timeout = 60\n");
    let server = setup.start().await;
    server
        .simulator
        .script("only-account", [grok_sim::Reply::stall()]);
    let mut asked = body("Hello?");
    asked["stream"] = json!(true);
    let mut stream = server.send(&asked).await;
    assert!(stream.chunk().await.unwrap().is_some());
    // In force for the next request, not for the one that has stalled.
    write(&server, "[chat]\nstream_timeout = 1\n");
    server.gateway.signal("HUP").unwrap();
    server
        .wait_until("the new time limit", async || {
            server
                .gateway
                .log()
                .contains("chat.stream_timeout has changed")
        })
        .await;
    // What came before the stall, and then nothing for longer than the new limit.
    while let Ok(chunk) = tokio::time::timeout(Duration::from_millis(2500), stream.chunk()).await {
        let chunk = chunk.unwrap().expect("the running stream has not ended");
        let text = String::from_utf8_lossy(&chunk);
        assert!(
            !text.contains("error"),
            "the running stream was cut: {text}"
        );
    }
    drop(stream);
    server.simulator.wait_aborted("only-account").await.unwrap();
    server
        .simulator
        .script("only-account", [grok_sim::Reply::stall()]);
    server.stream().await.assert_broken("stream_idle_timeout");
    server.end().await;
}

#[tokio::test]
async fn a_key_that_needs_a_restart_says_so() {
    let server = Setup::accounts(["only-account"]).start().await;
    write(&server, "[server]\ndrain_secs = 7\n");
    server
        .wait_until("the warning", async || {
            let log = server.gateway.log();
            log.contains("server.drain_secs has changed and takes effect after a restart")
        })
        .await;
    server.end().await;
}

#[tokio::test]
async fn fewer_slots_take_effect_and_a_cooldown_survives_the_change() {
    let setup = Setup::accounts(["first-account", "second-account"])
        .config("[chat]\nconcurrent = 50\n")
        .with("GROK2API_CHAT__STREAM_FIRST_TIMEOUT", 1);
    let server = setup.start().await;
    server
        .simulator
        .script("first-account", [grok_sim::Reply::rate_limited()]);
    server
        .simulator
        .script("second-account", [grok_sim::Reply::rate_limited()]);
    server.chat().await.assert_error(429, "rate_limit_exceeded");
    assert_eq!(server.ready().await["pool"]["cooling"], 2);
    write(&server, "[chat]\nconcurrent = 1\n");
    server
        .wait_until("the new limit", async || {
            server.gateway.log().contains("chat.concurrent has changed")
        })
        .await;
    assert_eq!(server.ready().await["pool"]["cooling"], 2);
    let still = server.chat().await;
    still.assert_error(429, "rate_limit_exceeded");
    server.end().await;
}

#[tokio::test]
async fn the_api_is_never_opened_to_the_network_by_a_reload() {
    let setup = Setup::accounts(["only-account"]).config("[app]\napi_key = \"sk-one\"\n");
    // Bound to every network, as in a container.
    let server = setup.with("SERVER_HOST", "0.0.0.0").start().await;
    write(&server, "[app]\napi_key = \"\"\n");
    server
        .wait_until("the refusal", || is_refused(&server))
        .await;
    let open = server
        .client
        .get(server.url("/v1/models"))
        .send()
        .await
        .unwrap();
    assert_eq!(open.status(), 401);
    let keyed = server
        .client
        .get(server.url("/v1/models"))
        .bearer_auth("sk-one");
    assert_eq!(keyed.send().await.unwrap().status(), 200);
    server.count_request();
    server.end().await;
}

#[tokio::test]
async fn a_file_that_lost_its_keys_does_not_open_the_api() {
    let server = Setup::accounts(["only-account"])
        .config("[app]\napi_key = \"sk-one\"\n")
        .start()
        .await;
    // The first half of a file that somebody writes slowly.
    write(&server, "[chat]\nconcurrent = 41\n");
    server
        .wait_until("the refusal", || is_refused(&server))
        .await;
    let open = server.client.get(server.url("/v1/models")).send().await;
    assert_eq!(open.unwrap().status(), 401);
    write(&server, "[app]\napi_key = \"sk-two\"\n");
    let new_key = async || {
        let asked = server
            .client
            .get(server.url("/v1/models"))
            .bearer_auth("sk-two");
        let is_in_force = asked.send().await.unwrap().status() == 200;
        if is_in_force {
            server.count_request();
        }
        is_in_force
    };
    server.wait_until("the new key", new_key).await;
    assert!(server.gateway.log().contains("the file is valid again"));
    server.end().await;
}

#[tokio::test]
async fn a_file_that_is_no_file_is_refused_and_a_good_one_is_read_again() {
    let server = Setup::accounts(["only-account"]).start().await;
    let path = server.data_dir().join("config.toml");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    server.wait_until("a folder", || is_refused(&server)).await;
    std::fs::remove_dir(&path).unwrap();
    write(&server, &"#".repeat(200 * 1024));
    server.wait_until("too large", || is_refused(&server)).await;
    write(&server, "[chat]\nconcurrent = 41\n");
    let is_read = async || !is_refused(&server).await;
    server.wait_until("the good one", is_read).await;
    server.end().await;
}
