//! Committed records per second: each is a usage row and one unit of quota, acknowledged after
//! `COMMIT`; and the time to load a large pool at start. Run with `cargo bench -p store`.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark may stop at the first failure"
)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pool::{Account, AccountChange, AccountId, Change, Credential, Tier};
use store::{AccountStore, MasterKey, Record, RecordStore, SqliteStore, UsageRow};
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

fn record(n: u64) -> Record {
    let account_id = format!("account-{}", n % ACCOUNTS);
    let change = Change::Used { used: 1, at_ms: 1 };
    let usage = UsageRow {
        id: Uuid::now_v7().to_string(),
        at_ms: 1_772_700_000_000,
        account_id: account_id.clone(),
        client_key: None,
        model: "grok-4".to_owned(),
        endpoint: "/v1/chat/completions".to_owned(),
        stream: true,
        status: 200,
        error_code: None,
        prompt_tokens: 100,
        completion_tokens: 200,
        reasoning_tokens: 0,
        estimated: true,
        cost: 1,
        ttft_ms: Some(5),
        duration_ms: 30,
    };
    let changes = vec![AccountChange {
        id: AccountId::new(account_id),
        change,
    }];
    Record {
        changes,
        usage: Some(usage),
    }
}

/// `total` records by `committers` tasks, each waiting for one acknowledgement at a time.
async fn commit(store: &Arc<SqliteStore>, total: u64, committers: u64) -> Duration {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for committer in 0..committers {
        let store = Arc::clone(store);
        tasks.spawn(async move {
            for n in (committer..total).step_by(committers as usize) {
                store.commit(record(n)).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    start.elapsed()
}

fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let accounts: Vec<_> = (0..ACCOUNTS).map(account).collect();
    let store = runtime.block_on(async {
        let store = SqliteStore::open(folder.path(), MasterKey::from_bytes([1; 32]))
            .await
            .unwrap();
        store.insert_accounts(&accounts).await.unwrap();
        Arc::new(store)
    });
    let mut group = criterion.benchmark_group("commit");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(4))
        .throughput(Throughput::Elements(1));
    for committers in [1, 64, 512] {
        group.bench_function(format!("{committers} committers"), |bencher| {
            bencher.iter_custom(|total| runtime.block_on(commit(&store, total, committers)));
        });
    }
    group.finish();
    runtime.block_on(store.close());
}

fn load(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let accounts: Vec<_> = (0..10_000).map(account).collect();
    let store = runtime.block_on(async {
        let store = SqliteStore::open(folder.path(), MasterKey::from_bytes([1; 32]))
            .await
            .unwrap();
        store.insert_accounts(&accounts).await.unwrap();
        store
    });
    criterion.bench_function("load 10,000 accounts", |bencher| {
        bencher.iter(|| runtime.block_on(store.load_accounts()).unwrap());
    });
    runtime.block_on(store.close());
}

criterion_group!(benches, bench, load);
criterion_main!(benches);
