//! Starts the real binary against a scripted simulator, in a folder of its own.

mod answer;

use std::{
    collections::BTreeMap,
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use grok_sim::{Operation, Options, Recorded, Simulator};
use pool::Account;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use store::{AccountStore, MasterKey, SqliteStore};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

pub(crate) use answer::{Plain, Streamed};

/// A debug binary on a busy two-core machine needs a while for its first start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at something that cannot notify us.
const LOOK: Duration = Duration::from_millis(20);

/// What a test's server starts with.
pub(crate) struct Setup {
    accounts: BTreeMap<&'static str, Vec<String>>,
    env: Vec<(&'static str, String)>,
}

impl Setup {
    /// Accounts of the free pool.
    pub(crate) fn accounts<const N: usize>(names: [&str; N]) -> Self {
        let names = names.map(str::to_owned).to_vec();
        Self {
            accounts: BTreeMap::from([("ssoBasic", names)]),
            env: Vec::new(),
        }
    }

    /// A setting, by the name of its environment variable.
    pub(crate) fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.env.push((key, value.to_string()));
        self
    }

    /// Starts simulator and server and waits until the accounts can be used.
    pub(crate) async fn start(self) -> Server {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let simulator = Simulator::start(Options::for_tests()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let tokens = serde_json::to_vec(&self.accounts).unwrap();
        std::fs::write(folder.path().join("token.json"), tokens).unwrap();
        let log = folder.path().join("server.log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_grok2api"));
        command
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("DATA_DIR", folder.path())
            .env("SERVER_HOST", "127.0.0.1")
            .env("SERVER_PORT", "0")
            .env("GROK2API_UPSTREAM__WEB_URL", simulator.url())
            .env("GROK2API_UPSTREAM__ASSETS_URL", simulator.url())
            .envs(self.env)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap());
        let client = Client::builder().no_proxy().build().unwrap();
        let mut server = Server {
            process: Process {
                child: command.spawn().unwrap(),
                log,
            },
            folder,
            url: String::new(),
            client,
            simulator,
        };
        server.url = server.process.wait_for_address(server.folder.path()).await;
        server
    }
}

struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    async fn wait_for_address(&mut self, folder: &Path) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(address) = std::fs::read_to_string(folder.join("server.addr"))
                && address.ends_with('\n')
            {
                return format!("http://{}", address.trim());
            }
            let exit = self.child.try_wait().unwrap();
            assert!(exit.is_none(), "the server ended: {exit:?}\n{}", self.log());
            assert!(
                Instant::now() < deadline,
                "the server does not start\n{}",
                self.log()
            );
            sleep(LOOK).await;
        }
    }

    /// SIGTERM, then the end.
    async fn stop(&mut self) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(exit) = self.child.try_wait().unwrap() {
                assert!(exit.success(), "the server failed: {exit}\n{}", self.log());
                return;
            }
            assert!(
                Instant::now() < deadline,
                "the server does not stop\n{}",
                self.log()
            );
            sleep(LOOK).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("---- log of the server ----\n{}", self.log());
        }
    }
}

/// A running server with its upstream.
pub(crate) struct Server {
    process: Process,
    folder: TempDir,
    url: String,
    client: Client,
    pub(crate) simulator: Simulator,
}

impl Server {
    /// Sends a chat; `stream` asks for server-sent events.
    pub(crate) async fn send(&self, body: &Value) -> Response {
        let url = format!("{}/v1/chat/completions", self.url);
        self.client.post(url).json(body).send().await.unwrap()
    }

    /// One JSON answer to a simple question.
    pub(crate) async fn chat(&self) -> Plain {
        self.ask("Hello?").await
    }

    /// One JSON answer to this question.
    pub(crate) async fn ask(&self, question: &str) -> Plain {
        Plain::read(self.send(&body(question)).await).await
    }

    /// A streamed answer to a simple question, read to its end.
    pub(crate) async fn stream(&self) -> Streamed {
        let mut body = body("Hello?");
        body["stream"] = json!(true);
        Streamed::read(self.send(&body).await).await
    }

    /// A streamed answer of an account whose reply is held: it goes on only when the first text has
    /// reached us, so that what follows cannot come before it.
    pub(crate) async fn stream_held(&self, account: &str) -> Streamed {
        let mut body = body("Hello?");
        body["stream"] = json!(true);
        let mut response = self.send(&body).await;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        let mut is_held = true;
        while let Some(chunk) = response.chunk().await.expect("our own stream ends cleanly") {
            bytes.extend(chunk);
            if is_held && Streamed::parse(status, &bytes).has_text() {
                self.simulator.release(account);
                is_held = false;
            }
        }
        Streamed::parse(status, &bytes)
    }

    /// Chats that reached the upstream, in order.
    pub(crate) fn upstream_chats(&self) -> Vec<Recorded> {
        self.simulator.requests_of(Operation::Chat)
    }

    /// Waits until the quota question that follows a 429 has been answered.
    pub(crate) async fn wait_for_quota_question(&self) {
        let is_asked = |requests: &[Recorded]| {
            requests
                .iter()
                .any(|one| one.operation == Operation::RateLimits && one.finished)
        };
        self.simulator
            .wait_for_requests("the quota question", is_asked)
            .await
            .unwrap();
    }

    /// The pool as `/readyz` reports it.
    async fn pool(&self) -> Value {
        let url = format!("{}/readyz", self.url);
        let ready: Value = self
            .client
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        ready["pool"].clone()
    }

    /// Waits until no lease is out and no upstream stream is open, checks that the counts agree with
    /// the stored accounts, stops everything and returns the accounts by name.
    pub(crate) async fn end(mut self) -> BTreeMap<String, Account> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.pool().await["leases"] != 0 {
            assert!(
                Instant::now() < deadline,
                "a lease is left: {}",
                self.pool().await
            );
            sleep(LOOK).await;
        }
        self.simulator.wait_for_open_streams(0).await.unwrap();
        let pool = self.pool().await;
        self.process.stop().await;
        let accounts = stored_accounts(self.folder.path()).await;
        for status in [
            pool::Status::Active,
            pool::Status::Cooling,
            pool::Status::Expired,
        ] {
            let stored = accounts
                .values()
                .filter(|account| account.status == status)
                .count();
            let name = status.as_str();
            assert_eq!(
                pool[name], stored,
                "memory and store disagree on {name} accounts: {pool}"
            );
        }
        self.simulator.stop().await;
        accounts
    }

    /// As [`Server::end`], for a server with one account.
    pub(crate) async fn end_with_one(self) -> Account {
        let accounts = self.end().await;
        assert_eq!(accounts.len(), 1);
        accounts.into_values().next().unwrap()
    }
}

/// Accounts in the database of a stopped server, by credential.
async fn stored_accounts(folder: &Path) -> BTreeMap<String, Account> {
    let key = MasterKey::load_or_create(folder, None).unwrap();
    let store = SqliteStore::open(folder, key).await.unwrap();
    let accounts = store.load_accounts().await.unwrap();
    store.close().await;
    accounts
        .into_iter()
        .map(|one| (one.credential.expose().to_owned(), one))
        .collect()
}

/// A request for one JSON answer.
pub(crate) fn body(question: &str) -> Value {
    json!({"model": "grok-4", "messages": [{"role": "user", "content": question}]})
}
