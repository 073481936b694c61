//! What a client saw the end of is stored, whatever happens to the process (`requirements.md` 1.2).
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    time::Duration,
};

use grok_sim::{Options, Pace, Quota, Simulator};
use pool::Tier;
use sqlx::{ConnectOptions, Connection, query_scalar, sqlite::SqliteConnectOptions};
use store::{MasterKey, RequestQuery};
use test_support::{Gateway, Launch};
use tokio::{sync::mpsc, task::JoinSet};

const CLIENTS: usize = 200;
/// Answers that clients have seen whole when the process is killed: one for each, and some clients
/// their second, so that most of the second ones are in the middle.
const ENDED_BEFORE_THE_KILL: usize = 230;
/// Enough for every request of the test: 30 accounts of 80 units.
const ACCOUNTS: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_whose_end_a_client_saw_survive_kill_9() {
    let simulator = Simulator::start(Options {
        // Two seconds each: most of the requests are in the middle of their answer at the kill.
        pace: Pace::Interval(Duration::from_millis(130)),
        events: Some(16),
        quota: Quota::Unlimited,
        ..Options::for_tests()
    })
    .await
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let accounts = (0..ACCOUNTS).map(|n| format!("durable-account-{n:02}").into());
    test_support::write_accounts(folder.path(), &[("ssoBasic", accounts.collect())]).unwrap();

    let mut gateway = start(folder.path(), &simulator).await;
    let (ended, mut ends) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        clients.spawn(ask_until_cut(gateway.url(), n % 2 == 0, ended.clone()));
    }
    drop(ended);
    let mut seen = HashSet::new();
    while seen.len() < ENDED_BEFORE_THE_KILL {
        seen.insert(ends.recv().await.unwrap());
    }
    gateway.kill().unwrap();
    // Whatever was in the sockets already still counts: the clients read it.
    while let Some(id) = ends.recv().await {
        seen.insert(id);
    }
    let cut = clients
        .join_all()
        .await
        .into_iter()
        .filter(|was_cut| *was_cut)
        .count();
    assert!(
        cut >= CLIENTS / 2,
        "only {cut} requests were cut by the kill"
    );

    // A restart works on what the kill left, and changes none of it.
    let mut again = start(folder.path(), &simulator).await;
    assert!(again.stop().await.unwrap().success());
    assert_stored(folder.path(), &seen).await;
    simulator.stop_unchecked().await;
}

/// Kills of [`kills_at_random_moments_lose_nothing`]; `make soak` makes it long.
fn kills() -> usize {
    match std::env::var_os("GROK2API_SOAK") {
        Some(_) => 50,
        None => 6,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_moments_lose_nothing() {
    let simulator = Simulator::start(Options {
        // A tenth of a second each: a kill finds answers at every point of their way.
        pace: Pace::Interval(Duration::from_millis(6)),
        events: Some(16),
        quota: Quota::Unlimited,
        ..Options::for_tests()
    })
    .await
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let accounts = (0..200).map(|n| format!("durable-account-{n:03}").into());
    test_support::write_accounts(folder.path(), &[("ssoBasic", accounts.collect())]).unwrap();
    let mut seen = HashSet::new();
    for _ in 0..kills() {
        let mut gateway = start(folder.path(), &simulator).await;
        let (ended, mut ends) = mpsc::unbounded_channel();
        let mut clients = JoinSet::new();
        for n in 0..20 {
            clients.spawn(ask_until_cut(gateway.url(), n % 2 == 0, ended.clone()));
        }
        drop(ended);
        seen.insert(ends.recv().await.unwrap());
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..300))).await;
        gateway.kill().unwrap();
        while let Some(id) = ends.recv().await {
            seen.insert(id);
        }
        clients.join_all().await;
        assert_intact(folder.path()).await;
    }
    assert_stored(folder.path(), &seen).await;
    simulator.stop_unchecked().await;
}

/// What SQLite itself says of the file.
async fn assert_intact(data_dir: &Path) {
    let options = SqliteConnectOptions::new().filename(data_dir.join(store::DATABASE_FILE));
    let mut connection = options.connect().await.unwrap();
    let said: String = query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(said, "ok");
    connection.close().await.unwrap();
}

/// Every seen answer is in the table of requests, and quota and usage of each account agree.
async fn assert_stored(data_dir: &Path, seen: &HashSet<String>) {
    let key = MasterKey::load_or_create(data_dir, None).unwrap();
    let store = store::open("", data_dir, key).await.unwrap();
    let rows = store
        .list_requests(&RequestQuery::newest(u32::MAX))
        .await
        .unwrap();
    let stored: HashSet<_> = rows.iter().map(|row| row.id.clone()).collect();
    let missing: Vec<_> = seen.difference(&stored).collect();
    assert!(
        missing.is_empty(),
        "{} of {} answers are lost",
        missing.len(),
        seen.len()
    );
    let mut used = HashMap::<_, u32>::new();
    for row in &rows {
        *used
            .entry(row.account_id.clone().unwrap_or_default())
            .or_default() += row.cost;
    }
    for account in store.load_accounts().await.unwrap().accounts {
        let used = used.get(account.id.as_str()).copied().unwrap_or(0);
        let left = Tier::Basic.default_quota() - used;
        assert_eq!(account.quota, left, "quota of {}", account.id);
        assert_eq!(
            account.use_count,
            u64::from(used),
            "use count of {}",
            account.id
        );
    }
    store.close().await;
}

/// One client: asks again and again until the connection is cut; reports each answer's request id
/// when it has read the answer's end. Returns whether the cut came after the request was sent.
async fn ask_until_cut(
    gateway: String,
    is_stream: bool,
    ended: mpsc::UnboundedSender<String>,
) -> bool {
    let client = client();
    let body = serde_json::json!({
        "model": "grok-3",
        "stream": is_stream,
        "messages": [{ "role": "user", "content": "Say something short." }],
    });
    loop {
        let ask = client
            .post(format!("{gateway}/v1/chat/completions"))
            .header("content-type", "application/json")
            .body(body.to_string());
        let mut response = match ask.send().await {
            Ok(response) => response,
            // A JSON answer has no head before its end, so the cut shows here.
            Err(error) => return !error.is_connect(),
        };
        let status = response.status();
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let mut text = Vec::new();
        while let Ok(Some(bytes)) = response.chunk().await {
            text.extend_from_slice(&bytes);
        }
        assert!(
            status.is_success(),
            "{status}: {}",
            String::from_utf8_lossy(&text)
        );
        let is_whole = match is_stream {
            true => text.ends_with(b"data: [DONE]\n\n"),
            false => serde_json::from_slice::<serde_json::Value>(&text).is_ok(),
        };
        if !is_whole {
            return true;
        }
        ended.send(id).unwrap();
    }
}

fn client() -> reqwest::Client {
    // Plain http here, but reqwest wants to know.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Starts the real binary and waits until it listens.
async fn start(data_dir: &Path, simulator: &Simulator) -> Gateway {
    Launch::new(env!("CARGO_BIN_EXE_grok2api"), data_dir)
        .upstream(&simulator.url())
        .env("LOG_LEVEL", "warn")
        .env("GROK2API_CHAT__CONCURRENT", 2 * CLIENTS)
        .start()
        .await
        .unwrap()
}
