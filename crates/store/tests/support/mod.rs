//! Values that the tests write.

use std::path::Path;

use pool::{Account, AccountChange, AccountId, Change, Credential, Tier};
use store::{MasterKey, Record, SqliteStore, UsageRow};

pub(crate) const NOW_MS: i64 = 1_772_700_000_000;

pub(crate) fn key() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

pub(crate) async fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, key()).await.unwrap()
}

pub(crate) fn id(name: &str) -> AccountId {
    AccountId::new(name)
}

/// An account whose credential derives from its id.
pub(crate) fn account(name: &str) -> Account {
    let credential = Credential::try_new(&format!("cookie-of-{name}")).unwrap();
    Account::new(id(name), credential, Tier::Basic, NOW_MS)
}

pub(crate) fn usage(name: &str, at_ms: i64) -> UsageRow {
    UsageRow {
        id: name.to_owned(),
        at_ms,
        account_id: "a".to_owned(),
        client_key: Some("k".to_owned()),
        model: "grok-4".to_owned(),
        endpoint: "/v1/chat/completions".to_owned(),
        stream: true,
        status: 200,
        error_code: None,
        prompt_tokens: 11,
        completion_tokens: 22,
        reasoning_tokens: 3,
        estimated: true,
        cost: 1,
        ttft_ms: Some(120),
        duration_ms: 900,
    }
}

/// A record of one answered request that used one unit of `account`.
pub(crate) fn record(account: &str, usage_id: &str) -> Record {
    let change = Change::Used {
        used: 1,
        at_ms: NOW_MS,
    };
    let usage = UsageRow {
        account_id: account.to_owned(),
        ..usage(usage_id, NOW_MS)
    };
    Record {
        changes: vec![AccountChange {
            id: id(account),
            change,
        }],
        usage: Some(usage),
    }
}
