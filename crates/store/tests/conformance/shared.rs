//! Two instances on one database.

use std::{sync::Arc, time::Duration};

use pool::{AccountChange, Change, Cooldown, CooldownReason, Status};
use store::{Record, SessionRow, Span, Store, SumQuery};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::support::{NOW_MS, account, accounts, id, record, request, requests};

/// Two openings of one database.
type Both = [Arc<dyn Store>; 2];

/// How long news of another instance may take.
const NEWS: Duration = Duration::from_secs(5);

pub(crate) async fn what_one_writes_the_other_reads([one, two]: Both) {
    one.insert_accounts(&[account("a"), account("b")])
        .await
        .unwrap();
    let known = two.insert_accounts(&[account("a")]).await.unwrap();
    assert_eq!(known, [], "the other has it already");
    one.commit(record("a", "r1")).await.unwrap();
    assert_eq!(accounts(two.as_ref()).await, accounts(one.as_ref()).await);
    assert_eq!(requests(two.as_ref()).await.len(), 1);
    two.delete_accounts(&[id("a")]).await.unwrap();
    let left: Vec<_> = accounts(one.as_ref()).await;
    assert_eq!(left.len(), 1);
    two.set_setting("name", "value").await.unwrap();
    assert_eq!(
        one.get_setting("name").await.unwrap().as_deref(),
        Some("value")
    );
}

pub(crate) async fn changes_of_others_are_in_the_feed([one, two]: Both) {
    let start = two.changes_since(None).await.unwrap().unwrap();
    one.insert_accounts(&[account("a"), account("b")])
        .await
        .unwrap();
    one.commit(record("a", "r1")).await.unwrap();
    one.delete_accounts(&[id("b")]).await.unwrap();
    two.insert_accounts(&[account("own")]).await.unwrap();
    let wanted = [id("a"), id("b")];
    let mut cursor = start.cursor;
    let mut seen = Vec::new();
    let patience = Instant::now() + NEWS;
    while !wanted.iter().all(|change| seen.contains(change)) {
        assert!(Instant::now() < patience, "only {seen:?}");
        let news = two.changes_since(Some(cursor)).await.unwrap().unwrap();
        assert!(news.cursor >= cursor);
        assert!(!news.is_incomplete);
        cursor = news.cursor;
        seen.extend(news.accounts);
        sleep(Duration::from_millis(20)).await;
    }
    assert!(!seen.contains(&id("own")), "its own");
}

pub(crate) async fn use_by_both_adds_up_and_never_goes_below_zero([one, two]: Both) {
    let quota = account("a").quota;
    one.insert_accounts(&[account("a")]).await.unwrap();
    let uses = |store: Arc<dyn Store>, name: &'static str, times: u32| async move {
        let mut commits = JoinSet::new();
        for n in 0..times {
            let store = store.clone();
            commits.spawn(async move { store.commit(record("a", &format!("{name}-{n}"))).await });
        }
        for committed in commits.join_all().await {
            committed.unwrap();
        }
    };
    tokio::join!(uses(one.clone(), "one", 30), uses(two.clone(), "two", 30));
    let stored = accounts(one.as_ref()).await;
    assert_eq!(stored[0].quota, quota - 60);
    assert_eq!(stored[0].use_count, 60);
    let rest = Record {
        changes: vec![AccountChange {
            id: id("a"),
            change: Change::Used {
                used: quota,
                at_ms: NOW_MS,
            },
        }],
        request: None,
    };
    two.commit(rest).await.unwrap();
    assert_eq!(accounts(one.as_ref()).await[0].quota, 0, "not below zero");
}

pub(crate) async fn a_lock_has_one_holder_among_all_instances([one, two]: Both) {
    let ttl = Duration::from_secs(60);
    let token = one.try_lock("sweep", "one", NOW_MS, ttl).await.unwrap();
    let token = token.unwrap();
    let other = two.try_lock("sweep", "two", NOW_MS + 1, ttl).await.unwrap();
    assert_eq!(other, None);
    assert!(one.renew_lock(&token, NOW_MS + 2, ttl).await.unwrap());
    one.unlock(token).await.unwrap();
    let other = two.try_lock("sweep", "two", NOW_MS + 3, ttl).await.unwrap();
    assert!(other.is_some(), "freed by the other");
}

pub(crate) async fn a_session_ended_by_one_is_over_for_the_other([one, two]: Both) {
    let session = SessionRow {
        id: "s1".to_owned(),
        data: "{}".to_owned(),
        expires_at_ms: NOW_MS + 1000,
    };
    assert!(one.create_session(&session).await.unwrap());
    assert!(two.load_session("s1", NOW_MS).await.unwrap().is_some());
    two.delete_all_sessions().await.unwrap();
    assert_eq!(one.load_session("s1", NOW_MS).await.unwrap(), None);
    assert!(!one.save_session(&session).await.unwrap());
}

pub(crate) async fn the_same_sums_are_added_to_by_both([one, two]: Both) {
    let both = [(one.clone(), "one"), (two, "two")].map(|(store, name)| async move {
        for n in 0..20 {
            let request = request(&format!("{name}-{n}"), NOW_MS);
            let record = Record {
                changes: Vec::new(),
                request: Some(request),
            };
            store.commit(record).await.unwrap();
        }
    });
    let [first, second] = both;
    tokio::join!(first, second);
    let query = SumQuery {
        span: Span::Day,
        since_ms: 0,
        until_ms: i64::MAX,
    };
    let sums = one.sum_requests(&query).await.unwrap();
    assert_eq!(sums.len(), 1);
    assert_eq!(sums[0].totals.requests, 40);
    assert_eq!(sums[0].totals.prompt_tokens, 440);
    assert_eq!(sums[0].totals.max_duration_ms, 900);
}

pub(crate) async fn a_cooldown_that_both_end_refills_once([one, two]: Both) {
    one.insert_accounts(&[account("a")]).await.unwrap();
    let change = |store: &Arc<dyn Store>, changes: Vec<Change>| {
        let changes = changes.into_iter();
        let changes = changes.map(|change| AccountChange {
            id: id("a"),
            change,
        });
        let record = Record {
            changes: changes.collect(),
            request: None,
        };
        let store = store.clone();
        async move { store.commit(record).await.unwrap() }
    };
    let cooling = Change::Status {
        status: Status::Cooling,
        cooldown: Some(Cooldown {
            until_ms: NOW_MS,
            reason: CooldownReason::QuotaEmpty,
        }),
    };
    change(&one, vec![Change::Quota { quota: 0 }, cooling]).await;
    let ended = Change::CooldownEnded {
        until_ms: Some(NOW_MS),
        quota: Some(80),
    };
    let used = Change::Used {
        used: 3,
        at_ms: NOW_MS,
    };
    change(&one, vec![ended.clone(), used]).await;
    change(&two, vec![ended]).await;
    let stored = accounts(two.as_ref()).await;
    assert_eq!((stored[0].quota, stored[0].status), (77, Status::Active));
    assert_eq!(stored[0].cooldown, None);
}
