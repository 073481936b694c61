//! Starts the real binary against a scripted simulator, in a folder of its own.

mod answer;
pub(crate) mod s3;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use grok_sim::{Operation, Options, Recorded, Reply, Simulator};
use pool::Account;
use reqwest::{Client, Response};
use serde_json::{Value, json};
use store::{MasterKey, Outcome, RequestQuery, RequestRow, Store};
use tempfile::TempDir;
use test_support::{Gateway, Launch};
use tokio::time::{Instant, sleep};

pub(crate) use answer::{Plain, Streamed};

/// The real binary.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_grok2api");
/// Between two looks at something that cannot notify us.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// What a test's server starts with.
pub(crate) struct Setup {
    pools: Vec<(&'static str, Vec<Value>)>,
    config: String,
    options: Options,
    env: Vec<(&'static str, String)>,
    scripts: Vec<(&'static str, (Operation, Reply))>,
    files: Vec<(&'static str, String)>,
}

impl Setup {
    /// Accounts of the free pool.
    pub(crate) fn accounts<const N: usize>(names: [&str; N]) -> Self {
        Self {
            pools: vec![("ssoBasic", names.map(Value::from).to_vec())],
            config: String::new(),
            options: Options::for_tests(),
            env: Vec::new(),
            scripts: Vec::new(),
            files: Vec::new(),
        }
    }

    /// A file in the data folder.
    pub(crate) fn file(mut self, name: &'static str, text: &str) -> Self {
        self.files.push((name, text.to_owned()));
        self
    }

    /// More accounts, in the pool of this name.
    pub(crate) fn and(mut self, pool: &'static str, names: &[&str]) -> Self {
        let names = names.iter().map(|name| Value::from(*name)).collect();
        self.pools.push((pool, names));
        self
    }

    /// Accounts as rows of `token.json`, in the pool of this name.
    pub(crate) fn rows(pool: &'static str, rows: Vec<Value>) -> Self {
        Self {
            pools: vec![(pool, rows)],
            ..Self::accounts([])
        }
    }

    /// What the simulator does with an account's next call, also one that comes at once.
    pub(crate) fn script(mut self, account: &'static str, reply: (Operation, Reply)) -> Self {
        self.scripts.push((account, reply));
        self
    }

    /// A setting, by the name of its environment variable.
    pub(crate) fn with(mut self, key: &'static str, value: impl ToString) -> Self {
        self.env.push((key, value.to_string()));
        self
    }

    /// The text of `config.toml`.
    pub(crate) fn config(mut self, text: &str) -> Self {
        text.clone_into(&mut self.config);
        self
    }

    /// Another kind of simulator.
    pub(crate) fn simulator(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Starts simulator and server and waits until the accounts can be used.
    pub(crate) async fn start(self) -> Server {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let simulator = Simulator::start(self.options).await.unwrap();
        for (account, (operation, reply)) in self.scripts {
            simulator.script_for(account, operation, [reply]);
        }
        let folder = tempfile::tempdir().unwrap();
        test_support::write_accounts(folder.path(), &self.pools).unwrap();
        if !self.config.is_empty() {
            std::fs::write(folder.path().join("config.toml"), &self.config).unwrap();
        }
        for (name, text) in &self.files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let launch = Launch::new(BINARY, folder.path()).upstream(&simulator.url());
        let launch = self
            .env
            .iter()
            .fold(launch, |launch, (key, value)| launch.env(key, value));
        Server {
            gateway: launch.start().await.unwrap(),
            launch,
            folder,
            client: Client::builder().no_proxy().build().unwrap(),
            simulator,
            sent: AtomicUsize::new(0),
            seen: Mutex::default(),
        }
    }
}

/// A running server with its upstream.
pub(crate) struct Server {
    pub(crate) gateway: Gateway,
    launch: Launch,
    folder: TempDir,
    pub(crate) client: Client,
    pub(crate) simulator: Simulator,
    /// Requests that must have left a record.
    sent: AtomicUsize,
    /// How answers ended: request id, status, error code.
    seen: Mutex<Vec<(String, u16, Option<String>)>>,
}

/// What a stopped server leaves.
pub(crate) struct Left {
    /// By credential.
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Oldest first.
    pub(crate) requests: Vec<RequestRow>,
}

impl Server {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.gateway.url())
    }

    /// Stops the process and starts it again in the same folder.
    pub(crate) async fn restart(&mut self) {
        let exit = self.gateway.stop().await.unwrap();
        assert!(exit.success(), "the server failed: {exit}");
        self.gateway = self.launch.start().await.unwrap();
    }

    /// Starts the process again that the test has stopped.
    pub(crate) async fn start_again(&mut self) {
        self.gateway = self.launch.start().await.unwrap();
    }

    /// Kills the process and starts it again in the same folder.
    pub(crate) async fn kill_and_start(&mut self) {
        self.gateway.kill().unwrap();
        self.gateway = self.launch.start().await.unwrap();
    }

    /// Where its configuration and data are.
    pub(crate) fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// Counts a request that the test sends by itself.
    pub(crate) fn count_request(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Sends a chat; `stream` asks for server-sent events.
    pub(crate) async fn send(&self, body: &Value) -> Response {
        self.count_request();
        let url = self.url("/v1/chat/completions");
        self.client.post(url).json(body).send().await.unwrap()
    }

    /// One JSON answer to a simple question.
    pub(crate) async fn chat(&self) -> Plain {
        self.ask("Hello?").await
    }

    /// One JSON answer to this question.
    pub(crate) async fn ask(&self, question: &str) -> Plain {
        let answer = Plain::read(self.send(&body(question)).await).await;
        let code = answer.json["error"]["code"].as_str();
        self.saw(&answer.request_id, answer.status, code);
        answer
    }

    /// A streamed answer to a simple question, read to its end.
    pub(crate) async fn stream(&self) -> Streamed {
        let mut body = body("Hello?");
        body["stream"] = json!(true);
        let answer = Streamed::read(self.send(&body).await).await;
        self.saw(&answer.request_id, answer.status, answer.code());
        answer
    }

    /// A streamed answer of an account whose reply is held: it goes on only when the first text has
    /// reached us, so that what follows cannot come before it.
    pub(crate) async fn stream_held(&self, account: &str) -> Streamed {
        let mut body = body("Hello?");
        body["stream"] = json!(true);
        let mut response = self.send(&body).await;
        let (status, id) = answer::head(&response);
        let mut bytes = Vec::new();
        let mut is_held = true;
        while let Some(chunk) = response.chunk().await.expect("our own stream ends cleanly") {
            bytes.extend(chunk);
            if is_held && Streamed::parse(status, id.clone(), &bytes).has_text() {
                self.simulator.release(account);
                is_held = false;
            }
        }
        let answer = Streamed::parse(status, id, &bytes);
        self.saw(&answer.request_id, answer.status, answer.code());
        answer
    }

    /// Remembers how a request ended for its client; its record must say the same.
    fn saw(&self, request_id: &str, status: u16, code: Option<&str>) {
        let seen = (request_id.to_owned(), status, code.map(str::to_owned));
        self.seen.lock().unwrap().push(seen);
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

    /// The health report.
    pub(crate) async fn ready(&self) -> Value {
        let response = self.client.get(self.url("/readyz")).send().await.unwrap();
        response.json().await.unwrap()
    }

    /// Looks again and again until it is so.
    pub(crate) async fn wait_until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_so().await {
            assert!(Instant::now() < deadline, "not so after 20 s: {what}");
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits until no lease is out and no upstream stream is open, checks that the counts agree with
    /// the stored accounts and that every request left one record, and stops everything.
    pub(crate) async fn end_with_all(self) -> Left {
        self.end_with_folder().await.0
    }

    /// As [`Server::end_with_all`], with the data folder.
    pub(crate) async fn end_with_folder(mut self) -> (Left, TempDir) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.ready().await["pool"]["leases"] != 0 {
            assert!(Instant::now() < deadline, "a lease is left");
            sleep(POLL_INTERVAL).await;
        }
        self.simulator.wait_for_open_streams(0).await.unwrap();
        let pool = self.ready().await["pool"].clone();
        let exit = self.gateway.stop().await.unwrap();
        assert!(exit.success(), "the server failed: {exit}");
        let left = left(self.folder.path()).await;
        for status in [
            pool::Status::Active,
            pool::Status::Cooling,
            pool::Status::Expired,
        ] {
            let accounts = left.accounts.values();
            let stored = accounts.filter(|account| account.status == status).count();
            let name = status.as_str();
            assert_eq!(
                pool[name], stored,
                "memory and store disagree on {name} accounts: {pool}"
            );
        }
        let sent = self.sent.load(Ordering::Relaxed);
        assert_eq!(left.requests.len(), sent, "{:#?}", left.requests);
        for (id, status, code) in self.seen.lock().unwrap().iter() {
            let row = left.requests.iter().find(|row| row.id == *id).unwrap();
            let outcome = outcome(*status, code.as_deref());
            assert_eq!(
                (row.status, row.error_code.as_ref(), row.outcome),
                (*status, code.as_ref(), outcome),
                "{row:?}"
            );
        }
        self.simulator.stop().await;
        (left, self.folder)
    }

    /// Stops at once, whatever is under way.
    pub(crate) async fn cut_off(mut self) -> Left {
        let exit = self.gateway.stop().await.unwrap();
        assert!(exit.success(), "the server failed: {exit}");
        left(self.folder.path()).await
    }

    /// As [`Server::end_with_all`]; the accounts by name.
    pub(crate) async fn end(self) -> BTreeMap<String, Account> {
        self.end_with_all().await.accounts
    }

    /// As [`Server::end`], for a server with one account.
    pub(crate) async fn end_with_one(self) -> Account {
        let accounts = self.end().await;
        assert_eq!(accounts.len(), 1);
        accounts.into_values().next().unwrap()
    }
}

/// What the record must say of an answer that ended like this for its client. In a stream the status
/// is spent, so the code decides.
fn outcome(status: u16, code: Option<&str>) -> Outcome {
    match (status, code) {
        (200, None) => Outcome::Served,
        (200, Some("content_policy_violation" | "rate_limit_exceeded")) => Outcome::Refused,
        (200, Some(_)) | (500.., _) => Outcome::Failed,
        _ => Outcome::Refused,
    }
}

/// Opens the store of a stopped server.
pub(crate) async fn open_store(data_dir: &Path) -> std::sync::Arc<dyn Store> {
    let key = MasterKey::load_or_create(data_dir, None).unwrap();
    store::open("", data_dir, key).await.unwrap()
}

async fn left(data_dir: &Path) -> Left {
    let store = open_store(data_dir).await;
    let loaded = store.load_accounts().await.unwrap();
    assert_eq!(loaded.unreadable, []);
    let mut requests = store
        .list_requests(&RequestQuery::newest(10_000))
        .await
        .unwrap();
    requests.reverse();
    store.close().await;
    let accounts = loaded.accounts.into_iter();
    Left {
        accounts: accounts
            .map(|one| (one.credential.expose().to_owned(), one))
            .collect(),
        requests,
    }
}

/// A request for one JSON answer.
pub(crate) fn body(question: &str) -> Value {
    json!({"model": "grok-4", "messages": [{"role": "user", "content": question}]})
}
