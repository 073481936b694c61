//! Property: changes applied in SQL, however they are grouped, end where `pool::replay` ends.

use std::{cell::Cell, sync::Arc};

use pool::{AccountChange, Change, Cooldown, CooldownReason, Status, Tier, replay};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use store::{AccountStore, Record, RecordStore};
use tokio::{runtime, task::JoinSet};

use crate::support::{self, account, id};

fn change() -> impl Strategy<Value = Change> {
    let status = prop::sample::select(vec![
        Status::Active,
        Status::Cooling,
        Status::Expired,
        Status::Disabled,
    ]);
    let reason = prop::sample::select(vec![
        CooldownReason::RateLimited,
        CooldownReason::QuotaEmpty,
        CooldownReason::UpstreamErrors,
    ]);
    let cooldown = prop::option::of(
        (any::<i64>(), reason).prop_map(|(until_ms, reason)| Cooldown { until_ms, reason }),
    );
    let pool = prop::sample::select(Tier::ALL.to_vec());
    prop_oneof![
        6 => (0..100_u32, any::<i64>()).prop_map(|(used, at_ms)| Change::Used { used, at_ms }),
        1 => (status, cooldown).prop_map(|(status, cooldown)| Change::Status { status, cooldown }),
        2 => (0..200_u32).prop_map(|quota| Change::Quota { quota }),
        1 => (any::<u32>(), any::<i64>(), "[a-z_']{0,9}").prop_map(|(fail_count, at_ms, reason)| {
            Change::Failed { fail_count, at_ms, reason }
        }),
        1 => Just(Change::FailuresCleared),
        1 => pool.prop_map(|tier| Change::Tier { tier }),
        1 => any::<i64>().prop_map(|at_ms| Change::Synced { at_ms }),
    ]
}

#[test]
fn changes_in_sql_end_where_replay_ends() {
    let folder = tempfile::tempdir().unwrap();
    // One thread: tasks run in the order in which they were spawned, so the queue has that order.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let store = Arc::new(runtime.block_on(support::open(folder.path())));
    let case = Cell::new(0);
    let records = prop::collection::vec(prop::collection::vec((0..3_usize, change()), 1..4), 1..12);
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(100)
    });
    let result = runner.run(&records, |records| {
        case.set(case.get() + 1);
        let names = [0, 1, 2].map(|n| format!("case{}-{n}", case.get()));
        let mut expected = names.clone().map(|name| account(&name));
        let stored = runtime.block_on(async {
            store.insert_accounts(&expected).await.unwrap();
            let mut commits = JoinSet::new();
            for changes in records {
                let mut record = Record::default();
                for (n, change) in changes {
                    replay(&mut expected[n], &change);
                    record.changes.push(AccountChange {
                        id: id(&names[n]),
                        change,
                    });
                }
                let store = Arc::clone(&store);
                commits.spawn(async move { store.commit(record).await });
            }
            commits
                .join_all()
                .await
                .into_iter()
                .for_each(|result| result.unwrap());
            let stored = store.load_accounts().await.unwrap();
            store
                .delete_accounts(&names.map(|name| id(&name)))
                .await
                .unwrap();
            stored
        });
        prop_assert_eq!(stored.as_slice(), expected.as_slice());
        Ok(())
    });
    result.unwrap();
    runtime.block_on(store.close());
}
