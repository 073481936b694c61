//! Values that the tests write.

use std::{path::Path, sync::Arc};

use pool::{Account, AccountChange, AccountId, Change, Credential, Tier};
use store::{AttemptRow, MasterKey, Outcome, Record, RequestQuery, RequestRow, Store};

pub(crate) const NOW_MS: i64 = 1_772_700_000_000;

pub(crate) fn key() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

pub(crate) async fn open(url: &str, folder: &Path) -> Arc<dyn Store> {
    store::open(url, folder, key()).await.unwrap()
}

pub(crate) fn id(name: &str) -> AccountId {
    AccountId::new(name)
}

/// An account whose credential derives from its id.
pub(crate) fn account(name: &str) -> Account {
    let credential = Credential::try_new(&format!("cookie-of-{name}")).unwrap();
    Account::new(id(name), credential, Tier::Basic, NOW_MS)
}

/// All accounts; none is unreadable.
pub(crate) async fn accounts(store: &dyn Store) -> Vec<Account> {
    let loaded = store.load_accounts().await.unwrap();
    assert_eq!(loaded.unreadable, []);
    loaded.accounts
}

/// All requests, newest first.
pub(crate) async fn requests(store: &dyn Store) -> Vec<RequestRow> {
    let all = RequestQuery::newest(u32::MAX);
    store.list_requests(&all).await.unwrap()
}

pub(crate) fn request(name: &str, at_ms: i64) -> RequestRow {
    RequestRow {
        id: name.to_owned(),
        at_ms,
        endpoint: "chat.completions".to_owned(),
        stream: true,
        key: Some("team".to_owned()),
        client: Some("192.0.2.7".to_owned()),
        model: Some("gpt-4o".to_owned()),
        served_model: Some("grok-4".to_owned()),
        account_id: Some("a".to_owned()),
        account: Some("of-a".to_owned()),
        attempts: vec![AttemptRow {
            account: "of-a".to_owned(),
            choice: "most quota".to_owned(),
            outcome: "served".to_owned(),
            status: Some(200),
            duration_ms: 880,
            skipped: vec![("cooling".to_owned(), 2)],
        }],
        status: 200,
        outcome: Outcome::Served,
        error_code: None,
        first_byte_ms: Some(120),
        duration_ms: 900,
        bytes: 4096,
        prompt_tokens: 11,
        completion_tokens: 22,
        reasoning_tokens: 3,
        estimated: true,
        cost: 1,
    }
}

/// A record of one answered request that used one unit of `account`.
pub(crate) fn record(account: &str, request_id: &str) -> Record {
    let change = Change::Used {
        used: 1,
        at_ms: NOW_MS,
    };
    let request = RequestRow {
        account_id: Some(account.to_owned()),
        ..request(request_id, NOW_MS)
    };
    Record {
        changes: vec![AccountChange {
            id: id(account),
            change,
        }],
        request: Some(request),
    }
}
