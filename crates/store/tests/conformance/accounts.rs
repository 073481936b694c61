//! Accounts and their changes.

use std::sync::Arc;

use pool::{
    Account, AccountChange, AccountId, AccountProxy, Change, Check, CheckResult, Cooldown,
    CooldownReason, Credential, QuotaWindow, Status, Tier, replay,
};
use store::{Record, Store};

use crate::support::{account, accounts, id, record, requests};

fn window(model: &str) -> QuotaWindow {
    QuotaWindow {
        model: model.to_owned(),
        remaining: 3,
        total: Some(80),
        window_secs: Some(72_000),
        resets_at_ms: Some(8),
        asked_at_ms: 9,
    }
}

fn proxy() -> AccountProxy {
    AccountProxy::try_new("socks5h://me:secret@proxy.test:1080").unwrap()
}

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
    full.windows = vec![window("grok-4"), window("队\"")];
    full.last_check = Some(Check {
        at_ms: 6,
        result: CheckResult::Limited { until_ms: 7 },
    });
    full.proxy = Some(proxy());
    let plain = account("plain");
    let added = store
        .insert_accounts(&[full.clone(), plain.clone()])
        .await
        .unwrap();
    assert_eq!(added, [full.id.clone(), plain.id.clone()]);
    assert_eq!(accounts(&*store).await, [plain, full], "oldest first");
}

pub(crate) async fn some_accounts_are_read_by_their_ids(store: Arc<dyn Store>) {
    let all = ["a", "b", "c"].map(account);
    store.insert_accounts(&all).await.unwrap();
    let wanted = [id("c"), id("nobody"), id("a")];
    let mut some = store.load_accounts_of(&wanted).await.unwrap();
    some.accounts.sort_by_key(|account| account.id.clone());
    assert_eq!(some.accounts, [all[0].clone(), all[2].clone()]);
    assert_eq!(some.unreadable, []);
    let none = store.load_accounts_of(&[]).await.unwrap();
    assert_eq!(none.accounts, []);
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
            Change::Synced { at_ms: Some(5) },
            Change::Status {
                status: Status::Active,
                cooldown: None,
            },
        ],
        vec![
            Change::Windows {
                windows: vec![window("grok-4")],
            },
            Change::Checked {
                check: Some(Check {
                    at_ms: 6,
                    result: CheckResult::Refused,
                }),
            },
        ],
        vec![
            Change::Tags {
                tags: vec!["nsfw".to_owned()],
            },
            Change::Note {
                note: "team A".to_owned(),
            },
            Change::Proxy {
                proxy: Some(proxy()),
            },
        ],
        vec![Change::Used { used: 1, at_ms: 7 }],
        vec![
            Change::Synced { at_ms: None },
            Change::Windows {
                windows: Vec::new(),
            },
            Change::Checked { check: None },
            Change::Proxy { proxy: None },
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

pub(crate) async fn a_credential_is_replaced_unless_another_account_has_it(store: Arc<dyn Store>) {
    let refused = Account {
        status: Status::Expired,
        fail_count: 5,
        ..account("a")
    };
    let other = account("b");
    store
        .insert_accounts(&[refused.clone(), other.clone()])
        .await
        .unwrap();
    let changes = [
        Change::FailuresCleared,
        Change::Status {
            status: Status::Active,
            cooldown: None,
        },
    ];
    let replace = async |id: &AccountId, credential: &Credential| {
        let replaced = store.replace_credential(id, credential, &changes).await;
        replaced.unwrap()
    };
    assert!(
        !replace(&refused.id, &other.credential).await,
        "a duplicate"
    );
    let new = Credential::try_new("another-cookie").unwrap();
    assert!(!replace(&id("nobody"), &new).await);
    assert_eq!(accounts(&*store).await, [refused.clone(), other.clone()]);

    assert!(replace(&refused.id, &new).await);
    let renewed = Account {
        credential: new.clone(),
        ..account("a")
    };
    assert_eq!(accounts(&*store).await, [renewed.clone(), other.clone()]);
    assert!(replace(&refused.id, &new).await, "its own is no duplicate");
    let with_old = Account {
        id: id("c"),
        ..refused
    };
    let with_new = Account {
        id: id("d"),
        ..renewed.clone()
    };
    let added = store.insert_accounts(&[with_new, with_old.clone()]).await;
    assert_eq!(added.unwrap(), [id("c")], "the old credential is free");
    assert_eq!(accounts(&*store).await, [renewed, other, with_old]);
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
