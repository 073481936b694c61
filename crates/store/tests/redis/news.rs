//! What an instance hears of others.

use std::{sync::Arc, time::Duration};

use store::{Changes, Cursor, Store};
use test_support::databases::{Engine, Server};
use tokio::time::{Instant, sleep};

use crate::{
    opened, run,
    support::{account, id},
};

const NEWS: Duration = Duration::from_secs(10);

/// Asks until the answer is the wanted one.
async fn until(
    store: &Arc<dyn Store>,
    mut cursor: Cursor,
    is_wanted: impl Fn(&Changes) -> bool,
) -> Changes {
    let patience = Instant::now() + NEWS;
    loop {
        let news = store.changes_since(Some(cursor)).await.unwrap().unwrap();
        if is_wanted(&news) {
            return news;
        }
        assert!(Instant::now() < patience, "{news:?}");
        cursor = news.cursor;
        sleep(Duration::from_millis(20)).await;
    }
}

async fn now(store: &Arc<dyn Store>) -> Cursor {
    store.changes_since(None).await.unwrap().unwrap().cursor
}

#[tokio::test]
async fn databases_of_one_server_have_news_of_their_own() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let (url, elsewhere) = (
        server.fresh_database().unwrap(),
        server.fresh_database().unwrap(),
    );
    let [one, two] = [opened(&url).await, opened(&url).await];
    let three = opened(&elsewhere).await;
    let (start, start_elsewhere) = (now(&two).await, now(&three).await);
    one.insert_accounts(&[account("a")]).await.unwrap();
    until(&two, start, |news| !news.accounts.is_empty()).await;
    let news = three
        .changes_since(Some(start_elsewhere))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((news.accounts, news.is_incomplete), (vec![], false));
}

#[tokio::test]
async fn a_connection_that_was_away_makes_the_feed_incomplete_once() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let [one, two] = [opened(&url).await, opened(&url).await];
    let start = now(&two).await;
    let gone: u64 = run(&url, "CLIENT KILL TYPE pubsub").await;
    assert_eq!(gone, 2);
    let news = until(&two, start, |news| news.is_incomplete).await;
    one.insert_accounts(&[account("a")]).await.unwrap();
    let later = until(&two, news.cursor, |news| !news.accounts.is_empty()).await;
    assert!(!later.is_incomplete);
    assert_eq!(later.accounts, [id("a")]);

    server.kill();
    server.start_again().await.unwrap();
    let news = until(&two, later.cursor, |news| news.is_incomplete).await;
    one.insert_accounts(&[account("b")]).await.unwrap();
    let later = until(&two, news.cursor, |news| !news.accounts.is_empty()).await;
    assert_eq!(later.accounts, [id("b")]);
}

#[tokio::test]
async fn many_changes_at_once_are_told_as_everything() {
    let mut server = Server::start(Engine::Redis).await.unwrap();
    let url = server.fresh_database().unwrap();
    let [one, two] = [opened(&url).await, opened(&url).await];
    let start = now(&two).await;
    let many: Vec<_> = (0..1001).map(|n| account(&format!("a{n}"))).collect();
    one.insert_accounts(&many).await.unwrap();
    until(&two, start, |news| news.is_incomplete).await;
}
