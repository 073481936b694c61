//! What a client saw the end of is stored, whatever happens to the process (decision 2).
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{
    collections::{HashMap, HashSet},
    fs::{self, File},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use grok_sim::{Options, Pace, Quota, Simulator};
use pool::Tier;
use store::{AccountStore as _, MasterKey, SqliteStore, UsageStore as _};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};

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
    write_accounts(folder.path());

    let mut gateway = Gateway::start(folder.path(), &simulator).await;
    let (ended, mut ends) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for n in 0..CLIENTS {
        clients.spawn(ask_until_cut(gateway.address, n % 2 == 0, ended.clone()));
    }
    drop(ended);
    let mut seen = HashSet::new();
    while seen.len() < ENDED_BEFORE_THE_KILL {
        seen.insert(ends.recv().await.unwrap());
    }
    gateway.process.kill().unwrap();
    gateway.process.wait().unwrap();
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
    Gateway::start(folder.path(), &simulator).await.stop();
    assert_stored(folder.path(), &seen).await;
    simulator.stop_unchecked().await;
}

/// Every seen answer is in the usage table, and quota and usage of each account agree.
async fn assert_stored(data_dir: &Path, seen: &HashSet<String>) {
    let key = MasterKey::load_or_create(data_dir, None).unwrap();
    let store = SqliteStore::open(data_dir, key).await.unwrap();
    let rows = store.recent_usage(u32::MAX).await.unwrap();
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
        *used.entry(row.account_id.clone()).or_default() += row.cost;
    }
    for account in store.load_accounts().await.unwrap() {
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
    gateway: SocketAddr,
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
            .post(format!("http://{gateway}/v1/chat/completions"))
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

/// The predecessor's file, which the gateway imports at its first start.
fn write_accounts(data_dir: &Path) {
    let tokens: Vec<_> = (0..ACCOUNTS)
        .map(|n| format!("durable-account-{n:02}"))
        .collect();
    let file = serde_json::json!({ "ssoBasic": tokens });
    fs::write(data_dir.join("token.json"), file.to_string()).unwrap();
}

/// The real binary; killed when dropped.
struct Gateway {
    process: Child,
    address: SocketAddr,
}

impl Gateway {
    /// Starts it and waits until it listens.
    async fn start(data_dir: &Path, simulator: &Simulator) -> Self {
        let address_file = data_dir.join("server.addr");
        let _ = fs::remove_file(&address_file);
        let mut process = Command::new(env!("CARGO_BIN_EXE_grok2api"))
            .arg("serve")
            .env_clear()
            .env("DATA_DIR", data_dir)
            .env("SERVER_HOST", "127.0.0.1")
            .env("SERVER_PORT", "0")
            .env("LOG_LEVEL", "warn")
            .env("GROK2API_CHAT__CONCURRENT", (2 * CLIENTS).to_string())
            .env("GROK2API_UPSTREAM__WEB_URL", simulator.url())
            .env("GROK2API_UPSTREAM__ASSETS_URL", simulator.url())
            .stdout(Stdio::null())
            .stderr(File::create(data_dir.join("server.log")).unwrap())
            .spawn()
            .unwrap();
        loop {
            if let Some(address) = read_address(&address_file) {
                return Self { process, address };
            }
            if let Some(status) = process.try_wait().unwrap() {
                let log = fs::read_to_string(data_dir.join("server.log")).unwrap();
                panic!("the gateway did not start: {status}\n{log}");
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it as an operator would and waits until it is gone.
    fn stop(mut self) {
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `None` until the file is written whole.
fn read_address(file: &Path) -> Option<SocketAddr> {
    fs::read_to_string(file)
        .ok()?
        .strip_suffix('\n')?
        .parse()
        .ok()
}
