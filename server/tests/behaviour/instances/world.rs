//! A database, an upstream, three instances, and clients that ask while things are killed.

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use grok_sim::{Options, Quota, Simulator};
use pool::{Account, AccountId, Credential, Tier};
use reqwest::Client;
use serde_json::json;
use store::{MasterKey, RequestQuery, RequestRow, Span, Store, SumQuery};
use tempfile::TempDir;
use test_support::{
    Gateway, Launch,
    databases::{Engine, Server},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::support::BINARY;

pub(super) const INSTANCES: usize = 3;
pub(super) const PASSWORD: &str = "correct horse battery";
/// 32 bytes of 7.
pub(super) const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
pub(super) const CLIENTS: usize = 24;
/// How soon an instance follows another.
pub(super) const NEWS: Duration = Duration::from_secs(1);

/// How much happens.
pub(super) struct Scale {
    pub(super) accounts: usize,
    pub(super) requests: usize,
    pub(super) kills: usize,
    pub(super) restarts: usize,
}

impl Scale {
    pub(super) const SHORT: Self = Self {
        accounts: 12,
        requests: 240,
        kills: 2,
        restarts: 1,
    };

    pub(super) fn soak() -> Self {
        Self {
            accounts: 300,
            requests: 20_000,
            kills: 40,
            restarts: 10,
        }
    }

    pub(super) fn chosen() -> Self {
        match std::env::var_os("GROK2API_SOAK") {
            Some(_) => Self::soak(),
            None => Self::SHORT,
        }
    }
}

/// One place among the three: the process that runs there may be killed and started again.
pub(super) struct Instance {
    pub(super) launch: Launch,
    pub(super) gateway: tokio::sync::Mutex<Option<Gateway>>,
    pub(super) address: std::sync::Mutex<String>,
    _folder: TempDir,
}

impl Instance {
    pub(super) fn url(&self) -> String {
        self.address.lock().unwrap().clone()
    }

    pub(super) async fn start(&self) {
        let gateway = self.launch.start().await.unwrap();
        *self.address.lock().unwrap() = gateway.url();
        *self.gateway.lock().await = Some(gateway);
    }

    pub(super) async fn kill(&self) {
        let gateway = self.gateway.lock().await.take();
        gateway.unwrap().kill().unwrap();
    }

    pub(super) async fn stop(&self) {
        let mut gateway = self.gateway.lock().await.take().unwrap();
        let exit = gateway.stop().await.unwrap();
        assert!(exit.success(), "{exit}: {}", gateway.log());
    }
}

pub(super) struct World {
    pub(super) database: Server,
    pub(super) url: String,
    pub(super) simulator: Simulator,
    pub(super) instances: Vec<Arc<Instance>>,
    pub(super) client: Client,
}

/// What the clients saw together.
#[derive(Default)]
pub(super) struct Seen {
    /// Ids of answers that were read to their end.
    pub(super) ended: HashSet<String>,
    /// Requests that were cut off or refused.
    pub(super) unknown: usize,
}

impl World {
    pub(super) async fn start(engine: Engine, accounts: usize) -> Self {
        Self::start_with(engine, accounts, false).await
    }

    /// `asks`: whether accounts are asked about in the background.
    pub(super) async fn start_with(engine: Engine, accounts: usize, asks: bool) -> Self {
        Self::start_in(engine, accounts, asks, None).await
    }

    /// All of them with one folder of media.
    pub(super) async fn start_sharing(engine: Engine, accounts: usize, media: &Path) -> Self {
        Self::start_in(engine, accounts, false, Some(media)).await
    }

    async fn start_in(engine: Engine, accounts: usize, asks: bool, media: Option<&Path>) -> Self {
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
        let instances = (0..INSTANCES).map(|_| world.instance(kind, asks, media));
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

    fn instance(&self, kind: &str, asks: bool, media: Option<&Path>) -> Arc<Instance> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(media) = media {
            std::os::unix::fs::symlink(media, folder.path().join("media")).unwrap();
        }
        let launch = Launch::new(BINARY, folder.path())
            .upstream(&self.simulator.url())
            .env("SERVER_STORAGE_TYPE", kind)
            .env("SERVER_STORAGE_URL", &self.url)
            .env("GROK2API_SECRET_KEY", KEY)
            .env("GROK2API_APP__APP_KEY", PASSWORD)
            .env("GROK2API_TOKEN__AUTO_REFRESH", asks)
            .env("GROK2API_APP__TEMPORARY", false)
            .env("GROK2API_APP__PUBLIC_ENABLED", true)
            .env("LOG_LEVEL", "warn");
        Arc::new(Instance {
            launch,
            gateway: tokio::sync::Mutex::default(),
            address: std::sync::Mutex::default(),
            _folder: folder,
        })
    }

    pub(super) async fn open_store(&self) -> Arc<dyn Store> {
        let folder = tempfile::tempdir().unwrap();
        let key = MasterKey::load_or_create(folder.path(), Some(KEY)).unwrap();
        store::open(&self.url, folder.path(), key).await.unwrap()
    }

    /// Sends so many requests to all instances, and kills and starts again meanwhile.
    pub(super) async fn siege(&mut self, scale: &Scale) -> Seen {
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

    pub(super) async fn wait_for_leases(&self) {
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
    pub(super) async fn stop(self) -> (Vec<RequestRow>, Vec<Account>, u64) {
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

pub(super) fn account(n: usize) -> Account {
    let credential = Credential::try_new(&format!("shared-account-{n:04}")).unwrap();
    Account::new(id(n), credential, Tier::Basic, 1_772_700_000_000)
}

pub(super) fn id(n: usize) -> AccountId {
    AccountId::new(format!("account-{n:04}"))
}

/// One client: asks instance after instance until no request is left.
pub(super) async fn ask_on(
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
pub(super) async fn ask(client: &Client, url: &str, is_stream: bool) -> Option<String> {
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
