//! Accounts and their changes.

use std::sync::Arc;

use pool::{Account, AccountChange, Change, Cooldown, CooldownReason, Status, Tier, replay};
use store::{Record, Store};

use crate::support::{account, accounts, id, record, requests};

pub(crate) async fn accounts_read_back_as_written(store: Arc<dyn Store>) {
    assert_eq!(accounts(&*store).await, []);
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
    assert_eq!(accounts(&*store).await, [plain, full], "oldest first");
}

pub(crate) async fn known_accounts_are_skipped(store: Arc<dyn Store>) {
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
    assert_eq!(accounts(&*store).await, [first, new]);
}

pub(crate) async fn every_change_is_applied(store: Arc<dyn Store>) {
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
            request: None,
        };
        store.commit(record).await.unwrap();
        let stored = accounts(&*store).await;
        assert_eq!(stored, [expected.clone(), account("bystander")]);
    }
}

pub(crate) async fn deleted_accounts_are_gone_and_changes_of_them_have_no_effect(
    store: Arc<dyn Store>,
) {
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
    assert_eq!(accounts(&*store).await, [account("b")]);
    assert_eq!(
        requests(&*store).await.len(),
        1,
        "a request outlives its account"
    );
    let again = store.insert_accounts(&[account("a")]).await.unwrap();
    assert_eq!(again, [id("a")], "a deleted credential may come back");
}
