//! Three instances on one database, while instances and the database are killed: what clients saw the
//! end of is stored once, and what one instance changes the others follow.
//!
//! The short form runs with the other tests. `GROK2API_SOAK` makes it long: accounts, requests and
//! kills as in [`Scale::soak`] (`make soak`).

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use grok_sim::{Operation, Options, Quota, Simulator};
use pool::{Account, AccountChange, AccountId, Change, Credential, Status, Tier};
use reqwest::Client;
use serde_json::json;
use store::{MasterKey, Outcome, Record, RequestQuery, RequestRow, Span, Store, SumQuery};
use tempfile::TempDir;
use test_support::{
    Gateway, Launch,
    databases::{Engine, Server},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{browser::Browser, support::BINARY};

const INSTANCES: usize = 3;
const PASSWORD: &str = "correct horse battery";
/// 32 bytes of 7.
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const CLIENTS: usize = 24;
/// How soon an instance follows another.
const NEWS: Duration = Duration::from_secs(1);

/// How much happens.
struct Scale {
    accounts: usize,
    requests: usize,
    kills: usize,
    restarts: usize,
}

impl Scale {
    const SHORT: Self = Self {
        accounts: 12,
        requests: 240,
        kills: 2,
        restarts: 1,
    };

    fn soak() -> Self {
        Self {
            accounts: 300,
            requests: 20_000,
            kills: 40,
            restarts: 10,
        }
    }

    fn chosen() -> Self {
        match std::env::var_os("GROK2API_SOAK") {
            Some(_) => Self::soak(),
            None => Self::SHORT,
        }
    }
}

/// One place among the three: the process that runs there may be killed and started again.
struct Instance {
    launch: Launch,
    gateway: tokio::sync::Mutex<Option<Gateway>>,
    address: std::sync::Mutex<String>,
    _folder: TempDir,
}

impl Instance {
    fn url(&self) -> String {
        self.address.lock().unwrap().clone()
    }

    async fn start(&self) {
        let gateway = self.launch.start().await.unwrap();
        *self.address.lock().unwrap() = gateway.url();
        *self.gateway.lock().await = Some(gateway);
    }

    async fn kill(&self) {
        let gateway = self.gateway.lock().await.take();
        gateway.unwrap().kill().unwrap();
    }

    async fn stop(&self) {
        let mut gateway = self.gateway.lock().await.take().unwrap();
        let exit = gateway.stop().await.unwrap();
        assert!(exit.success(), "{exit}: {}", gateway.log());
    }
}

struct World {
    database: Server,
    url: String,
    simulator: Simulator,
    instances: Vec<Arc<Instance>>,
    client: Client,
}

/// What the clients saw together.
#[derive(Default)]
struct Seen {
    /// Ids of answers that were read to their end.
    ended: HashSet<String>,
    /// Requests that were cut off or refused.
    unknown: usize,
}

impl World {
    async fn start(engine: Engine, accounts: usize) -> Self {
        Self::start_with(engine, accounts, false).await
    }

    /// `asks`: whether accounts are asked about in the background.
    async fn start_with(engine: Engine, accounts: usize, asks: bool) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut database = Server::start(engine).await.unwrap();
        let url = database.fresh_database().unwrap();
        let simulator = Simulator::start(Options {
            quota: Quota::Unlimited,
            ..Options::for_tests()
        });
        let simulator = simulator.await.unwrap();
        let world = Self {
            url,
            simulator,
            instances: Vec::new(),
            client: Client::builder().no_proxy().build().unwrap(),
            database,
        };
        let store = world.open_store().await;
        let accounts: Vec<_> = (0..accounts).map(account).collect();
        store.insert_accounts(&accounts).await.unwrap();
        store.close().await;
        let kind = match engine {
            Engine::Postgres => "pgsql",
            Engine::MariaDb => "mysql",
            Engine::Redis => "redis",
        };
        let instances = (0..INSTANCES).map(|_| world.instance(kind, asks));
        let instances: Vec<_> = instances.collect();
        // At once: one of them makes what the first start makes.
        let mut starts = JoinSet::new();
        for instance in &instances {
            let instance = Arc::clone(instance);
            starts.spawn(async move { instance.start().await });
        }
        starts.join_all().await;
        Self { instances, ..world }
    }

    fn instance(&self, kind: &str, asks: bool) -> Arc<Instance> {
        let folder = tempfile::tempdir().unwrap();
        let launch = Launch::new(BINARY, folder.path())
            .upstream(&self.simulator.url())
            .env("SERVER_STORAGE_TYPE", kind)
            .env("SERVER_STORAGE_URL", &self.url)
            .env("GROK2API_SECRET_KEY", KEY)
            .env("GROK2API_APP__APP_KEY", PASSWORD)
            .env("GROK2API_TOKEN__AUTO_REFRESH", asks)
            .env("GROK2API_APP__TEMPORARY", false)
            .env("LOG_LEVEL", "warn");
        Arc::new(Instance {
            launch,
            gateway: tokio::sync::Mutex::default(),
            address: std::sync::Mutex::default(),
            _folder: folder,
        })
    }

    async fn open_store(&self) -> Arc<dyn Store> {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::load_or_create(folder.path(), Some(KEY)).unwrap();
        store::open(&self.url, folder.path(), key).await.unwrap()
    }

    /// Sends so many requests to all instances, and kills and starts again meanwhile.
    async fn siege(&mut self, scale: &Scale) -> Seen {
        let left = Arc::new(AtomicUsize::new(scale.requests));
        let mut clients = JoinSet::new();
        for n in 0..CLIENTS {
            let (client, left) = (self.client.clone(), Arc::clone(&left));
            let instances = self.instances.clone();
            clients.spawn(ask_on(client, instances, left, n));
        }
        // Evenly over the requests, so that a quick machine has its kills as well.
        let events = scale.kills + scale.restarts;
        for event in 1..=events {
            let at = scale.requests - scale.requests * event / (events + 1);
            while left.load(Relaxed) > at {
                sleep(Duration::from_millis(5)).await;
            }
            if event * scale.restarts / events > (event - 1) * scale.restarts / events {
                self.database.kill();
                sleep(Duration::from_millis(200)).await;
                self.database.start_again().await.unwrap();
            } else {
                let instance = &self.instances[event % INSTANCES];
                instance.kill().await;
                instance.start().await;
            }
        }
        let mut all = Seen::default();
        for seen in clients.join_all().await {
            all.ended.extend(seen.ended);
            all.unknown += seen.unknown;
        }
        all
    }

    async fn wait_for_leases(&self) {
        for instance in &self.instances {
            let deadline = Instant::now() + Duration::from_secs(30);
            loop {
                let url = format!("{}/readyz", instance.url());
                let answer = self.client.get(url).send().await.unwrap();
                let ready: serde_json::Value = answer.json().await.unwrap();
                if ready["pool"]["leases"] == 0 {
                    break;
                }
                assert!(Instant::now() < deadline, "a lease is left: {ready}");
                sleep(Duration::from_millis(20)).await;
            }
        }
    }

    /// Every request row, and the accounts, after all instances have stopped.
    async fn stop(self) -> (Vec<RequestRow>, Vec<Account>, u64) {
        for instance in &self.instances {
            instance.stop().await;
        }
        let store = self.open_store().await;
        let rows = store.list_requests(&RequestQuery::newest(u32::MAX)).await;
        let accounts = store.load_accounts().await.unwrap().accounts;
        let days = SumQuery {
            span: Span::Day,
            since_ms: 0,
            until_ms: i64::MAX,
        };
        let sums = store.sum_requests(&days).await.unwrap();
        let summed = sums.iter().map(|sum| sum.totals.requests).sum();
        store.close().await;
        self.simulator.stop_unchecked().await;
        (rows.unwrap(), accounts, summed)
    }
}

