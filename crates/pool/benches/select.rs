//! Selection and lease at 1,000, 100,000 and 1,000,000 accounts of three tiers, asked for in turn.
//! Budget: 250 ns for select and lease, dropping the lease included (`docs/architecture.md`,
//! section 6).
#![expect(clippy::unwrap_used, reason = "not a request path")]

use std::hint::black_box;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use pool::{
    Account, AccountId, Credential, Event, Lease, Outcome, Policy, Pool, QuotaReport,
    SelectRequest, Tier,
};

const NOW: i64 = 1_772_700_000_000;
const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Leases that are open at once where selection is measured alone.
const BATCH: u64 = 500;

/// The tier of the n-th account and of the n-th request.
fn tier(n: u64) -> Tier {
    Tier::ALL[n as usize % Tier::ALL.len()]
}

/// Accounts with UUID-long ids and JWT-long secrets, all with the default quota of their tier.
fn filled(size: usize) -> Arc<Pool> {
    let pool = Pool::new(Policy::default(), 42);
    pool.insert((0..size).map(|n| {
        let credential = Credential::try_new(&format!("{n:0>160}")).unwrap();
        let id = AccountId::new(format!("00000000-0000-7000-8000-{n:012}"));
        Account::new(id, credential, tier(n as u64), NOW)
    }));
    pool
}

/// Syncs every account in an order that has nothing to do with that of the pool's memory.
fn synced_at_random(pool: &Pool, size: usize) {
    for n in (0..size).map(|n| n * 7_919 % size) {
        let account = AccountId::new(format!("00000000-0000-7000-8000-{n:012}"));
        let (quota, window) = (60, None);
        drop(pool.apply(
            &account,
            &Event::Synced(QuotaReport {
                quota,
                window,
                ..QuotaReport::default()
            }),
            NOW,
        ));
    }
}

fn lease(pool: &Arc<Pool>, n: u64, exclude: &[AccountId]) -> Lease {
    let request = SelectRequest {
        tier: tier(n),
        cost: 1,
        exclude,
        prefer: None,
        windows: &[],
    };
    pool.select(&request, NOW).unwrap()
}

/// One whole request. It consumes nothing, so that quotas outlast the run; this is the longer way,
/// since the account then changes its bucket twice.
fn request(pool: &Arc<Pool>, n: u64, exclude: &[AccountId]) {
    let outcome = Outcome::Success { cost: 0 };
    black_box(lease(pool, n, exclude).finish(outcome, NOW));
}

/// Selections alone, in batches whose leases are returned outside the measurement.
fn select_only(pool: &Arc<Pool>, iterations: u64) -> Duration {
    let mut leases: Vec<Lease> = Vec::with_capacity(BATCH as usize);
    let (mut done, mut taken) = (0, Duration::ZERO);
    while done < iterations {
        let batch = BATCH.min(iterations - done);
        let start = Instant::now();
        leases.extend((0..batch).map(|n| lease(pool, n, &[])));
        taken += start.elapsed();
        done += batch;
        leases.clear();
    }
    taken
}

fn contended(pool: &Arc<Pool>, iterations: u64) -> Duration {
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..iterations / 2).for_each(|n| request(pool, n, &[])));
        }
    });
    start.elapsed()
}

fn benches(c: &mut Criterion) {
    for size in SIZES {
        let pool = filled(size);
        let leases: Vec<_> = (0..3).map(|n| lease(&pool, n, &[])).collect();
        let excluded: Vec<_> = leases.iter().map(|l| l.account_id().clone()).collect();
        drop(leases);
        let mut n = 0;
        let mut next = || {
            n += 1;
            n
        };
        let mut group = c.benchmark_group("pool");
        group.bench_function(BenchmarkId::new("select", size), |b| {
            b.iter_custom(|iterations| select_only(&pool, iterations));
        });
        group.bench_function(BenchmarkId::new("select+drop", size), |b| {
            b.iter(|| drop(lease(&pool, next(), &[])));
        });
        group.bench_function(BenchmarkId::new("select+finish", size), |b| {
            b.iter(|| request(&pool, next(), &[]));
        });
        group.bench_function(BenchmarkId::new("select+finish, 3 excluded", size), |b| {
            b.iter(|| request(&pool, next(), &excluded));
        });
        group.bench_function(BenchmarkId::new("select+finish, 2 threads", size), |b| {
            b.iter_custom(|iterations| contended(&pool, iterations));
        });
        synced_at_random(&pool, size);
        group.bench_function(
            BenchmarkId::new("select+drop, synced at random", size),
            |b| {
                b.iter(|| drop(lease(&pool, next(), &[])));
            },
        );
        group.finish();
    }
}

criterion_group! {
    name = select;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(1));
    targets = benches
}
criterion_main!(select);
