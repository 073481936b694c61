//! Property: changes applied in the database, however they are grouped, end where `pool::replay` ends.

use std::{cell::Cell, sync::Arc};

use pool::{AccountChange, Change, Cooldown, CooldownReason, Status, Tier, replay};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use store::{Record, Store};
use tokio::runtime::Runtime;

use crate::support::{account, accounts, id};

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

pub(crate) fn changes_in_the_store_end_where_replay_ends(
    runtime: &Runtime,
    store: &Arc<dyn Store>,
) {
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
            let mut receipts = Vec::new();
            for changes in records {
                let mut record = Record::default();
                for (n, change) in changes {
                    replay(&mut expected[n], &change);
                    record.changes.push(AccountChange {
                        id: id(&names[n]),
                        change,
                    });
                }
                receipts.push(store.submit(record).unwrap());
            }
            for receipt in receipts {
                receipt.await.unwrap();
            }
            let stored = accounts(&**store).await;
            let ids = names.map(|name| id(&name));
            store.delete_accounts(&ids).await.unwrap();
            stored
        });
        prop_assert_eq!(stored.as_slice(), expected.as_slice());
        Ok(())
    });
    result.unwrap();
}
