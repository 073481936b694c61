//! What every engine must do: one suite, generic over [`Store`].
#![expect(clippy::unwrap_used, reason = "tests")]

mod replay;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use pool::{Account, AccountChange, Change, Cooldown, CooldownReason, Status, Tier, replay};
use store::{Record, SessionRow, Store, StoreError, UsageRow};
use support::{NOW_MS, account, id, record, usage};
use tokio::task::JoinSet;

#[tokio::test]
async fn sqlite_conforms() {
    let folders: Vec<_> = (0..9).map(|_| tempfile::tempdir().unwrap()).collect();
    let mut stores = Vec::new();
    for folder in &folders {
        stores.push(Arc::new(support::open(folder.path()).await));
    }
    let fresh = || stores.pop().unwrap();
    conforms(fresh).await;
}

/// Every fact gets a fresh, empty store.
async fn conforms<S: Store + 'static>(mut fresh: impl FnMut() -> Arc<S>) {
    accounts_read_back_as_written(&*fresh()).await;
    known_accounts_are_skipped(&*fresh()).await;
    every_change_is_applied(&*fresh()).await;
    deleted_accounts_are_gone_and_changes_of_them_have_no_effect(&*fresh()).await;
    usage_reads_back_newest_first(&*fresh()).await;
    a_refused_record_fails_alone(fresh()).await;
    concurrent_use_adds_up(fresh()).await;
    settings_keep_the_last_value(&*fresh()).await;
    sessions_live_until_they_end(&*fresh()).await;
}

async fn accounts_read_back_as_written(store: &impl Store) {
    assert_eq!(store.load_accounts().await.unwrap(), []);
    let mut full = account("full");
    full.tier = Tier::Super;
    full.status = Status::Disabled;
    full.quota = u32::MAX;
    full.created_at_ms += 1;
    full.last_used_at_ms = Some(1);
    full.use_count = u64::from(u32::MAX) + 1;
    full.fail_count = 4;
    full.last_fail_at_ms = Some(2);
    full.last_fail_reason = Some("app_chat_auth_failed".to_owned());
    full.last_sync_at_ms = Some(3);
    full.cooldown = Some(Cooldown {
        until_ms: 4,
        reason: CooldownReason::QuotaEmpty,
    });
    full.tags = vec!["nsfw".to_owned(), "队".to_owned()];
    full.note = "it's \"quoted\"".to_owned();
    full.last_asset_clear_at_ms = Some(5);
    let plain = account("plain");
    let added = store
        .insert_accounts(&[full.clone(), plain.clone()])
        .await
        .unwrap();
    assert_eq!(added, [full.id.clone(), plain.id.clone()]);
    assert_eq!(
        store.load_accounts().await.unwrap(),
        [plain, full],
        "oldest first"
    );
}

async fn known_accounts_are_skipped(store: &impl Store) {
    let first = account("a");
    store
        .insert_accounts(std::slice::from_ref(&first))
        .await
        .unwrap();
    let same_credential = Account {
        id: id("b"),
        ..first.clone()
    };
    let same_id = Account {
        id: id("a"),
        ..account("c")
    };
    let new = account("d");
    let added = store
        .insert_accounts(&[same_credential, same_id, new.clone()])
        .await
        .unwrap();
    assert_eq!(added, [id("d")]);
    assert_eq!(store.load_accounts().await.unwrap(), [first, new]);
}

async fn every_change_is_applied(store: &impl Store) {
    let mut expected = account("a");
    store
        .insert_accounts(&[expected.clone(), account("bystander")])
        .await
        .unwrap();
    let cooldown = Some(Cooldown {
        until_ms: 9,
        reason: CooldownReason::RateLimited,
    });
    let steps = [
        vec![Change::Used { used: 4, at_ms: 1 }],
        vec![Change::Failed {
            fail_count: 2,
            at_ms: 2,
            reason: "auth".to_owned(),
        }],
        vec![Change::Status {
            status: Status::Cooling,
            cooldown,
        }],
        vec![
            Change::Quota { quota: 3 },
            Change::Used { used: 2, at_ms: 3 },
        ],
        vec![Change::Used {
            used: 100,
            at_ms: 4,
        }],
        vec![Change::FailuresCleared, Change::Tier { tier: Tier::Super }],
        vec![
            Change::Synced { at_ms: 5 },
            Change::Status {
                status: Status::Active,
                cooldown: None,
            },
        ],
    ];
    for changes in steps {
        changes
            .iter()
            .for_each(|change| replay(&mut expected, change));
        let of_a = |change| AccountChange {
            id: id("a"),
            change,
        };
        let record = Record {
            changes: changes.into_iter().map(of_a).collect(),
            usage: None,
        };
        store.commit(record).await.unwrap();
        let stored = store.load_accounts().await.unwrap();
        assert_eq!(stored, [expected.clone(), account("bystander")]);
    }
}

