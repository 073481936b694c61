//! Selection and lease at 1,000, 100,000 and 1,000,000 accounts. Budget: 250 ns
//! (`docs/architecture.md`, section 6).
#![expect(clippy::unwrap_used, reason = "not a request path")]

use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use pool::{Account, AccountId, Credential, Lease, Outcome, Policy, Pool, SelectRequest, Tier};

const NOW: i64 = 1_772_700_000_000;
const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

/// Accounts with UUID-long ids and JWT-long secrets, all with the default quota.
fn filled(size: usize) -> Arc<Pool> {
    let pool = Pool::new(Policy::default(), 42);
    pool.insert((0..size).map(|n| {
        let credential = Credential::try_new(&format!("{n:0>160}")).unwrap();
        let id = AccountId::new(format!("00000000-0000-7000-8000-{n:012}"));
        Account {
            quota: 1_000_000,
            ..Account::new(id, credential, Tier::Basic, NOW)
        }
    }));
    pool
}

fn want(exclude: &[AccountId]) -> SelectRequest<'_> {
    SelectRequest {
        tier: Tier::Basic,
        cost: 1,
        exclude,
        prefer: None,
    }
}

/// One whole request. It consumes nothing, so that quotas outlast the run; this is the longer way,
/// since the account then changes its bucket twice.
fn request(pool: &Arc<Pool>, want: &SelectRequest<'_>) {
    let lease = pool.select(want, NOW).unwrap();
    black_box(lease.finish(Outcome::Success { cost: 0 }, NOW));
}

/// Selections alone, in batches of 500 leases that are returned outside the measurement.
fn select_only(pool: &Arc<Pool>, iterations: u64) -> Duration {
    let mut leases: Vec<Lease> = Vec::with_capacity(500);
    let (mut left, mut taken) = (iterations, Duration::ZERO);
    while left > 0 {
        let batch = left.min(500);
        let start = Instant::now();
        leases.extend((0..batch).filter_map(|_| pool.select(&want(&[]), NOW).ok()));
        taken += start.elapsed();
        left -= batch;
        leases.clear();
    }
    taken
}

fn contended(pool: &Arc<Pool>, iterations: u64) -> Duration {
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..iterations / 2).for_each(|_| request(pool, &want(&[]))));
        }
    });
    start.elapsed()
}

fn benches(c: &mut Criterion) {
    for size in SIZES {
        let pool = filled(size);
        let excluded: Vec<_> = (0..3)
            .map(|_| pool.select(&want(&[]), NOW).unwrap())
            .map(|lease| lease.account_id().clone())
            .collect();
        let mut group = c.benchmark_group("pool");
        group.bench_function(BenchmarkId::new("select", size), |b| {
            b.iter_custom(|iterations| select_only(&pool, iterations));
        });
        group.bench_function(BenchmarkId::new("select+finish", size), |b| {
            b.iter(|| request(&pool, &want(&[])));
        });
        group.bench_function(BenchmarkId::new("select+finish, 3 excluded", size), |b| {
            b.iter(|| request(&pool, &want(&excluded)));
        });
        group.bench_function(BenchmarkId::new("select+finish, 2 threads", size), |b| {
            b.iter_custom(|iterations| contended(&pool, iterations));
        });
        group.finish();
    }
}

criterion_group! {
    name = select;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = benches
}
criterion_main!(select);
