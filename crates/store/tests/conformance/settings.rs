//! Settings, sessions, locks and the change feed.

use std::{sync::Arc, time::Duration};

use store::{SessionRow, Store};

use crate::support::{account, record};

pub(crate) async fn settings_keep_the_last_value(store: Arc<dyn Store>) {
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

pub(crate) async fn sessions_live_until_they_end(store: Arc<dyn Store>) {
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
    assert!(store.save_session(&renewed).await.unwrap());
    assert_eq!(store.load_session("s1", 299).await.unwrap(), Some(renewed));
    assert!(store.touch_session("s1", 400).await.unwrap());
    let touched = session("s1", "{\"n\":2}", 400);
    assert_eq!(store.load_session("s1", 399).await.unwrap(), Some(touched));
    let second = session("s2", "{}", 250);
    assert!(store.create_session(&second).await.unwrap());
    assert_eq!(store.sweep_sessions(250).await.unwrap(), 1);
    assert_eq!(store.load_session("s2", 0).await.unwrap(), None, "swept");
    store.delete_session("s1").await.unwrap();
    store.delete_session("s1").await.unwrap();
    assert_eq!(store.load_session("s1", 0).await.unwrap(), None, "deleted");
    assert!(store.create_session(&second).await.unwrap());
    assert_eq!(store.delete_all_sessions().await.unwrap(), 1);
}

pub(crate) async fn an_ended_session_does_not_come_back(store: Arc<dyn Store>) {
    let session = SessionRow {
        id: "s1".to_owned(),
        data: "{}".to_owned(),
        expires_at_ms: 100,
    };
    assert!(store.create_session(&session).await.unwrap());
    store.delete_all_sessions().await.unwrap();
    assert!(!store.save_session(&session).await.unwrap());
    assert!(!store.touch_session("s1", 200).await.unwrap());
    assert_eq!(store.load_session("s1", 0).await.unwrap(), None);
}

pub(crate) async fn a_lock_has_one_holder_until_it_is_freed_or_over(store: Arc<dyn Store>) {
    let ttl = Duration::from_millis(100);
    let take = |owner, now_ms| store.try_lock("sweep", owner, now_ms, ttl);
    let first = take("one", 0).await.unwrap().unwrap();
    assert_eq!(take("two", 99).await.unwrap(), None);
    assert_eq!(take("one", 99).await.unwrap(), None, "not even the owner");
    let other = store.try_lock("other", "two", 0, ttl).await.unwrap();
    assert!(other.is_some(), "names are apart");

    assert!(store.renew_lock(&first, 99, ttl).await.unwrap());
    assert_eq!(take("two", 198).await.unwrap(), None, "renewed until 199");
    let second = take("two", 199).await.unwrap().unwrap();
    assert!(!store.renew_lock(&first, 199, ttl).await.unwrap(), "lost");
    store.unlock(first).await.unwrap();
    assert_eq!(take("one", 200).await.unwrap(), None, "frees only its own");
    assert!(!store.renew_lock(&second, 299, ttl).await.unwrap(), "over");
    store.unlock(second).await.unwrap();
    assert!(take("one", 200).await.unwrap().is_some(), "freed");
}

/// An engine whose database nobody else can use has no feed; any other leaves out own changes.
pub(crate) async fn own_changes_are_not_in_the_feed(store: Arc<dyn Store>) {
    let Some(start) = store.changes_since(None).await.unwrap() else {
        return;
    };
    assert_eq!(
        start.accounts,
        [],
        "without a cursor there is nothing to tell"
    );
    store.insert_accounts(&[account("a")]).await.unwrap();
    store.commit(record("a", "r1")).await.unwrap();
    store.set_setting("name", "value").await.unwrap();
    let later = store.changes_since(Some(start.cursor)).await.unwrap();
    let later = later.unwrap();
    assert_eq!(later.accounts, []);
    assert!(!later.is_incomplete);
    assert!(later.cursor >= start.cursor);
}
