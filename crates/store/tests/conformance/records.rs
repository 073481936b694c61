//! Records: each as a whole, however they are grouped.

use std::sync::Arc;

use store::{Record, Span, Store, StoreError, SumQuery};
use tokio::task::JoinSet;

use crate::support::{account, accounts, record, requests};

pub(crate) async fn a_refused_record_fails_alone(store: Arc<dyn Store>) {
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
    assert_eq!(requests(&*store).await.len(), 39);
    let quota = accounts(&*store).await[0].quota;
    assert_eq!(quota, 80 - 39, "a refused record changes no quota");
    let days = SumQuery {
        span: Span::Day,
        since_ms: 0,
        until_ms: i64::MAX,
    };
    let sums = store.sum_requests(&days).await.unwrap();
    assert_eq!(sums.len(), 1);
    assert_eq!(sums[0].totals.requests, 39, "nor is it counted");
    store.ping().await.unwrap();
}

pub(crate) async fn concurrent_use_adds_up(store: Arc<dyn Store>) {
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
    let accounts = accounts(&*store).await;
    let left: Vec<_> = accounts
        .iter()
        .map(|account| (account.quota, account.use_count))
        .collect();
    assert_eq!(left, [(50, 30), (0, 285), (0, 285)], "never below zero");
    assert_eq!(requests(&*store).await.len(), 600);
}

pub(crate) async fn a_submitted_record_needs_nobody_who_waits(store: Arc<dyn Store>) {
    store.insert_accounts(&[account("a")]).await.unwrap();
    for n in 0..20 {
        drop(store.submit(record("a", &format!("u{n}"))).unwrap());
    }
    // Records are committed in the order in which they were queued.
    store.submit(Record::default()).unwrap().await.unwrap();
    assert_eq!(requests(&*store).await.len(), 20);
    assert_eq!(accounts(&*store).await[0].quota, 60);
}

pub(crate) async fn a_closed_store_refuses_everything(store: Arc<dyn Store>) {
    let queued = store.submit(record("a", "queued")).unwrap();
    store.close().await;
    queued.await.unwrap();
    let closed = |error: StoreError| assert!(matches!(error, StoreError::Closed), "{error}");
    closed(store.submit(record("a", "late")).unwrap_err());
    closed(store.ping().await.unwrap_err());
    closed(store.set_setting("a", "b").await.unwrap_err());
    closed(store.get_setting("a").await.unwrap_err());
}
