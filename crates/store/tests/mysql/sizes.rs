//! Much at once.

use std::sync::Arc;

use store::{AttemptRow, Record, RequestRow};
use tokio::task::JoinSet;

use crate::{
    Place,
    support::{self, NOW_MS, account, accounts, request, requests},
};

#[tokio::test]
async fn statements_are_no_larger_than_the_server_takes() {
    let place = Place::new().await;
    let small = "SET GLOBAL max_allowed_packet = 65536";
    place.server.administrate(small).unwrap();
    let store = support::open(&place.url, place.folder.path()).await;
    let attempt = AttemptRow {
        choice: "x".repeat(128),
        outcome: "y".repeat(128),
        ..AttemptRow::default()
    };
    let mut commits = JoinSet::new();
    for n in 0..200 {
        let request = RequestRow {
            attempts: vec![attempt.clone(); 60],
            ..request(&format!("r{n}"), NOW_MS)
        };
        let record = Record {
            changes: Vec::new(),
            request: Some(request),
        };
        let store = Arc::clone(&store);
        commits.spawn(async move { store.commit(record).await });
    }
    let all = commits.join_all().await;
    all.into_iter().for_each(|commit| commit.unwrap());
    let rows = requests(&*store).await;
    assert_eq!(rows.len(), 200);
    assert!(rows.iter().all(|row| row.attempts.len() == 60));
    store.close().await;
}

#[tokio::test]
async fn many_accounts_are_added_at_once_and_known_ones_skipped() {
    let place = Place::new().await;
    let store = support::open(&place.url, place.folder.path()).await;
    let names: Vec<_> = (0..1_000).map(|n| format!("{n:04}")).collect();
    let all: Vec<_> = names.iter().map(|name| account(name)).collect();
    let known: Vec<_> = all.iter().step_by(7).cloned().collect();
    store.insert_accounts(&known).await.unwrap();
    // Twice each, the second time to be skipped.
    let twice: Vec<_> = all.iter().chain(&all).cloned().collect();
    let added = store.insert_accounts(&twice).await.unwrap();
    assert_eq!(added.len(), 1_000 - known.len());
    assert_eq!(accounts(&*store).await, all);
    let ids: Vec<_> = all.iter().map(|one| one.id.clone()).collect();
    assert_eq!(store.delete_accounts(&ids).await.unwrap(), 1_000);
    store.close().await;
}

#[tokio::test]
async fn names_differ_by_the_case_of_their_letters() {
    let place = Place::new().await;
    let store = support::open(&place.url, place.folder.path()).await;
    for name in ["a", "A", "é", "e"] {
        store.set_setting(name, name).await.unwrap();
    }
    let both = ["a", "A"].map(account);
    let added = store.insert_accounts(&both).await.unwrap();
    assert_eq!(added.len(), 2);
    assert_eq!(accounts(&*store).await.len(), 2);
    for name in ["a", "A", "é", "e"] {
        let value = store.get_setting(name).await.unwrap();
        assert_eq!(value.as_deref(), Some(name));
    }
    store.close().await;
}