fn account(n: usize) -> Account {
    let credential = Credential::try_new(&format!("shared-account-{n:04}")).unwrap();
    Account::new(id(n), credential, Tier::Basic, 1_772_700_000_000)
}

fn id(n: usize) -> AccountId {
    AccountId::new(format!("account-{n:04}"))
}

/// One client: asks instance after instance until no request is left.
async fn ask_on(
    client: Client,
    instances: Vec<Arc<Instance>>,
    left: Arc<AtomicUsize>,
    first: usize,
) -> Seen {
    let mut seen = Seen::default();
    let take = |left: usize| left.checked_sub(1);
    for turn in first.. {
        if left.fetch_update(Relaxed, Relaxed, take).is_err() {
            break;
        }
        let instance = &instances[turn % INSTANCES];
        match ask(&client, &instance.url(), turn % 2 == 0).await {
            Some(id) => {
                seen.ended.insert(id);
            }
            None => {
                seen.unknown += 1;
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    seen
}

/// The id of an answer that was read to its end.
async fn ask(client: &Client, url: &str, is_stream: bool) -> Option<String> {
    let body = json!({
        "model": "grok-3",
        "stream": is_stream,
        "messages": [{ "role": "user", "content": "Say something short." }],
    });
    let asking = client
        .post(format!("{url}/v1/chat/completions"))
        .json(&body);
    let mut response = asking.send().await.ok()?;
    let status = response.status().as_u16();
    let id = response.headers().get("x-request-id").cloned();
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend(chunk),
            Ok(None) => break,
            Err(_) => return None,
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    if status != 200 {
        assert_eq!(
            status, 503,
            "a store that is away is the only excuse: {text}"
        );
        return None;
    }
    let is_whole = if is_stream {
        text.ends_with("data: [DONE]\n\n") && !text.contains("\"error\"")
    } else {
        serde_json::from_str::<serde_json::Value>(&text).is_ok()
    };
    is_whole.then(|| id.unwrap().to_str().unwrap().to_owned())
}

/// Quota and rows agree with each other and with what clients saw.
fn assert_exact(seen: &Seen, rows: &[RequestRow], accounts: &[Account], summed: u64) {
    let served: HashMap<_, _> = rows
        .iter()
        .filter(|row| row.outcome == Outcome::Served)
        .map(|row| (row.id.as_str(), row))
        .collect();
    let lost: Vec<_> = seen
        .ended
        .iter()
        .filter(|id| !served.contains_key(id.as_str()))
        .collect();
    assert_eq!(lost, [""; 0], "of {} answers", seen.ended.len());
    let most = seen.ended.len() + seen.unknown;
    assert!(served.len() <= most, "{} of {most}", served.len());
    assert_eq!(summed, rows.len() as u64, "sums count each row once");
    let mut used = HashMap::<_, u32>::new();
    for row in rows {
        *used
            .entry(row.account_id.as_deref().unwrap_or_default())
            .or_default() += row.cost;
    }
    for account in accounts {
        let used = used.get(account.id.as_str()).copied().unwrap_or(0);
        assert_eq!(account.use_count, u64::from(used), "use of {}", account.id);
        let left = Tier::Basic.default_quota() - used;
        assert_eq!(account.quota, left, "quota of {}", account.id);
        assert_eq!(account.status, Status::Active, "{account:?}");
    }
}

async fn nothing_is_lost_or_counted_twice(engine: Engine) {
    let scale = Scale::chosen();
    let mut world = World::start(engine, scale.accounts).await;
    let seen = world.siege(&scale).await;
    world.wait_for_leases().await;
    let (rows, accounts, summed) = world.stop().await;
    assert_exact(&seen, &rows, &accounts, summed);
    assert_eq!(accounts.len(), scale.accounts);
    assert!(
        seen.ended.len() > scale.requests / 2,
        "{} ended",
        seen.ended.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_on_postgres_lose_nothing_and_count_nothing_twice() {
    nothing_is_lost_or_counted_twice(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_on_redis_lose_nothing_and_count_nothing_twice() {
    nothing_is_lost_or_counted_twice(Engine::Redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_on_mariadb_lose_nothing_and_count_nothing_twice() {
    nothing_is_lost_or_counted_twice(Engine::MariaDb).await;
}

async fn the_others_follow(engine: Engine) {
    let world = World::start(engine, 3).await;
    let store = world.open_store().await;
    // As another instance does it on the operator's word.
    let disable = Record {
        changes: vec![AccountChange {
            id: id(0),
            change: Change::Status {
                status: Status::Disabled,
                cooldown: None,
            },
        }],
        request: None,
    };
    store.commit(disable).await.unwrap();
    let added = Account {
        quota: 400,
        ..account(7)
    };
    store.insert_accounts(&[added]).await.unwrap();
    store.delete_accounts(&[id(1)]).await.unwrap();
    sleep(NEWS).await;
    for turn in 0..12 {
        let url = world.instances[turn % INSTANCES].url();
        assert!(ask(&world.client, &url, false).await.is_some());
    }
    store.close().await;
    let (rows, ..) = world.stop().await;
    let served: HashSet<_> = rows
        .iter()
        .filter_map(|row| row.account_id.clone())
        .collect();
    assert_eq!(rows.len(), 12);
    assert!(!served.contains("account-0000"), "switched off by another");
    assert!(!served.contains("account-0001"), "deleted by another");
    assert!(
        served.contains("account-0007"),
        "the fullest, added by another"
    );
}

#[tokio::test]
async fn an_account_switched_off_on_one_is_not_used_by_the_others_postgres() {
    the_others_follow(Engine::Postgres).await;
}

#[tokio::test]
async fn an_account_switched_off_on_one_is_not_used_by_the_others_redis() {
    the_others_follow(Engine::Redis).await;
}

#[tokio::test]
async fn an_account_switched_off_on_one_is_not_used_by_the_others_mariadb() {
    the_others_follow(Engine::MariaDb).await;
}

async fn an_account_is_asked_about_once(engine: Engine) {
    const ACCOUNTS: usize = 8;
    let world = World::start_with(engine, ACCOUNTS, true).await;
    let asked = || world.simulator.requests_of(Operation::RateLimits);
    let deadline = Instant::now() + Duration::from_secs(20);
    while asked().len() < ACCOUNTS {
        assert!(
            Instant::now() < deadline,
            "only {} were asked",
            asked().len()
        );
        sleep(Duration::from_millis(20)).await;
    }
    // Whoever asks again does it now: every instance was told of what the others found out.
    sleep(2 * NEWS).await;
    let about: HashSet<_> = asked().into_iter().filter_map(|one| one.account).collect();
    assert_eq!((about.len(), asked().len()), (ACCOUNTS, ACCOUNTS));
    world.stop().await;
}

#[tokio::test]
async fn an_account_is_asked_about_once_by_all_together_postgres() {
    an_account_is_asked_about_once(Engine::Postgres).await;
}

#[tokio::test]
async fn an_account_is_asked_about_once_by_all_together_redis() {
    an_account_is_asked_about_once(Engine::Redis).await;
}

#[tokio::test]
async fn an_account_is_asked_about_once_by_all_together_mariadb() {
    an_account_is_asked_about_once(Engine::MariaDb).await;
}

async fn a_conversation_goes_on_elsewhere(engine: Engine) {
    let world = World::start(engine, 2).await;
    let ask = async |instance: usize, body: serde_json::Value| -> serde_json::Value {
        let url = format!("{}/v1/chat/completions", world.instances[instance].url());
        let answer = world.client.post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    };
    let user = |text: &str| json!({"role": "user", "content": text});
    let first = ask(0, json!({"model": "grok-3", "messages": [user("Hi")]})).await;
    let said = &first["choices"][0]["message"]["content"];
    let id = &first["conversation_id"];
    assert!(id.is_string(), "{first}");
    // Stored behind the answer, in a moment.
    sleep(NEWS).await;
    let turns = json!([user("Hi"), {"role": "assistant", "content": said}, user("More")]);
    let more = json!({"model": "grok-3", "messages": turns, "conversation_id": id});
    let second = ask(1, more).await;
    assert_eq!(second["conversation_id"], *id);
    let chats = world.simulator.requests_of(Operation::Chat);
    assert_eq!(chats[1].body["message"], "More", "the rest is known there");
    assert_eq!(chats[0].account, chats[1].account);
    world.stop().await;
}

#[tokio::test]
async fn a_conversation_goes_on_on_another_instance_postgres() {
    a_conversation_goes_on_elsewhere(Engine::Postgres).await;
}

#[tokio::test]
async fn a_conversation_goes_on_on_another_instance_redis() {
    a_conversation_goes_on_elsewhere(Engine::Redis).await;
}

#[tokio::test]
async fn a_conversation_goes_on_on_another_instance_mariadb() {
    a_conversation_goes_on_elsewhere(Engine::MariaDb).await;
}

async fn signing_out_is_for_all(engine: Engine) {
    let world = World::start(engine, 1).await;
    let gateways = {
        let mut gateways = Vec::new();
        for instance in &world.instances {
            gateways.push(instance.gateway.lock().await);
        }
        gateways
    };
    let [one, two, _] = gateways.as_slice() else {
        unreachable!("three instances");
    };
    let first = Browser::new(one.as_ref().unwrap());
    assert_eq!(first.sign_in(PASSWORD).await.status, 200);
    let second = Browser::new(two.as_ref().unwrap());
    for (name, value) in first.cookies() {
        second.set_cookie(&name, Some(value));
    }
    assert!(second.is_admin().await, "a session is known to all");
    let out = first.form("/api/sign_out", String::new()).await;
    assert_eq!(out.status, 200, "{out:?}");
    assert!(!second.is_admin().await);
    drop(gateways);
    world.stop().await;
}

#[tokio::test]
async fn signing_out_on_one_signs_out_on_all_postgres() {
    signing_out_is_for_all(Engine::Postgres).await;
}

#[tokio::test]
async fn signing_out_on_one_signs_out_on_all_redis() {
    signing_out_is_for_all(Engine::Redis).await;
}

#[tokio::test]
async fn signing_out_on_one_signs_out_on_all_mariadb() {
    signing_out_is_for_all(Engine::MariaDb).await;
}
