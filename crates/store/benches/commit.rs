//! Committed records per second: each is a request with its sums and one unit of quota, acknowledged
//! after `COMMIT`; the same without the request; and the time to load a large pool at start. Run with
//! `cargo bench -p store`.
//!
//! `GROK2API_BENCH_URL` names an empty database of a server, which is measured beside SQLite in the
//! same run; `GROK2API_BENCH_ACCOUNTS` says how many accounts are loaded (10,000).
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop at the first failure"
)]

use std::{
    env,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pool::{Account, AccountChange, AccountId, Change, Credential, Tier};
use store::{AttemptRow, MasterKey, Outcome, Record, RequestRow, Store};
use tokio::{runtime::Runtime, task::JoinSet};
use uuid::Uuid;

const ACCOUNTS: u64 = 1000;

fn account(n: u64) -> Account {
    let credential = Credential::try_new(&format!("cookie-{n:08}")).unwrap();
    let id = AccountId::new(format!("account-{n}"));
    Account {
        quota: u32::MAX,
        ..Account::new(id, credential, Tier::Super, 0)
    }
}

fn record(n: u64, has_request: bool) -> Record {
    let account_id = format!("account-{}", n % ACCOUNTS);
    let change = Change::Used { used: 1, at_ms: 1 };
    Record {
        request: has_request.then(|| request(account_id.clone())),
        changes: vec![AccountChange {
            id: AccountId::new(account_id),
            change,
        }],
    }
}

fn request(account_id: String) -> RequestRow {
    RequestRow {
        id: Uuid::now_v7().simple().to_string(),
        at_ms: 1_772_700_000_000,
        endpoint: "chat.completions".to_owned(),
        stream: true,
        key: Some("team".to_owned()),
        client: Some("192.0.2.7".to_owned()),
        model: Some("grok-4".to_owned()),
        served_model: Some("grok-4".to_owned()),
        account_id: Some(account_id),
        account: Some("abcd".to_owned()),
        attempts: vec![AttemptRow {
            account: "abcd".to_owned(),
            choice: "most quota".to_owned(),
            outcome: "served".to_owned(),
            status: Some(200),
            duration_ms: 30,
            skipped: vec![("cooling".to_owned(), 3)],
        }],
        status: 200,
        outcome: Outcome::Served,
        error_code: None,
        first_byte_ms: Some(5),
        duration_ms: 30,
        bytes: 12_000,
        prompt_tokens: 100,
        completion_tokens: 200,
        reasoning_tokens: 0,
        estimated: true,
        cost: 1,
    }
}

/// `total` records by `committers` tasks, each waiting for one acknowledgement at a time.
async fn commit(
    store: &Arc<dyn Store>,
    total: u64,
    committers: u64,
    has_request: bool,
) -> Duration {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for committer in 0..committers {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            for n in (committer..total).step_by(committers as usize) {
                store.commit(record(n, has_request)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    start.elapsed()
}

/// What is measured: a name, and a URL.
fn engines() -> Vec<(String, String)> {
    let mut engines = vec![("sqlite".to_owned(), String::new())];
    if let Ok(url) = env::var("GROK2API_BENCH_URL") {
        let scheme = url.split(':').next().unwrap_or_default().to_owned();
        engines.push((scheme, url));
    }
    engines
}

/// A store with so many accounts and no others.
async fn open(url: &str, folder: &Path, accounts: u64) -> Arc<dyn Store> {
    let key = MasterKey::from_bytes([1; 32]);
    let store = store::open(url, folder, key).await.unwrap();
    let left = store.load_accounts().await.unwrap().accounts;
    let left: Vec<_> = left.into_iter().map(|account| account.id).collect();
    store.delete_accounts(&left).await.unwrap();
    let accounts: Vec<_> = (0..accounts).map(account).collect();
    for chunk in accounts.chunks(10_000) {
        store.insert_accounts(chunk).await.unwrap();
    }
    store
}

fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (name, url) in engines() {
        let store = runtime.block_on(open(&url, folder.path(), ACCOUNTS));
        let mut group = criterion.benchmark_group(format!("{name}: commit"));
        group
            .sample_size(10)
            .measurement_time(Duration::from_secs(4))
            .throughput(Throughput::Elements(1));
        for committers in [1, 32, 64, 512] {
            group.bench_function(format!("{committers} committers"), |bencher| {
                bencher
                    .iter_custom(|total| runtime.block_on(commit(&store, total, committers, true)));
            });
        }
        group.bench_function("32 committers, quota only", |bencher| {
            bencher.iter_custom(|total| runtime.block_on(commit(&store, total, 32, false)));
        });
        group.finish();
        runtime.block_on(store.close());
    }
}

fn load(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let total = env::var("GROK2API_BENCH_ACCOUNTS").ok();
    let total = total.map_or(10_000, |total| total.parse().unwrap());
    for (name, url) in engines() {
        let store = runtime.block_on(open(&url, folder.path(), total));
        let mut group = criterion.benchmark_group(format!("{name}: load"));
        group.sample_size(10);
        group.bench_function(format!("{total} accounts"), |bencher| {
            bencher.iter(|| runtime.block_on(store.load_accounts()).unwrap());
        });
        group.finish();
        runtime.block_on(store.close());
    }
}

criterion_group!(benches, bench, load);
criterion_main!(benches);