async fn deleted_accounts_are_gone_and_changes_of_them_have_no_effect(store: &impl Store) {
    store
        .insert_accounts(&[account("a"), account("b")])
        .await
        .unwrap();
    assert_eq!(
        store
            .delete_accounts(&[id("a"), id("unknown")])
            .await
            .unwrap(),
        1
    );
    store.commit(record("a", "late")).await.unwrap();
    assert_eq!(store.load_accounts().await.unwrap(), [account("b")]);
    assert_eq!(
        store.count_usage().await.unwrap(),
        1,
        "usage outlives its account"
    );
    let again = store.insert_accounts(&[account("a")]).await.unwrap();
    assert_eq!(again, [id("a")], "a deleted credential may come back");
}

async fn usage_reads_back_newest_first(store: &impl Store) {
    let bare = UsageRow {
        client_key: None,
        error_code: Some("upstream_timeout".to_owned()),
        ttft_ms: None,
        stream: false,
        estimated: false,
        status: 504,
        ..usage("u1", NOW_MS)
    };
    let rows = [bare, usage("u2", NOW_MS), usage("u3", NOW_MS + 1)];
    for row in &rows {
        let record = Record {
            changes: Vec::new(),
            usage: Some(row.clone()),
        };
        store.commit(record).await.unwrap();
    }
    let [first, second, third] = rows;
    assert_eq!(
        store.recent_usage(2).await.unwrap(),
        [third.clone(), second.clone()]
    );
    assert_eq!(store.recent_usage(9).await.unwrap(), [third, second, first]);
    assert_eq!(store.count_usage().await.unwrap(), 3);
}

async fn a_refused_record_fails_alone<S: Store + 'static>(store: Arc<S>) {
    store.insert_accounts(&[account("a")]).await.unwrap();
    store.commit(record("a", "taken")).await.unwrap();
    let mut commits = JoinSet::new();
    for n in 0..40 {
        let name = if n % 20 == 7 {
            "taken".to_owned()
        } else {
            format!("u{n}")
        };
        let store = Arc::clone(&store);
        commits.spawn(async move { store.commit(record("a", &name)).await });
    }
    let results = commits.join_all().await;
    let refused: Vec<_> = results
        .iter()
        .filter_map(|result| result.as_ref().err())
        .collect();
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(
        refused
            .iter()
            .all(|error| matches!(error, StoreError::Constraint { .. }))
    );
    assert_eq!(store.count_usage().await.unwrap(), 39);
    let quota = store.load_accounts().await.unwrap()[0].quota;
    assert_eq!(quota, 80 - 39, "a refused record changes no quota");
    store.ping().await.unwrap();
}

async fn concurrent_use_adds_up<S: Store + 'static>(store: Arc<S>) {
    let names = ["a", "b", "c"];
    store.insert_accounts(&names.map(account)).await.unwrap();
    let mut commits = JoinSet::new();
    for n in 0..600 {
        let store = Arc::clone(&store);
        let name = names[if n < 30 { 0 } else { 1 + n % 2 }];
        commits.spawn(async move { store.commit(record(name, &format!("u{n}"))).await });
    }
    commits
        .join_all()
        .await
        .into_iter()
        .for_each(|result| result.unwrap());
    let accounts = store.load_accounts().await.unwrap();
    let left: Vec<_> = accounts
        .iter()
        .map(|account| (account.quota, account.use_count))
        .collect();
    assert_eq!(left, [(50, 30), (0, 285), (0, 285)], "never below zero");
    assert_eq!(store.count_usage().await.unwrap(), 600);
}

async fn settings_keep_the_last_value(store: &impl Store) {
    assert_eq!(store.get_setting("admin.password").await.unwrap(), None);
    store.set_setting("admin.password", "one").await.unwrap();
    store.set_setting("admin.password", "two").await.unwrap();
    assert_eq!(
        store
            .get_setting("admin.password")
            .await
            .unwrap()
            .as_deref(),
        Some("two")
    );
}

async fn sessions_live_until_they_end(store: &impl Store) {
    let session = |id: &str, data: &str, expires_at_ms| SessionRow {
        id: id.to_owned(),
        data: data.to_owned(),
        expires_at_ms,
    };
    let first = session("s1", "{}", 100);
    assert!(store.create_session(&first).await.unwrap());
    assert!(
        !store
            .create_session(&session("s1", "{\"x\":1}", 200))
            .await
            .unwrap(),
        "taken"
    );
    assert_eq!(store.load_session("s1", 99).await.unwrap(), Some(first));
    assert_eq!(store.load_session("s1", 100).await.unwrap(), None, "over");
    let renewed = session("s1", "{\"n\":2}", 300);
    store.save_session(&renewed).await.unwrap();
    store.save_session(&session("s2", "{}", 250)).await.unwrap();
    assert_eq!(store.load_session("s1", 299).await.unwrap(), Some(renewed));
    assert_eq!(store.sweep_sessions(250).await.unwrap(), 1);
    assert_eq!(store.load_session("s2", 0).await.unwrap(), None, "swept");
    store.delete_session("s1").await.unwrap();
    store.delete_session("s1").await.unwrap();
    assert_eq!(store.load_session("s1", 0).await.unwrap(), None, "deleted");
    store.save_session(&session("s3", "{}", 250)).await.unwrap();
    assert_eq!(store.delete_all_sessions().await.unwrap(), 1);
}
