//! Property: changes applied in the database, however they are grouped, end where `pool::replay` ends.

use std::{cell::Cell, sync::Arc};

use pool::{
    AccountChange, AccountProxy, Change, Check, CheckResult, Cooldown, CooldownReason, QuotaWindow,
    Status, Tier, replay,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use store::{Record, Store};
use tokio::runtime::Runtime;

use crate::support::{account, accounts, id};

fn window() -> impl Strategy<Value = QuotaWindow> {
    let numbers = any::<(u32, Option<u32>, Option<u64>, Option<i64>, i64)>();
    ("[a-z\"-]{1,9}", numbers).prop_map(|(model, numbers)| {
        let (remaining, total, window_secs, resets_at_ms, asked_at_ms) = numbers;
        QuotaWindow {
            model,
            remaining,
            total,
            window_secs,
            resets_at_ms,
            asked_at_ms,
        }
    })
}

fn check() -> impl Strategy<Value = Check> {
    let result = prop_oneof![
        prop::sample::select(vec![
            CheckResult::Fine,
            CheckResult::Refused,
            CheckResult::Blocked,
            CheckResult::Clearance,
            CheckResult::Unreachable,
        ]),
        any::<i64>().prop_map(|until_ms| CheckResult::Limited { until_ms }),
    ];
    (any::<i64>(), result).prop_map(|(at_ms, result)| Check { at_ms, result })
}

/// The end that cooldowns often have.
const END_MS: i64 = 7;

fn end() -> impl Strategy<Value = i64> {
    prop_oneof![Just(END_MS), any::<i64>()]
}

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
        (end(), reason).prop_map(|(until_ms, reason)| Cooldown { until_ms, reason }),
    );
    let pool = prop::sample::select(Tier::ALL.to_vec());
    prop_oneof![
        6 => (0..100_u32, any::<i64>()).prop_map(|(used, at_ms)| Change::Used { used, at_ms }),
        1 => (status, cooldown).prop_map(|(status, cooldown)| Change::Status { status, cooldown }),
        2 => (0..200_u32).prop_map(|quota| Change::Quota { quota }),
        2 => prop::option::of(0..200_u32).prop_map(|quota| Change::CooldownEnded {
            until_ms: Some(END_MS),
            quota,
        }),
        1 => (any::<u32>(), any::<i64>(), "[a-z_']{0,9}").prop_map(|(fail_count, at_ms, reason)| {
            Change::Failed { fail_count, at_ms, reason }
        }),
        1 => Just(Change::FailuresCleared),
        1 => pool.prop_map(|tier| Change::Tier { tier }),
        1 => any::<Option<i64>>().prop_map(|at_ms| Change::Synced { at_ms }),
        1 => prop::collection::vec(window(), 0..4).prop_map(|windows| Change::Windows { windows }),
        1 => prop::option::of(check()).prop_map(|check| Change::Checked { check }),
        1 => prop::collection::vec("[a-z\"']{0,4}", 0..3).prop_map(|tags| Change::Tags { tags }),
        1 => "[a-z' 队]{0,9}".prop_map(|note| Change::Note { note }),
        1 => prop::option::of("[a-z]{1,9}").prop_map(|host| Change::Proxy {
            proxy: host.map(|host| AccountProxy::try_new(&format!("http://me:pw@{host}")).unwrap()),
        }),
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
